r"""Theorem 1 as data: what it assumes, where its regimes are, and what each predicts.

For :math:`f \in C^3`, a strict minimizer with Hessian eigenvalues :math:`0 < \lambda_1 < \lambda_2 \le \dots \le
\lambda_{n-1} < \lambda_n` and almost every start in the basin, gradient descent arrives along the eigenvector of
:math:`\lambda_1` if :math:`\eta < 2/(\lambda_1+\lambda_n)`, and alternating along that of :math:`\lambda_n` if
:math:`2/(\lambda_1+\lambda_n) < \eta < 2/\lambda_n`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Assumption(Enum):
    """What Theorem 1 assumes; the value is the name used in certificates and answers."""

    SMOOTHNESS = "smoothness"
    STRICT_MINIMUM = "strict-minimum"
    DISTINCT_ENDS = "distinct-ends"
    SIMPLE_LOWEST = "simple-lowest"
    SIMPLE_HIGHEST = "simple-highest"
    OFF_BOUNDARY = "off-boundary"
    STABLE_STEP = "stable-step"
    NULL_PREIMAGES = "null-preimages"

    @property
    def sentence(self) -> str:
        """What the assumption demands, as a clause for the user."""
        return _SENTENCES[self]


_SENTENCES = {
    Assumption.SMOOTHNESS: "the loss is three times continuously differentiable",
    Assumption.STRICT_MINIMUM: "the Hessian at the minimizer is positive definite",
    Assumption.DISTINCT_ENDS: "the smallest and the largest Hessian eigenvalue differ",
    Assumption.SIMPLE_LOWEST: "the smallest Hessian eigenvalue is simple",
    Assumption.SIMPLE_HIGHEST: "the largest Hessian eigenvalue is simple",
    Assumption.OFF_BOUNDARY: "the step size is not 2/(λ₁+λₙ)",
    Assumption.STABLE_STEP: "the step size is below 2/λₙ",
    Assumption.NULL_PREIMAGES: "the gradient descent map takes no set of positive measure into a null set",
}


NO_HESSIAN = "the theorem does not apply: the loss has no Hessian at the minimizer"
AS_PREDICTED = "the direction is {} along the eigenvector of the {} Hessian eigenvalue, as predicted"
"""Proved: the kind of the limit, and which eigenvalue."""
AT_MINIMIZER = "the trajectory is at the minimizer {}: it has no direction"
ORTHOGONAL = "the trajectory lies in a subspace orthogonal to the eigenvector of the {} eigenvalue"
"""Exceptional: since when the trajectory is at the minimizer, or which eigenvalue does not occur."""
INSTEAD = "; what happens instead is certified: the direction is {}"
WITHIN = " within a subspace of dimension {}"
"""What happens where the theorem does not apply: the kind of the limit, and where the trajectory is."""


def not_applicable(sentences: Iterable[str]) -> str:
    """Say what the theorem needs that does not hold."""
    return "the theorem does not apply: " + "; ".join(f"it needs that {sentence}" for sentence in sentences)


class Regime(Enum):
    """The regime of a step size; the value is the name used in certificates and answers."""

    SMALL_STEP = "small-step"
    LARGE_STEP = "large-step"
    BOUNDARY = "boundary"
    UNSTABLE = "unstable"
    ROTATING = "rotating"
    TANGENTIAL = "tangential"


class LimitKind(Enum):
    """How the normalized error behaves in the limit."""

    FIXED = "fixed"
    ALTERNATING = "alternating"
    TWO_CYCLE = "two-cycle"
    ROTATING = "rotating"


class End(Enum):
    """An end of the Hessian spectrum; the value is the sign of its multiplier when it dominates."""

    LOWEST = 1
    HIGHEST = -1


EXTREME = {End.LOWEST: "smallest", End.HIGHEST: "largest"}
"""Which eigenvalue an end is, in words."""


@dataclass(frozen=True)
class Prediction:
    """What a regime predicts: the eigenvector of one end of the spectrum, approached fixed or alternating."""

    end: End
    kind: LimitKind


@dataclass(frozen=True)
class Statement:
    """A statement about the limit direction: a prediction for each regime that it covers.

    Replacing an entry gives a weakened or a wrong statement, which the verdicts then refute.

    Attributes:
        name: Its name in answers.
        predictions: For each regime that it covers, its prediction.

    Examples:
        >>> from gdcheck import End, LimitKind, Prediction, Problem, Regime, Statement, decide
        >>> wrong = Statement("always steepest", {Regime.SMALL_STEP: Prediction(End.HIGHEST, LimitKind.FIXED)})
        >>> decide(Problem("x**2/2 + 2*y**2", step_size="1/10", start=["1", "1"]), wrong).verdict
        <Verdict.REFUTED: 'refuted'>
    """

    name: str
    predictions: Mapping[Regime, Prediction]


THEOREM_1 = Statement(
    name="Theorem 1",
    predictions=MappingProxyType(
        {
            Regime.SMALL_STEP: Prediction(End.LOWEST, LimitKind.FIXED),
            Regime.LARGE_STEP: Prediction(End.HIGHEST, LimitKind.ALTERNATING),
        }
    ),
)
