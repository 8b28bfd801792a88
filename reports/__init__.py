"""Reads results, draws them, writes pages."""
