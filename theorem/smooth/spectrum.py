r"""The spectrum of a symmetric matrix that is known within balls.

With approximate eigenvectors as the columns of V, let :math:`S = V^TAV` and :math:`\epsilon = \|V^TV - I\|`.

1. Ostrowski: :math:`\lambda_i(S) = \theta_i\lambda_i(A)` with :math:`1 - \epsilon \le \theta_i \le 1 + \epsilon`.
2. Weyl: :math:`\lambda_i(S)` differs from the i-th of the sorted diagonal entries of S by at most the norm of the part
   of S off the diagonal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat
from numpy import array
from numpy.linalg import eigh

from gdcheck.theorem.limit.sequence import DominantPart
from gdcheck.theorem.loss.balls import exact, norm, surely_less

_MOST_ROUNDS = 60
_SAFE = 16
"""Two eigenvectors are corrected separately if their eigenvalues differ by this many times their coupling."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Eigenvalues, ascending, and nearly orthonormal vectors near their eigenvectors.

    Attributes:
        values: Enclosures of the eigenvalues, shape (n,).
        vectors: V, dyadic, eigenvectors as columns in the same order, shape (n, n).
        matrix: The matrix A.
        spread: The spectrum is that of every symmetric matrix within this distance, in norm, of ``matrix``.
    """

    values: tuple[arb, ...]
    vectors: fmpq_mat
    matrix: arb_mat
    spread: arb

    @classmethod
    def of(cls, matrix: arb_mat, spread: arb) -> Spectrum | None:
        """Enclose the spectrum of every symmetric matrix within ``spread`` of one that ``matrix`` holds.

        Args:
            matrix: The matrix, shape (n, n), in balls.
            spread: The distance allowed, in norm.

        Returns:
            The spectrum; None if the approximate eigenvectors are too poor at the current precision.
        """
        if not all(x.is_finite() for x in matrix.entries()):
            return None
        v = _eigenvectors(matrix.mid())
        transposed = v.transpose()
        s = transposed * matrix * v
        n = matrix.nrows()
        excess = transposed * v
        epsilon = norm(excess[i, j] - int(i == j) for i in range(n) for j in range(n))
        if not surely_less(epsilon, arb(fmpq(1, 2))):
            return None
        off = norm(s[i, j] for i in range(n) for j in range(n) if i != j)
        wide = (off + spread * (1 + epsilon)).upper()
        theta = (1 - epsilon).union(1 + epsilon)
        order = sorted(range(n), key=lambda i: float(s[i, i].mid()))
        diagonal = sorted_ends([s[i, i] for i in order])
        values = tuple((x + wide.union(-wide)) / theta for x in diagonal)
        entries = [[exact(v[i, j]) for j in order] for i in range(n)]
        return cls(values, fmpq_mat(entries), matrix, spread)

    def line(self, index: int, sign: int) -> DominantPart:
        """Return the projector onto the eigenvector's line of a simple eigenvalue, as ``part`` does."""
        return self.part(range(index, index + 1), sign)

    def part(self, places: Sequence[int], sign: int) -> DominantPart:
        """Return the projector onto the eigenspace of an eigenvalue, for every matrix that may be meant.

        Args:
            places: The positions of the eigenvalue, as many as its multiplicity.
            sign: The sign of its multiplier.

        Returns:
            The part W Wᵀ with W the vectors, of unit length each, within √2 ‖AW − λ̃W‖/γ + ‖WᵀW − I‖.
        """
        m, rows = len(places), arb_mat(self.vectors).transpose().tolist()
        w = arb_mat([[x / norm(rows[i]) for x in rows[i]] for i in places]).transpose()
        here = self.values[places[0]]
        for i in places:
            here = here.union(self.values[i])
        middle = here.mid()
        residual = norm((self.matrix * w - w * middle).entries()) + self.spread * arb(m).sqrt()
        others = [x for i, x in enumerate(self.values) if i not in places]
        gap = min((abs(x - middle).lower() - abs(here - middle).upper() for x in others), key=float, default=None)
        sine = arb(0) if gap is None else residual / gap if gap > 0 else arb("inf")
        skew = arb(0) if m == 1 else norm((w.transpose() * w - _identity(m)).entries())
        return DominantPart(sign, (arb(2).sqrt() * sine + skew).upper(), w, w.transpose())


def _identity(n: int) -> arb_mat:
    return arb_mat([[int(i == j) for j in range(n)] for i in range(n)])


def sorted_ends(values: list[arb]) -> list[arb]:
    """Return balls of the sorted numbers: sorted lower ends joined with sorted upper ends."""
    lower, upper = sorted(exact(arb(x.lower())) for x in values), sorted(exact(arb(x.upper())) for x in values)
    return [arb(lo).union(arb(hi)) for lo, hi in zip(lower, upper, strict=True)]


def _eigenvectors(matrix: arb_mat) -> arb_mat:
    """Return approximate eigenvectors as exact columns: floats first, then refined until the precision is reached.

    The refinement is that of Ogita and Aishima (2018), which doubles the digits each time. Where eigenvalues are too
    near each other for it, it only makes the vectors orthonormal, and their block is diagonalized in floats.
    """
    n = matrix.nrows()
    start = array([[float(matrix[i, j]) for j in range(n)] for i in range(n)])
    v = arb_mat([[float(x) for x in row] for row in eigh((start + start.T) / 2)[1].tolist()])
    for _ in range(_MOST_ROUNDS):
        transposed = v.transpose()
        r, s = transposed * v, transposed * matrix * v
        skew = arb_mat([[(r[i, j] - int(i == j)).mid() for j in range(n)] for i in range(n)])
        correction, coupled = _correction(r, s, skew)
        if not coupled:
            v = (v + v * correction).mid()
            if surely_less(norm(correction.entries()), arb(2) ** -(ctx.prec // 2)):
                break
        elif surely_less(arb(2) ** (16 - ctx.prec), norm(skew.entries())):
            v = (v - v * skew / 2).mid()
        else:
            v = (v * _turn(s, coupled)).mid()
    return v


def _correction(r: arb_mat, s: arb_mat, skew: arb_mat) -> tuple[arb_mat, set[tuple[int, int]]]:
    """Return a correction that brings nearly orthonormal vectors nearer to eigenvectors, and the pairs it leaves out.

    Args:
        r: VᵀV.
        s: VᵀAV.
        skew: VᵀV − I.
    """
    n = r.nrows()
    values = [(s[i, i] / r[i, i]).mid() for i in range(n)]
    correction, coupled = -skew / 2, set[tuple[int, int]]()
    for i in range(n):
        for j in range(i):
            gap, push = values[j] - values[i], s[i, j].mid() - values[j] * skew[i, j]
            if not surely_less(arb(s[i, j].rad()), abs(push)):
                continue  # The difference may be rounding error alone.
            if not surely_less(_SAFE * abs(push), abs(gap)):
                coupled.add((i, j))
                continue
            correction[i, j] = (push / gap).mid()
            # Both entries together make the vectors orthonormal, whatever the rounding error of the first.
            correction[j, i] = -skew[i, j] - correction[i, j]
    return correction.mid(), coupled


def _turn(s: arb_mat, near: set[tuple[int, int]]) -> arb_mat:
    """Return a matrix that diagonalizes, to the precision of floats, the blocks of S made of near pairs."""
    n = s.nrows()
    group = list(range(n))
    for i, j in near:
        old, new = group[i], group[j]
        group = [new if g == old else g for g in group]
    turn = [[arb(int(i == j)) for j in range(n)] for i in range(n)]
    for name in set(group):
        places = [i for i in range(n) if group[i] == name]
        middle = s[places[0], places[0]].mid()
        block = [[(s[i, j] - (middle if i == j else 0)).mid() for j in places] for i in places]
        size = norm(x for row in block for x in row).mid()
        if size.is_zero():
            continue
        floats = array([[float(x / size) for x in row] for row in block])
        for a, row in zip(places, eigh((floats + floats.T) / 2)[1].tolist(), strict=True):
            for b, x in zip(places, row, strict=True):
                turn[a][b] = arb(x)
    return arb_mat(turn)
