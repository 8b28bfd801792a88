"""Sharpness and scalars along the trajectory of a smooth loss, whose minimizer is enclosed."""
