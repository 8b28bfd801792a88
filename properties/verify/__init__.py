"""The instances of the paper, and the run that decides them."""
