"""The mathematics of "On the Convergence Direction of Gradient Descent" (ICLR 2026): exact data in, verdicts out."""
