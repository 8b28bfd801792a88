"""The mathematics: exact data in, verdicts out; no randomness, no files, no terminal.

The claims checked are those of S. Chen, X. Li, J. Peng and Y. Zhao, "On the Convergence Direction of Gradient
Descent", ICLR 2026.
"""
