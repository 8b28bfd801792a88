"""The theorem's assumptions, and the subspace that a trajectory may enter: Claim 2 and Claims 5 to 8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from gdcheck.theorem.checker.descent import Descent, Kink
from gdcheck.theorem.checker.exact import (
    Matrix,
    Vector,
    combined,
    dot,
    integer_matrix,
    integers,
    minus,
    norm_above,
    unit,
    vanishes_on_span,
)
from gdcheck.theorem.checker.kinks import Side, one_sided, relations, sides_of
from gdcheck.theorem.checker.outcome import MOST_TERMS, claim, required, within
from gdcheck.theorem.checker.reading.document import Certificate, Spectrum, Stated, StatedSpectrum, Subspace
from gdcheck.theorem.checker.spectrum import Operator, is_singular, verify_ends, verify_regime
from gdcheck.theorem.checker.trajectory import Expansion

MOST_PIECES, MOST_EXACT_STEPS = 10, 16


def failing_assumptions(c: StatedSpectrum, descent: Descent, operator: Operator) -> set[str]:
    """Claim 5 (assumptions): verify what the certificate states about them; return the names of those that fail.

    Args:
        c: The certificate.
        descent: Gradient descent around the minimizer.
        operator: The Hessian there.
    """
    failing = {"smoothness"} if smoothness_fails(descent) else set()
    if operator.up_to(Fraction(0)):
        rest = c.regime or c.spectrum or c.points or c.kernel
        claim(not rest, "no regime and nothing else is claimed fails: the minimum is not strict")
        return failing | {"strict-minimum"}
    spectrum, regime = verify_spectrum(operator, c.spectrum, c.regime, descent.step_size)
    failing |= failing_ends(operator, spectrum, regime)
    return failing | {"null-preimages"} if preimages_fail(c, descent) else failing


def verify_fails(c: Stated, failing: set[str], verdict: str) -> None:
    """Verify that exactly these assumptions are stated to fail, and that the verdict is the stated one."""
    agree = sorted(c.fails) == sorted(failing)
    claim(agree, f"the failing assumptions are {str(sorted(c.fails))[:200]} fails: {sorted(failing)}")
    claim(c.verdict == verdict, f"the verdict is {c.verdict[:40]} fails: it can only be {verdict}")


def smoothness_fails(descent: Descent) -> bool:
    """Claim 2 (smoothness): the loss is not three times continuously differentiable.

    A truncated power with p <= 3 is enough. Its p-th derivative jumps across the plane of its kink. After the joining,
    no other power with the same p <= 3 has its kink on this plane: powers with another p on it have a continuous p-th
    derivative, or jump at another order, and all other kinks meet the plane in a null set. So nothing cancels the jump.
    """
    return any(kink.power <= 3 for kink in descent.kinks)


def failing_ends(operator: Operator, spectrum: Spectrum, regime: str) -> set[str]:
    """Claim 5 (assumptions): return which assumptions about the ends and the regime fail; both have been verified."""
    failing = {
        "distinct-ends": spectrum.lowest.multiplicity == operator.dimension,
        "simple-lowest": spectrum.lowest.multiplicity > 1,
        "simple-highest": spectrum.highest.multiplicity > 1,
        "off-boundary": regime == "boundary",
        "stable-step": regime == "unstable",
    }
    return {name for name, fails in failing.items() if fails}


def preimages_fail(c: Stated, descent: Descent) -> bool:
    """Verify the statement about preimages of null sets; return whether it is that the assumption fails."""
    claim(c.regime != "unstable" or not (c.points or c.kernel), "preimages are not examined when unstable fails")
    points = [minus(point, c.problem.minimizer) for point in c.points]
    if c.kernel is not None:
        verify_kernel(descent, c.kernel, points)
        return True
    if c.points or not c.fails:  # else no evidence is asked for
        verify_determinants(descent, points)
    return False


def verify_determinants(descent: Descent, points: Sequence[Vector]) -> None:
    """Claim 6 (null preimages): det(I - eta Hessian) is not identically zero on any cell.

    A cell is an open set on which exactly one set of truncated powers is active. On it the determinant is a polynomial,
    which is not zero at some point.
    """
    within(
        len(descent.kinks) <= MOST_PIECES,
        f"null preimages with {len(descent.kinks)} truncated powers, more than {MOST_PIECES}",
    )
    eta = descent.step_size
    places = [integers(point) for point in points]
    for kept in product((False, True), repeat=len(descent.kinks)):
        hessian = [[eta * x for x in row] for row in descent.hessian_at_minimizer(kept)]
        singular = is_singular(*integer_matrix(hessian))
        singular = singular and all(is_singular(*descent.scaled_hessian(z, d, kept)) for z, d in places)
        sets = tuple(map(int, kept))
        empty = singular and any(relation.empties(kept) for relation in relations(descent.kinks))
        claim(not singular or empty, f"the determinant of F' is somewhere not zero fails for truncated powers {sets}")


def verify_kernel(descent: Descent, kernel: Vector, points: Sequence[Vector]) -> None:
    """Claim 7 (kernel): F is constant along the vector u near the points; without points, near the minimizer."""
    n = descent.dimension
    pull = combined(descent.partials, kernel)  # sum of u_i d_i f
    straight = [descent.step_size * x for x in pull.gradient(n)] == list(kernel)
    straight = straight and any(kernel) and all(sum(alpha) <= 1 for alpha in pull.terms)
    met = any(
        dot(kink.slope, kernel) and kink.offset + dot(kink.slope, point) >= 0
        for kink in descent.kinks
        for point in points or [(Fraction(0),) * n]
    )
    claim(straight and not met, "F is constant along the kernel near the points fails")


@dataclass(frozen=True)
class Space:
    """An orthogonal, not normalised, basis of a linear space."""

    basis: tuple[Vector, ...]

    @classmethod
    def of(cls, vectors: Sequence[Vector]) -> Space:
        """Orthogonalise linearly independent vectors (Gram and Schmidt)."""
        space = cls(())
        for vector in vectors:
            rest = space.rest(vector)
            claim(any(rest), "the basis is linearly independent fails")
            space = cls((*space.basis, rest))
        return space

    def rest(self, vector: Vector) -> Vector:
        """Return the component of a vector that is orthogonal to the space."""
        for b in self.basis:
            share = dot(b, vector) / dot(b, b)
            vector = tuple(x - share * y for x, y in zip(vector, b, strict=True))
        return vector

    def holds(self, vector: Vector) -> bool:
        """Tell whether a vector lies in the space."""
        return not any(self.rest(vector))

    def is_crossed(self, kink: Kink) -> bool:
        """Tell whether a kink's slope is neither in the space nor orthogonal to it."""
        return any(dot(b, kink.slope) for b in self.basis) and not self.holds(tuple(map(Fraction, kink.slope)))


def verify_subspace(c: Certificate, given: Subspace, expansion: Expansion) -> tuple[Operator, list[Side]]:
    """Claim 8 (subspace): an exact iterate lies in it, and F maps it into itself.

    Return A restricted to it, and the sides of kinks on which F maps it into itself: the trajectory has to stay there.

    Args:
        c: The certificate.
        given: Its subspace.
        expansion: Gradient descent around the minimizer, with its bounds over all of space.
    """
    descent, space = expansion.descent, Space.of(given.basis)
    h = _exact_iterate(descent, given.enters)
    inside = [h, *(vector for block in c.blocks for vector in block.vectors)]
    good = all(map(space.holds, inside)) and (c.step >= given.enters or not c.blocks)
    claim(good, f"h_{given.enters} and the blocks lie in the subspace fails at step {c.step}")
    sides = sides_of(_harmful(expansion, space, norm_above(h)), h)
    claim(_is_invariant(descent, space, sides), "F maps the subspace into itself fails")
    operator = Operator.of(restricted(descent.hessian, space))
    if c.blocks or given.spectrum is not None or given.regime is not None:
        verify_spectrum(operator, given.spectrum, given.regime, descent.step_size)
    return operator, sides


def verify_spectrum(
    operator: Operator, spectrum: Spectrum | None, regime: str | None, step_size: Fraction
) -> tuple[Spectrum, str]:
    """Claims 3 and 4, for a spectrum and a regime that must both be stated; return them."""
    sentence = "a spectrum and a regime are stated fails"
    spectrum, regime = required(spectrum, sentence), required(regime, sentence)
    verify_ends(operator, spectrum)
    verify_regime(operator, spectrum, regime, step_size)
    return spectrum, regime


def _exact_iterate(descent: Descent, step: int) -> Vector:
    """Return h_j without rounding; its digits are multiplied by the degree at each step."""
    h = descent.start
    for j in range(step):
        z, d = integers(h)
        short = max(d, *map(abs, z)).bit_length() <= MOST_TERMS
        within(j < MOST_EXACT_STEPS and short, f"the exact iterate of step {j + 1} has too many digits")
        image, scale = descent.image(z, d)
        h = tuple(Fraction(x, scale) for x in image)
    return h


def maps_into_itself(descent: Descent, space: Space, preconditioner: Sequence[Vector] | None = None) -> bool:
    """Tell whether the gradient at every point m + h, h in a space, lies in the space.

    With a symmetric matrix P, tell whether P times the gradient does; then the answer is no if there is a kink.
    """
    if preconditioner is not None:
        return not descent.kinks and _is_invariant(descent, space, (), preconditioner)
    return not any(map(space.is_crossed, descent.kinks)) and _is_invariant(descent, space, ())


def _is_invariant(
    descent: Descent, space: Space, sides: Sequence[Side], preconditioner: Sequence[Vector] | None = None
) -> bool:
    """Tell whether F maps a space into itself on these sides of kinks; all other kinks do not matter."""
    n = descent.dimension
    units = [tuple(map(Fraction, unit(i, n))) for i in range(n)]
    across = [rest for w in units if any(rest := space.rest(w))]  # they span what is orthogonal to the space
    if preconditioner is not None:  # w is orthogonal to P grad f where P w is to grad f
        across = [tuple(dot(row, w) for row in preconditioner) for w in across]
    return all(vanishes_on_span(one_sided(descent, sides, w), space.basis) for w in across)


def _harmful(expansion: Expansion, space: Space, r: Fraction) -> list[Kink]:
    """Return the kinks whose gradient leaves a space: those whose slope is neither in it nor orthogonal to it.

    If F maps the ball of radius r into itself, powers that vanish on this ball are left out.
    """
    shrinks = expansion.linear + expansion.remainder.push(r) < 1
    felt = [kink for kink in expansion.descent.kinks if not shrinks or kink.offset + kink.length * r > 0]
    return [kink for kink in felt if space.is_crossed(kink)]


def restricted(hessian: Matrix, space: Space) -> Matrix:
    """Return the matrix of A on a space that A maps into itself, in the basis of the space."""
    images = [[dot(row, vector) for row in hessian] for vector in space.basis]
    return [[dot(b, image) / dot(b, b) for image in images] for b in space.basis]
