"""A cone that the trajectory never leaves: Claim 15 (coordinates) and Claim 16 (cone)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import add

from gdcheck.theorem.checker.descent import Descent, map_component
from gdcheck.theorem.checker.exact import Exponents, Polynomial, dot, integers, norm_above, power_product
from gdcheck.theorem.checker.outcome import claim, look, show
from gdcheck.theorem.checker.reading.document import Cone
from gdcheck.theorem.checker.spectrum import Operator
from gdcheck.theorem.checker.trajectory import KAPPA_BITS, kappa

GUARD_BITS = 256

Ball = tuple[int, int]
"""A middle and a radius, in units of 2^-bits."""
Table = dict[tuple[int, int], Fraction]
"""Bounds by the degrees in t and in w."""
Series = dict[int, Fraction]
"""Bounds by the degree in w."""


@dataclass(frozen=True)
class Coordinates:
    """Claim 15 (coordinates): y = T h with the reflection T = I - 2 p p^T / p.p, and its coordinates t and w.

    Attributes:
        p: An integer multiple of the certificate's vector, shape (n,).
        square: p.p.
        order: The indices of the coordinates in y: that of t, then those of w.
        components: The components of F, that of t first, as polynomials in (t, w).
    """

    p: tuple[int, ...]
    square: int
    order: tuple[int, ...]
    components: tuple[Polynomial, ...]

    @classmethod
    def of(cls, descent: Descent, cone: Cone) -> Coordinates:
        """Change coordinates: T is orthogonal and its own inverse, so F is again y minus eta times a gradient."""
        n = descent.dimension
        p = tuple(integers(cone.reflection)[0])
        claim(any(p) and cone.axis < n, "the reflection is along a vector, and the axis is one of n fails")
        square = sum(x * x for x in p)
        order = (cone.axis, *(i for i in range(n) if i != cone.axis))
        forms = [[(b, x) for b, j in enumerate(order) if (x := square * (i == j) - 2 * p[i] * p[j])] for i in range(n)]
        turned = descent.polynomial.with_forms(forms, n, square)
        return cls(p, square, order, tuple(map_component(turned, i, n, descent.step_size) for i in range(n)))

    def turn(self, h: Sequence[Fraction]) -> list[Fraction]:
        """Return (t, w) of a vector."""
        share = 2 * dot(self.p, h) / self.square
        return [h[i] - share * self.p[i] for i in self.order]


@dataclass(frozen=True)
class Step:
    """Bounds of one step in the coordinates tau = t - phi(w) and w.

    Attributes:
        multiplier: The coefficient of t in its own component.
        coupling: c, a bound of the norm of the part of that component that is linear in w.
        rest: b, a bound of the norm of the part of the other components that is linear in w.
        first: Bounds of the terms of the first component that are not linear, by degrees.
        others: The same for the other components together.
        shear: Bounds of phi by degree.
        leftover: Bounds, by degree up to ``order``, of P(w) = F_t(phi(w), w) - phi(F_w(phi(w), w)).
        order: m.
        reach: The radius on which the terms of P of higher degree are bounded; zero if there is no shear.
    """

    multiplier: Fraction
    coupling: Fraction
    rest: Fraction
    first: Table
    others: Table
    shear: Series
    leftover: Series
    order: int
    reach: Fraction

    @classmethod
    def of(cls, coordinates: Coordinates, cone: Cone) -> Step:
        """Compute the bounds."""
        first, *others = coordinates.components
        n = len(coordinates.components)
        multiplier, *linear = first.gradient(n)
        tables = [_table(component) for component in others]
        places = {place for table in tables for place in table}
        bits = GUARD_BITS + (cone.ratio.numerator // cone.ratio.denominator).bit_length()
        return cls(
            multiplier,
            norm_above(linear),
            cone.rest,
            _table(first),
            {place: norm_above([table.get(place, Fraction(0)) for table in tables]) for place in places},
            _series(cone.shear, Fraction(1, 1 << KAPPA_BITS)),
            _leftover(coordinates, cone, bits),
            cone.order,
            cone.reach,
        )

    def drift(self, along: Fraction, across: Fraction) -> Fraction:
        """Return D on |tau| <= along and |w| <= across: a bound of the change of tau, divided by |tau|."""
        top = along + _value(self.shear, across)
        return _by_t(self.first, top, across) + _slope(self.shear, across) * self.feed(along, across)

    def feed(self, along: Fraction, across: Fraction) -> Fraction:
        """Return G: a bound of what tau adds to w, divided by |tau|."""
        return self.coupling + _by_t(self.others, along + _value(self.shear, across), across)

    def more(self, across: Fraction) -> Fraction:
        """Return K: a bound of what the terms that are not linear add to w, divided by |w|."""
        height = _value(self.shear, across)
        return (self.coupling * height + _evaluate(self.others, height, across)) / across

    def noise(self, across: Fraction) -> Fraction:
        """Return N: a bound of what w alone adds to tau, divided by |w|."""
        if not self.shear:  # then P is the first component at t = 0
            table = {q: x for (j, q), x in self.first.items() if not j}
            return self.coupling + _value(table, across) / across
        claim(self.reach > across, f"the reach {show(self.reach)} exceeds the cone's width {show(across)} fails")
        height = _value(self.shear, self.reach)
        image = self.rest * self.reach + self.coupling * height + _evaluate(self.others, height, self.reach)
        total = self.coupling * self.reach + abs(self.multiplier) * height
        total += _evaluate(self.first, height, self.reach) + _value(self.shear, image)
        beyond = (across / self.reach) ** (self.order + 1) * total
        return (_value(self.leftover, across) + beyond) / across


def _value(series: Series, u: Fraction) -> Fraction:
    return sum((x * u**q for q, x in series.items()), Fraction(0))


def _slope(series: Series, u: Fraction) -> Fraction:
    return sum((q * x * u ** (q - 1) for q, x in series.items()), Fraction(0))


def _evaluate(table: Table, t: Fraction, u: Fraction) -> Fraction:
    return sum((x * t**j * u**q for (j, q), x in table.items()), Fraction(0))


def _by_t(table: Table, t: Fraction, u: Fraction) -> Fraction:
    return sum((j * x * t ** (j - 1) * u**q for (j, q), x in table.items() if j), Fraction(0))


def _table(component: Polynomial) -> Table:
    """Bound the terms t^j w^beta that are not linear, by j and |beta|: the sum of |coefficient| kappa(beta)."""
    table = defaultdict[tuple[int, int], int](int)
    for (j, *beta), k in component.terms.items():
        if j + sum(beta) > 1:
            table[j, sum(beta)] += abs(k) * _kappa(beta)
    return {place: Fraction(x, component.denominator << KAPPA_BITS) for place, x in table.items()}


def _series(terms: Mapping[Exponents, Fraction], unit: Fraction) -> Series:
    """Bound the homogeneous parts of a polynomial in w: the sum of |coefficient| kappa(beta), times a unit."""
    series = defaultdict[int, Fraction](Fraction)
    for beta, c in terms.items():
        series[sum(beta)] += abs(c) * _kappa(beta) * unit
    return dict(series)


def _kappa(beta: Sequence[int]) -> int:
    return kappa(tuple(sorted(e for e in beta if e)))


# P up to a degree: polynomials in w whose coefficients are balls.


def _leftover(coordinates: Coordinates, cone: Cone, bits: int) -> Series:
    """Bound P(w) = F_t(phi(w), w) - phi(F_w(phi(w), w)) by degree, up to the cone's order."""
    k = len(coordinates.components) - 1
    graph = {beta: _ball(c, bits) for beta, c in cone.shear.items()}
    total, *others = (_on_graph(component, graph, cone.order, bits) for component in coordinates.components)
    for beta, (middle, radius) in graph.items():
        product = {(0,) * k: (1 << bits, 0)}
        for factor, e in zip(others, beta, strict=True):
            for _ in range(e):
                product = _times(product, factor, cone.order, bits)
        scaled = _times(product, {(0,) * k: (-middle, radius)}, cone.order, bits)
        total = _plus(total, scaled)
    sizes = {beta: Fraction(abs(middle) + radius) for beta, (middle, radius) in total.items()}
    return _series(sizes, Fraction(1, 1 << bits + KAPPA_BITS))


def _ball(x: Fraction, bits: int) -> Ball:
    """Return a ball that holds a number."""
    return (x.numerator << bits) // x.denominator, 1


def _on_graph(component: Polynomial, graph: Mapping[Exponents, Ball], order: int, bits: int) -> dict[Exponents, Ball]:
    """Return a component at t = phi(w) up to a degree, by Horner's rule in t."""
    total: dict[Exponents, Ball] = {}
    for j in range(max((alpha[0] for alpha in component.terms), default=0), -1, -1):
        total = _times(total, graph, order, bits)
        here = {
            tuple(beta): _ball(Fraction(k, component.denominator), bits)
            for (i, *beta), k in component.terms.items()
            if i == j and sum(beta) <= order
        }
        total = _plus(total, here)
    return total


def _plus(left: Mapping[Exponents, Ball], right: Mapping[Exponents, Ball]) -> dict[Exponents, Ball]:
    total = dict(left)
    for beta, (middle, radius) in right.items():
        m, r = total.get(beta, (0, 0))
        total[beta] = m + middle, r + radius
    return total


def _times(
    left: Mapping[Exponents, Ball], right: Mapping[Exponents, Ball], order: int, bits: int
) -> dict[Exponents, Ball]:
    """Multiply up to a degree; a product is rounded to units of 2^-bits, which adds less than one unit."""
    look("the shear of a cone")
    sums = defaultdict[Exponents, list[int]](lambda: [0, 0])
    for alpha, (m, r) in left.items():
        most = order - sum(alpha)
        for beta, (m2, r2) in right.items():
            if sum(beta) <= most:
                total = sums[tuple(map(add, alpha, beta))]
                total[0] += m * m2
                total[1] += abs(m) * r2 + abs(m2) * r + r * r2
    return {alpha: (m >> bits, (r >> bits) + 2) for alpha, (m, r) in sums.items()}


def verify_rest(operator: Operator, coordinates: Coordinates, descent: Descent, rest: Fraction) -> None:
    """Claim 15 (coordinates): b bounds all multipliers but one, and the norm of the part that is linear in w."""
    near = operator.multipliers_up_to(rest, descent.step_size)
    good = near == operator.dimension - 1
    claim(rest >= 0 and good, f"all multipliers but one are at most {show(rest)} fails: {near} are")
    n = descent.dimension
    # The Hessian in the coordinates w, from which I - eta times it is the linear part.
    linear = [component.gradient(n)[1:] for component in coordinates.components[1:]]
    curved = [[((i == j) - x) / descent.step_size for j, x in enumerate(row)] for i, row in enumerate(linear)]
    inside = Operator.of(curved).multipliers_up_to(rest, descent.step_size) == n - 1
    claim(inside, f"the linear part across has a norm of at most {show(rest)} fails")


@dataclass(frozen=True)
class Located:
    """Where the iterate is: t - phi(w) = tau up to ``error``, and |w| <= across."""

    tau: Fraction
    error: Fraction
    across: Fraction


def locate(coordinates: Coordinates, cone: Cone, step: Step, centre: Sequence[Fraction], error: Fraction) -> Located:
    """Enclose tau, and bound |w|, for an iterate in a ball."""
    t, *w = coordinates.turn(centre)
    across = norm_above(w) + error
    graph = sum((c * power_product(w, beta) for beta, c in cone.shear.items()), Fraction(0))
    return Located(t - graph, error * (1 + _slope(step.shear, across)), across)


def verify_cone(cone: Cone, step: Step, here: Located, sign: int, at: str) -> None:
    """Claim 16 (cone): the trajectory is in the cone |w| <= kappa |tau|, never leaves it, and tends to the minimizer.

    Args:
        cone: The certificate's cone.
        step: The bounds of one step.
        here: Where the iterate is.
        sign: The sign of the dominant multiplier.
        at: The words that name the step.
    """
    rho = sign * step.multiplier
    claim(rho > 0, f"the multiplier has the sign {sign} fails: it is {show(step.multiplier)}")
    least, along = abs(here.tau) - here.error, _short(abs(here.tau) + here.error)
    kappa_ = cone.ratio
    inside = least > 0 and here.across <= kappa_ * least
    claim(inside, f"the iterate is in the cone fails {at}: |tau| {show(least)}, |w| {show(here.across)}")
    across = kappa_ * along
    nu = step.drift(along, across) + step.noise(across) * kappa_
    omega = step.rest + step.more(across) + step.feed(along, across) / kappa_
    claim(omega + nu < rho, f"omega + nu < rho fails {at}: omega {show(omega)}, nu {show(nu)}, rho {show(rho)}")
    claim(rho + nu < 1, f"rho + nu < 1 fails {at}: nu {show(nu)}, 1 - rho {show(1 - rho)}")


def _short(x: Fraction) -> Fraction:
    """Round a positive number up to 64 bits."""
    shift = 64 - x.numerator.bit_length() + x.denominator.bit_length()
    scale = Fraction(2) ** shift
    return -(-x * scale // 1) / scale


def orientation(coordinates: Coordinates, vector: Sequence[Fraction], tilt: Fraction) -> int:
    """Return the sign of t at a vector; every unit eigenvector within the tilt of its direction has the same sign."""
    t = coordinates.turn(vector)[0]
    length = norm_above(vector)
    claim(
        abs(t) > tilt * length and 2 * t * t > length * length, f"the axis is near the eigenvector fails: t = {show(t)}"
    )
    return 1 if t > 0 else -1
