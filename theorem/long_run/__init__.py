"""Where a trajectory ends, for any step size: it converges, is periodic, or diverges; and how long it takes."""
