"""The shape of a certificate: what is malformed is refused by field, before the checker reads it."""

from __future__ import annotations

from typing import TypeAlias

from gdcheck.theorem.certificate.shapes import Count, Shape, StoredProblem

Vector: TypeAlias = tuple[str, ...]
Interval: TypeAlias = tuple[str, str]


class End(Shape, frozen=True):
    """An end of a spectrum."""

    interval: Interval
    multiplicity: Count


class Spectrum(Shape, frozen=True):
    """The ends of a spectrum."""

    lowest: End
    highest: End


class Subspace(Shape, frozen=True):
    """An invariant subspace that the trajectory enters."""

    enters: Count
    basis: tuple[Vector, ...]
    regime: str | None
    spectrum: Spectrum | None


class Block(Shape, frozen=True):
    """A dominant eigenspace and the amplitude in it."""

    gap: str
    vectors: tuple[Vector, ...]
    amplitude: str


class Bounds(Shape, frozen=True):
    """The numbers of the inequality that decides the limit."""

    radius: str
    sigma: str
    tail: str


class Limit(Shape, frozen=True):
    """The limit, its unit vectors enclosed."""

    kind: str | None
    vectors: tuple[tuple[Interval, ...], ...]


class Certificate(Shape, frozen=True, tag_field="schema", tag="gdcheck-certificate/2"):
    """A decision with its proof; docs/certificate.md says what it means.

    The independent checker reads the numbers and the loss itself.
    """

    problem: StoredProblem
    verdict: str
    regime: str | None
    fails: tuple[str, ...]
    spectrum: Spectrum | None
    points: tuple[Vector, ...]
    kernel: Vector | None
    subspace: Subspace | None
    blocks: tuple[Block, ...]
    step: Count
    bounds: Bounds | None
    limit: Limit
