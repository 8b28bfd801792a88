r"""Certificates for every start: the exceptional set is a Lipschitz graph, hence null. Claims E1 to E4, and ``check``.

On a ball around the minimizer, zeta - Pi has a Lipschitz constant L < 1, where Pi is the projector onto the line of the
dominant eigenvector and zeta the limit of mu^(-j) Pi h_j. So the starts with zeta = 0, the only ones without the
theorem's limit, are a graph over the plane that is orthogonal to this line. docs/certificate.md, *Certificates for
every start*.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from gdcheck.theorem.checker.amplitude import verify_eigenspace
from gdcheck.theorem.checker.assumptions import failing_assumptions, verify_fails
from gdcheck.theorem.checker.descent import Descent
from gdcheck.theorem.checker.exact import Matrix, root_bounds, squared
from gdcheck.theorem.checker.lemma import DOMINANT, growth, lipschitz_of, slope_of, verify_box
from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.reading.checking import Check
from gdcheck.theorem.checker.reading.document import Eigenvalue, Graph, StatedSpectrum, WithoutStart
from gdcheck.theorem.checker.reading.fields import Interval
from gdcheck.theorem.checker.spectrum import Operator
from gdcheck.theorem.checker.trajectory import Remainder


@dataclass(frozen=True)
class Exceptional(Graph):
    """A graph on a ball; a radius of None means every ball."""

    radius: Fraction | None


@dataclass(frozen=True)
class EveryStart(StatedSpectrum):
    """All fields of a certificate for every start."""

    schema: Literal["gdcheck-every-start/1"]
    problem: WithoutStart
    limit: str | None
    exceptional: Exceptional | None


def _verify(c: EveryStart) -> None:
    """Verify all claims, in the order of the specification."""
    descent = Descent.at_critical_point(c.problem)
    operator = Operator.of(descent.hessian)
    verify_verdict(c, failing_assumptions(c, descent, operator))
    if c.exceptional is None:
        return
    assert c.spectrum is not None
    _, (sign,) = DOMINANT[c.regime or ""]
    end = c.spectrum.lowest if sign > 0 else c.spectrum.highest
    verify_normal(operator, descent.hessian, end, c.exceptional)
    low, high = sorted(sign * (1 - descent.step_size * x) for x in end.interval)
    verify_slope(c.exceptional, verify_graph(c.exceptional, (low, high), Remainder.of(descent)))


def verify_verdict(c: EveryStart, failing: set[str]) -> None:
    """Claim E1 (assumptions): exactly these fail; the verdict, and the limit of almost every start, follow."""
    verify_fails(c, failing, "not-applicable" if failing else "proved")
    kind = None if failing else DOMINANT[c.regime or ""][0]
    claim(c.limit == kind, f"the limit is {(c.limit or 'null')[:40]} fails: it can only be {kind or 'null'}")
    described = (c.exceptional is None) == bool(failing)
    claim(described, "an exceptional set is described, unless an assumption fails, fails")


def verify_normal(operator: Operator, hessian: Matrix, end: Eigenvalue, graph: Graph) -> None:
    """Claim E2 (normal): the intervals hold a unit eigenvector of the simple dominant eigenvalue, and are narrow."""
    space = verify_eigenspace(operator, hessian, end, graph.gap, (graph.vector,))
    verify_box("the normal", graph.vector, root_bounds(squared(graph.vector)), space.tilt, graph.normal)


def verify_graph(graph: Exceptional, rho: Interval, remainder: Remainder) -> Fraction:
    """Claim E3 (graph): zeta - Pi has a Lipschitz constant L < 1 on the ball of the stated radius; return L.

    Args:
        graph: The exceptional set.
        rho: An interval of rho, the largest |1 - eta lambda|.
        remainder: The bounds of the remainder.
    """
    r = remainder.verify_radius(graph.radius)
    _, p, _ = growth(remainder.push(r), r, rho, f"at radius {show(r)}")
    return lipschitz_of(remainder.lipschitz(r), p, rho)


def verify_slope(graph: Exceptional, lipschitz: Fraction) -> None:
    """Claim E4 (slope): L / sqrt(1 - L^2) is at most the stated slope, and agrees to nine digits up to 10^-29."""
    low, high = slope_of(lipschitz)
    agrees = high <= graph.slope and (graph.slope - low) * 10**9 <= graph.slope + Fraction(1, 10**20)
    claim(agrees, f"slope = {show(graph.slope)} fails at radius {show(graph.radius or 0)}: it is {show(high)}")


check = Check(EveryStart, _verify)
"""Verifies a certificate for every start."""
