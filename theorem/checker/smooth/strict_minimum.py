"""Smooth certificates: Claims G1 to G9, and ``check``. docs/certificate.md, *Smooth certificates*.

The minimizer is known only to lie in a ball, and the Hessian there only in intervals. Everything is computed again from
the text of the loss; a claim that is not decided at one precision is tried at the next, and fails at the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

from gdcheck.theorem.checker.exact import minus, root_bounds, squared
from gdcheck.theorem.checker.exact import norm_above as norm_of_fractions
from gdcheck.theorem.checker.lemma import growth, verify_box
from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.reading.checking import Check, with_enough_bits
from gdcheck.theorem.checker.smooth.derivatives import evaluate, hessian
from gdcheck.theorem.checker.smooth.intervals import Ends, Interval, dot, norm_above, point
from gdcheck.theorem.checker.smooth.minimizer import (
    Document,
    Limit,
    Middle,
    Stated,
    enclose,
    map_derivative,
    third_above,
    verify_minimizer,
)
from gdcheck.theorem.checker.smooth.spectrum import (
    ROOT2,
    UNSTABLE,
    Matrix,
    dominant,
    eigenvalues_within,
    sine_above,
    verify_ends,
    verify_sides,
)

PRECISIONS = (256, 512, 1024, 2048, 4096)
MORE = (8192, 16384)
"""Further precisions, for a minimizer whose ball is too small for 4096 bits."""


def verify(c: Document, bits: int) -> tuple[Middle, Sequence[Ends]]:
    """Verify all claims with intervals of one precision.

    Returns:
        The loss in the middle of the minimizer's ball, and the eigenvalues.

    Raises:
        ClaimError: If a claim is not verified.
    """
    at, eigenvalues = verify_stated(c, bits, has_limit=c.limit is not None)
    if c.limit is not None:
        verify_limit(c, at, eigenvalues, c.limit)
    return at, eigenvalues


def verify_stated(c: Stated, bits: int, *, has_limit: bool) -> tuple[Middle, Sequence[Ends]]:
    """Verify Claims G1 to G5; return the loss in the middle of the minimizer's ball, and the eigenvalues."""
    at = Middle.of(c, bits)
    verify_minimizer(c, at)
    eigenvalues = eigenvalues_within(at.matrix, c.eigenvectors, at.spread)
    verify_ends(c.spectrum.lowest, c.spectrum.highest, eigenvalues, 12)
    verify_sides(c.regime, eigenvalues, c.problem.step_size)
    verify_assumptions(c, at, eigenvalues, has_limit=has_limit)
    return at, eigenvalues


def verify_assumptions(c: Stated, at: Middle, eigenvalues: Sequence[Ends], *, has_limit: bool) -> None:
    """Claim G5 (assumptions): exactly the stated assumptions fail, and the verdict follows.

    * Simple ends: the intervals of the two smallest eigenvalues do not meet, nor do those of the two largest.
    * Null preimages: the loss is analytic where it is defined, and so is d = det(I - eta * Hessian). If d is not zero
      at one point of a connected part of the domain, its zeros there are a null set, and preimages of null sets are
      null sets. The stated point lies in the minimizer's part: a ball around the minimizer holds it, and lies in the
      domain.
    """
    n = len(eigenvalues)
    fails = ["distinct-ends"] if n == 1 else []
    if n > 1:
        apart = all(a[1] < b[0] for a, b in (eigenvalues[:2], eigenvalues[-2:]))
        claim(apart, f"the ends of the spectrum are simple fails: {show(*eigenvalues[0], *eigenvalues[1])}")
    if c.regime == UNSTABLE:
        fails.append("stable-step")
    claim(sorted(c.fails) == sorted(fails), f"the failing assumptions are {c.fails} fails: they are {fails}")
    claim(c.verdict == ("not-applicable" if fails else "proved"), f"the verdict is {c.verdict} fails")
    claim(has_limit or fails, "a proof has a limit fails")
    if c.regular_at is not None:
        away = norm_of_fractions(minus(c.regular_at, c.minimizer.centre))
        third_above(at.expression, at.centre, away + c.minimizer.radius)  # Raises unless the ball lies in the domain.
        matrix = map_derivative(c.problem, hessian(evaluate(at.expression, point(c.regular_at, at.bits), 2)))
        claim(_is_regular(matrix), "I - eta Hessian is regular at the stated point fails")
    claim(c.regular_at is not None or fails, "a proof has a point where I - eta Hessian is regular fails")


def _is_regular(matrix: Matrix) -> bool:
    """Whether every matrix inside is regular: in Gaussian elimination with intervals, no pivot's interval holds 0."""
    rows = [list(row) for row in matrix]
    while rows:
        pivot = max(range(len(rows)), key=lambda i: abs(rows[i][0].low + rows[i][0].high))
        first = rows.pop(pivot)
        if first[0].low <= 0 <= first[0].high:
            return False
        inverse = first[0].reciprocal()
        rows = [[x - row[0] * inverse * y for x, y in zip(row[1:], first[1:], strict=True)] for row in rows]
    return True


def verify_limit(c: Document, at: Middle, eigenvalues: Sequence[Ends], limit: Limit) -> None:
    """Claims G6 to G9: at the stated step the amplitude is larger than the tail, and the stated limit follows.

    The trajectory is followed with half of the bits first: the minimizer needs more bits than the iterates do.
    """
    eta = c.problem.step_size
    index, sign, rho = dominant(c.regime, limit.kind, eigenvalues, eta)
    deviation, tilt = verify_line(c, at, eigenvalues, index)
    largest = max(abs(1 - eta * x) for ends in eigenvalues for x in ends)

    def decided(bits: int) -> Fraction:
        here = at.at_scale(bits)
        return verify_inequality(c, here, enclose(c, here, largest), rho, (c.eigenvectors[index], deviation))

    inner = with_enough_bits((at.bits // 2, at.bits), decided)
    verify_direction(c, limit, index, (1 if inner > 0 else -1) * sign**c.step, tilt)


def verify_line(c: Stated, at: Middle, eigenvalues: Sequence[Ends], index: int) -> tuple[Fraction, Fraction]:
    """Claim G6 (line): bound how far the stated vector v is from the eigenvector.

    Returns:
        A bound of the distance between v v^T and the projector onto the eigenvector, and one between the unit vectors.
    """
    v = c.eigenvectors[index]
    claim(len(v) > 1 or v[0] == 1, "the one vector is 1 fails")
    tilt = ROOT2 * sine_above(at.matrix, v, eigenvalues, index, at.spread)
    return tilt + abs(squared(v) - 1), tilt


def verify_inequality(
    c: Document,
    at: Middle,
    iterate: tuple[list[Interval], Fraction],
    rho: Ends,
    line: tuple[Sequence[Fraction], Fraction],
) -> Fraction:
    """Claim G8 (inequality): with C = eta T / 2 on the ball of the iterate, the amplitude is larger than the tail.

    Args:
        c: The certificate.
        at: The loss at the minimizer.
        iterate: A ball that holds h_k.
        rho: An interval of the dominant multiplier's modulus.
        line: The vector v, and a bound of the distance between v v^T and the projector.

    Returns:
        The iterate's component along the vector, whose sign is that of the limit.
    """
    (centre, error), (vector, deviation) = iterate, line
    r = norm_above(centre, at.bits) + error
    third = third_above(at.expression, at.centre, r + c.minimizer.radius)
    push = c.problem.step_size * third * r / 2
    *_, tail = growth(push, r, rho, f"at step {c.step}")
    inner = dot(point(vector, at.bits), centre)
    size = max(inner.lower, -inner.upper, Fraction(0))
    amplitude = size * root_bounds(squared(vector))[0] - error - deviation * r
    claim(amplitude > tail, f"amplitude > tail fails at step {c.step}: {show(amplitude)}, {show(tail)}")
    return inner.lower


def verify_direction(c: Document, limit: Limit, index: int, sign: int, tilt: Fraction) -> None:
    """Claim G9 (limit): every component's interval holds that of the limit at even steps, and is narrow."""
    vector = [sign * x for x in c.eigenvectors[index]]
    verify_box("the limit", vector, root_bounds(squared(vector)), tilt, limit.vector)


def precisions(c: Stated) -> tuple[int, ...]:
    """Return the precisions at which a certificate is checked, one after the other."""
    digits = c.minimizer.radius.denominator.bit_length()
    return PRECISIONS + tuple(bits for bits in MORE if bits <= 4 * digits and digits > PRECISIONS[-1] - 256)


check = Check(Document, lambda c: with_enough_bits(precisions(c), partial(verify, c)))
"""Verifies a certificate of a smooth loss."""
