r"""Certificates for every start of smooth losses: Claims J1 to J4, and ``check``.

As for polynomials, zeta - Pi has a Lipschitz constant L < 1 on a ball around the minimizer, so that the starts without
the theorem's limit are a graph. docs/certificate.md, *Smooth certificates for every start*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Literal

from gdcheck.theorem.checker.exact import root_bounds, squared
from gdcheck.theorem.checker.lemma import DOMINANT, growth, lipschitz_of, slope_of, verify_box
from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.reading.checking import Check, with_enough_bits
from gdcheck.theorem.checker.reading.fields import PerVariable
from gdcheck.theorem.checker.smooth.expression import Call, Power
from gdcheck.theorem.checker.smooth.intervals import Ends
from gdcheck.theorem.checker.smooth.minimizer import Middle, Stated, WithoutStart, third_above
from gdcheck.theorem.checker.smooth.spectrum import dominant
from gdcheck.theorem.checker.smooth.strict_minimum import PRECISIONS, verify_line, verify_stated


@dataclass(frozen=True)
class Graph:
    """The exceptional set near the minimizer: a graph over the plane that is orthogonal to a unit eigenvector.

    Attributes:
        normal: Intervals of the eigenvector's components.
        radius: The ball's radius; None means every ball.
        slope: A bound of the graph's slope.
    """

    normal: PerVariable[Ends]
    radius: Fraction | None
    slope: Fraction


@dataclass(frozen=True)
class EveryStart(Stated):
    """All fields of a certificate for every start.

    Attributes:
        limit: The kind of the limit of almost every start; None if an assumption fails.
        exceptional: The other starts; None if an assumption fails.
    """

    schema: Literal["gdcheck-smooth-every-start/1"]
    problem: WithoutStart
    limit: str | None
    exceptional: Graph | None


def verify(c: EveryStart, bits: int) -> None:
    """Verify all claims with intervals of one precision."""
    at, eigenvalues = verify_stated(c, bits, has_limit=c.limit is not None)
    verify_kind(c)
    if c.exceptional is None or c.limit is None:
        return
    index, _, rho = dominant(c.regime, c.limit, eigenvalues, c.problem.step_size)
    verify_normal(c, at, eigenvalues, index, c.exceptional)
    verify_slope(c.exceptional, verify_graph(c, at, rho, c.exceptional))


def verify_kind(c: EveryStart) -> None:
    """Claim J1 (verdict): unless an assumption fails, a limit is stated, of the kind that the regime implies."""
    kind = None if c.fails else DOMINANT[c.regime][0]
    claim(c.limit == kind, f"the limit is {(c.limit or 'null')[:40]} fails: it can only be {kind or 'null'}")
    described = (c.exceptional is None) == bool(c.fails)
    claim(described, "an exceptional set is described, unless an assumption fails, fails")


def verify_normal(c: EveryStart, at: Middle, eigenvalues: Sequence[Ends], index: int, graph: Graph) -> None:
    """Claim J2 (normal): the intervals hold a unit eigenvector of the dominant eigenvalue, and are narrow."""
    vector = c.eigenvectors[index]
    tilt = verify_line(c, at, eigenvalues, index)
    verify_box("the normal", vector, root_bounds(squared(vector)), tilt, graph.normal)


def verify_graph(c: EveryStart, at: Middle, rho: Ends, graph: Graph) -> Fraction:
    """Claim J3 (graph): with C = eta T / 2 and Lambda = eta T r, return a Lipschitz constant of zeta - Pi.

    Without a radius the constant is 0, because the loss is quadratic: it is a polynomial, and its third derivative is
    zero on one ball.
    """
    if graph.radius is None:
        whole = not any(
            isinstance(x, Call) or (isinstance(x, Power) and (x.exponent < 0 or x.exponent.denominator > 1))
            for x in at.expression.operations
        )
        flat = third_above(at.expression, at.centre, Fraction(1)) == 0
        claim(whole and flat, "the loss is quadratic fails")
        return Fraction(0)
    r, delta, eta = graph.radius, c.minimizer.radius, c.problem.step_size
    claim(r > 0, f"the radius is positive fails: {show(r)}")
    rise = eta * third_above(at.expression, at.centre, r + delta) * r
    _, p, _ = growth(rise / 2, r, rho, f"at radius {show(r)}")
    return lipschitz_of(rise, p, rho)


def verify_slope(graph: Graph, lipschitz: Fraction) -> None:
    """Claim J4 (slope): L / sqrt(1 - L^2) is at most the stated slope, which is at most a tenth larger."""
    low, high = slope_of(lipschitz)
    tight = graph.slope <= low * Fraction(11, 10) + Fraction(1, 10**20)
    claim(high <= graph.slope and tight, f"slope = {show(graph.slope)} fails: it is {show(high)}")


check = Check(EveryStart, lambda c: with_enough_bits(PRECISIONS, partial(verify, c)))
"""Verifies a certificate for every start of a smooth loss."""
