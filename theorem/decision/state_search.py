"""The search for a certified limit of a method: on which space, and at which precision, the lemma is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from flint import arb, ctx, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.regime import Classification
from gdcheck.theorem.assumptions.spectrum import Eigenspace, Pencil
from gdcheck.theorem.augmented.adaptive import adaptive_drift, enclose_adaptive
from gdcheck.theorem.augmented.enclosure import Norms, StateEnclosure, condition, enclose_states
from gdcheck.theorem.augmented.modes import Motion, Shape, classify_motion
from gdcheck.theorem.augmented.powers import ModeMatrix, Powers, bound_powers, mode_matrices
from gdcheck.theorem.augmented.sequence import Frame, StateSequence, turning_everywhere
from gdcheck.theorem.augmented.signs import Spectrum
from gdcheck.theorem.decision.escape import is_seen_to_leave
from gdcheck.theorem.decision.search import FIRST_PRECISION, GUARD_BITS, SearchResult, eigenspace, persist
from gdcheck.theorem.decision.subspace import Subspace, invariant_subspace
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.limit.amplitude import certify
from gdcheck.theorem.limit.result import Amplitude, Cause, Settled
from gdcheck.theorem.loss.balls import norm
from gdcheck.theorem.methods.method import Adam, Method
from gdcheck.theorem.methods.statement import End


def _result(motion: Motion, subspace: Subspace | None, precision: int, **found: Any) -> SearchResult:
    here = Classification(motion.eigenvalues, motion.regime)
    nothing: dict[str, Any] = {"blocks": (), "amplitude": None, "cause": None}
    return SearchResult(subspace, here, precision=precision, motion=motion, **nothing | found)


def pencil_of(expansion: Expansion, method: Method) -> Pencil:
    """Return the preconditioned Hessian P A, self-adjoint in the inner product of P⁻¹."""
    assert expansion.hessian is not None
    p = method.preconditioner
    return Pencil(expansion.hessian) if p is None else Pencil(expansion.hessian, p.inv())


@dataclass(frozen=True, eq=False)
class StateSearch:
    """The search: all of space first, then an invariant subspace without a dominant eigenvalue of the whole.

    Attributes:
        expansion: The loss at its minimizer, with the step size u; its Hessian exists.
        method: The method.
        motion: Its modes in all of space.
        step_size: η.
        max_steps: Steps allowed at each precision.
        max_precision: Bits allowed.
        precision: Bits to begin with; they double.
    """

    expansion: Expansion
    method: Method
    motion: Motion
    step_size: fmpq
    max_steps: int
    max_precision: int
    precision: int = FIRST_PRECISION

    def run(self) -> SearchResult:
        """Search until a limit is certified or nothing is left to try."""
        whole = self._attempt(self.motion, None, self.precision)
        if whole.cause is not Cause.PRECISION:
            return whole
        if isinstance(self.method, Adam) and is_seen_to_leave(self.expansion, self.method, self.step_size):
            return replace(whole, cause=Cause.AWAY)
        subspace = self._subspace()
        if subspace is not None:
            if subspace.dimension == 0:
                return _result(self.motion, subspace, self.precision)
            assert self.expansion.hessian is not None
            pencil = subspace.pencil(self.expansion.hessian, self.method.preconditioner)
            spectrum = Spectrum(pencil, self.precision + GUARD_BITS)
            inner = classify_motion(spectrum, self.method, self.step_size)
            return self._persist(inner, subspace)
        return self._persist(self.motion, None)

    def _subspace(self) -> Subspace | None:
        """Return a proper invariant subspace that holds the start, and with it the buffer for ever."""
        h = self.expansion.displacement
        if not any(h):
            return Subspace(0, ())
        p = self.method.preconditioner
        if isinstance(self.method, Adam) or (p is not None and self.expansion.truncated):
            return None
        basis = invariant_subspace(self.expansion, h, p)
        return None if basis is None else Subspace(0, basis)

    def _persist(self, motion: Motion, subspace: Subspace | None) -> SearchResult:
        return persist(lambda bits: self._attempt(motion, subspace, bits), self.precision, self.max_precision)

    def bounds(self, motion: Motion, precision: int) -> tuple[list[ModeMatrix], arb, Powers | None]:
        """Return the matrices of all modes, ρ, and what is known of the norm (None where it is not bounded).

        Args:
            motion: The modes.
            precision: Bits.
        """
        with ctx.workprec(precision):
            matrices = mode_matrices(motion, self.method, arb(self.expansion.step_size))
            first = motion.dominant[0]
            rho = matrices[first].block.moduli(motion.modes[first])[0]
            return matrices, rho, self._powers(matrices, rho)

    def _powers(self, matrices: list[ModeMatrix], rho: arb) -> Powers | None:
        return bound_powers(matrices, rho, self.factors, buffered=self.method.momentum > 0)

    @property
    def factors(self) -> tuple[arb, arb]:
        """‖P‖ and √cond(P), at the current precision."""
        p = self.method.preconditioner
        return (arb(1), arb(1)) if p is None else condition(p)

    def sequence(self, motion: Motion, subspace: Subspace | None, precision: int) -> StateSequence | None:
        """Supply the states on one space to the lemma.

        Args:
            motion: The modes on it.
            subspace: The space; None means all of space.
            precision: Bits.

        Returns:
            The sequence, valid at this precision; None where it does not suffice to bound the powers.
        """
        return self._supply(motion, self._blocks(motion, subspace, precision), precision)

    def _attempt(self, motion: Motion, subspace: Subspace | None, precision: int) -> SearchResult:
        """Apply the lemma on one space, at one precision."""
        modes = [motion.modes[i] for i in motion.dominant]
        if not modes or any(mode.shape is Shape.ZERO for mode in modes):
            return _result(motion, subspace, precision)
        blocks = self._blocks(motion, subspace, precision)
        sequence = self._supply(motion, blocks, precision)
        if sequence is None:
            return _result(motion, subspace, precision, blocks=blocks, cause=Cause.PRECISION)
        with ctx.workprec(precision):
            result = certify(sequence, self.max_steps)
        if not isinstance(result, Amplitude):
            cause = Cause.ELSEWHERE if isinstance(result, Settled) else result
            return _result(motion, subspace, precision, blocks=blocks, cause=cause)
        return _result(motion, subspace, precision, blocks=blocks, amplitude=result, powers=sequence.powers)

    def _blocks(self, motion: Motion, subspace: Subspace | None, precision: int) -> tuple[Eigenspace, ...]:
        """Return the eigenspaces that the lemma needs; none where all of space turns."""
        chosen, bits = _chosen(motion), precision + GUARD_BITS
        while motion.spectrum.precision < bits:
            motion.spectrum.refine()
        turning = motion.modes[chosen[0]].shape is Shape.PAIR
        if turning and len(chosen) == len(motion.eigenvalues):
            return ()
        return tuple(self._block(motion, i, subspace, bits) for i in (chosen[:1] if turning else chosen))

    def _block(self, motion: Motion, index: int, subspace: Subspace | None, bits: int) -> Eigenspace:
        end = End.HIGHEST if motion.modes[index].shape is Shape.NEGATIVE else End.LOWEST
        return eigenspace(motion.spectrum.pencil, motion.eigenvalues, index, end, subspace=subspace, bits=bits)

    def _supply(self, motion: Motion, blocks: tuple[Eigenspace, ...], precision: int) -> StateSequence | None:
        """Return the states as the lemma wants them; None where the precision does not suffice."""
        expansion, method, chosen = self.expansion, self.method, _chosen(motion)
        with ctx.workprec(precision + GUARD_BITS):
            u, (strength, size) = arb(expansion.step_size), self.factors
            matrices = mode_matrices(motion, method, u)
            rho = matrices[chosen[0]].block.moduli(motion.modes[chosen[0]])[0]
            double = motion.modes[chosen[0]].double
            others = [m.block.moduli(m.mode)[0] for i, m in enumerate(matrices) if i not in motion.dominant]
            dominance = min((rho - b for b in others), key=lambda x: float(x.mid()), default=rho)
            # A double multiplier grows like k ρᵏ: slower than ρ'ᵏ, and ρ'² is still below ρ.
            modulus, rho = rho, (rho * rho * rho).root(4) if double else rho
        with ctx.workprec(precision):
            # On a subspace, the other modes play no part.
            powers = self._powers(matrices, rho)
            if powers is None:
                return None
            norms = Norms(
                rho=rho.upper(),
                powers=powers,
                pull=(norm((arb(method.lead), arb(int(method.momentum > 0)))) * strength).upper(),
                still=norm((arb(1), arb(method.carry), arb(method.momentum))).upper(),
            )
            bound = RemainderBound.of(expansion)
            gram = None if method.preconditioner is None else method.preconditioner.inv()
            frames = [
                Frame(
                    b.vectors,
                    b.vectors if gram is None else gram * b.vectors,
                    size * b.deviation(self.operator, gram),
                    size,
                )
                for b in blocks
            ]
            # What a gradient adds to an amplitude, in relation to what it adds to the norm.
            added = size * strength / powers.gradient
            if motion.modes[chosen[0]].shape is Shape.PAIR:
                scale = (
                    max(matrices[i].turned(matrices[i].units[2]) for i in (chosen[:1] if frames else chosen)) * added
                )
                scale = scale.upper()
                parts = [frames[0].turning(scale) if frames else turning_everywhere(expansion.dimension, scale)]
            else:
                functionals = [matrices[i].functional() for i in chosen]
                scale = max((matrices[i].pushed() * added).upper() for i in chosen)
                if isinstance(method, Adam):
                    # What drifts enters h alone.
                    scale = scale.max(max((abs(a) * size / powers.error).upper() for a, _ in functionals))
                if double:
                    scale *= rho * (1 - rho) / (modulus - rho * rho)
                parts = [
                    frame.line(b.end.value, f, scale) for frame, b, f in zip(frames, blocks, functionals, strict=True)
                ]
            iterates: Callable[[], Iterator[StateEnclosure]] = partial(enclose_states, method, expansion, bound, norms)
            drift = None
            if isinstance(method, Adam):
                steepest = (u * motion.spectrum.balls(-1)[0]).upper()
                iterates = partial(enclose_adaptive, method, expansion, bound, norms, steepest)
                drift = partial(adaptive_drift, method, bound, norms, (steepest, u))
            return StateSequence(
                parts=parts,
                rho=rho,
                dominance=dominance,
                remainder=lambda radius: powers.gradient * bound.quadratic(radius),
                iterates=iterates,
                drift=drift,
                powers=powers,
            )

    @property
    def operator(self) -> fmpq_mat:
        """P A, shape (n, n)."""
        assert self.expansion.hessian is not None
        p = self.method.preconditioner
        return self.expansion.hessian if p is None else p * self.expansion.hessian


def _chosen(motion: Motion) -> list[int]:
    """Return the modes that decide: positive multipliers first, as the lemma wants them."""
    # Double multipliers grow like k ρᵏ and outgrow the others; where some turn, there is no limit.
    double = [i for i in motion.dominant if motion.modes[i].double]
    turning = [i for i in motion.dominant if motion.modes[i].shape is Shape.PAIR] if not double else []
    return turning or sorted(double or motion.dominant, key=lambda i: -motion.modes[i].shape.value)
