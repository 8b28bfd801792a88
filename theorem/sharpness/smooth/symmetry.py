r"""Symmetries that reverse the limit direction u, and thereby make the slope of the sharpness along u exactly zero.

Let S be a signed permutation of the coordinates with f∘S = f, which maps the minimizer m to itself. So
:math:`D^kf(m)[Sa, Sb, \dots] = D^kf(m)[a, b, \dots]`, S commutes with the Hessian, and where :math:`S^2 = I`, a unit
eigenvector w of a simple eigenvalue has Sw = ±w. Where Su = −u, :math:`\omega\cdot u = D^3f(m)[v, v, u] =
D^3f(m)[Sv, Sv, Su] = -\omega\cdot u = 0`, whether or not m is known exactly. Where S = −I leaves f unchanged, all of
:math:`D^3f(m)` vanishes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flint import arb

from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer
from gdcheck.theorem.symmetry.isometry import Isometry


def fixes(isometry: Isometry, loss: SmoothLoss, minimizer: EnclosedMinimizer) -> bool:
    """Whether Sm = m, for a linear S with f∘S = f: m and Sm lie in a ball on which the loss is strictly convex."""
    centre = [arb(x) for x in minimizer.centre]
    apart = norm(a - b for a, b in zip(_image(isometry, centre), centre, strict=True))
    reach = (apart + 2 * arb(minimizer.radius)).upper()
    third = bounds_on_ball(loss, centre, arb(reach)).third
    return surely_less(third * reach * 2, minimizer.spectrum.values[0])


def turned_round(n: int) -> Isometry:
    """Return x ↦ −x."""
    return Isometry.linear(range(n), (-1,) * n)


def reverses_direction(loss: SmoothLoss, minimizer: EnclosedMinimizer, u: Sequence[arb]) -> bool:
    """Whether a symmetry that fixes the minimizer reverses an eigenvector of a simple eigenvalue.

    Args:
        loss: The loss.
        minimizer: Its minimizer.
        u: The eigenvector, enclosed, shape (n,).
    """
    return any(_reverses(s, u) and s.keeps(loss) and fixes(s, loss, minimizer) for s in _candidates(u))


def _image(isometry: Isometry, x: Sequence[arb]) -> list[arb]:
    return [s * x[i] for i, s in zip(isometry.places, isometry.signs, strict=True)]


def _reverses(isometry: Isometry, u: Sequence[arb]) -> bool:
    """Whether Su = −u, for a vector with Su = ±u."""
    return surely_less(sum((a * b for a, b in zip(_image(isometry, u), u, strict=True)), arb(0)), arb(0))


def _candidates(u: Sequence[arb]) -> Iterator[Isometry]:
    """Yield reflections that may reverse u: of its nonzero coordinates, of all coordinates, and a swap of two."""
    n = len(u)
    support = [i for i, x in enumerate(u) if not x.contains(0)]
    yield Isometry.linear(range(n), [-1 if i in support else 1 for i in range(n)])
    yield turned_round(n)
    if len(support) == 2:
        i, j = support
        places = list(range(n))
        places[i], places[j] = j, i
        sign = -1 if u[i] * u[j] > 0 else 1
        yield Isometry.linear(places, [sign if k in support else 1 for k in range(n)])
