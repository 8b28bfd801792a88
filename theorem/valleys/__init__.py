"""Residuals whose zeros form a manifold: another supplier of the amplitude lemma (docs/valleys.md)."""
