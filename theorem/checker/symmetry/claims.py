"""Certificates about smooth losses with symmetries: Claims Z1 to Z6, and ``check``.

A symmetry that fixes the minimizer commutes with the Hessian there. It keeps a trajectory from a start that it fixes in
a space, and it may make eigenvalues equal. docs/certificate.md, *Certificates of symmetries*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Literal

from gdcheck.theorem.checker.exact import Vector, dependence, dot, squared
from gdcheck.theorem.checker.outcome import claim, look, show
from gdcheck.theorem.checker.reading.checking import Check, with_enough_bits
from gdcheck.theorem.checker.reading.fields import Point
from gdcheck.theorem.checker.smooth import intervals
from gdcheck.theorem.checker.smooth.intervals import Ends, point
from gdcheck.theorem.checker.smooth.minimizer import Middle, Trajectory, verify_minimizer
from gdcheck.theorem.checker.smooth.spectrum import (
    LARGE,
    SMALL,
    UNSTABLE,
    eigenvalues_within,
    verify_ends,
    verify_sides,
)
from gdcheck.theorem.checker.smooth.strict_minimum import precisions, spectral_failures, verify_limit, verify_regular
from gdcheck.theorem.checker.symmetry.isometry import Isometry, changes_signs, fixed_dimension
from gdcheck.theorem.checker.symmetry.normal_form import parts_of


@dataclass(frozen=True)
class Subspace:
    """The space that holds the trajectory.

    Attributes:
        basis: A basis of the directions that are fixed by the symmetries that fix the start.
        regime: The regime on it; None if the start is the minimizer.
    """

    basis: tuple[Point, ...]
    regime: Literal["small-step", "large-step"] | None


@dataclass(frozen=True)
class Symmetric(Trajectory):
    """All fields of a certificate.

    Attributes:
        symmetries: Symmetries of the loss that fix the minimizer.
        lines: Eigenvectors whose images span the eigenspaces of multiple ends of the spectrum.
        subspace: The space that holds the trajectory; None if all of space is used.
    """

    schema: Literal["gdcheck-smooth-symmetry/1"]
    symmetries: tuple[Isometry, ...]
    lines: tuple[Point, ...]
    subspace: Subspace | None


@dataclass(frozen=True)
class Split:
    """The eigenvectors, those in a space that holds the trajectory and those orthogonal to it, with eigenvalues.

    Attributes:
        vectors: Those in the space.
        inside: Intervals of the eigenvalues on it.
        outside: Intervals of the eigenvalues on the complement.
    """

    vectors: tuple[Point, ...]
    inside: Sequence[Ends]
    outside: Sequence[Ends]

    def lacks_dominance(self, regime: str) -> bool:
        """Whether the eigenvalue that dominates in all of space is one of the complement, and none of the space."""
        if not self.inside or not self.outside:
            return bool(self.outside)
        if regime == SMALL:
            return self.outside[0][1] < self.inside[0][0]
        return regime == LARGE and self.inside[-1][1] < self.outside[-1][0]


def verify(c: Symmetric) -> None:
    """Verify all claims."""
    verify_symmetries(c)
    with_enough_bits(precisions(c), partial(verify_at, c))


def verify_symmetries(c: Symmetric) -> None:
    """Claim Z1 (symmetry): f(S x) and f(x) are one function; S fixes the middle of the minimizer's ball.

    S maps the ball to itself and critical points to critical points, and so the minimizer to itself: the ball holds
    only one (Claim G1). So P commutes with the Hessian there.
    """
    expression, centre = c.problem.expression, c.minimizer.centre
    for i, isometry in enumerate(c.symmetries):
        claim(isometry.is_permutation, f"the places of symmetry {i} are a permutation fails")
        claim(isometry.moved(centre) == centre, f"symmetry {i} fixes the middle of the minimizer's ball fails")
        claim(isometry.keeps(expression), f"the loss is invariant under symmetry {i} fails")


def verify_at(c: Symmetric, bits: int) -> None:
    """Verify the other claims with intervals of one precision."""
    at = Middle.of(c, bits)
    verify_minimizer(c, at)
    split = None if c.subspace is None else verify_subspace(c, at, c.subspace)
    if split is None:
        eigenvalues = eigenvalues_within(at.matrix, c.eigenvectors, at.spread)
    else:
        both = [*split.inside, *split.outside]
        eigenvalues = list(zip(sorted(x for x, _ in both), sorted(x for _, x in both), strict=True))
    verify_ends(c.spectrum.lowest, c.spectrum.highest, eigenvalues, 12)
    fails, eigenvalues = verify_spectrum(c, at, eigenvalues)
    verify_verdict(c, at, fails, split)
    if c.subspace is not None and split is not None:
        verify_limit_inside(c, at, c.subspace, split)
    elif c.limit is not None:
        verify_limit(c, at, eigenvalues, c.limit)


def verify_limit_inside(c: Symmetric, at: Middle, stated: Subspace, split: Split) -> None:
    """Claim Z6 (limit): Claims G6 to G9 hold in the subspace, unless that is the minimizer alone."""
    inside = split.inside
    claim((c.limit is None) == (stated.regime is None) == (not inside), "a limit is stated, with its regime, fails")
    if c.limit is None or stated.regime is None:
        return
    apart = len(inside) == 1 or (inside[0][1] < inside[1][0] and inside[-2][1] < inside[-1][0])
    claim(apart, "the ends of the spectrum in the subspace are simple fails")
    here = replace(c, eigenvectors=split.vectors, regime=stated.regime)
    verify_limit(here, at, inside, c.limit, split.outside)


def verify_subspace(c: Symmetric, at: Middle, stated: Subspace) -> Split:
    """Claim Z2 (subspace): the trajectory stays where symmetries that fix the start have their fixed points.

    At an iterate x with S x = x, P grad f(x) = grad f(x), so that S fixes the next iterate. The Hessian at the
    minimizer maps the space V of the fixed directions into itself, and its complement: Claim G2 holds on each.
    """
    start = c.problem.start
    fixing = [s for s in c.symmetries if s.moved(start) == start]
    basis = stated.basis
    dimension = fixed_dimension([(s, 1) for s in fixing], len(start))
    whole = len(basis) == dimension and (not basis or dependence(basis) is None)
    claim(whole and all(_fixed(fixing, v) for v in basis), "the vectors are a basis of the fixed directions fails")
    inside = tuple(v for v in c.eigenvectors if _fixed(fixing, v))
    outside = [v for v in c.eigenvectors if not any(dot(v, b) for b in basis)]
    counts = len(inside) == dimension and len(inside) + len(outside) == len(start)
    claim(counts, "each vector is in the subspace or orthogonal to it fails")
    within = eigenvalues_within(at.matrix, inside, at.spread) if inside else []
    return Split(inside, within, eigenvalues_within(at.matrix, outside, at.spread) if outside else [])


def _fixed(maps: Sequence[Isometry], v: Vector) -> bool:
    return all(s.turned(v) == v for s in maps)


def verify_spectrum(c: Symmetric, at: Middle, eigenvalues: list[Ends]) -> tuple[list[str], list[Ends]]:
    """Claim Z4 (assumptions): return those about spectrum and step size that fail, and the eigenvalues.

    Those that are proved to be equal have one and the same interval; all others at the ends are apart. That two
    intervals are the same proves nothing.
    """
    if not c.lines:
        return spectral_failures(c, at, eigenvalues)
    (ends, first), n = equalized(c, at, eigenvalues), len(eigenvalues)
    lowest, highest = first.count(first[0]), first.count(first[-1])
    apart = lowest == n or (ends[0][1] < ends[lowest][0] and ends[n - highest - 1][1] < ends[-1][0])
    claim(apart, f"the ends of the spectrum are apart from the others fails: {show(*ends[0], *ends[-1])}")
    verify_sides(c.regime, ends, c.problem.step_size)
    failing = {
        "distinct-ends": lowest == n,
        "simple-lowest": lowest > 1,
        "simple-highest": highest > 1,
        "stable-step": c.regime == UNSTABLE,
    }
    return [name for name, fails in failing.items() if fails], ends


def equalized(c: Symmetric, at: Middle, eigenvalues: Sequence[Ends]) -> tuple[list[Ends], list[int]]:
    """Claim Z3 (lines): eigenvalues are equal.

    The symmetries commute with the Hessian, and so do changes of sign of the variables of one part, if the loss is a
    sum of functions of separate variables. Let P u = s u, s = 1 or -1, for some of them. The space of all v with P v =
    s v for these is invariant; if it is the line of u, then u is an eigenvector. So are its images, with the same
    eigenvalue, which occurs at least as often as the dimension of their span. If it can be no other than that many of
    all eigenvalues, it is these.

    Returns:
        The interval of each eigenvalue, and the place of the first of those that it is proved to be equal to.
    """
    n, zero = len(eigenvalues), (Fraction(0),) * len(eigenvalues)
    maps = [Isometry(s.places, s.signs, zero) for s in c.symmetries]
    maps += [changes_signs(part, n) for part in parts_of(at.expression)]
    ends, first = list(eigenvalues), list(range(n))
    for u in c.lines:
        claim(any(u), "a line has a direction fails")
        signs = [(p, 1 if p.turned(u) == u else -1) for p in maps if p.turned(u) in (u, tuple(-x for x in u))]
        claim(fixed_dimension(signs, n) == 1, "a line is fixed by symmetries, alone, fails")
        low, high = _quotient(at, u)
        places = [i for i, (a, b) in enumerate(eigenvalues) if a <= high and low <= b]
        images = _images(maps, u, len(places))
        claim(len(places) == images, f"the images of a line span its eigenspace fails: {images} of {len(places)}")
        shared = max(eigenvalues[i][0] for i in places), min(eigenvalues[i][1] for i in places)
        for i in places:
            ends[i], first[i] = shared, places[0]
    return ends, first


def _quotient(at: Middle, u: Vector) -> Ends:
    """Enclose u A u / u u for the Hessian A at the minimizer."""
    v = point(u, at.bits)
    image = [intervals.dot(row, v) for row in at.matrix]
    value, length = intervals.dot(v, image), squared(u)
    return value.lower / length - at.spread, value.upper / length + at.spread


def _images(maps: Sequence[Isometry], u: Vector, most: int) -> int:
    """Return the dimension of the span of all images of a vector, or ``most`` if it is not less."""
    echelon, waiting = list[tuple[int, Vector]](), [u]
    for v in waiting:
        if len(echelon) == most:
            break
        look("the images of a line")
        rest = v
        for pivot, row in echelon:
            factor = rest[pivot] / row[pivot]
            rest = tuple(a - factor * b for a, b in zip(rest, row, strict=True)) if factor else rest
        if any(rest):
            echelon.append((next(i for i, a in enumerate(rest) if a), rest))
            waiting += [p.turned(v) for p in maps]
    return len(echelon)


def verify_verdict(c: Symmetric, at: Middle, fails: Sequence[str], split: Split | None) -> None:
    """Claim Z5 (verdict): not-applicable if an assumption fails; else the start is exceptional.

    Then the eigenvalue that dominates in all of space, which is simple, is one of the complement of the subspace.
    """
    claim(sorted(c.fails) == sorted(fails), f"the failing assumptions are {c.fails} fails: they are {fails}")
    claim(c.verdict == ("not-applicable" if fails else "exceptional"), f"the verdict is {c.verdict[:40]} fails")
    if c.regular_at is not None:
        verify_regular(c, at, c.regular_at)
    if fails:
        return
    claim(c.regular_at is not None, "an exceptional start has a point where I - eta Hessian is regular fails")
    lacks = split is not None and split.lacks_dominance(c.regime)
    claim(lacks, "the subspace lacks the eigenvalue that dominates in all of space fails")


check = Check(Symmetric, verify)
"""Verifies a certificate about a smooth loss with symmetries."""
