"""What a claim is, and the claims of the paper, one a file."""
