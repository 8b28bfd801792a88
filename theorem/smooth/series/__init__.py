"""Smooth losses along curves: power series whose coefficients are balls, or rational numbers."""
