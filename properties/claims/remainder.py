"""Lemma 1: the remainder is quadratically small, its derivative linearly."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from flint import arb, fmpq
from mpmath import mp, mpf

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.examination import holds, on_decided, on_decision, require
from gdcheck.properties.claims.points import eigen_coordinates, hessian, image, unit_vectors
from gdcheck.properties.claims.second_engine import same_spectrum
from gdcheck.properties.claims.specified import DIGITS, as_mpf, specified_constant
from gdcheck.properties.claims.trajectory import remainder_bound, walk
from gdcheck.properties.claims.whole_ball import prove_on_ball
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.certificate.paper_chain import paper_chain
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.descent.invariant_ball import invariant_radius
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import ends
from gdcheck.theorem.loss.rational import Vector, dot
from gdcheck.theorem.reference.amplitude import DIGITS as REFERENCE_DIGITS
from gdcheck.theorem.reference.amplitude import resolution
from gdcheck.theorem.reference.spectrum import ReferenceSpectrum, half_of_the_digits
from gdcheck.theorem.reference.trajectory import ReferenceMap, norm, to_mpf

_WALKED = 6
_EXACT = 2
_EXACT_BITS = 1500
_SPREAD = 8


@on_decided
def _examine(instance: Instance, decision: Decision) -> Finding:
    bound, epsilon = _bound_and_ball(instance)
    subdivided = prove_on_ball(instance.problem, bound, epsilon)
    steepness = _above(bound.lipschitz(arb(epsilon)) / arb(epsilon))
    curvature = _above(bound.quadratic(arb(epsilon)))
    specified = specified_constant(instance.problem, epsilon)
    require(
        abs(as_mpf(curvature) - specified) <= specified * mpf(10) ** (10 - DIGITS),
        f"C(ε) is {float(as_mpf(curvature))}, not {float(specified)}",
    )
    chain = paper_chain(decision, max_steps=0)
    if chain is not None and chain.radius == epsilon:
        least = max(float(as_mpf(curvature)), float(as_mpf(steepness)))
        require(chain.constant >= least, "the chain's C is too small", 1 - _quotient(least, chain.constant))
    worst = 0.0
    for k, h in enumerate(_points(instance, epsilon)):
        square = dot(h, h)
        here = _above(bound.quadratic(arb(square).sqrt()))
        require(here <= curvature, "C(r) is not monotone", 1 - _quotient(as_mpf(here), as_mpf(curvature)))
        after, before = eigen_coordinates(instance, image(instance, h)), eigen_coordinates(instance, h)
        g = [y - m * x for y, m, x in zip(after, instance.multipliers, before, strict=True)]
        worst = max(worst, _share(max(x * x for x in g), (here * square) ** 2, "a component of g", h))
        if k % 2 == 0:
            entries = _jacobian(instance, h)
            worst = max(worst, _share(max(x * x for x in entries), steepness**2 * square, "an entry of Dg", h))
    note = "at every point, by subdivision" if subdivided else "C_q as the checker's formula gives it, and at points"
    return replace(holds(decision, note, 1 - worst**0.5), formula=not subdivided)


def _bound_and_ball(instance: Instance) -> tuple[RemainderBound, fmpq]:
    """Return the bounds of Lemma 1 at the current precision, and the radius of the certified ball; one without one."""
    bound = remainder_bound(instance)
    largest = invariant_radius(bound, arb(instance.rho))
    return bound, fmpq(1) if largest is None else largest


@on_decision
def _sees_the_remainder(instance: Instance, decision: Decision) -> Finding:
    """Examine whether mpmath, from the loss as it is written, finds g and ∂g within their bounds."""
    bound, epsilon = _bound_and_ball(instance)
    with mp.workdps(REFERENCE_DIGITS[0]):
        descend = ReferenceMap(instance.problem)
        linear = descend.hessian(descend.minimizer)
        same_spectrum(ReferenceSpectrum.of(linear, descend.step_size), decision)
        eta, steepness = descend.step_size, to_mpf(_above(bound.lipschitz(arb(epsilon)) / arb(epsilon)))
        for k, h in enumerate(_places(descend, to_mpf(epsilon))):
            x, r = [a + m for a, m in zip(h, descend.minimizer, strict=True)], norm(h)
            if not r:
                continue
            curved = [
                a - m - b + eta * mp.fdot(row, h)
                for a, m, b, row in zip(descend(x), descend.minimizer, h, linear, strict=True)
            ]
            most = to_mpf(_above(bound.quadratic(arb(_rational(r))))) * r**2 + resolution(descend)
            require(norm(curved) <= most, "g exceeds its bound in mpmath")
            if k % 2 == 0:
                change = [
                    [eta * (a - b) for a, b in zip(*rows, strict=True)]
                    for rows in zip(linear, descend.hessian(x), strict=True)
                ]
                require(_stretch(change, h) <= steepness * r + resolution(descend), "∂g exceeds its bound in mpmath")
    return holds(decision, "both engines see the same remainder")


def _places(descend: ReferenceMap, radius: mpf) -> Iterator[list[mpf]]:
    """Yield points of the ball, spread by multiples of the golden ratio, and the first errors of the trajectory."""
    n = len(descend.start)
    for k in range(1, _SPREAD + 1):
        spread = [mp.cos(2 * mp.pi * mp.phi * k * (i + 1) + i * i) for i in range(n)]
        scale = radius * (1 - half_of_the_digits()) / norm(spread) / 8 ** (k % 3)
        yield [scale * a for a in spread]
    x = descend.start
    for _ in range(_WALKED):
        yield [a - m for a, m in zip(x, descend.minimizer, strict=True)]
        x = descend(x)


def _stretch(matrix: list[list[mpf]], h: list[mpf]) -> mpf:
    """Return the largest factor by which a symmetric matrix stretches some vectors: at most its norm, usually near."""
    columns = max(norm(row) for row in matrix)
    image = [mp.fdot(row, h) for row in matrix]
    again = [mp.fdot(row, image) for row in matrix]
    return max(columns, norm(image) / norm(h), norm(again) / norm(image) if any(image) else mpf(0))


def _above(x: arb) -> fmpq:
    return ends(x)[1]


def _jacobian(instance: Instance, h: Vector) -> list[fmpq]:
    """Return the entries of Dg = η(Λ − Qᵀ∇²f Q) in eigen-coordinates."""
    n, q, spectrum = len(h), instance.rotation, instance.spectrum
    curvature = q.transpose() * hessian(instance, h) * q
    eta = instance.problem.step_size
    return [eta * ((spectrum[i] if i == j else 0) - curvature[i, j]) for i in range(n) for j in range(n)]


def _share(value: fmpq, limit: fmpq, what: str, h: Vector) -> float:
    """Return the used share of a bound; value and bound are given as squares. Require that it is at most one."""
    share = _quotient(as_mpf(value), as_mpf(limit))
    require(value <= limit, f"{what} exceeds its bound at h = [{', '.join(map(str, h))}]", 1 - share**0.5)
    return share


def _quotient(value: mpf | float, limit: mpf | float) -> float:
    """Return value/limit of two numbers that are not negative; infinite if only the limit is zero."""
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


def _rational(x: mpf) -> fmpq:
    """Return the number itself."""
    return fmpq(int(x.man)) * fmpq(2) ** int(x.exp)


CLAIM = Claim(
    name="remainder",
    sentence="Near the minimizer, what the linear part leaves over is at most a constant times the squared distance,"
    " and its partial derivatives at most a constant times the distance (Lemma 1).",
    statement="‖g(h)‖ ≤ C(ε)‖h‖² and ‖∂g(h)‖ ≤ (Λ(ε)/ε)‖h‖ at every point of the certified ball of radius ε, proved by"
    " exact subdivision of the sphere for each degree whose terms have at most three variables, of the line for each"
    " truncated power; for other degrees C_q is computed again by the checker's own formula, and such problems are"
    " counted apart, as *holds by formula*; |g_i| and |∂g_i/∂y_j| are within the same"
    " bounds, in exact rationals in the prescribed eigen-coordinates, at points of the ball and of the trajectory.",
    examine=_examine,
    margin="1 − the largest share of a bound that is used",
    second=_sees_the_remainder,
    cost=3,
)
