r"""Gradient descent in Arb balls: a centre and a norm-wise error for each iterate.

The map is evaluated in ball arithmetic at the *exact* centre, so the ball that comes out holds only this step's
rounding; the midpoint becomes the next centre. The error obeys :math:`e_{k+1} \le L_k e_k + \delta_k` with a
Lipschitz constant of F on the segment from the centre to the true iterate, the smaller of two:

- :math:`\rho + \Lambda(r)`, on the whole ball of radius :math:`r = \|c_k\| + e_k` around the minimizer (``remainder``).
  Near the minimizer it is below one: the error does not grow, whatever the number of steps, which a box of balls in
  rotated coordinates could not promise (it loses a fraction of a bit at each step).
- :math:`\|I - \eta\nabla^2 f(c_k)\| + e_k\,\Lambda'(r)`, where the centre is. By the mean value inequality F expands
  a segment by at most the largest :math:`\|DF\|` on it; :math:`DF = I - \eta\nabla^2 f` at the centre is a matrix whose
  norm is bounded, and within :math:`e_k` of it DF changes by at most :math:`e_k` times its Lipschitz constant
  :math:`\Lambda'(r)` on the ball. With an error of a few units in the last place the second term is nothing, and far
  from the minimizer this bound is the useful one: the curvature that a trajectory meets is not that of the worst point
  as far away.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import comb

from flint import arb, arb_mat, ctx, fmpq

from gdcheck.theorem.descent.expansion import Expansion, Word
from gdcheck.theorem.descent.hessian_map import HessianMap, norm_bound
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import norm, surely_less, upper
from gdcheck.theorem.loss.truncated import TruncatedPower

_LOSS = arb(2) ** 16
"""By what factor the bound over the ball may enlarge the error before the curvature at the iterate is looked at."""
_BITS = 64
"""Bits for bounds of Lipschitz constants."""


class DescentMap:
    """F(h) = h − η∇f(m + h), compiled for evaluation at one precision.

    Monomials share their factors: each is an earlier one times a coordinate. The polynomial part is one matrix
    product.
    """

    def __init__(self, expansion: Expansion) -> None:
        n = expansion.dimension
        index: dict[Word, int] = {(i,): i for i in range(n)}
        entries: list[dict[int, fmpq]] = [{} for _ in range(n)]
        self._products: list[tuple[int, int]] = []
        for i, word, c in expansion.gradient_terms:
            column = self._monomial(word, index)
            entries[i][column] = entries[i].get(column, 0) + c
        self._powers = [_Power(t, expansion.step_size) for t in expansion.truncated]
        self._step_size = arb(expansion.step_size)
        self._width = len(index)
        dense = self._width <= 8 * n or 8 * sum(map(len, entries)) > n * self._width
        self._matrix = self._dense(entries) if dense else None
        self._rows = [] if dense else [[(j, arb(c)) for j, c in row.items()] for row in entries]

    def _monomial(self, word: Word, index: dict[Word, int]) -> int:
        found = index.get(word)
        if found is None:
            self._products.append((self._monomial(word[:-1], index), word[-1]))
            found = index[word] = len(index)
        return found

    def _dense(self, entries: list[dict[int, fmpq]]) -> arb_mat:
        zero = arb(0)
        return arb_mat(
            len(entries),
            self._width,
            [arb(row[j]) if j in row else zero for row in entries for j in range(self._width)],
        )

    def __call__(self, h: list[arb]) -> list[arb]:
        """Return the image of a vector of balls, shape (n,)."""
        values = list(h)
        for parent, i in self._products:
            values.append(values[parent] * h[i])
        if self._matrix is not None:
            gradient = (self._matrix * arb_mat(self._width, 1, values)).entries()
        else:
            gradient = [sum((c * values[j] for j, c in row), arb(0)) for row in self._rows]
        image = [x - self._step_size * g for x, g in zip(h, gradient, strict=True)]
        for power in self._powers:
            image = power.subtract_from(image, h)
        return image


class _Power:
    """The contribution −ηcp[(a + s)₊^(p−1) − a₊^(p−1)] ℓ of a truncated power, s = ℓ·h; the constant has cancelled."""

    def __init__(self, t: TruncatedPower, step_size: fmpq) -> None:
        self._direction = [arb(x) for x in t.direction]
        self._offset = arb(t.offset)
        self._scale = arb(step_size * t.coefficient * t.power)
        self._exponent = q = t.power - 1
        # Expanded around a > 0, the difference keeps its relative precision as s → 0.
        self._expanded = [arb(comb(q, j) * t.offset ** (q - j)) for j in range(q, 0, -1)] if t.offset > 0 else None
        self._constant = arb(t.offset) ** q if t.offset > 0 else arb(0)

    def subtract_from(self, image: list[arb], h: list[arb]) -> list[arb]:
        s = sum((x * y for x, y in zip(self._direction, h, strict=True)), arb(0))
        reach = self._offset + s
        if self._expanded is not None and reach >= 0:
            change = arb(0)
            for c in self._expanded:
                change = (change + c) * s
        elif reach <= 0:
            change = -self._constant
        else:
            change = reach.max(arb(0)) ** self._exponent - self._constant
        slope = self._scale * change
        return [x - slope * y for x, y in zip(image, self._direction, strict=True)]


def enclose(expansion: Expansion, bound: RemainderBound, rho: arb) -> Iterator[EnclosedIterate]:
    """Encloses the trajectory, step after step, without end.

    The Arb precision must stay the same while the iterator is used.

    Args:
        expansion: The loss at its minimizer, with step size and start.
        bound: The remainder bound at the current precision.
        rho: An upper bound of all |1 − ηλ_i|.

    Yields:
        The iterates h₀, h₁, …; non-finite once a trajectory has overflowed.
    """
    balls = [arb(x) for x in expansion.displacement]
    error = arb(0)
    step = 0
    descend: DescentMap | None = None
    local: _LocalExpansion | None = None
    lost = arb(1)
    while True:
        centre = [x.mid() for x in balls]
        error = upper(error + sum((x.rad() for x in balls), arb(0)))
        size = norm(centre)
        radius = size + error
        yield EnclosedIterate(step, centre, error, radius, size)
        expands = rho + bound.lipschitz(radius)
        # Many starts are decided where they are: the maps are compiled only for those that are not.
        descend = descend or DescentMap(expansion)
        if error > 0 and not surely_less(expands, arb(1)):
            # As long as few bits are lost, the bound over the ball will do.
            if surely_less(lost * expands, _LOSS):
                lost *= expands
            else:
                local = local or _LocalExpansion(expansion, bound)
                expands = _smaller(expands, local(centre, error, radius))
        error *= expands
        balls = descend(centre)
        step += 1


class _LocalExpansion:
    """A Lipschitz constant of F on the ball around a centre: ‖I − η∇²f‖ there, and what it may change by."""

    def __init__(self, expansion: Expansion, bound: RemainderBound) -> None:
        self._hessian = HessianMap(expansion)
        self._step_size = arb(expansion.step_size)
        self._bound = bound

    def __call__(self, centre: list[arb], error: arb, radius: arb) -> arb:
        with ctx.workprec(_BITS):
            matrix = [[-self._step_size * x for x in row] for row in self._hessian(centre)]
            for i, row in enumerate(matrix):
                row[i] += 1
            return norm_bound(matrix) + error * self._bound.derivative_lipschitz(radius)


def _smaller(x: arb, y: arb) -> arb:
    return y if surely_less(y, x) else x
