r"""A method's states in Arb balls: an exact centre and a norm-wise error for each.

One step is evaluated at the exact centre, so that the result contains the rounding of this step only. The error is
bounded in two norms, each of which bounds the other up to a factor. In the Euclidean norm a step multiplies it by at
most
:math:`\|M(0)\| + \sqrt{a^2+1}\,u\|P\|\,\|\nabla^2 f\|`; in the norm of ``powers.py``, by at most
:math:`\rho + K_g\Lambda(r)`, which is below one near the minimizer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flint import arb, arb_mat, ctx, fmpq_mat

from gdcheck.theorem.augmented.powers import Powers
from gdcheck.theorem.descent.enclosure import DescentMap
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.hessian_map import HessianMap, norm_bound
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import norm, surely_less, upper
from gdcheck.theorem.methods.method import Method

_BITS = 64
_NONE = arb(0)


@dataclass(frozen=True, eq=False)
class StateEnclosure(EnclosedIterate):
    """A state, enclosed in the norm of ``powers.py``; its centre is that of h, then of c, shape (2n,).

    Attributes:
        average: A bound of the norm of the roots of averaged squares, for adaptive methods; else 0.
    """

    average: arb = _NONE


@dataclass(frozen=True, eq=False)
class Norms:
    """The constants that relate the norms of states.

    Attributes:
        rho: ρ, an upper bound.
        powers: The bounds of the norm of ``powers.py``.
        pull: √(a² + 1)‖P‖, a bound of what a unit gradient adds to a state.
        still: ‖M(0)‖.
    """

    rho: arb
    powers: Powers
    pull: arb
    still: arb


class StateMap:
    """One step of a method without adaptive factors, compiled for evaluation at one precision."""

    def __init__(self, method: Method, expansion: Expansion) -> None:
        self._method = method
        self._descend = DescentMap(expansion)
        p = method.preconditioner
        self._preconditioner = None if p is None else arb_mat(p)

    def pull(self, h: list[arb]) -> list[arb]:
        """Return u P∇f at h."""
        moved = [x - y for x, y in zip(h, self._descend(h), strict=True)]
        if self._preconditioner is None:
            return moved
        return (self._preconditioner * arb_mat(len(h), 1, moved)).entries()

    def __call__(self, h: list[arb], c: list[arb]) -> tuple[list[arb], list[arb]]:
        """Return the next error and buffer."""
        following, buffer = self._method.advance(h, c, self.pull(h), arb)
        # Without momentum the buffer is never used: no norm contains it.
        return following, buffer if self._method.momentum > 0 else [arb(0)] * len(h)


def enclose_states(
    method: Method, expansion: Expansion, bound: RemainderBound, norms: Norms
) -> Iterator[StateEnclosure]:
    """Enclose the states of a method, step after step, without end.

    The Arb precision must stay the same while the iterator is used.

    Args:
        method: The method, without adaptive factors.
        expansion: The loss at its minimizer, with the start and the step size u.
        bound: The remainder bound at the current precision.
        norms: The norms.

    Yields:
        The states; non-finite once a trajectory has overflowed.
    """
    step_map = StateMap(method, expansion)
    growth = Growth(expansion, bound, norms)
    h, c = [arb(x) for x in expansion.displacement], [arb(0)] * expansion.dimension
    error = starred = arb(0)
    step, most = 0, norms.powers.state
    while True:
        rounding = upper(sum((x.rad() for x in (*h, *c)), arb(0)))
        h, c = [x.mid() for x in h], [x.mid() for x in c]
        error, starred = join(error + rounding, starred + most * rounding, most)
        size = norms.powers.size(h, c)
        yield StateEnclosure(step, [*h, *c], starred, size + starred, size)
        error, starred = growth(h, norm(h), error, starred)
        h, c = step_map(h, c)
        step += 1


def join(error: arb, starred: arb, powers: arb) -> tuple[arb, arb]:
    """Return the smaller bounds of an error in both norms: ‖·‖ ≤ ‖·‖_* ≤ K‖·‖."""
    error, starred = upper(error), upper(starred)
    if surely_less(starred, error):
        error = starred
    if surely_less(powers * error, starred):
        starred = upper(powers * error)
    return error, starred


class Growth:
    """Bounds of the growth of an error in a step, in both norms."""

    def __init__(self, expansion: Expansion, bound: RemainderBound, norms: Norms) -> None:
        self._expansion, self._bound, self._norms = expansion, bound, norms
        self._hessian: HessianMap | None = None

    def __call__(self, h: list[arb], size: arb, error: arb, starred: arb) -> tuple[arb, arb]:
        """Return the bounds after a step, without its rounding.

        Args:
            h: The centre of the error of the method, shape (n,).
            size: Its size.
            error: The bound of its distance to the state.
            starred: The same in the other norm.
        """
        norms = self._norms
        shrinks = norms.rho + norms.powers.gradient * self._bound.lipschitz(size + error)
        if surely_less(shrinks, arb(1)) or not (error > 0):
            return shrinks * starred, shrinks * starred
        return self.expansion(h, size, error) * error, shrinks * starred

    def expansion(self, h: list[arb], size: arb, error: arb) -> arb:
        """Return a Euclidean Lipschitz constant between the centre and the state."""
        self._hessian = self._hessian or HessianMap(self._expansion)
        with ctx.workprec(_BITS):
            u = arb(self._expansion.step_size)
            matrix = [[u * x for x in row] for row in self._hessian(h)]
            local = norm_bound(matrix) + error * self._bound.derivative_lipschitz(size + error)
            return self._norms.still + self._norms.pull * local


def condition(matrix: fmpq_mat) -> tuple[arb, arb]:
    """Return a bound of the norm of a positive definite matrix, and one of √(‖M‖‖M⁻¹‖)."""
    large = norm(arb(x) for x in matrix.entries())
    return large.upper(), (large * norm(arb(x) for x in matrix.inv().entries())).sqrt().upper()
