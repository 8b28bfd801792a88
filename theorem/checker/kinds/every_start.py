r"""Certificates for every start: the exceptional set is a Lipschitz graph, hence null. Claims E1 to E4, and ``check``.

On a ball around the minimizer, zeta - Pi has a Lipschitz constant L < 1, where Pi is the projector onto the line of the
dominant eigenvector and zeta the limit of mu^(-j) Pi h_j. So the starts with zeta = 0, the only ones without the
theorem's limit, are a graph over the plane that is orthogonal to this line. docs/certificate.md, *Certificates for
every start*.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gdcheck.theorem.checker import outcome
from gdcheck.theorem.checker.amplitude import DOMINANT, verify_eigenspace
from gdcheck.theorem.checker.assumptions import failing_assumptions
from gdcheck.theorem.checker.descent import Descent, verify_critical_point
from gdcheck.theorem.checker.document import (
    Block,
    Eigenvalue,
    Interval,
    Problem,
    Spectrum,
    read_interval,
    read_list,
    read_number,
    read_object,
    read_or_null,
    read_problem,
    read_spectrum,
    read_text,
    read_vector,
    refuse,
)
from gdcheck.theorem.checker.exact import Matrix, Vector, dot, root_bounds
from gdcheck.theorem.checker.outcome import TIME_LIMIT, ClaimError, claim, show
from gdcheck.theorem.checker.spectrum import Operator
from gdcheck.theorem.checker.trajectory import Remainder

FORMAT = "gdcheck-every-start/1"
WIDTH = Fraction(1, 10**9)


@dataclass(frozen=True)
class Graph:
    """The exceptional set near the minimizer.

    Attributes:
        gap: No other eigenvalue is within it of the interval of the dominant one.
        vector: Nearly the dominant unit eigenvector v, shape (n,).
        normal: Intervals of the components of v.
        radius: The ball's radius; None means every ball.
        slope: A bound of the graph's slope over the plane that is orthogonal to v.
    """

    gap: Fraction
    vector: Vector
    normal: tuple[Interval, ...]
    radius: Fraction | None
    slope: Fraction


@dataclass(frozen=True)
class EveryStart:
    """All fields of a certificate for every start but its format; the problem's start is its minimizer."""

    problem: Problem
    verdict: str
    regime: str | None
    spectrum: Spectrum | None
    fails: tuple[str, ...]
    points: tuple[Vector, ...]
    kernel: Vector | None
    limit: str | None
    exceptional: Graph | None


def check(certificate: object, time_limit: float = TIME_LIMIT) -> str | None:
    """Verify a certificate for every start.

    Args:
        certificate: The parsed JSON object.
        time_limit: The seconds that it may take.

    Returns:
        None if every claim has been verified, else a sentence that names the first claim that fails.

    Raises:
        BadCertificate: If it is malformed.
        NotChecked: If the checker gives up at one of its limits.
    """
    with outcome.time_limit(time_limit):
        try:
            _verify(_read(certificate))
        except ClaimError as failure:
            return str(failure)
    return None


def _read(value: object) -> EveryStart:
    names = "schema problem verdict regime spectrum fails points kernel limit exceptional"
    c = read_object(value, "certificate", names)
    if c["schema"] != FORMAT:
        refuse("schema", repr(FORMAT))
    problem = read_problem(c["problem"], has_start=False)
    n = len(problem.variables)

    def vector(entry: object, path: str) -> Vector:
        return read_vector(entry, path, n)

    def graph(entry: object, path: str) -> Graph:
        g = read_object(entry, path, "gap vector normal radius slope")
        return Graph(
            read_number(g["gap"], f"{path}.gap"),
            vector(g["vector"], f"{path}.vector"),
            read_list(g["normal"], f"{path}.normal", read_interval, n),
            read_or_null(g["radius"], f"{path}.radius", read_number),
            read_number(g["slope"], f"{path}.slope"),
        )

    return EveryStart(
        problem,
        read_text(c["verdict"], "verdict"),
        read_or_null(c["regime"], "regime", read_text),
        read_or_null(c["spectrum"], "spectrum", read_spectrum),
        read_list(c["fails"], "fails", read_text),
        read_list(c["points"], "points", vector),
        read_or_null(c["kernel"], "kernel", vector),
        read_or_null(c["limit"], "limit", read_text),
        read_or_null(c["exceptional"], "exceptional", graph),
    )


def _verify(c: EveryStart) -> None:
    """Verify all claims, in the order of the specification."""
    descent = Descent.of(c.problem)
    verify_critical_point(descent)
    hessian = descent.hessian_at_minimizer([kink.offset > 0 for kink in descent.kinks])
    operator = Operator.of(hessian)
    verify_verdict(c, failing_assumptions(c, descent, operator))
    if c.exceptional is None:
        return
    assert c.spectrum is not None
    _, (sign,) = DOMINANT[c.regime or ""]
    end = c.spectrum.lowest if sign > 0 else c.spectrum.highest
    verify_normal(operator, hessian, end, c.exceptional)
    moduli = sorted(sign * (1 - descent.step_size * x) for x in (end.low, end.high))
    verify_slope(c.exceptional, verify_graph(c.exceptional, (moduli[0], moduli[1]), Remainder.of(descent)))


def verify_verdict(c: EveryStart, failing: set[str]) -> None:
    """Claim E1 (assumptions): exactly these fail; the verdict, and the limit of almost every start, follow."""
    agree = sorted(c.fails) == sorted(failing)
    claim(agree, f"the failing assumptions are {str(sorted(c.fails))[:200]} fails: {sorted(failing)}")
    verdict = "not-applicable" if failing else "proved"
    claim(c.verdict == verdict, f"the verdict is {c.verdict[:40]} fails: it can only be {verdict}")
    kind = None if failing else DOMINANT[c.regime or ""][0]
    claim(c.limit == kind, f"the limit is {(c.limit or 'null')[:40]} fails: it can only be {kind or 'null'}")
    described = (c.exceptional is None) == bool(failing)
    claim(described, "an exceptional set is described, unless an assumption fails, fails")


def verify_normal(operator: Operator, hessian: Matrix, end: Eigenvalue, graph: Graph) -> None:
    """Claim E2 (normal): the intervals hold a unit eigenvector of the simple dominant eigenvalue, and are narrow."""
    space = verify_eigenspace(operator, hessian, end, Block(graph.gap, (graph.vector,), Fraction(0)))
    low, high = root_bounds(dot(graph.vector, graph.vector))
    for y, (least, most) in zip(graph.vector, graph.normal, strict=True):
        lower, upper = min(y / low, y / high) - space.tilt, max(y / low, y / high) + space.tilt
        good = least <= lower and upper <= most <= least + WIDTH
        claim(good, f"the normal is in the narrow [{show(least, most)}] fails: it is in [{show(lower, upper)}]")


def verify_graph(graph: Graph, rho: Interval, remainder: Remainder) -> Fraction:
    """Claim E3 (graph): zeta - Pi has a Lipschitz constant L < 1 on the ball of the stated radius; return L.

    Args:
        graph: The exceptional set.
        rho: An interval of rho, the largest |1 - eta lambda|.
        remainder: The bounds of the remainder.
    """
    low, high = rho
    claim(low > 0 and high < 1, f"0 < rho < 1 fails: rho in [{show(low, high)}]")
    linear = not remainder.orders and not remainder.kinks
    claim((graph.radius is None) == linear, "the radius is null exactly if the loss is quadratic fails")
    if graph.radius is None:
        return Fraction(0)
    r = graph.radius
    claim(r > 0, f"radius > 0 fails: {show(r)}")
    push = remainder.push(r)
    sigma = high + push
    claim(sigma < 1, f"sigma < 1 fails at radius {show(r)}: sigma {show(sigma)}")
    x = push / (low * (1 - sigma))
    claim(x <= 1, f"x <= 1 fails at radius {show(r)}: x {show(x)}")
    y = remainder.lipschitz(r) * (1 + x + x * x) / (low * (1 - high))
    claim(y <= 1, f"y <= 1 fails at radius {show(r)}: y {show(y)}")
    lipschitz = y * (1 + y + y * y)
    claim(lipschitz < 1, f"L < 1 fails at radius {show(r)}: L {show(lipschitz)}")
    return lipschitz


def verify_slope(graph: Graph, lipschitz: Fraction) -> None:
    """Claim E4 (slope): L / sqrt(1 - L^2) is at most the stated slope, and agrees to nine digits up to 10^-29."""
    square = lipschitz**2 / (1 - lipschitz**2)
    low, high = root_bounds(square) if square else (square, square)
    agrees = high <= graph.slope and (graph.slope - low) * 10**9 <= graph.slope + Fraction(1, 10**20)
    claim(agrees, f"slope = {show(graph.slope)} fails at radius {show(graph.radius or 0)}: it is {show(high)}")
