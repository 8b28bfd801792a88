"""Cones that gradient descent never leaves, in coordinates made for them: they end badly scaled problems early."""
