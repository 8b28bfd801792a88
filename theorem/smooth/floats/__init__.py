"""Smooth losses in float64: where the search runs, and bounds of norms whose rounding is accounted for."""
