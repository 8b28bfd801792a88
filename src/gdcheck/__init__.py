"""Direction limits of gradient descent, decided instance by instance and with proof."""
