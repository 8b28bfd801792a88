"""Losses written in torch, as text that the smooth engine decides (needs torch)."""
