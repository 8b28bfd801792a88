"""Where a trajectory ends, whatever the step size: it converges, repeats itself, diverges; and how long it takes."""
