"""Methods with a buffer near a strict minimum: modes, regimes, thresholds, and enclosed trajectories."""
