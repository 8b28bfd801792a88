"""Gradient descent at a strict rational minimizer: problem, Taylor expansion, remainder, trajectories."""
