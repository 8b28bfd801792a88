"""Certificates of the theorems on methods for every start near the minimizer: Claim M12, and ``check``.

docs/certificate.md, *Certificates for methods*; the argument is docs/methods.md, *Almost every start*.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from gdcheck.theorem.checker import outcome
from gdcheck.theorem.checker.descent import Descent, verify_critical_point
from gdcheck.theorem.checker.document import (
    Eigenvalue,
    Interval,
    Problem,
    read_count,
    read_interval,
    read_list,
    read_number,
    read_object,
    read_or_null,
    read_problem,
    read_text,
    read_vector,
    refuse,
)
from gdcheck.theorem.checker.exact import Vector, dot, norm_above, root_bounds
from gdcheck.theorem.checker.methods.claims import Part, read_eigenvalue, verify_eigenvalues, verify_part
from gdcheck.theorem.checker.methods.modes import Block, Linear, Mode, blocks_of, powers_above, regime_of
from gdcheck.theorem.checker.outcome import TIME_LIMIT, ClaimError, claim, show
from gdcheck.theorem.checker.spectrum import Operator
from gdcheck.theorem.checker.trajectory import Remainder

FORMAT = "gdcheck-method-every-start/1"
WIDTH = Fraction(1, 10**9)
KINDS = {"small-step": "fixed", "large-step": "alternating", "rotating": "rotating"}


@dataclass(frozen=True)
class Graph:
    """The starts that are left out: a graph over the plane that is orthogonal to a unit eigenvector."""

    gap: Fraction
    vector: Vector
    normal: tuple[Interval, ...]
    slope: Fraction


def check(certificate: object, time_limit: float = TIME_LIMIT) -> str | None:
    """Verify a certificate of a theorem on a method for every start near the minimizer.

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


@dataclass(frozen=True)
class Nearby:
    """All fields of a certificate but its format; the problem's start is its minimizer."""

    problem: Problem
    linear: Linear
    verdict: str
    regime: str
    eigenvalues: tuple[Eigenvalue, ...]
    dominant: tuple[int, ...]
    powers: Fraction
    limit: str
    radius: Fraction | None
    graph: Graph | None


def _read(value: object) -> Nearby:
    c = read_object(
        value, "certificate", "schema problem verdict regime eigenvalues dominant powers limit radius graph"
    )
    if c["schema"] != FORMAT:
        refuse("schema", repr(FORMAT))
    given = c["problem"]
    if type(given) is not dict or "method" not in given:
        refuse("problem", "an object with a method")
    problem = read_problem({name: entry for name, entry in given.items() if name != "method"}, has_start=False)
    n = len(problem.variables)
    return Nearby(
        problem,
        Linear.read(given["method"], n),
        read_text(c["verdict"], "verdict"),
        read_text(c["regime"], "regime"),
        read_list(c["eigenvalues"], "eigenvalues", read_eigenvalue),
        read_list(c["dominant"], "dominant", read_count),
        read_number(c["powers"], "powers"),
        read_text(c["limit"], "limit"),
        read_or_null(c["radius"], "radius", read_number),
        read_or_null(c["graph"], "graph", lambda entry, path: _graph(entry, path, n)),
    )


def _verify(c: Nearby) -> None:
    """Claim M12 (every start): zeta - a has so small a Lipschitz constant that zeta vanishes on a graph at most."""
    linear, k = c.linear, c.powers
    claim(linear.adaptive is None and linear.preconditioner is None, "no method for which this is proved fails")
    u = c.problem.step_size * linear.gain
    descent = Descent.of(replace(c.problem, step_size=u))
    verify_critical_point(descent)
    hessian = descent.hessian_at_minimizer([kink.offset > 0 for kink in descent.kinks])
    operator = Operator.of(hessian)
    verify_eigenvalues(operator, c.eigenvalues)
    blocks = blocks_of(linear, u, c.eigenvalues)
    regime, modes = regime_of(linear, u, operator, c.eigenvalues, c.dominant)
    stated = (c.regime, c.limit, c.verdict) == (regime, KINDS.get(regime), "proved")
    claim(stated, f"the regime, its limit and the verdict fails: the regime is {regime}")
    first = c.dominant[0]
    rho = blocks[first].modulus(modes[first])
    most = max(powers_above(linear, block, modes.get(i), rho) for i, block in enumerate(blocks))
    claim(k >= most, f"K = {show(k)} fails: it is at least {show(most)}")
    push, rise = _remainders(c, Remainder.of(descent))
    sigma = rho[1] + push
    claim(rho[0] > 0 and sigma < 1, f"0 < rho and sigma < 1 fails: sigma {show(sigma)}")
    x = push / (rho[0] * (1 - sigma))
    claim(x <= 1, f"x <= 1 fails: x {show(x)}")
    p = 1 + x + x * x
    room = rho[0] * (1 - rho[1])
    if c.graph is None:
        whole = len(modes) == len(blocks) and all(mode.sign == 0 for mode in modes.values())
        claim(whole, "all of space turns fails")
        turns = max(powers_above(linear, blocks[i], modes[i], rho) for i in modes)
        claim(turns * push * p * p < room, f"every amplitude exceeds the tail fails: {show(turns * push * p * p)}")
        return
    claim(len(modes) == 1 and c.eigenvalues[first].multiplicity == 1, "one simple eigenvalue dominates fails")
    y = rise * p / room
    claim(y <= 1, f"y <= 1 fails: y {show(y)}")
    _verify_slope(c.graph, _ratio(linear, blocks[first], modes[first], rho) * y * (1 + y + y * y))
    frame = verify_part(linear, c.eigenvalues, operator, hessian, Part(first, c.graph.gap, (c.graph.vector,)))
    _verify_normal(c.graph, frame.tilt)


def _remainders(c: Nearby, remainder: Remainder) -> tuple[Fraction, Fraction]:
    """Return bounds of the remainder and of its derivative on the ball of states, both times K; zero if it is zero."""
    flat = not remainder.orders and not remainder.kinks
    claim((c.radius is None) == flat, "the radius is null exactly if the loss is quadratic fails")
    if c.radius is None:
        return Fraction(0), Fraction(0)
    claim(c.radius > 0, f"radius > 0 fails: {show(c.radius)}")
    r, weight = c.powers * c.radius, c.powers * c.linear.pull
    return weight * remainder.push(r), weight * remainder.lipschitz(r)


def _ratio(linear: Linear, block: Block, mode: Mode, rho: Interval) -> Fraction:
    """Bound the norm of the amplitude's functional by its weight of h; for a pair, the powers."""
    if mode.sign == 0:
        return powers_above(linear, block, mode, rho)
    a, b = block.functional(linear, mode)
    claim(a[0] > 0 or a[1] < 0, "the amplitude depends on h fails")
    return norm_above([max(map(abs, a)), max(map(abs, b))]) / min(map(abs, a))


def _verify_slope(graph: Graph, lipschitz: Fraction) -> None:
    claim(lipschitz < 1, f"L < 1 fails: L {show(lipschitz)}")
    square = lipschitz**2 / (1 - lipschitz**2)
    steepest = root_bounds(square)[1] if square else Fraction(0)
    claim(steepest <= graph.slope, f"slope = {show(graph.slope)} fails: it is {show(steepest)}")


def _verify_normal(graph: Graph, tilt: Fraction) -> None:
    low, high = root_bounds(dot(graph.vector, graph.vector))
    for v, (least, last) in zip(graph.vector, graph.normal, strict=True):
        lower, upper = min(v / low, v / high) - tilt, max(v / low, v / high) + tilt
        good = least <= lower and upper <= last <= least + WIDTH
        claim(good, f"the normal is in the narrow [{show(least, last)}] fails: it is in [{show(lower, upper)}]")


def _graph(value: object, path: str, n: int) -> Graph:
    g = read_object(value, path, "gap vector normal slope")
    return Graph(
        read_number(g["gap"], f"{path}.gap"),
        read_vector(g["vector"], f"{path}.vector", n),
        read_list(g["normal"], f"{path}.normal", read_interval, n),
        read_number(g["slope"], f"{path}.slope"),
    )
