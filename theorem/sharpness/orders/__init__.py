"""Functions along a trajectory to any order: what is left where the first orders vanish."""
