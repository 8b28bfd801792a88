"""Symmetries of smooth losses: found, verified exactly, and what they leave fixed."""
