"""Numbers that could make a pass meaningless: they come first, whatever the run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Caution:
    """A number that could make a pass meaningless.

    Attributes:
        label: What is counted.
        count: How many.
        meaning: One sentence.
        serious: Whether it should catch the eye.
    """

    label: str
    count: int
    meaning: str
    serious: bool
