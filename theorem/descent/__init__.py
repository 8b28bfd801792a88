"""Engines for x ← x − η∇f(x)."""
