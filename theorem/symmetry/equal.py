r"""Eigenvalues that symmetries make equal.

A symmetry of the loss that fixes the minimizer commutes with the Hessian A there. So does the change of sign of all
variables of a part, if the loss is a sum of parts in separate variables. Let u be a vector, and take those of these
signed permutations P for which Pu = ±u. If no other line has the same signs, it is invariant under A, and u is an
eigenvector. All images of u under the permutations are eigenvectors of the same eigenvalue, whose multiplicity is at
least the dimension of their span.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from flint import arb, arb_mat, fmpq_mat

from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.spectrum import Spectrum
from gdcheck.theorem.symmetry.isometry import Direction, FixedSpace, Isometry
from gdcheck.theorem.symmetry.normal_form import NormalForms


@dataclass(frozen=True)
class EqualEnds:
    """How often the ends of a spectrum occur.

    Attributes:
        lines: A vector for each end that occurs more than once, whose images span the eigenspace.
        lowest: The multiplicity of the smallest eigenvalue.
        highest: The multiplicity of the largest eigenvalue.
    """

    lines: tuple[Direction, ...]
    lowest: int
    highest: int


def equal_ends(loss: SmoothLoss, spectrum: Spectrum, isometries: Sequence[Isometry]) -> EqualEnds | None:
    """Find how often the ends of the spectrum at a minimizer occur, at the current precision.

    Args:
        loss: The loss.
        spectrum: The spectrum there.
        isometries: Symmetries of the loss that fix the minimizer.

    Returns:
        The result; None if the symmetries do not decide it.
    """
    n = loss.dimension
    maps = [Isometry.linear(x.places, x.signs) for x in isometries]
    maps += [Isometry.linear(range(n), signs) for signs in _parts(loss)]
    lines, multiplicities = list[Direction](), list[int]()
    for end in (0, n - 1):
        beside = [i for i in range(n) if _meet(spectrum.values[i], spectrum.values[end])]
        line = None
        if len(beside) > 1:
            line = next((u for u in _candidates(n) if _spans(spectrum, maps, u, beside)), None)
            if line is None:
                return None
            lines.append(line)
        multiplicities.append(len(beside))
    return EqualEnds(tuple(dict.fromkeys(lines)), *multiplicities)


def _parts(loss: SmoothLoss) -> list[Direction]:
    """Return, for each part of a loss in variables of its own, the signs that change them."""
    n, forms = loss.dimension, NormalForms(loss)
    groups = forms.groups()
    return [tuple(-1 if i in group else 1 for i in range(n)) for group in groups if len(group) < n]


def _candidates(n: int) -> Iterator[Direction]:
    for i in range(n):
        yield tuple(int(k == i) for k in range(n))
    for i, j in combinations(range(n), 2):
        for sign in (-1, 1):
            yield tuple(1 if k == i else sign if k == j else 0 for k in range(n))


def _spans(spectrum: Spectrum, maps: Sequence[Isometry], u: Direction, places: Sequence[int]) -> bool:
    """Whether u is an eigenvector whose images span the eigenspace of the eigenvalues at these places."""
    n = len(u)
    length = sum(x * x for x in u)
    image = (spectrum.matrix * arb_mat(n, 1, list(u))).entries()
    value = sum((x * y for x, y in zip(image, u, strict=True)), arb(0)) / length
    value += spectrum.spread.union(-spectrum.spread)
    if [i for i in range(n) if _meet(spectrum.values[i], value)] != list(places):
        return False
    same = [x if x.turned(u) == u else _opposite(x) for x in maps if x.turned(u) in {u, tuple(-y for y in u)}]
    fixed = FixedSpace.of(same, n)
    return fixed is not None and len(fixed.inside) == 1 and _rank_of_images(maps, u) == len(places)


def _opposite(x: Isometry) -> Isometry:
    return Isometry.linear(x.places, [-s for s in x.signs])


def _rank_of_images(maps: Sequence[Isometry], u: Direction) -> int:
    found = [u]
    for v in found:
        for x in maps:
            if fmpq_mat([list(w) for w in (*found, x.turned(v))]).rank() > len(found):
                found.append(x.turned(v))
    return len(found)


def _meet(a: arb, b: arb) -> bool:
    return not (surely_less(a, b) or surely_less(b, a))
