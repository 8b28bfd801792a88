"""The independent checker: plain Python integers and fractions, nothing else."""
