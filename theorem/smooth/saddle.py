r"""A critical point that is not a minimum: enclosed, with a negative eigenvalue of its Hessian.

**The proof.** Let :math:`s > 0` be a lower bound of the moduli of the eigenvalues of :math:`H = \nabla^2 f(\tilde
x)`, and T an upper bound of the third derivative's norm on :math:`B(\tilde x, \delta)`. Let :math:`N(x) = x -
H^{-1}\nabla f(x)`.

1. On the ball, :math:`\|N(x) - \tilde x\| \le (\|\nabla f(\tilde x)\| + T\delta^2/2)/s` and :math:`\|DN\| \le
   T\delta/s`.
2. If the first bound is below δ and the second below one, the ball holds exactly one critical point (Banach).
3. By Weyl's theorem the lowest eigenvalue there is within :math:`T\delta` of that of H.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb, arb_mat, ctx, fmpq

from gdcheck.theorem.loss.balls import exact, norm, surely_less
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.evaluate import gradient, hessian
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.minimizer import simple_point
from gdcheck.theorem.smooth.spectrum import Spectrum


@dataclass(frozen=True, eq=False)
class Saddle:
    """A critical point at which the loss falls in some direction.

    Attributes:
        centre: The centre of a ball that holds it and no other one, dyadic, shape (n,).
        radius: The ball's radius.
        spectrum: The Hessian's spectrum at it; the lowest eigenvalue is negative.
    """

    centre: tuple[fmpq, ...]
    radius: fmpq
    spectrum: Spectrum

    @property
    def is_maximum(self) -> bool:
        """Whether all eigenvalues are negative."""
        return surely_less(self.spectrum.values[-1], arb(0))


def enclose_saddle(loss: SmoothLoss, point: Sequence[fmpq]) -> Saddle | None:
    """Enclose a critical point with a negative eigenvalue near a point, at the current precision.

    Args:
        loss: The loss.
        point: A point near it, shape (n,).

    Returns:
        The enclosure; None if the proof does not succeed.
    """
    x = [arb(q).mid() for q in point]
    for _ in range(10):
        try:
            step = hessian(loss, x).mid().solve(arb_mat(len(x), 1, [y.mid() for y in gradient(loss, x)])).entries()
        except ZeroDivisionError:
            return None
        x = [(a - b).mid() for a, b in zip(x, step, strict=True)]
        if surely_less(norm(step), arb(2) ** (-3 * ctx.prec // 4) * (1 + norm(x))):
            break
    x = simple_point(loss, x)
    residual, matrix = norm(gradient(loss, x)), hessian(loss, x)
    there = Spectrum.of(matrix, arb(0))
    if there is None:
        return None
    least = min((abs(value).lower() for value in there.values), key=float)
    if not least > 0:
        return None
    delta = arb((4 * residual / least).upper()) + arb(2) ** (-ctx.prec)
    third = bounds_on_ball(loss, x, delta).third
    inside = surely_less(residual + third * delta * delta / 2, least * delta)
    spectrum = Spectrum.of(matrix, (third * delta).upper())
    if not (inside and surely_less(third * delta, least)) or spectrum is None:
        return None
    if not surely_less(spectrum.values[0], arb(0)):
        return None
    return Saddle(tuple(exact(y) for y in x), exact(delta.upper()), spectrum)
