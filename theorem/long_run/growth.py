r"""Divergence on a polynomial loss: at every later step one coordinate grows by a factor, and the others stay smaller.

For :math:`|h_i| = t \ge R` and :math:`|h_j| \le s t`, each term of F is bounded by a multiple of a power of t. If the
leading term of :math:`F_i` is larger than the others together at t = R, it is so for all larger t (docs/certificate.md,
Claim L5).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import fmpq, fmpz

from gdcheck.theorem.descent.expansion import descent_polynomials
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.rational import to_text

_SPREADS = tuple(fmpq(2) ** e for e in (0, -1, 1, -2, 2, -3, 3, -5, 5, -8, -12))
_GROWTHS = (fmpq(2), fmpq(3, 2), fmpq(11, 10), fmpq(101, 100), fmpq(1001, 1000))
_FARTHEST = 1e40

Claimed = tuple[dict[str, Any], float]
"""A claim, and a lower bound of the factor by which a coordinate grows."""


class Growth:
    """The bounds of F around the minimizer of a problem with a polynomial loss."""

    def __init__(self, problem: Problem) -> None:
        local = problem.loss.shifted(problem.minimizer)
        self._maps = descent_polynomials(local.terms, problem.dimension, problem.step_size)
        self._degree = max(sum(a) for terms in self._maps for a in terms)

    def claim(self, h: Sequence[float]) -> Claimed | None:
        """Look for a coordinate that dominates from this iterate on.

        Args:
            h: The error, in floats, shape (n,).

        Returns:
            The claim without its step, and a lower bound of the coordinate's factor; None if no bound holds.
        """
        sizes = [abs(a) for a in h]
        i = max(range(len(h)), key=sizes.__getitem__)
        if not 0 < sizes[i] < _FARTHEST:
            return None
        aside = max((a for j, a in enumerate(sizes) if j != i), default=0.0) / sizes[i]
        # A power of two below the iterate keeps the certificate short.
        mantissa = fmpq(*sizes[i].as_integer_ratio())
        reach = fmpq(int(mantissa * 15 / 16 * 1024), 1024) if mantissa > 1 else mantissa * fmpq(15, 16)
        lead = max((a for a in self._maps[i] if sum(a) == a[i] > 0), key=sum, default=None)
        if lead is None or sum(lead) < self._degree:
            return None
        for spread in _SPREADS:
            if aside * 1.0001 > float(spread.p) / float(spread.q):
                continue
            sums = [self._size(j, i, spread, reach) for j in range(len(h))]
            least = 2 * abs(self._maps[i][lead]) * reach ** fmpz(lead[i]) - sums[i]
            if least <= reach or any(s > spread * least for j, s in enumerate(sums) if j != i):
                continue
            for growth in _GROWTHS:
                if least >= growth * reach:
                    claim = {"kind": "growth", "coordinate": i}
                    numbers = {"reach": reach, "spread": spread, "growth": growth}
                    return claim | {name: to_text(x) for name, x in numbers.items()}, float(growth.p) / float(growth.q)
        return None

    def _size(self, j: int, i: int, spread: fmpq, reach: fmpq) -> fmpq:
        terms = self._maps[j].items()
        return sum((abs(c) * spread ** (sum(a) - a[i]) * reach ** sum(a) for a, c in terms), fmpq(0))
