r"""The states of a method with a buffer on its way into a valley, enclosed.

:math:`c' = \beta c + \eta J^Tu`, :math:`x' = x - a\eta J^Tu - \kappa c`. Take a ball of points on which
:math:`\|J\| \le \sigma`, J has the Lipschitz constant L and :math:`\|u\| \le r`. The difference of two states there is
multiplied by the mean of :math:`\begin{pmatrix}1-a\eta H & -\kappa\\ \eta H & \beta\end{pmatrix}` over the Hessians H
between them. The eigenvalues of H lie between :math:`-Lr` and :math:`\sigma^2 + Lr`, and the norm is largest at one of
these ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flint import arb, arb_mat

from gdcheck.theorem.augmented.enclosed_modes import step_norm
from gdcheck.theorem.loss.balls import norm, upper
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.valleys.arrival import Iterate, Neighbourhood, iterates
from gdcheck.theorem.valleys.problem import ValleyProblem


@dataclass(frozen=True, eq=False)
class State(Iterate):
    """An iterate with the method's buffer; ``drift`` bounds the distance of both together.

    Attributes:
        buffer: The buffer's middle, shape (n,).
    """

    buffer: list[arb]


def states(problem: ValleyProblem) -> Iterator[State]:
    """Enclose the states (x₀, 0), (x₁, c₁), …, without end, at the current precision.

    Args:
        problem: The problem, with its method.

    Yields:
        The states.
    """
    method, eta = problem.method, arb(problem.rate)
    wide = [arb(q) for q in problem.start]
    x, c = [y.mid() for y in wide], [arb(0)] * len(wide)
    drift, step, near = norm(y.rad() for y in wide), 0, None
    while True:
        found = [Forward.of(residual, x, 1) for residual in problem.residuals]
        u = [f.value for f in found]
        jacobian = arb_mat([f.gradient() for f in found])
        gradient = (jacobian.transpose() * arb_mat(len(u), 1, u)).entries()
        state = State(step, x, drift, u, jacobian, gradient, c)
        yield state
        if near is None or not near.holds(state):
            near = Neighbourhood.of(problem, state, near)
        size = norm(u) + near.largest * drift
        moved, buffer = method.advance(x, c, [eta * g for g in gradient], arb)
        x, c = [y.mid() for y in moved], [y.mid() for y in buffer]
        rounding = norm(y.rad() for y in (*moved, *buffer))
        bent = near.steep * size
        growth = step_norm(method, (-eta * bent, eta * (near.largest * near.largest + bent)))
        drift = upper(growth * drift + rounding)
        step += 1


def trajectory(problem: ValleyProblem) -> Iterator[Iterate]:
    """Enclose the trajectory of whichever method, without end, at the current precision."""
    return iterates(problem) if problem.method.is_plain else states(problem)
