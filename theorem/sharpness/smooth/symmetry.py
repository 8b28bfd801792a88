r"""Reflections that leave a smooth loss unchanged, and thereby make the slope of the sharpness along u exactly zero.

Let S be a signed permutation of the coordinates with :math:`S^2 = I`, and f∘S = f. Then S maps critical points to
critical points, and the minimizer m to itself, where m is the only one within reach; so :math:`D^kf(m)[Sa, Sb, \dots] =
D^kf(m)[a, b, \dots]`, S commutes with the Hessian, and a unit eigenvector w of a simple eigenvalue has Sw = ±w. Where
Su = −u, :math:`\omega\cdot u = D^3f(m)[v, v, u] = D^3f(m)[Sv, Sv, Su] = -\omega\cdot u = 0`, whether or not m is known
exactly. Where S = −I leaves f unchanged, all of :math:`D^3f(m)` vanishes.

That f∘S = f is verified on the graph. Every slot gets two names, computed from the coordinates and from the reflected
coordinates; signs pass through odd and even functions. The loss must have the same name both times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flint import arb, fmpq

from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.graph import Function, Node, Power, Product, SmoothLoss, Sum
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer

_ODD = frozenset(("sin", "tan", "sinh", "tanh", "erf", "atan"))
_EVEN = frozenset(("cos", "cosh"))


@dataclass(frozen=True)
class Reflection:
    """x ↦ Sx with (Sx)_i = sign_i · x_{place_i}; place is its own inverse, and both indices of a pair have one sign."""

    places: tuple[int, ...]
    signs: tuple[int, ...]

    def of(self, x: Sequence[arb]) -> list[arb]:
        """Return Sx."""
        return [s * x[i] for i, s in zip(self.places, self.signs, strict=True)]

    def keeps(self, loss: SmoothLoss) -> bool:
        """Whether f(Sx) and f(x) are one function, as the graph tells."""
        names: dict[object, int] = {}
        here = _named(loss, [(1, i) for i in range(loss.dimension)], names)
        return here == _named(loss, list(zip(self.signs, self.places, strict=True)), names)

    def fixes(self, loss: SmoothLoss, minimizer: EnclosedMinimizer) -> bool:
        """Whether Sm = m, for a loss with f∘S = f: m and Sm lie in a ball on which the loss is strictly convex."""
        centre = [arb(x) for x in minimizer.centre]
        apart = norm(a - b for a, b in zip(self.of(centre), centre, strict=True))
        reach = (apart + 2 * arb(minimizer.radius)).upper()
        third = bounds_on_ball(loss, centre, arb(reach)).third
        return surely_less(third * reach * 2, minimizer.spectrum.values[0])

    def reverses(self, u: Sequence[arb]) -> bool:
        """Whether Su = −u, for a vector with Su = ±u."""
        return surely_less(sum((a * b for a, b in zip(self.of(u), u, strict=True)), arb(0)), arb(0))


def turned_round(n: int) -> Reflection:
    """Return x ↦ −x."""
    return Reflection(tuple(range(n)), (-1,) * n)


def reverses_direction(loss: SmoothLoss, minimizer: EnclosedMinimizer, u: Sequence[arb]) -> bool:
    """Whether a reflection that leaves loss and minimizer unchanged reverses an eigenvector of a simple eigenvalue.

    Args:
        loss: The loss.
        minimizer: Its minimizer.
        u: The eigenvector, enclosed, shape (n,).
    """
    return any(s.reverses(u) and s.keeps(loss) and s.fixes(loss, minimizer) for s in _candidates(u))


def _candidates(u: Sequence[arb]) -> Iterator[Reflection]:
    """Yield reflections that may reverse u: of its nonzero coordinates, of all coordinates, and a swap of two."""
    n = len(u)
    support = [i for i, x in enumerate(u) if not x.contains(0)]
    yield Reflection(tuple(range(n)), tuple(-1 if i in support else 1 for i in range(n)))
    yield turned_round(n)
    if len(support) == 2:
        i, j = support
        places = list(range(n))
        places[i], places[j] = j, i
        sign = -1 if u[i] * u[j] > 0 else 1
        yield Reflection(tuple(places), tuple(sign if k in support else 1 for k in range(n)))


def _named(loss: SmoothLoss, variables: list[tuple[int, int]], names: dict[object, int]) -> tuple[int, int]:
    """Name the slots of a loss; return the name of its value with its sign.

    Args:
        loss: The loss.
        variables: Sign and name of each variable; the names below n are theirs.
        names: The known names; new ones are added.
    """
    slots, n = list(variables), loss.dimension

    def named(key: object) -> int:
        return names.setdefault(key, n + len(names))

    for node in loss.nodes:
        sign, key = _key(node, slots)
        slots.append((sign, key) if isinstance(key, int) else (sign, named(key)))
    return slots[-1]


def _key(node: Node, slots: Sequence[tuple[int, int]]) -> tuple[int, object]:
    """Return a sign, and the key of a node up to that sign: a known name, or its parts."""
    if isinstance(node, Sum):
        total: dict[int, fmpq] = {}
        for slot, c in node.terms:
            sign, name = slots[slot]
            total[name] = total.get(name, fmpq(0)) + sign * c
        terms = sorted((name, c) for name, c in total.items() if c)
        sign = -1 if terms and terms[0][1] < 0 else 1
        if not node.constant and len(terms) == 1 and terms[0][1] * sign == 1:
            return sign, terms[0][0]
        parts = tuple((name, (int(c.p) * sign, int(c.q))) for name, c in terms)
        return sign, ("sum", (int(node.constant.p) * sign, int(node.constant.q)), parts)
    if isinstance(node, Product):
        (a, left), (b, right) = slots[node.left], slots[node.right]
        return a * b, ("product", min(left, right), max(left, right))
    sign, name = slots[node.base if isinstance(node, Power) else node.argument]
    if isinstance(node, Power):
        p, q = int(node.exponent.p), int(node.exponent.q)
        if q == 1:
            return (sign if p % 2 else 1), ("power", p, 1, 1, name)
        return 1, ("power", p, q, sign, name)
    assert isinstance(node, Function)
    if node.name in _ODD:
        return sign, (node.name, name)
    return 1, (node.name, name) if node.name in _EVEN else (node.name, sign, name)
