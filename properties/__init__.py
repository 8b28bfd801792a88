"""The claims, as properties of random problems, and the command line."""
