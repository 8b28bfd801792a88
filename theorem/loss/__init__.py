"""Exact losses from text or SymPy, and the exact numbers and balls that everything above computes with."""
