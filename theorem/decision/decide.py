"""The verdict on one problem: which assumptions hold, which limit is certified, whether it is the predicted one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from flint import arb, ctx, fmpq_mat

from gdcheck.theorem.assumptions.preimages import MOST_POWERS, Preimages, examine_preimages
from gdcheck.theorem.assumptions.regime import Classification, classify
from gdcheck.theorem.assumptions.spectrum import Pencil, gap
from gdcheck.theorem.decision.subspace import Subspace, find_subspace
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.amplitude import Amplitude, Block, Cause, LimitDirection, certify
from gdcheck.theorem.methods.statement import THEOREM_1, Assumption, End, Regime, Statement

FIRST_PRECISION = 128
MAX_PRECISION = 8192
MAX_STEPS = 1_000_000
_GUARD_BITS = 64


class Verdict(Enum):
    """The five outcomes; the value is the name used in answers."""

    PROVED = "proved"
    REFUTED = "refuted"
    EXCEPTIONAL = "exceptional"
    NOT_APPLICABLE = "not-applicable"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, eq=False)
class Decision:
    """The verdict on a problem, with everything that a certificate needs.

    Attributes:
        problem: The problem decided.
        expansion: Its loss at the minimizer.
        verdict: The outcome.
        reason: One sentence for people.
        classification: Spectrum and regime; None if the Hessian does not exist.
        fails: The assumptions proved to fail.
        preimages: The finding on the null-set assumption, if it was examined.
        subspace: The invariant subspace that was used; None means all of space.
        restricted: Spectrum and regime on the subspace (the same as ``classification`` without one).
        blocks: The dominant blocks of the certified limit; empty if none is certified.
        amplitude: The deciding inequality and the limit; None if no limit is certified.
        precision: Bits used.
    """

    problem: Problem
    expansion: Expansion
    verdict: Verdict
    reason: str
    classification: Classification | None
    fails: tuple[Assumption, ...]
    preimages: Preimages | None
    subspace: Subspace | None
    restricted: Classification | None
    blocks: tuple[Block, ...]
    amplitude: Amplitude | None
    precision: int

    @property
    def limit(self) -> LimitDirection | None:
        """The certified limit, if any."""
        return None if self.amplitude is None else self.amplitude.limit


def decide(
    problem: Problem, statement: Statement = THEOREM_1, max_steps: int = MAX_STEPS, max_precision: int = MAX_PRECISION
) -> Decision:
    """Decides one problem.

    Args:
        problem: The problem.
        statement: The statement to hold it against; Theorem 1 unless a weakened or wrong one is under test.
        max_steps: Steps of gradient descent allowed for each precision.
        max_precision: Bits allowed; the precision doubles from 128.

    Returns:
        The decision.

    Raises:
        InputError: If the minimizer is not a critical point.
    """
    expansion = Expansion.of(problem)
    rough = any(t.power <= 3 for t in expansion.truncated)
    if expansion.hessian is None:
        return _undecorated(
            problem, expansion, None, (Assumption.SMOOTHNESS,), "the loss has no Hessian at the minimizer"
        )
    pencil = Pencil(expansion.hessian)
    classification = classify(pencil, problem.step_size, FIRST_PRECISION + _GUARD_BITS)
    fails = [Assumption.SMOOTHNESS] if rough else []
    if classification.regime is None:
        fails.append(Assumption.STRICT_MINIMUM)
        value = classification.lowest
        shown = str(value.lo) if value.is_rational else f"{float(value.ball()):.6g}"
        reason = f"the Hessian at the minimizer has the eigenvalue {shown}, which is not positive"
        return _undecorated(problem, expansion, classification, tuple(fails), reason)
    fails += _spectral_failures(classification, expansion.dimension)
    preimages = None
    if classification.regime is not Regime.UNSTABLE:
        preimages = examine_preimages(expansion)
        if preimages.holds is False:
            fails.append(Assumption.NULL_PREIMAGES)
    found = _Search(expansion, pencil, classification, max_steps, max_precision).run()
    return _conclude(
        problem,
        statement,
        expansion=expansion,
        classification=classification,
        fails=tuple(fails),
        preimages=preimages,
        found=found,
    )


def _spectral_failures(classification: Classification, n: int) -> list[Assumption]:
    fails = []
    if len(classification.eigenvalues) == 1:
        fails.append(Assumption.DISTINCT_ENDS)
    if classification.lowest.multiplicity > 1:
        fails.append(Assumption.SIMPLE_LOWEST)
    if classification.highest.multiplicity > 1:
        fails.append(Assumption.SIMPLE_HIGHEST)
    if classification.regime is Regime.BOUNDARY:
        fails.append(Assumption.OFF_BOUNDARY)
    if classification.regime is Regime.UNSTABLE:
        fails.append(Assumption.STABLE_STEP)
    return fails


@dataclass(frozen=True, eq=False)
class _Found:
    """What the search for a certified limit came to."""

    subspace: Subspace | None
    restricted: Classification
    blocks: tuple[Block, ...]
    amplitude: Amplitude | None
    cause: Cause | None
    precision: int


@dataclass(frozen=True, eq=False)
class _Search:
    """The search for a certified limit: all of space first, then an invariant subspace that lacks dominance."""

    expansion: Expansion
    pencil: Pencil
    first: Classification
    max_steps: int
    max_precision: int

    def run(self) -> _Found:
        whole = self._attempt(None, FIRST_PRECISION, wary=True)
        if whole.amplitude is None and whole.cause in {None, Cause.PRECISION}:
            unstable = whole.restricted.regime is Regime.UNSTABLE
            subspace = find_subspace(self.expansion, self._rho(self.first), *((0,) if unstable else ()))
            if subspace is not None and (unstable or self._lacks_dominance(whole, subspace)):
                return self._persist(subspace)
        return whole if whole.cause is not Cause.PRECISION else self._persist(None)

    def _lacks_dominance(self, whole: _Found, subspace: Subspace) -> bool:
        """Whether a dominant eigenvalue of the whole space does not occur on the subspace."""
        assert self.expansion.hessian is not None
        if subspace.dimension == 0:
            return True
        bits = whole.precision + _GUARD_BITS
        here = classify(subspace.pencil(self.expansion.hessian), self.expansion.step_size, bits)
        found = whole.restricted
        return not all(here.holds(found.eigenvalues[found.index(end)]) for end in found.dominant_ends)

    def _persist(self, subspace: Subspace | None) -> _Found:
        precision = FIRST_PRECISION
        while True:
            found = self._attempt(subspace, precision)
            if found.cause is not Cause.PRECISION or 2 * precision > self.max_precision:
                return found
            precision *= 2

    def _attempt(self, subspace: Subspace | None, precision: int, *, wary: bool = False) -> _Found:
        expansion = self.expansion
        assert expansion.hessian is not None
        bits = precision + _GUARD_BITS
        whole = self.first if precision == FIRST_PRECISION else classify(self.pencil, expansion.step_size, bits)
        if subspace is None:
            pencil, here = self.pencil, whole
        elif subspace.dimension == 0:
            return _Found(subspace, replace(whole, eigenvalues=(), regime=None), (), None, None, precision)
        else:
            pencil = subspace.pencil(expansion.hessian)
            here = classify(pencil, expansion.step_size, bits)
        ends = here.dominant_ends
        if not ends or (subspace is not None and here.boundary_factor is not None):
            return _Found(subspace, here, (), None, None, precision)
        blocks = tuple(self._block(pencil, here, end, subspace, bits) for end in ends)
        with ctx.workprec(precision):
            if wary and self._starts_outside(blocks):
                return _Found(None, here, blocks, None, Cause.PRECISION, precision)
            rho = self._rho(whole)
            first = 0 if subspace is None else subspace.enters
            result = certify(expansion, list(blocks), rho, first, self.max_steps)
        if isinstance(result, Cause):
            return _Found(subspace, here, blocks, None, result, precision)
        return _Found(subspace, here, blocks, result, None, precision)

    def _rho(self, whole: Classification) -> arb:
        """An upper bound of all |1 − ηλ|, at the current precision."""
        return max(abs(1 - self.expansion.step_size * e.ball()).upper() for e in (whole.lowest, whole.highest))

    def _block(self, pencil: Pencil, here: Classification, end: End, subspace: Subspace | None, bits: int) -> Block:
        index = here.index(end)
        coordinates = pencil.eigenvectors(here.eigenvalues[index], bits)
        columns = fmpq_mat([list(v) for v in coordinates]).transpose()
        vectors = columns if subspace is None else fmpq_mat([list(v) for v in subspace.basis]).transpose() * columns
        return Block(end, here.eigenvalues[index], gap(here.eigenvalues, index), coordinates, vectors)

    def _starts_outside(self, blocks: tuple[Block, ...]) -> bool:
        """Whether the start looks orthogonal to a dominant block: then a subspace is tried before any step is made."""
        h = self.expansion.displacement
        size = max(abs(x) for x in h)
        for block in blocks:
            products = fmpq_mat([list(h)]) * block.vectors
            if all(abs(arb(c)) <= arb(size) * arb(2) ** -(ctx.prec // 2) for c in products.entries()):
                return True
        return False


def _conclude(
    problem: Problem,
    statement: Statement,
    *,
    expansion: Expansion,
    classification: Classification,
    fails: tuple[Assumption, ...],
    preimages: Preimages | None,
    found: _Found,
) -> Decision:
    def decision(verdict: Verdict, reason: str) -> Decision:
        used = found if found.amplitude is not None or found.subspace is not None else None
        return Decision(
            problem=problem,
            expansion=expansion,
            verdict=verdict,
            reason=reason,
            classification=classification,
            fails=fails,
            preimages=preimages,
            subspace=used.subspace if used else None,
            restricted=used.restricted if used else None,
            blocks=used.blocks if used and used.amplitude else (),
            amplitude=used.amplitude if used else None,
            precision=found.precision,
        )

    if fails:
        needs = "; ".join(f"it needs that {a.sentence}" for a in fails)
        return decision(Verdict.NOT_APPLICABLE, f"the theorem does not apply: {needs}{_happens(found)}")
    prediction = statement.predictions.get(classification.regime) if classification.regime else None
    if preimages is None or preimages.holds is None:
        many = len(expansion.truncated) > MOST_POWERS
        why = f" (with more than {MOST_POWERS} truncated powers, that is not examined)" if many else ""
        return decision(Verdict.UNRESOLVED, f"it was not decided whether {Assumption.NULL_PREIMAGES.sentence}{why}")
    if prediction is None:
        return decision(Verdict.NOT_APPLICABLE, f"{statement.name} is silent on this regime")
    if found.subspace is not None:
        missing = classification.eigenvalues[classification.index(prediction.end)]
        if found.subspace.dimension == 0:
            where = "at the start" if found.subspace.enters == 0 else f"exactly, at step {found.subspace.enters}"
            return decision(Verdict.EXCEPTIONAL, f"the trajectory is at the minimizer {where}: it has no direction")
        if not found.restricted.holds(missing):
            which = "smallest" if prediction.end is End.LOWEST else "largest"
            since = f"from step {found.subspace.enters} on, " if found.subspace.enters else ""
            reason = f"{since}the trajectory lies in a subspace orthogonal to the eigenvector of the {which} eigenvalue"
            return decision(Verdict.EXCEPTIONAL, reason + _happens(found))
    if found.amplitude is None:
        return decision(Verdict.UNRESOLVED, found.cause.value if found.cause else "no limit could be certified")
    if [b.end for b in found.blocks] == [prediction.end] and found.amplitude.limit.kind is prediction.kind:
        which = "smallest" if prediction.end is End.LOWEST else "largest"
        manner = found.amplitude.limit.kind.value
        reason = f"the direction is {manner} along the eigenvector of the {which} Hessian eigenvalue, as predicted"
        return decision(Verdict.PROVED, reason)
    return decision(Verdict.REFUTED, f"{statement.name} predicts another limit{_happens(found)}")


def _happens(found: _Found) -> str:
    if found.amplitude is None:
        return "; no limit is certified" if found.cause is None else f"; no limit is certified: {found.cause.value}"
    space = "" if found.subspace is None else f" within a subspace of dimension {found.subspace.dimension}"
    return f"; what happens instead is certified: the direction is {found.amplitude.limit.kind.value}{space}"


def _undecorated(
    problem: Problem,
    expansion: Expansion,
    classification: Classification | None,
    fails: tuple[Assumption, ...],
    reason: str,
) -> Decision:
    return Decision(
        problem=problem,
        expansion=expansion,
        verdict=Verdict.NOT_APPLICABLE,
        reason=f"the theorem does not apply: {reason}",
        classification=classification,
        fails=fails,
        preimages=None,
        subspace=None,
        restricted=None,
        blocks=(),
        amplitude=None,
        precision=FIRST_PRECISION,
    )
