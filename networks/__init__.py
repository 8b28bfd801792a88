"""The empirical counterpart: real networks and optimizers. What is found here is measured, never proved."""
