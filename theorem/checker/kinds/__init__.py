"""The checkers of the other kinds of certificates: separable losses, orbits, long runs, every start at once."""
