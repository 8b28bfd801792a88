"""Certificates of the theorem, by an amplitude that exceeds its tail or by a cone. Claims 11 to 16, and ``check``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gdcheck.theorem.checker import cone as cones
from gdcheck.theorem.checker.assumptions import failing_assumptions, verify_fails, verify_subspace
from gdcheck.theorem.checker.descent import Descent
from gdcheck.theorem.checker.exact import Matrix, Vector, dot, norm_above, root_bounds, squared
from gdcheck.theorem.checker.kinks import Last, Side, verify_sides
from gdcheck.theorem.checker.lemma import DOMINANT, PRECISIONS, growth, verify_amplitudes, verify_directions
from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.reading.checking import Check
from gdcheck.theorem.checker.reading.document import Block, Certificate, Cone, Eigenvalue, Spectrum
from gdcheck.theorem.checker.reading.fields import Interval
from gdcheck.theorem.checker.spectrum import Operator
from gdcheck.theorem.checker.trajectory import Expansion, Remainder, enclose


def verify_theorem(c: Certificate) -> tuple[Expansion, Space] | None:
    """Verify all claims, in the order of the specification.

    Args:
        c: The certificate.

    Returns:
        Gradient descent around the minimizer with its bounds, and the Hessian on the space of the trajectory; None if
        the minimum is not strict.
    """
    descent = Descent.at_critical_point(c.problem)
    operator = Operator.of(descent.hessian)
    failing = failing_assumptions(c, descent, operator)
    if "strict-minimum" in failing:
        nothing = c.subspace is None and not c.blocks
        claim(nothing, "no regime and nothing else is claimed fails: the minimum is not strict")
        verify_verdict(c, failing)
        _verify_nothing_is_claimed(c)
        return None
    verify_verdict(c, failing)
    spectrum, regime = c.spectrum, c.regime
    assert spectrum is not None and regime is not None
    eta = descent.step_size
    linear = max(abs(1 - eta * x) for x in (spectrum.lowest.low, spectrum.highest.high))
    expansion = Expansion(descent, Remainder.of(descent), linear)
    space, sides = Space(operator, spectrum, regime), list[Side]()
    if c.subspace is not None:
        inner, sides = verify_subspace(c, c.subspace, expansion)
        space = Space(inner, c.subspace.spectrum, c.subspace.regime)
    if c.verdict == "exceptional":
        end = spectrum.lowest if regime == "small-step" else spectrum.highest
        absent = space.operator.up_to(end.high) == space.operator.below(end.low)
        claim(absent, "the dominant eigenvalue is absent fails")
    if c.blocks:
        _verify_limit(c, space, expansion, sides)
    else:
        claim(not sides, "a limit shows on which sides of the kinks the trajectory stays fails: none is claimed")
        _verify_nothing_is_claimed(c)
    return expansion, space


def verify_verdict(c: Certificate, failing: set[str]) -> None:
    """Claim 5 (assumptions) and Claim 14 (verdict): exactly these assumptions fail, and the verdict follows."""
    verdict = "not-applicable" if failing else "exceptional" if c.subspace else "proved"
    verify_fails(c, failing, verdict)
    claim(c.blocks or verdict != "proved", "a limit is claimed fails: the verdict is proved")


def _verify_nothing_is_claimed(c: Certificate) -> None:
    """Verify that without blocks there is no limit, no step, and there are no bounds."""
    nothing = c.limit.kind is None and not c.limit.vectors and c.step == 0 and c.bounds is None and c.cone is None
    claim(nothing, f"0 blocks prove the limit {c.limit.kind} fails: step {c.step}")


@dataclass(frozen=True)
class Space:
    """The Hessian on all of space or on a subspace, with its stated spectrum and regime."""

    operator: Operator
    spectrum: Spectrum | None
    regime: str | None


@dataclass(frozen=True)
class Eigenspace:
    """What Claim 11 proves of a block of vectors.

    Attributes:
        vectors: The columns of W, each of shape (n,).
        dual: The columns of W again; in another inner product, their images under its matrix.
        sine: s, a bound of the sine of the angle between the vectors' span and the eigenspace.
        tilt: sqrt 2 s, a bound of the distance of a unit vector along the block from its eigenspace's unit vectors.
        defect: delta, a bound of the norm of the difference between the eigenspace's projector and W dual^T.
    """

    vectors: tuple[Vector, ...]
    dual: tuple[Vector, ...]
    sine: Fraction
    tilt: Fraction
    defect: Fraction

    def project(self, h: Sequence[Fraction]) -> list[Fraction]:
        """Return W dual^T h, shape (n,)."""
        shares = [dot(vector, h) for vector in self.dual]
        return [dot(column, shares) for column in zip(*self.vectors, strict=True)]


def verify_eigenspace(
    operator: Operator,
    matrix: Matrix,
    end: Eigenvalue,
    gap: Fraction,
    vectors: tuple[Vector, ...],
    *,
    dual: Callable[[Vector], Vector] = tuple,
) -> Eigenspace:
    """Claim 11 (eigenspace): the vectors span the eigenspace of an eigenvalue up to a known error (Davis and Kahan).

    Args:
        operator: The operator, on the space of the trajectory.
        matrix: The operator on all of space, shape (n, n).
        end: The eigenvalue, verified.
        gap: No other eigenvalue is within this distance of the eigenvalue's interval.
        vectors: The vectors, nearly orthonormal.
        dual: Multiplies a vector by the matrix of the inner product in which the operator is symmetric.
    """
    near = operator.below(end.high + gap) - operator.up_to(end.low - gap)
    claim(gap > 0 and near == end.multiplicity, f"gap {show(gap)} fails: {near} eigenvalues are near")
    duals = tuple(dual(v) for v in vectors)
    skew = sum(((dot(v, w) - (i == j)) ** 2 for i, v in enumerate(vectors) for j, w in enumerate(duals)), Fraction(0))
    good = len(vectors) == end.multiplicity and 4 * skew <= 1
    claim(good, f"{end.multiplicity} orthonormal vectors fails: squared defect {show(skew)}")
    middle, square = (end.low + end.high) / 2, Fraction(0)
    for v in vectors:
        residual = tuple(dot(row, v) - middle * x for row, x in zip(matrix, v, strict=True))
        square += 2 * dot(residual, dual(residual)) / gap**2  # s^2
    claim(4 * square < 1, f"the vectors span the eigenspace fails: s^2 = {show(square)}")
    sine = root_bounds(square)[1]
    return Eigenspace(vectors, duals, sine, root_bounds(2 * square)[1], sine + root_bounds(skew)[1])


def _verify_limit(c: Certificate, space: Space, expansion: Expansion, sides: Sequence[Side]) -> None:
    """Verify the blocks, the inequality at the step that is claimed, the limit that follows, and the sides of kinks."""
    kind, signs = DOMINANT.get(space.regime or "", (None, ()))
    good = kind is not None and c.limit.kind == kind and len(c.blocks) == len(signs) == len(c.limit.vectors)
    sentence = f"{len(c.blocks)} blocks prove the limit {c.limit.kind} fails: step {c.step}, regime {space.regime}"
    bound = (c.bounds is None) == (c.cone is not None)
    claim(good and bound and space.spectrum is not None, sentence)
    assert space.spectrum is not None
    ends = [space.spectrum.lowest if sign > 0 else space.spectrum.highest for sign in signs]
    spaces = [
        verify_eigenspace(space.operator, expansion.descent.hessian, end, block.gap, block.vectors)
        for end, block in zip(ends, c.blocks, strict=True)
    ]
    low, high = sorted(signs[0] * (1 - expansion.descent.step_size * x) for x in ends[0].interval)
    if c.cone is not None:
        claim(c.subspace is None and len(spaces) == 1, "a cone has one block, on all of space fails")
        iterate, errors, miss = _verify_cone(c, c.cone, spaces[0], space.operator, expansion), Fraction(0), Fraction(0)
    else:
        iterate = _enclosed(c, spaces, expansion)
        tail, errors = verify_inequality(c, spaces, iterate, (low, high), expansion.remainder)
        miss = tail + errors
    tilt = spaces[0].tilt if len(spaces) == len(spaces[0].vectors) == 1 else None
    verify_directions(c.limit.vectors, c.step, list(zip(signs, iterate.parts, strict=True)), miss, tilt)
    if sides and c.subspace is not None:
        last = Last(iterate.centre, iterate.error, iterate.parts[0] if signs == (1,) else None, errors, (low, high))
        verify_sides(sides, expansion, (c.subspace.enters, c.step), last, PRECISIONS)


@dataclass(frozen=True)
class Iterate:
    """A ball that holds h_k, and the projections W W^T of its centre."""

    centre: list[Fraction]
    error: Fraction
    parts: list[list[Fraction]]


def _enclosed(c: Certificate, spaces: Sequence[Eigenspace], expansion: Expansion) -> Iterate:
    """Enclose h_k with enough bits to know its projections to a relative error of 2^-64."""
    for bits in _precisions(c.blocks):
        centre, error = enclose(expansion, c.step, bits)
        iterate = Iterate(centre, error, [space.project(centre) for space in spaces])
        if error**2 * 2**128 <= min(map(squared, iterate.parts)):
            break
    return iterate


def _precisions(blocks: Sequence[Block]) -> Sequence[int]:
    """Return the numbers of bits to try, without those that are too few for the stated amplitudes."""
    small = min(block.amplitude for block in blocks)
    least = 64 + small.denominator.bit_length() - small.numerator.bit_length() if small > 0 else 0
    return [bits for bits in PRECISIONS if bits >= least] or PRECISIONS[-1:]


def _verify_cone(c: Certificate, cone: Cone, space: Eigenspace, operator: Operator, expansion: Expansion) -> Iterate:
    """Claims 15 and 16: the trajectory stays in a cone; return a point with the sign of the limit."""
    descent = expansion.descent
    claim(not descent.kinks and descent.dimension > 1, "the loss of a cone is a polynomial in several variables fails")
    coordinates = cones.Coordinates.of(descent, cone)
    step = cones.Step.of(coordinates, cone)
    cones.verify_rest(operator, coordinates, descent, cone.rest)
    (vector,) = space.vectors
    side = cones.orientation(coordinates, vector, space.tilt)
    for bits in _precisions(c.blocks):
        centre, error = enclose(expansion, c.step, bits)
        here = cones.locate(coordinates, cone, step, centre, error)
        if here.error * 2**64 <= abs(here.tau):
            break
    at = f"at step {c.step}"
    cones.verify_cone(cone, step, here, 1 if c.limit.kind == "fixed" else -1, at)
    own, stated = abs(here.tau) - here.error, c.blocks[0].amplitude
    claim(abs(stated - own) * 10**9 <= own, f"amplitude = {show(stated)} fails {at}: it is {show(own)}")
    return Iterate(centre, error, [[side * x if here.tau > 0 else -side * x for x in vector]])


def verify_inequality(
    c: Certificate, spaces: Sequence[Eigenspace], iterate: Iterate, rho: Interval, remainder: Remainder
) -> tuple[Fraction, Fraction]:
    """Claim 12 (amplitude): at the step that is claimed, every amplitude is larger than the tail.

    Args:
        c: The certificate.
        spaces: What is known of its blocks.
        iterate: The iterate of that step.
        rho: An interval of the largest |1 - eta lambda|; if there are two blocks, it is the same for both.
        remainder: The bounds of the remainder.

    Returns:
        The tail, and the sum of the errors of the projections.
    """
    assert c.bounds is not None
    at = f"at step {c.step}"
    r = norm_above(iterate.centre) + iterate.error
    sigma, _, tail = growth(remainder.push(r), r, rho, at)
    errors = [iterate.error + space.defect * r for space in spaces]
    own = [root_bounds(squared(part))[0] - error for part, error in zip(iterate.parts, errors, strict=True)]
    amplitudes = zip([block.amplitude for block in c.blocks], own, strict=True)
    verify_amplitudes(c.bounds, r, (sigma, tail), amplitudes, at, digits=9)
    return tail, sum(errors, Fraction(0))


check = Check(Certificate, verify_theorem)
"""Verifies a certificate of the theorem."""
