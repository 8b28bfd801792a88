"""The error of an undecided comparison, and the length of trajectories for claims; this module imports little."""

CLAIM_STEPS = 20_000
"""Steps of a trajectory before a problem is left unresolved."""


class Undecided(Exception):  # noqa: N818
    """A part of a claim cannot be decided at this precision; problems are counted by the message, the cause."""
