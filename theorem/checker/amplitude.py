"""Certificates of the theorem: an amplitude outweighs its tail, or a cone is never left: Claims 11 to 16; ``check``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gdcheck.theorem.checker import cone as cones
from gdcheck.theorem.checker import outcome
from gdcheck.theorem.checker.assumptions import failing_assumptions, verify_subspace
from gdcheck.theorem.checker.descent import Descent, verify_critical_point
from gdcheck.theorem.checker.document import (
    Block,
    Certificate,
    Cone,
    Eigenvalue,
    Interval,
    Spectrum,
    read_certificate,
)
from gdcheck.theorem.checker.exact import Matrix, dot, norm_above, root_bounds
from gdcheck.theorem.checker.kinks import Last, Side, verify_sides
from gdcheck.theorem.checker.outcome import TIME_LIMIT, ClaimError, claim, show
from gdcheck.theorem.checker.spectrum import Operator
from gdcheck.theorem.checker.trajectory import Expansion, Remainder, enclose

PRECISIONS = (256, 512, 1024, 2048, 4096, 8192, 16384)
DOMINANT = {"small-step": ("fixed", (1,)), "large-step": ("alternating", (-1,)), "boundary": ("two-cycle", (1, -1))}
"""For each regime the kind of the limit, and the signs of the dominant multipliers in the order of the blocks."""


def check(certificate: object, time_limit: float = TIME_LIMIT) -> str | None:
    """Verify a certificate of the theorem.

    Args:
        certificate: The parsed JSON object.
        time_limit: The seconds that it may take.

    Returns:
        None if every claim has been verified, else a sentence that names the first claim that fails, with its numbers.

    Raises:
        BadCertificate: If it is malformed.
        NotChecked: If the checker gives up at one of its limits; the proof may be right or wrong.
    """
    with outcome.time_limit(time_limit):
        try:
            verify_theorem(read_certificate(certificate))
        except ClaimError as failure:
            return str(failure)
    return None


def verify_theorem(c: Certificate) -> tuple[Expansion, Space] | None:
    """Verify all claims, in the order of the specification.

    Args:
        c: The certificate.

    Returns:
        Gradient descent around the minimizer with its bounds, and the Hessian on the space of the trajectory; None if
        the minimum is not strict.
    """
    descent = Descent.of(c.problem)
    verify_critical_point(descent)
    hessian = descent.hessian_at_minimizer([kink.offset > 0 for kink in descent.kinks])
    operator = Operator.of(hessian)
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
        inner, sides = verify_subspace(c, c.subspace, expansion, hessian)
        space = Space(inner, c.subspace.spectrum, c.subspace.regime)
    if c.verdict == "exceptional":
        end = spectrum.lowest if regime == "small-step" else spectrum.highest
        absent = space.operator.up_to(end.high) == space.operator.below(end.low)
        claim(absent, "the dominant eigenvalue is absent fails")
    if c.blocks:
        _verify_limit(c, space, hessian, expansion, sides)
    else:
        claim(not sides, "a limit shows on which sides of the kinks the trajectory stays fails: none is claimed")
        _verify_nothing_is_claimed(c)
    return expansion, space


def verify_verdict(c: Certificate, failing: set[str]) -> None:
    """Claim 5 (assumptions) and Claim 14 (verdict): exactly these assumptions fail, and the verdict follows."""
    claim(sorted(c.fails) == sorted(failing), f"the failing assumptions are {_words(c.fails)} fails: {sorted(failing)}")
    verdict = "not-applicable" if failing else "exceptional" if c.subspace else "proved"
    claim(c.verdict == verdict, f"the verdict is {c.verdict[:40]} fails: it can only be {verdict}")
    claim(c.blocks or verdict != "proved", "a limit is claimed fails: the verdict is proved")


def _words(names: Sequence[str]) -> str:
    return str(sorted(names))[:200]


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
    """What Claim 11 gives for a block.

    Attributes:
        block: The block.
        tilt: sqrt 2 s, a bound of the distance of a unit vector along the block from its eigenspace's unit vectors.
        defect: delta, a bound of the norm of the difference between the eigenspace's projector and W W^T.
    """

    block: Block
    tilt: Fraction
    defect: Fraction

    def project(self, h: Sequence[Fraction]) -> list[Fraction]:
        """Return W W^T h, shape (n,)."""
        shares = [dot(vector, h) for vector in self.block.vectors]
        return [dot(column, shares) for column in zip(*self.block.vectors, strict=True)]


def verify_eigenspace(operator: Operator, hessian: Matrix, end: Eigenvalue, block: Block) -> Eigenspace:
    """Claim 11 (eigenspace): the vectors span the eigenspace of an end of the spectrum up to a known error."""
    low, high, vectors = end.low, end.high, block.vectors
    near = operator.below(high + block.gap) - operator.up_to(low - block.gap)
    claim(block.gap > 0 and near == end.multiplicity, f"gap {show(block.gap)} fails: {near} eigenvalues are near")
    skew = sum(((dot(v, w) - (i == j)) ** 2 for i, v in enumerate(vectors) for j, w in enumerate(vectors)), Fraction(0))
    good = len(vectors) == end.multiplicity and 4 * skew <= 1
    claim(good, f"{end.multiplicity} orthonormal vectors fails: squared defect {show(skew)}")
    middle = (low + high) / 2
    residuals = [dot(row, v) - middle * x for v in vectors for row, x in zip(hessian, v, strict=True)]
    square = 2 * dot(residuals, residuals) / block.gap**2  # s^2
    claim(4 * square < 1, f"the vectors span the eigenspace fails: s^2 = {show(square)}")
    return Eigenspace(block, root_bounds(2 * square)[1], root_bounds(square)[1] + root_bounds(skew)[1])


def _verify_limit(c: Certificate, space: Space, hessian: Matrix, expansion: Expansion, sides: Sequence[Side]) -> None:
    """Verify the blocks, the inequality at the step that is claimed, the sides of kinks, and the limit that follows."""
    kind, signs = DOMINANT.get(space.regime or "", (None, ()))
    good = kind is not None and c.limit.kind == kind and len(c.blocks) == len(signs) == len(c.limit.vectors)
    sentence = f"{len(c.blocks)} blocks prove the limit {c.limit.kind} fails: step {c.step}, regime {space.regime}"
    bound = (c.bounds is None) == (c.cone is not None)
    claim(good and bound and space.spectrum is not None, sentence)
    assert space.spectrum is not None
    ends = [space.spectrum.lowest if sign > 0 else space.spectrum.highest for sign in signs]
    spaces = [verify_eigenspace(space.operator, hessian, end, block) for end, block in zip(ends, c.blocks, strict=True)]
    multipliers = [1 - expansion.descent.step_size * x for x in (ends[0].low, ends[0].high)]
    rho = min(signs[0] * x for x in multipliers), max(signs[0] * x for x in multipliers)
    if c.cone is not None:
        claim(c.subspace is None and len(spaces) == 1, "a cone has one block, on all of space fails")
        iterate = _verify_cone(c, c.cone, spaces[0], space.operator, expansion)
        verify_limit(c, spaces, signs, iterate, Fraction(0))
        return
    iterate = _enclosed(c.step, spaces, expansion)
    tail, errors = verify_inequality(c, spaces, iterate, rho, expansion.remainder)
    verify_limit(c, spaces, signs, iterate, tail + errors)
    if sides and c.subspace is not None:
        last = Last(iterate.centre, iterate.error, iterate.parts[0] if signs == (1,) else None, errors, rho)
        verify_sides(sides, expansion, (c.subspace.enters, c.step), last, PRECISIONS)


@dataclass(frozen=True)
class Iterate:
    """A ball that holds h_k, and the projections W W^T of its centre."""

    centre: list[Fraction]
    error: Fraction
    parts: list[list[Fraction]]


def _enclosed(step: int, spaces: Sequence[Eigenspace], expansion: Expansion) -> Iterate:
    """Enclose h_k with as many bits as it takes to know its projections to 2^-64."""
    for bits in _precisions([space.block.amplitude for space in spaces]):
        centre, error = enclose(expansion, step, bits)
        iterate = Iterate(centre, error, [space.project(centre) for space in spaces])
        if error**2 * 2**128 <= min(dot(z, z) for z in iterate.parts):
            break
    return iterate


def _precisions(amplitudes: Sequence[Fraction]) -> Sequence[int]:
    """Return the numbers of bits to try: not those that cannot tell amplitudes as small as are stated."""
    small = min(amplitudes)
    least = 64 + small.denominator.bit_length() - small.numerator.bit_length() if small > 0 else 0
    return [bits for bits in PRECISIONS if bits >= least] or PRECISIONS[-1:]


def _verify_cone(c: Certificate, cone: Cone, space: Eigenspace, operator: Operator, expansion: Expansion) -> Iterate:
    """Claims 15 and 16: the trajectory stays in a cone; return a point on the side of the limit on which it is."""
    descent = expansion.descent
    claim(not descent.kinks and descent.dimension > 1, "the loss of a cone is a polynomial in several variables fails")
    coordinates = cones.Coordinates.of(descent, cone)
    step = cones.Step.of(coordinates, cone)
    cones.verify_rest(operator, coordinates, descent, cone.rest)
    side = cones.orientation(coordinates, space.block, space.tilt)
    for bits in _precisions([space.block.amplitude]):
        centre, error = enclose(expansion, c.step, bits)
        here = cones.locate(coordinates, cone, step, centre, error)
        if here.error * 2**64 <= abs(here.tau):
            break
    at = f"at step {c.step}"
    cones.verify_cone(cone, step, here, 1 if c.limit.kind == "fixed" else -1, at)
    own, stated = abs(here.tau) - here.error, space.block.amplitude
    claim(abs(stated - own) * 10**9 <= own, f"amplitude = {show(stated)} fails {at}: it is {show(own)}")
    (vector,) = space.block.vectors
    return Iterate(centre, error, [[side * x if here.tau > 0 else -side * x for x in vector]])


def verify_inequality(
    c: Certificate, spaces: Sequence[Eigenspace], iterate: Iterate, rho: Interval, remainder: Remainder
) -> tuple[Fraction, Fraction]:
    """Claim 12 (amplitude): at the step that is claimed, every amplitude is larger than the tail.

    Args:
        c: The certificate.
        spaces: What is known of its blocks.
        iterate: The iterate of that step.
        rho: An interval of the largest |1 - eta lambda|, which two blocks have in common.
        remainder: The bounds of the remainder.

    Returns:
        The tail, and the sum of the errors of the projections.
    """
    assert c.bounds is not None
    at = f"at step {c.step}"
    r = norm_above(iterate.centre) + iterate.error
    low, high = rho
    claim(low > 0 and high < 1, f"0 < rho < 1 fails: rho in [{show(low, high)}]")
    push = remainder.push(r)
    sigma = high + push
    claim(sigma < 1, f"sigma < 1 fails {at}: sigma {show(sigma)}")
    x = push / (low * (1 - sigma))
    claim(x <= 1, f"x <= 1 fails {at}: x {show(x)}")
    tail = push * (1 + x + x * x) ** 2 * r / (low * (1 - high))
    numbers = [("radius", c.bounds.radius, r), ("sigma", c.bounds.sigma, sigma), ("tail", c.bounds.tail, tail)]
    errors = [iterate.error + space.defect * r for space in spaces]
    for space, part, error in zip(spaces, iterate.parts, errors, strict=True):
        amplitude = root_bounds(dot(part, part))[0] - error
        claim(amplitude > tail, f"amplitude > tail fails {at}: amplitude {show(amplitude)}, tail {show(tail)}")
        numbers.append(("amplitude", space.block.amplitude, amplitude))
    for name, stated, own in numbers:
        agrees = abs(stated - own) * 10**9 <= own + r / 10**20
        claim(agrees, f"{name} = {show(stated)} fails {at}: it is {show(own)}")
    return tail, sum(errors, Fraction(0))


def verify_limit(
    c: Certificate, spaces: Sequence[Eigenspace], signs: Sequence[int], iterate: Iterate, miss: Fraction
) -> None:
    """Claim 13 (limit): every component's interval holds the limit, and is narrow.

    Args:
        c: The certificate.
        spaces: What is known of its blocks.
        signs: The signs of their multipliers.
        iterate: The iterate of the step that is claimed.
        miss: A bound of the distance between the sum of its projections and the limit zeta.
    """
    simple = len(spaces) == len(spaces[0].block.vectors) == 1
    width = Fraction(1, 10 ** (9 if simple else 6))
    for parity, box in enumerate(c.limit.vectors):  # of all steps, or of even and of odd steps
        flips = [sign ** (c.step + parity) for sign in signs]
        z = [dot(flips, components) for components in zip(*iterate.parts, strict=True)]
        low, high = root_bounds(dot(z, z))
        claim(2 * low > miss, f"the limit can be told from zero fails at step {c.step}")
        # |a/|a| - b/|b|| <= 2 |a - b| / (|a| + |b|); unit vectors at an angle t differ by 2 sin(t/2) <= sqrt(2) sin t
        spread = spaces[0].tilt if simple else 2 * miss / (2 * low - miss)
        for y, (least, most) in zip(z, box, strict=True):
            lower, upper = min(y / low, y / high) - spread, max(y / low, y / high) + spread
            good = least <= lower and upper <= most <= least + width
            limits = f"[{show(least, most)}] fails: it is in [{show(lower, upper)}]"
            claim(good, f"the limit is in the narrow {limits}")
