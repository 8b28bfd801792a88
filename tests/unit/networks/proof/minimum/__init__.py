"""Runs of networks with weight decay."""
