"""Smooth losses in float64: the search for a minimizer, and bounds of norms with proved rounding errors."""
