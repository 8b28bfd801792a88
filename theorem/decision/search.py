"""The search for a certified limit: on which space, and at which precision, the amplitude lemma is applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.regime import Classification, classify
from gdcheck.theorem.assumptions.spectrum import Eigenspace, Eigenvalue, Pencil, gap
from gdcheck.theorem.augmented.modes import Motion
from gdcheck.theorem.augmented.powers import Powers
from gdcheck.theorem.cones.cone import ConeSearch
from gdcheck.theorem.cones.sheared import ShearSearch
from gdcheck.theorem.decision.sides import Side, stays
from gdcheck.theorem.decision.subspace import Subspace, find_subspace
from gdcheck.theorem.decision.verdict import Decision, Verdict
from gdcheck.theorem.descent.enclosure import enclose
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.limit.amplitude import certify, projector_bits
from gdcheck.theorem.limit.result import Amplitude, Cause, Settled
from gdcheck.theorem.limit.sequence import DominantPart, PerturbedSequence
from gdcheck.theorem.loss.balls import ball, surely_less
from gdcheck.theorem.methods.statement import INSTEAD, WITHIN, End, Regime

FIRST_PRECISION = 128
# Eigenvalues and eigenvectors are known to this many bits more than the trajectory.
GUARD_BITS = 64
# How narrowly ρ is to be known, relatively: sigma and tail are stated to nine digits.
_RHO_WIDTH = fmpq(1, 10**14)
_LATER = 12
"""How often a later step is tried, to show on which side of a kink a trajectory stays."""


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The limit that was certified, and on which space; or the cause why none was.

    Attributes:
        subspace: The invariant subspace; None means all of space.
        restricted: Spectrum and regime on it.
        blocks: The dominant blocks.
        amplitude: The deciding inequality and the limit, if it holds.
        cause: Why it does not hold; None too where nothing dominates.
        precision: Bits used.
        settles: The displacement at which the trajectory settles instead, if the cause is that; shape (n,).
        motion: The modes of a method other than gradient descent.
        powers: What bounds the powers of its blocks.
    """

    subspace: Subspace | None
    restricted: Classification
    blocks: tuple[Eigenspace, ...]
    amplitude: Amplitude | None
    cause: Cause | None
    precision: int
    settles: tuple[arb, ...] = ()
    motion: Motion | None = None
    powers: Powers | None = None

    def decision(
        self, problem: Problem, expansion: Expansion, conclusion: tuple[Verdict, str], **known: Any
    ) -> Decision:
        """Return the decision that follows from this; ``known`` are the fields that no search finds."""
        used = self.amplitude is not None or self.subspace is not None
        return Decision(
            problem,
            expansion,
            *conclusion,
            self.precision,
            subspace=self.subspace,
            restricted=self.restricted if used else None,
            blocks=self.blocks if self.amplitude is not None else (),
            amplitude=self.amplitude,
            motion=self.motion,
            powers=self.powers,
            **known,
        )

    def happens(self, why: str) -> str:
        """Say what happens where the theorem does not apply; ``why`` is the cause if nothing is certified."""
        if self.amplitude is None:
            return "; no limit is certified" + (f": {why}" if why else "")
        space = "" if self.subspace is None else WITHIN.format(self.subspace.dimension)
        return INSTEAD.format(self.amplitude.limit.kind.value) + space


def persist(attempt: Callable[[int], SearchResult], precision: int, most: int) -> SearchResult:
    """Double the bits as long as they do not suffice and are allowed."""
    while True:
        found = attempt(precision)
        if found.cause is not Cause.PRECISION or 2 * precision > most:
            return found
        precision *= 2


def eigenspace(
    pencil: Pencil, eigenvalues: tuple[Eigenvalue, ...], index: int, end: End, *, subspace: Subspace | None, bits: int
) -> Eigenspace:
    """Return the eigenspace of an eigenvalue, by its position, in all of space or in a subspace."""
    columns = fmpq_mat(pencil.eigenvectors(eigenvalues[index], bits)).transpose()
    vectors = columns if subspace is None else fmpq_mat([list(v) for v in subspace.basis]).transpose() * columns
    return Eigenspace(end, eigenvalues[index], gap(eigenvalues, index), vectors)


@dataclass(frozen=True, eq=False)
class Search:
    """The search: all of space first, then an invariant subspace without a dominant eigenvalue of the whole.

    Attributes:
        expansion: The loss at its minimizer; its Hessian exists.
        pencil: The Hessian.
        first: Its spectrum and the regime, at the first precision.
        max_steps: Steps of gradient descent allowed at each precision.
        max_precision: Bits allowed.
        precision: Bits to begin with; they double.
        cones: Whether a cone that is never left may decide.
    """

    expansion: Expansion
    pencil: Pencil
    first: Classification
    max_steps: int
    max_precision: int
    precision: int = FIRST_PRECISION
    cones: bool = True

    def run(self) -> SearchResult:
        """Search until a limit is certified or nothing is left to try.

        Returns:
            The result of the last attempt.
        """
        whole = self._attempt(None, self.precision, try_subspace_first=True)
        if whole.amplitude is None and whole.cause in {None, Cause.PRECISION}:
            unstable = whole.restricted.regime is Regime.UNSTABLE
            subspace = find_subspace(self.expansion, self._largest(self.first), *((0,) if unstable else ()))
            if subspace is not None and (unstable or self._lacks_dominance(whole, subspace)):
                found = self._persist(subspace)
                # Without a limit nothing shows that the trajectory stays on its sides, and thus in the subspace.
                if found.amplitude is not None or not subspace.sides:
                    return found
        return whole if whole.cause is not Cause.PRECISION else self._persist(None)

    def _lacks_dominance(self, whole: SearchResult, subspace: Subspace) -> bool:
        """Whether a dominant eigenvalue of the whole space does not occur on the subspace."""
        assert self.expansion.hessian is not None
        if subspace.dimension == 0:
            return True
        bits = whole.precision + GUARD_BITS
        here = classify(subspace.pencil(self.expansion.hessian), self.expansion.step_size, bits)
        found = whole.restricted
        return not all(here.holds(found.eigenvalues[found.index(end)]) for end in found.dominant_ends)

    def _persist(self, subspace: Subspace | None) -> SearchResult:
        return persist(lambda precision: self._attempt(subspace, precision), self.precision, self.max_precision)

    def _attempt(self, subspace: Subspace | None, precision: int, *, try_subspace_first: bool = False) -> SearchResult:
        """Apply the lemma on one space, at one precision."""
        expansion = self.expansion
        assert expansion.hessian is not None
        bits = precision + GUARD_BITS
        whole = self.first if precision == FIRST_PRECISION else classify(self.pencil, expansion.step_size, bits)
        if subspace is None:
            pencil, here = self.pencil, whole
        elif subspace.dimension == 0:
            return SearchResult(subspace, replace(whole, eigenvalues=(), regime=None), (), None, None, precision)
        else:
            pencil = subspace.pencil(expansion.hessian)
            here = classify(pencil, expansion.step_size, bits)
        ends = here.dominant_ends
        if not ends or (subspace is not None and here.boundary_factor is not None):
            cause = None
            if subspace is not None and here.regime is Regime.BOUNDARY and len(here.eigenvalues) == 1:
                with ctx.workprec(precision):
                    cause = _without_multipliers(expansion, self._largest(whole), self.max_steps)
            return SearchResult(subspace, here, (), None, cause, precision)
        blocks = tuple(
            eigenspace(pencil, here.eigenvalues, here.index(end), end, subspace=subspace, bits=bits) for end in ends
        )
        with ctx.workprec(precision):
            if try_subspace_first and self._starts_outside(blocks):
                return SearchResult(None, here, blocks, None, Cause.PRECISION, precision)
            others = [e for e in here.eigenvalues if e not in [b.eigenvalue for b in blocks]]
            begins = 0 if subspace is None else subspace.enters
            sequence = strict_minimum(expansion, blocks, others, largest=self._largest(whole), begins=begins)
            if not surely_less(sequence.rho.rad(), sequence.rho * _RHO_WIDTH):
                return SearchResult(subspace, here, blocks, None, Cause.PRECISION, precision)
            simple = len(blocks) == 1 and blocks[0].vectors.ncols() == 1 and subspace is None
            cones = ConeSearch(ShearSearch(expansion, blocks[0], others)) if simple and self.cones else None
            result = certify(sequence, self.max_steps, cones=cones)
            if subspace is not None and subspace.sides and isinstance(result, Amplitude):
                result = self._on_sides(subspace.sides, sequence, result)
        if isinstance(result, Settled):
            return SearchResult(subspace, here, blocks, None, Cause.ELSEWHERE, precision, tuple(result.centre))
        if isinstance(result, Cause):
            return SearchResult(subspace, here, blocks, None, result, precision)
        return SearchResult(subspace, here, blocks, result, None, precision)

    def _on_sides(
        self, sides: tuple[Side, ...], sequence: PerturbedSequence, found: Amplitude
    ) -> Amplitude | Settled | Cause:
        """Apply the lemma at a step so late that it shows on which sides of the kinks the trajectory stays."""
        for _ in range(_LATER):
            stay = stays(sides, sequence, found)
            if stay is not None:
                return found if stay else Cause.SIDES
            later = certify(replace(sequence, begins=2 * found.step + 1), self.max_steps)
            if not isinstance(later, Amplitude):
                return later
            found = later
        return Cause.SIDES

    def _largest(self, whole: Classification) -> arb:
        """Return an upper bound of all |1 − ηλ|, at the current precision."""
        return max(abs(1 - self.expansion.step_size * e.ball()).upper() for e in (whole.lowest, whole.highest))

    def _starts_outside(self, blocks: tuple[Eigenspace, ...]) -> bool:
        """Whether the start looks orthogonal to a dominant block: then a subspace is tried before any step is made."""
        h = self.expansion.displacement
        size = max(abs(x) for x in h)
        for block in blocks:
            products = fmpq_mat([list(h)]) * block.vectors
            if all(abs(arb(c)) <= arb(size) * arb(2) ** -(ctx.prec // 2) for c in products.entries()):
                return True
        return False


def strict_minimum(
    expansion: Expansion,
    spaces: Sequence[Eigenspace],
    others: Sequence[Eigenvalue] = (),
    *,
    largest: arb,
    begins: int = 0,
) -> PerturbedSequence:
    r"""Supply gradient descent at a strict rational minimum, at the current precision.

    The sequence is the error :math:`h_k = x_k - x^*`, and :math:`B = I - \eta A` with the rational Hessian :math:`A`,
    on all of space or on an invariant subspace. The projectors are W Wᵀ.

    Args:
        expansion: The loss at its minimizer; its Hessian exists.
        spaces: The dominant eigenspaces: one, or two of which the first has the sign 1.
        others: The other eigenvalues.
        largest: An upper bound of |1 − ηλ| over the whole spectrum.
        begins: The step from which the trajectory is where these eigenvalues are all.

    Returns:
        The sequence.
    """
    hessian, eta = expansion.hessian, expansion.step_size
    assert hessian is not None
    bound, dominant = RemainderBound.of(expansion), spaces[0].eigenvalue
    most = max((e.moduli(eta)[1] for e in others), default=fmpq(0))
    with ctx.workprec(projector_bits()):
        projectors = [(arb_mat(s.vectors), arb_mat(s.vectors.transpose())) for s in spaces]
    return PerturbedSequence(
        parts=[DominantPart(s.end.value, s.deviation(hessian), *p) for s, p in zip(spaces, projectors, strict=True)],
        # Next to 1/λ the difference of two rounded numbers would be known to a few digits.
        rho=abs(ball(1 - eta * dominant.hi, 1 - eta * dominant.lo)),
        dominance=arb(dominant.moduli(eta)[0] - most),
        remainder=bound.quadratic,
        iterates=partial(enclose, expansion, bound, largest),
        begins=begins,
    )


def _without_multipliers(expansion: Expansion, largest: arb, max_steps: int) -> Cause:
    """Follow the trajectory on a subspace on which all multipliers vanish, at the current precision.

    There ‖F(h)‖ ≤ C(r)‖h‖² on the ball of radius r: once C(r) r < 1, the iterates converge, and quadratically.
    """
    bound = RemainderBound.of(expansion)
    far = arb(0)
    for iterate in enclose(expansion, bound, largest):
        if iterate.step == 0:
            far = (1 + iterate.radius) * arb(2) ** 256
        if surely_less(bound.quadratic(iterate.radius) * iterate.radius, arb(1)):
            return Cause.FASTER
        if not surely_less(iterate.error, iterate.size):
            return Cause.PRECISION
        if not surely_less(iterate.radius, far):
            return Cause.LEFT
        if iterate.step >= max_steps:
            return Cause.BUDGET
    raise AssertionError("the enclosure iterates without end")
