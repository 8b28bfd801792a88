"""Functions along a trajectory to any order: the pattern where the first orders vanish."""
