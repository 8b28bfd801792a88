"""The other kinds of certificates: separable losses, orbits, long runs, every start, and theorems for Coq."""
