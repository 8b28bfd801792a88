"""Certificates about smooth losses, beside that of one trajectory: every start, the sharpness, other points."""
