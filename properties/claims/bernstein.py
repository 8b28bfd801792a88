"""Matrices of polynomials, positive semidefinite on a whole box: by Bernstein coefficients and subdivision, exact.

On [0, 1]^m a polynomial lies in the convex hull of its Bernstein coefficients, and equals those at the corners. Here
the coefficients are symmetric matrices. If all are positive semidefinite, so is the polynomial at every point of the
box. If one at a corner is not, the polynomial is not. Otherwise the box is halved. No number is rounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product
from math import comb

from flint import fmpq

Polynomial = Mapping[tuple[int, ...], fmpq]
"""Exponents and coefficients."""
Tensor = list[fmpq]
"""Coefficients of one polynomial on a box, the last axis first."""

MOST_BOXES = 500


def semidefinite_on_unit_box(matrix: Sequence[Sequence[Polynomial]], variables: int) -> bool | None:
    """Decide whether a symmetric matrix of polynomials is positive semidefinite on all of [0, 1]^m.

    Args:
        matrix: The lower triangle: row i has the entries (i, 0), …, (i, i).
        variables: The number m of variables.

    Returns:
        True or False, both proved; None if ``MOST_BOXES`` boxes did not suffice.
    """
    entries = [entry for row in matrix for entry in row]
    degrees = [max((e[k] for entry in entries for e in entry), default=0) for k in range(variables)]
    boxes = [[_bernstein(entry, degrees) for entry in entries]]
    depth = [0]
    for _ in range(MOST_BOXES):
        if not boxes:
            return True
        box, splits = boxes.pop(), depth.pop()
        bad = [k for k, values in enumerate(zip(*box, strict=True)) if not _semidefinite(values, len(matrix))]
        if bad:
            if any(k in bad for k in _corners(degrees)) or not variables:
                return False
            axis = splits % variables
            halves = [_halved(tensor, degrees, axis) for tensor in box]
            boxes += [[half[side] for half in halves] for side in (0, 1)]
            depth += [splits + 1] * 2
    return None if boxes else True


def _bernstein(polynomial: Polynomial, degrees: Sequence[int]) -> Tensor:
    """Return the Bernstein coefficients of a polynomial on the unit box."""
    shape = [d + 1 for d in degrees]
    tensor = [polynomial.get(e, fmpq(0)) for e in product(*(range(size) for size in shape))]
    for axis, d in enumerate(degrees):
        weights = [[fmpq(comb(a, b), comb(d, b)) for b in range(a + 1)] for a in range(d + 1)]
        for places in _lines(shape, axis):
            line = [tensor[k] for k in places]
            for k, row in zip(places, weights, strict=True):
                tensor[k] = sum((w * x for w, x in zip(row, line, strict=False) if x), fmpq(0))
    return tensor


def _halved(tensor: Tensor, degrees: Sequence[int], axis: int) -> tuple[Tensor, Tensor]:
    """Return the coefficients on both halves of a box, by de Casteljau's scheme."""
    low, high = list(tensor), list(tensor)
    for places in _lines([d + 1 for d in degrees], axis):
        line = [tensor[k] for k in places]
        for i, k in enumerate(places):
            low[k], high[places[-1 - i]] = line[0], line[-1]
            line = [(x + y) / 2 for x, y in pairwise(line)]
    return low, high


def _lines(shape: Sequence[int], axis: int) -> Iterator[list[int]]:
    """Yield the places of every line of a tensor along an axis."""
    stride = 1
    for size in shape[axis + 1 :]:
        stride *= size
    total = stride
    for size in shape[: axis + 1]:
        total *= size
    block = stride * shape[axis]
    for start in range(0, total, block):
        for k in range(start, start + stride):
            yield list(range(k, k + block, stride))


def _corners(degrees: Sequence[int]) -> Iterator[int]:
    strides = [1]
    for d in reversed(degrees[1:]):
        strides.append(strides[-1] * (d + 1))
    for ends in product(*((0, d) for d in reversed(degrees))):
        yield sum(e * s for e, s in zip(ends, strides, strict=False))


def _semidefinite(values: Sequence[fmpq], size: int) -> bool:
    """Whether a symmetric matrix, given by its lower triangle, is positive semidefinite: elimination, exact."""
    if size == 1:
        return values[0] >= 0
    rows = [list(values[i * (i + 1) // 2 : (i + 1) * (i + 2) // 2]) for i in range(size)]
    for k in range(size):
        pivot, column = rows[k][k], [rows[i][k] for i in range(k + 1, size)]
        if pivot < 0 or (pivot == 0 and any(column)):
            return False
        if pivot:
            for i, x in enumerate(column, k + 1):
                for j in range(k + 1, i + 1):
                    rows[i][j] -= x * column[j - k - 1] / pivot
    return True
