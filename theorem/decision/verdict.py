"""The five verdicts, and a decision: a verdict with everything that a certificate needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from gdcheck.theorem.assumptions.preimages import Preimages
from gdcheck.theorem.assumptions.regime import Classification
from gdcheck.theorem.assumptions.spectrum import Eigenspace
from gdcheck.theorem.augmented.modes import Motion
from gdcheck.theorem.augmented.powers import Powers
from gdcheck.theorem.decision.subspace import Subspace
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.result import Amplitude, LimitDirection
from gdcheck.theorem.methods.statement import Assumption


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
        reason: One sentence for the user.
        precision: Bits used.
        classification: Spectrum and regime; None if the Hessian does not exist.
        fails: The assumptions proved to fail.
        preimages: The finding on the null-set assumption, if it was examined.
        subspace: The invariant subspace that was used; None means all of space.
        restricted: Spectrum and regime on the subspace (the same as ``classification`` without one).
        blocks: The dominant blocks of the certified limit; empty if none is certified.
        amplitude: The deciding inequality and the limit; None if no limit is certified.
        motion: The modes of a method other than gradient descent, on the subspace if there is one.
        whole: The same in all of space.
        powers: What bounds the powers of its blocks, where a limit is certified.
    """

    problem: Problem
    expansion: Expansion
    verdict: Verdict
    reason: str
    precision: int
    classification: Classification | None = None
    fails: tuple[Assumption, ...] = ()
    preimages: Preimages | None = None
    subspace: Subspace | None = None
    restricted: Classification | None = None
    blocks: tuple[Eigenspace, ...] = ()
    amplitude: Amplitude | None = None
    motion: Motion | None = None
    whole: Motion | None = None
    powers: Powers | None = None

    @classmethod
    def without_search(
        cls, problem: Problem, expansion: Expansion, reason: str, precision: int, **known: Any
    ) -> Decision:
        """Return the decision where assumptions fail before any limit is looked for; ``known`` are other fields."""
        return cls(problem, expansion, Verdict.NOT_APPLICABLE, reason, precision, **known)

    @property
    def limit(self) -> LimitDirection | None:
        """The certified limit, if any."""
        return None if self.amplitude is None else self.amplitude.limit
