r"""The cells into which the kinks of truncated powers divide space, and which of them are empty.

A cell is the set where :math:`\sigma_j(\ell_j\cdot h + a_j) > 0` for all kinks j, with signs σ. By Gordan's theorem
(1873), for strict inequalities that are not homogeneous, it is empty exactly if there are weights :math:`\lambda \ge
0`, not all zero, with :math:`\sum\lambda_j\sigma_j\ell_j = 0` and :math:`\sum\lambda_j\sigma_j a_j \le 0`. Then there
are such weights for a set of directions of which no proper subset is linearly dependent (the extreme rays of the cone
of weights).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from flint import fmpq, fmpq_mat

from gdcheck.theorem.loss.rational import null_space
from gdcheck.theorem.loss.truncated import TruncatedPower


@dataclass(frozen=True)
class Circuit:
    """A minimal linear relation between directions of kinks: Σ λ_j ℓ_j = 0 with no weight zero.

    Attributes:
        weights: λ by the index of the kink.
        offset: Σ λ_j a_j.
    """

    weights: dict[int, fmpq]
    offset: fmpq

    def forbids(self, active: frozenset[int]) -> bool:
        """Tell whether this relation proves that a cell is empty.

        Args:
            active: The kinks with the sign 1.
        """
        signs = {(1 if weight > 0 else -1) * (1 if j in active else -1) for j, weight in self.weights.items()}
        return len(signs) == 1 and signs.pop() * self.offset <= 0


def circuits(powers: Sequence[TruncatedPower]) -> tuple[Circuit, ...]:
    """Find all minimal linear relations between the directions of truncated powers.

    Args:
        powers: The truncated powers, J of them.
    """
    found = []
    n = len(powers[0].direction) if powers else 0
    for size in range(2, min(len(powers), n + 1) + 1):
        for chosen in combinations(range(len(powers)), size):
            kernel = null_space(fmpq_mat([list(powers[j].direction) for j in chosen]).transpose())
            if len(kernel) == 1 and all(kernel[0]):
                weights = dict(zip(chosen, kernel[0], strict=True))
                offset = sum((x * powers[j].offset for j, x in weights.items()), fmpq(0))
                found.append(Circuit(weights, offset))
    return tuple(found)
