"""The theorem as properties of random problems."""
