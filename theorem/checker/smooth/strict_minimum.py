"""Smooth certificates: Claims G1 to G10, and ``check``. docs/certificate.md, *Smooth certificates*.

The minimizer is known only to lie in a ball, and the Hessian there only in intervals. Everything is computed again from
the text of the loss; a claim that is not decided at one precision is tried at the next, and fails at the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from gdcheck.theorem.checker.exact import Vector, minus, root_bounds, squared
from gdcheck.theorem.checker.exact import norm_above as norm_of_fractions
from gdcheck.theorem.checker.lemma import growth, verify_directions
from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.reading.checking import Check, with_enough_bits
from gdcheck.theorem.checker.smooth.derivatives import evaluate, hessian
from gdcheck.theorem.checker.smooth.exact_point import exact_hessian, verify_exactly
from gdcheck.theorem.checker.smooth.intervals import Ends, Interval, dot, norm_above, point
from gdcheck.theorem.checker.smooth.minimizer import (
    Document,
    Limit,
    Middle,
    Stated,
    Trajectory,
    enclose,
    map_derivative,
    third_above,
    verify_minimizer,
)
from gdcheck.theorem.checker.smooth.spectrum import (
    ROOT2,
    UNSTABLE,
    Matrix,
    dominant_blocks,
    eigenvalues_within,
    on_side,
    sine_of_span,
    skew_above,
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
    """Verify Claims G1 to G5 and G10.

    Returns:
        The loss in the middle of the minimizer's ball, and the eigenvalues; those that are proved to be equal have one
        and the same interval.
    """
    at = Middle.of(c, bits)
    verify_minimizer(c, at)
    eigenvalues = eigenvalues_within(at.matrix, c.eigenvectors, at.spread)
    verify_ends(c.spectrum.lowest, c.spectrum.highest, eigenvalues, 12)
    fails, eigenvalues = spectral_failures(c, at, eigenvalues)
    verify_assumptions(c, at, fails, has_limit=has_limit)
    return at, eigenvalues


def spectral_failures(c: Stated, at: Middle, eigenvalues: list[Ends]) -> tuple[list[str], list[Ends]]:
    """Verify the regime; return the assumptions about spectrum and step size that fail, and the eigenvalues.

    The ends are simple if the intervals of neighbours do not meet. What intervals do not tell, the exact spectrum does,
    where the minimizer is known exactly (Claim G10).
    """
    n, eta = len(eigenvalues), c.problem.step_size
    apart = n == 1 or all(a[1] < b[0] for a, b in (eigenvalues[:2], eigenvalues[-2:]))
    if not (apart and on_side(c.regime, eigenvalues, eta)):
        matrix = exact_hessian(at.expression, c.minimizer.centre)
        if matrix is not None:
            return verify_exactly(matrix, (c.spectrum.lowest, c.spectrum.highest), eigenvalues, c.regime, eta)
    verify_sides(c.regime, eigenvalues, eta)
    claim(apart, f"the ends of the spectrum are simple fails: {show(*eigenvalues[0], *eigenvalues[min(1, n - 1)])}")
    return ["distinct-ends"] * (n == 1) + ["stable-step"] * (c.regime == UNSTABLE), eigenvalues


def verify_assumptions(c: Stated, at: Middle, fails: Sequence[str], *, has_limit: bool) -> None:
    """Claim G5 (assumptions): exactly the stated assumptions fail, and the verdict follows.

    Null preimages: the loss is analytic where it is defined, and so is d = det(I - eta * Hessian). If d is not zero at
    one point of a connected part of the domain, its zeros there are a null set, and preimages of null sets are null
    sets. The stated point lies in the minimizer's part: a ball around the minimizer holds it, and lies in the domain.
    """
    claim(sorted(c.fails) == sorted(fails), f"the failing assumptions are {c.fails} fails: they are {fails}")
    claim(c.verdict == ("not-applicable" if fails else "proved"), f"the verdict is {c.verdict} fails")
    claim(has_limit or fails, "a proof has a limit fails")
    if c.regular_at is not None:
        verify_regular(c, at, c.regular_at)
    claim(c.regular_at is not None or fails, "a proof has a point where I - eta Hessian is regular fails")


def verify_regular(c: Stated, at: Middle, where: Vector) -> None:
    """Verify that I - eta Hessian is regular at a point in a ball around the minimizer, all of it in the domain."""
    away = norm_of_fractions(minus(where, c.minimizer.centre))
    third_above(at.expression, at.centre, away + c.minimizer.radius)  # Raises unless the ball lies in the domain.
    matrix = map_derivative(c.problem, hessian(evaluate(at.expression, point(where, at.bits), 2)))
    claim(_is_regular(matrix), "I - eta Hessian is regular at the stated point fails")


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


@dataclass(frozen=True)
class Block:
    """Claim G6 (line): vectors near the eigenvectors of a dominant eigenvalue, the columns of V.

    Attributes:
        vectors: They, as many as its multiplicity.
        sign: The sign of its multiplier.
        tilt: A bound of the distance of unit vectors in their span from unit vectors of the eigenspace.
        skew: A bound of |V^T V - I|.
    """

    vectors: Sequence[Vector]
    sign: int
    tilt: Fraction
    skew: Fraction

    @property
    def deviation(self) -> Fraction:
        """A bound of the distance between V V^T and the projector onto the eigenspace."""
        return self.tilt + self.skew

    def part(self, centre: Sequence[Interval]) -> tuple[list[Fraction], Fraction, Fraction]:
        """Return nearly V V^T h for h in the middle of intervals, how far it is off, and a lower bound of its length.

        |V| <= 2, for the vectors are nearly orthonormal (Claim G2).
        """
        bits = centre[0].bits
        shares = [dot(point(v, bits), centre) for v in self.vectors]
        vector = [
            sum((x.lower * y for x, y in zip(shares, row, strict=True)), Fraction(0))
            for row in zip(*self.vectors, strict=True)
        ]
        least = [max(x.lower, -x.upper, Fraction(0)) for x in shares]
        shortest = root_bounds(squared(self.vectors[0]))[0] if len(shares) == 1 else 1 - self.skew
        off = Fraction(2 * sum(x.width() for x in shares), 1 << bits)
        return vector, off, root_bounds(squared(least))[0] * shortest


def verify_limit(
    c: Trajectory, at: Middle, eigenvalues: Sequence[Ends], limit: Limit, beside: Sequence[Ends] = ()
) -> None:
    """Claims G6 to G9: at the stated step each amplitude is larger than the tail, and the stated limit follows.

    The trajectory is followed with half of the bits first: the minimizer needs more bits than the iterates do.

    Args:
        c: The certificate; its regime and eigenvectors are those of the space that holds the trajectory.
        at: The loss at the minimizer.
        eigenvalues: The eigenvalues on that space, an invariant one.
        limit: The stated limit.
        beside: The eigenvalues on its complement.
    """
    eta = c.problem.step_size
    places, rho = dominant_blocks(c.regime, limit.kind, eigenvalues, eta)
    blocks = [block_of(c, at, eigenvalues, *place) for place in places]
    largest = max(abs(1 - eta * x) for ends in (*eigenvalues, *beside) for x in ends)

    def decided(bits: int) -> tuple[list[list[Fraction]], Fraction]:
        here = at.at_scale(bits)
        return verify_inequality(c, here, enclose(c, here, largest), rho, blocks)

    parts, miss = with_enough_bits((at.bits // 2, at.bits), decided)
    verify_direction(c, limit, blocks, parts, miss)


def block_of(c: Stated, at: Middle, eigenvalues: Sequence[Ends], places: range, sign: int) -> Block:
    """Claim G6 (line): bound how far vectors are from the eigenvectors of an eigenvalue."""
    vectors = [c.eigenvectors[i] for i in places]
    claim(len(vectors[0]) > 1 or vectors[0][0] == 1, "the one vector is 1 fails")
    tilt = ROOT2 * sine_of_span(at.matrix, vectors, eigenvalues, places, at.spread)
    return Block(vectors, sign, tilt, skew_above(vectors, at.bits))


def verify_line(c: Stated, at: Middle, eigenvalues: Sequence[Ends], index: int) -> Fraction:
    """Claim G6 (line): bound the distance between the unit vector along a stated one and the unit eigenvector."""
    return block_of(c, at, eigenvalues, range(index, index + 1), 1).tilt


def verify_inequality(
    c: Trajectory, at: Middle, iterate: tuple[list[Interval], Fraction], rho: Ends, blocks: Sequence[Block]
) -> tuple[list[list[Fraction]], Fraction]:
    """Claim G8 (inequality): with C = eta T / 2 on the ball of the iterate, every amplitude is larger than the tail.

    Args:
        c: The certificate.
        at: The loss at the minimizer.
        iterate: A ball that holds h_k.
        rho: An interval of the dominant multipliers' modulus.
        blocks: The dominant eigenvalues' vectors, and how well their projectors are known.

    Returns:
        The iterate's part in each block, and a bound of how far their sum is from the limit zeta.
    """
    centre, error = iterate
    r = norm_above(centre, at.bits) + error
    third = third_above(at.expression, at.centre, r + c.minimizer.radius)
    push = c.problem.step_size * third * r / 2
    *_, tail = growth(push, r, rho, f"at step {c.step}")
    parts, errors = [], Fraction(0)
    for block in blocks:
        part, off, length = block.part(centre)
        wrong = error + block.deviation * r
        claim(length - wrong > tail, f"amplitude > tail fails at step {c.step}: {show(length - wrong)}, {show(tail)}")
        parts.append(part)
        errors += wrong + off + tail
    return parts, errors


def verify_direction(
    c: Trajectory, limit: Limit, blocks: Sequence[Block], parts: Sequence[Sequence[Fraction]], miss: Fraction
) -> None:
    """Claim G9 (limit): every component's interval holds that of the limit at even steps, and is narrow."""
    tilt = blocks[0].tilt if len(blocks) == len(blocks[0].vectors) == 1 else None
    signs = [block.sign for block in blocks]
    verify_directions([limit.vector], c.step, list(zip(signs, parts, strict=True)), miss, tilt)


def precisions(c: Stated) -> tuple[int, ...]:
    """Return the precisions at which a certificate is checked, one after the other."""
    digits = c.minimizer.radius.denominator.bit_length()
    return PRECISIONS + tuple(bits for bits in MORE if bits <= 4 * digits and digits > PRECISIONS[-1] - 256)


check = Check(Document, lambda c: with_enough_bits(precisions(c), partial(verify, c)))
"""Verifies a certificate of a smooth loss."""
