"""Cones that gradient descent never leaves, in suitable coordinates: they decide badly scaled problems early."""
