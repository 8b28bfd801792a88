"""Smooth losses with a minimizer that is only enclosed: another supplier of the amplitude lemma (docs/smooth.md)."""
