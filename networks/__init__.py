"""Real networks: data, training, and what is measured of them. Needs torch."""
