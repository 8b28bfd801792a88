"""Lemma 1: the remainder is quadratically small, its derivative linearly."""

from collections.abc import Iterator
from itertools import islice

from flint import arb, fmpq
from mpmath import mp, mpf

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.examination import holds, on_decided, require
from gdcheck.properties.claims.points import eigen_coordinates, hessian, image, unit_vectors
from gdcheck.properties.claims.trajectory import remainder_bound, walk
from gdcheck.properties.strategies.instance import Instance, Vector, dot
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.decision.paper_chain import paper_chain
from gdcheck.theorem.descent.invariant_ball import invariant_radius
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.balls import ends

_WALKED = 6
_EXACT = 2
_EXACT_BITS = 1500
_DIGITS = 40


@on_decided
def _examine(instance: Instance, decision: Decision) -> Finding:
    bound = remainder_bound(instance)
    largest = invariant_radius(bound, arb(instance.rho))
    epsilon = fmpq(1) if largest is None else largest
    steepness = _above(bound.lipschitz(arb(epsilon)) / arb(epsilon))
    curvature = _above(bound.quadratic(arb(epsilon)))
    specified = specified_constant(instance.problem, epsilon)
    require(
        abs(to_mpf(curvature) - specified) <= specified * mpf(10) ** (10 - _DIGITS),
        f"C(ε) is {float(to_mpf(curvature))}, not {float(specified)}",
    )
    chain = paper_chain(decision, max_steps=0)
    if chain is not None and chain.radius == epsilon:
        least = max(float(to_mpf(curvature)), float(to_mpf(steepness)))
        require(chain.constant >= least, "the chain's C is too small", 1 - _quotient(least, chain.constant))
    worst = 0.0
    for k, h in enumerate(_points(instance, epsilon)):
        square = dot(h, h)
        here = _above(bound.quadratic(arb(square).sqrt()))
        require(here <= curvature, "C(r) is not monotone", 1 - _quotient(to_mpf(here), to_mpf(curvature)))
        after, before = eigen_coordinates(instance, image(instance, h)), eigen_coordinates(instance, h)
        g = [y - m * x for y, m, x in zip(after, instance.multipliers, before, strict=True)]
        worst = max(worst, _share(max(x * x for x in g), (here * square) ** 2, "a component of g", h))
        if k % 2 == 0:
            entries = _jacobian(instance, h)
            worst = max(worst, _share(max(x * x for x in entries), steepness**2 * square, "an entry of Dg", h))
    return holds(decision, "bounded at every point", 1 - worst**0.5)


def _above(x: arb) -> fmpq:
    return ends(x)[1]


def _jacobian(instance: Instance, h: Vector) -> list[fmpq]:
    """Return the entries of Dg = η(Λ − Qᵀ∇²f Q) in eigen-coordinates."""
    n, q, spectrum = len(h), instance.rotation, instance.spectrum
    curvature = q.transpose() * hessian(instance, h) * q
    eta = instance.problem.step_size
    return [eta * ((spectrum[i] if i == j else 0) - curvature[i, j]) for i in range(n) for j in range(n)]


def _share(value: fmpq, limit: fmpq, what: str, h: Vector) -> float:
    """Return the share of a bound that is used, of which both are given as squares; at most one is required."""
    share = _quotient(to_mpf(value), to_mpf(limit))
    require(value <= limit, f"{what} exceeds its bound at h = [{', '.join(map(str, h))}]", 1 - share**0.5)
    return share


def _quotient(value: mpf | float, limit: mpf | float) -> float:
    """value/limit of two numbers that are not negative; without end where only the limit is zero."""
    if not value:
        return 0.0
    return float(value / limit) if limit else float("inf")


def _points(instance: Instance, epsilon: fmpq) -> Iterator[Vector]:
    """Yield rational points on the sphere of radius ε and inside it, exact iterates, and points next to later ones."""
    for k, u in enumerate(unit_vectors(instance)):
        scale = epsilon / 2 ** (3 * (k % 3) if k % 4 == 3 else 0)
        yield tuple(scale * x for x in u)
    h = instance.problem.displacement
    for _ in range(_EXACT):
        if not any(h) or max(x.height_bits() for x in h) > _EXACT_BITS:
            break
        yield h
        h = image(instance, h)
    for iterate in islice(walk(instance, 1, 4 * _WALKED), 0, None, 4):
        if any(iterate.point):
            yield iterate.point


def specified_constant(problem: Problem, radius: fmpq) -> mpf:
    """C(r) of docs/certificate.md, evaluated in mpmath from the loss around its minimizer.

    Args:
        problem: The problem.
        radius: r.

    Returns:
        C(r), to about forty digits.
    """
    local = problem.loss.shifted(problem.minimizer)
    with mp.workdps(_DIGITS):
        eta, r, total = to_mpf(problem.step_size), to_mpf(radius), mpf(0)
        rows: dict[int, list[mpf]] = {}
        for exponents, c in local.terms:
            degree = sum(exponents) - 1
            for i, e in enumerate(exponents):
                if degree > 1 and e:
                    rest = [k - (i == j) for j, k in enumerate(exponents)]
                    kappa = mp.sqrt(mp.fprod(mpf(k) ** k for k in rest if k) / mpf(degree) ** degree)
                    rows.setdefault(degree, [mpf(0)] * len(exponents))[i] += abs(to_mpf(c)) * e * kappa
        for degree, row in rows.items():
            total += eta * mp.sqrt(mp.fsum(x * x for x in row)) * r ** (degree - 2)
        for t in local.truncated:
            length, p = mp.sqrt(to_mpf(dot(t.direction, t.direction))), t.power
            reach = length * r - to_mpf(t.threshold)
            if reach > 0:
                total += eta * abs(to_mpf(t.coefficient)) * p * length**3 * (p - 1) * (p - 2) / 2 * reach ** (p - 3)
        return total


def to_mpf(q: fmpq) -> mpf:
    """Return a rational to about forty digits."""
    with mp.workdps(_DIGITS):
        return mpf(int(q.p)) / int(q.q)


CLAIM = Claim(
    name="remainder",
    sentence="Near the minimizer, what the linear part leaves over is at most a constant times the squared distance,"
    " and its partial derivatives at most a constant times the distance (Lemma 1).",
    statement="|g_i(y)| ≤ C(‖y‖)‖y‖² ≤ C(ε)‖y‖² and |∂g_i/∂y_j(y)| ≤ (Λ(ε)/ε)‖y‖, in exact rationals in the"
    " prescribed eigen-coordinates, on the certified ball of radius ε and along the trajectory.",
    examine=_examine,
    margin="1 − the largest share of a bound that is used",
    cost=3,
)
