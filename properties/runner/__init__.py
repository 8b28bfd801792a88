"""Trials of claims, their tallies, and the counterexamples they leave."""
