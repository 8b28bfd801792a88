"""A certificate of the theorem, and what other kinds of certificates share with it: docs/certificate.md, *Fields*."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal

from gdcheck.theorem.checker.exact import Exponents
from gdcheck.theorem.checker.reading.fields import (
    Interval,
    Names,
    PerVariable,
    Point,
    Positive,
    read_fields,
    read_list,
    read_record,
    refuse,
    size_of,
    stated,
    whole,
)
from gdcheck.theorem.checker.reading.loss_text import Loss, read_loss

FORMAT, WITH_CONE = "gdcheck-certificate/2", "gdcheck-certificate/3"
MOST_ORDER = 16


@dataclass(frozen=True)
class Problem:
    """A loss, and what gradient descent does with it. All vectors have shape (n,)."""

    loss: Loss
    variables: tuple[str, ...]
    minimizer: Point
    step_size: Fraction
    start: Point

    @classmethod
    def read(cls, value: object, path: str, n: int) -> Problem:
        """Read a problem."""
        return read_problem(value)


def read_problem(value: object, *, has_start: bool = True) -> Problem:
    """Read a problem, which has the same form in all kinds of certificates; without a start, take the minimizer."""
    fields: dict[str, Any] = {"loss": str, "variables": Names, "minimizer": Point, "step_size": Positive}
    p = read_fields(fields | {"start": Point} if has_start else fields, value, "problem", size_of(value))
    loss = read_loss(p["loss"], p["variables"])
    return Problem(**{"start": p["minimizer"]} | p | {"loss": loss})


WithoutStart = Annotated[Problem, lambda kind, value, path, n: read_problem(value, has_start=False)]
"""A problem that states no start."""


@dataclass(frozen=True)
class Eigenvalue:
    """An eigenvalue in a closed interval, equal to both ends if they are equal."""

    interval: Interval
    multiplicity: int

    @property
    def low(self) -> Fraction:
        """Return the lower end."""
        return self.interval[0]

    @property
    def high(self) -> Fraction:
        """Return the upper end."""
        return self.interval[1]


@dataclass(frozen=True)
class Spectrum:
    """The two ends of a spectrum."""

    lowest: Eigenvalue
    highest: Eigenvalue


@dataclass(frozen=True)
class Subspace:
    """A linear space that the trajectory lies in from a step on; regime and spectrum are those on it."""

    enters: int
    basis: tuple[Point, ...]
    regime: str | None
    spectrum: Spectrum | None


@dataclass(frozen=True)
class Block:
    """Points that span the eigenspace of a dominant eigenvalue, up to an error."""

    gap: Fraction
    vectors: tuple[Point, ...]
    amplitude: Fraction


@dataclass(frozen=True)
class Graph:
    """The exceptional set near the minimizer: a graph over the plane that is orthogonal to a unit eigenvector v.

    Attributes:
        gap: No other eigenvalue is within this distance of the interval of the dominant one.
        vector: A vector near v.
        normal: Intervals of the components of v.
        slope: A bound of the graph's slope.
    """

    gap: Fraction
    vector: Point
    normal: PerVariable[Interval]
    slope: Fraction


@dataclass(frozen=True)
class Bounds:
    """Numbers of the inequality, which the checker computes for itself: they bind the certificate to its problem."""

    radius: Fraction
    sigma: Fraction
    tail: Fraction


def _shear(kind: Any, value: object, path: str, n: int) -> dict[Exponents, Fraction]:
    """Read the terms of a polynomial in n - 1 variables."""
    terms = read_list(Term, value, path, n - 1)
    for i, term in enumerate(terms):
        if not 2 <= sum(term.exponents) <= MOST_ORDER:
            refuse(f"{path}[{i}].exponents", f"of a sum from 2 to {MOST_ORDER}")
    return {term.exponents: term.coefficient for term in terms}


@dataclass(frozen=True)
class Term:
    """A term of a polynomial."""

    exponents: PerVariable[int]
    coefficient: Fraction


@dataclass(frozen=True)
class Cone:
    """A cone that the trajectory never leaves, in coordinates after a reflection and a shear.

    Attributes:
        reflection: The vector p along which space is reflected, shape (n,).
        axis: The index of the coordinate t after the reflection.
        shear: The polynomial phi in the other coordinates w, of degree two and more, by its exponents.
        order: From 2 to 16: the degree up to which P(w) = F_t(phi(w), w) - phi(F_w(phi(w), w)) is computed.
        reach: A radius on which the terms of P of higher degree are bounded.
        rest: b, a bound of all multipliers but one.
        ratio: kappa.
    """

    reflection: Point
    axis: int
    shear: Annotated[dict[Exponents, Fraction], _shear]
    order: Annotated[int, whole(2, MOST_ORDER)]
    reach: Positive
    rest: Positive
    ratio: Positive


@dataclass(frozen=True)
class Limit:
    """The limit of the direction: of all steps, or of even and of odd steps; each component is an interval."""

    kind: str | None
    vectors: tuple[PerVariable[Interval], ...]


@dataclass(frozen=True)
class Stated:
    """What certificates of a theorem say of its assumptions.

    Attributes:
        schema: The format.
        problem: The problem.
        verdict: The verdict.
        regime: The regime; None if the minimum is not strict.
        fails: The names of the assumptions that fail.
        points: The points at which the statement about preimages of null sets is verified.
        kernel: A vector along which F is constant.
    """

    schema: str
    problem: Problem
    verdict: str
    regime: str | None
    fails: tuple[str, ...]
    points: tuple[Point, ...]
    kernel: Point | None


@dataclass(frozen=True)
class StatedSpectrum(Stated):
    """What certificates state of the assumptions and of the spectrum."""

    spectrum: Spectrum | None


@dataclass(frozen=True)
class Certificate(StatedSpectrum):
    """All fields of a certificate; one without a cone has no field for it."""

    schema: Literal["gdcheck-certificate/2", "gdcheck-certificate/3"]
    subspace: Subspace | None
    blocks: tuple[Block, ...]
    step: int
    bounds: Bounds | None
    limit: Limit
    cone: Annotated[Cone | None, stated] = None

    @classmethod
    def read(cls, value: object, path: str = "", n: int = 0) -> Certificate:
        """Read a certificate, which may be a part of another one.

        Args:
            value: The parsed JSON.
            path: Not used: sentences name the fields as if the certificate stood alone.
            n: Not used: the certificate names its own variables.

        Returns:
            The certificate.

        Raises:
            BadCertificate: If a field is missing, unknown, or not of its type; the sentence names it.
        """
        has_cone = type(value) is dict and value.get("schema") == WITH_CONE
        return read_record(cls, value, "", size_of(value), () if has_cone else ("cone",))
