"""Decide where gradient descent arrives in a valley: the trajectory enclosed until one iterate decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from flint import arb, ctx

from gdcheck.theorem.decision.decide import FIRST_PRECISION, MAX_PRECISION
from gdcheck.theorem.decision.smooth import SmoothDecision, decide_smooth
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.smooth.spectrum import Spectrum
from gdcheck.theorem.valleys.arrival import Arrival, Iterate, arrival
from gdcheck.theorem.valleys.degenerate import Degenerate, degenerate
from gdcheck.theorem.valleys.momentum import momentum_arrival
from gdcheck.theorem.valleys.problem import ValleyProblem
from gdcheck.theorem.valleys.relations import Excluded, Relations, relations
from gdcheck.theorem.valleys.squares import as_loss
from gdcheck.theorem.valleys.states import State, trajectory

MOST_STEPS = 100_000
_FAR = 1e30
_FLAT = 1000
_TINY = arb(2) ** 300
REASONS = {
    "rank": "the Jacobian of the residuals loses rank where the iterates go; another --start may keep full rank",
    "contraction": "the iterates do not come near a zero of the residuals within the steps allowed (--max-steps)",
    "unstable": "the iterates come near zeros that are unstable at this step size; take a smaller --step-size",
    "limit": "the step size cannot be told from the stability limit 2/λ_p at the point of arrival; change it a little",
    "boundary": "the step size cannot be told from the boundary 2/(λ₁+λ_p) at the point of arrival; change it a little",
    "neighbour": (
        "an end of the nonzero spectrum cannot be told from its neighbour at the point of arrival; another --start"
        " arrives elsewhere"
    ),
    "inequality": "the amplitude is not proved to exceed the tail within the steps allowed (--max-steps)",
    "absent": (
        "the iterates have no part in what dominates at the point of arrival, to all digits followed, as in a plane of"
        " symmetry; another --start has one"
    ),
    "accuracy": "the point of arrival is not known well enough within the steps allowed (--max-steps)",
    "reached": "the iterates reach the valley exactly, after finitely many steps: there is no direction from then on; "
    "another start has one, or another step size: change it a little",
    "left": (
        "the iterates leave every bound that was tried: they tend to no zero of the residuals; a smaller --step-size"
        " or a nearer --start may"
    ),
    "elsewhere": "the iterates settle where the residuals do not vanish; give the loss itself with --loss",
    "precision": "the precision did not suffice (--max-precision)",
    "excluded": "the residuals satisfy an equation that forbids a common zero; give the loss itself with --loss",
    "domain": "the iterates leave the domain of the residuals; start nearer, or take a smaller --step-size",
}
_ALONG = "the direction is {} along the eigenvector of the {} nonzero Hessian eigenvalue at the point of arrival"
ARRIVES = {
    Regime.SMALL_STEP: _ALONG.format("fixed", "smallest"),
    Regime.LARGE_STEP: _ALONG.format("alternating", "largest"),
    Regime.ROTATING: "the direction rotates: it has neither a limit nor an alternating limit",
    Regime.TANGENTIAL: "the direction is fixed along the valley, for the momentum along it fades more slowly than the"
    " residuals",
}
"""The proved statement, by regime."""
_NEEDS = (
    "the theorem on valleys does not apply: it needs that {} at the point of arrival, and where the trajectory runs {}"
)
LOSES_RANK = _NEEDS.format("the Jacobian of the residuals has full rank", "it loses rank wherever the residuals vanish")
NEVER_VANISH = _NEEDS.format("the residuals vanish", "they never vanish together")
_AWAY = {"rank", "contraction", "elsewhere", "excluded"}
_PATIENCE = 1000
_NEAR_A_ZERO = {None, "limit", "boundary", "neighbour", "inequality", "absent", "accuracy", "precision", "reached"}


@dataclass(frozen=True, eq=False, repr=False)
class ValleyDecision:
    """The verdict on a valley problem.

    Attributes:
        problem: The problem decided.
        verdict: The outcome.
        reason: One sentence for the user.
        precision: Bits used.
        arrival: The certified limit; None if none is certified.
        cause: What is missing where no limit is certified: a key of ``REASONS``.
        degenerate: The proof that the theorem does not apply to the start, if the verdict says so.
    """

    problem: ValleyProblem
    verdict: Verdict
    reason: str
    precision: int
    arrival: Arrival | None = None
    cause: str | None = None
    degenerate: Degenerate | None = None

    @property
    def is_of_a_valley(self) -> bool:
        """Whether the trajectory is seen to approach a zero where the rank is as large as it can be."""
        return self.cause in _NEAR_A_ZERO

    def __repr__(self) -> str:
        return f"<ValleyDecision {self.verdict.value}: {self.reason}>"


def decide_valley(
    problem: ValleyProblem, *, max_steps: int = MOST_STEPS, max_precision: int = MAX_PRECISION
) -> ValleyDecision:
    """Decide where a trajectory arrives: along the flattest or the steepest nonzero curvature of the valley.

    Args:
        problem: The problem.
        max_steps: Steps of gradient descent allowed, at most ``MOST_STEPS``.
        max_precision: Bits allowed.

    Returns:
        The decision.

    Raises:
        InputError: If the residuals are not defined at the start, or vanish there.
    """
    precision = FIRST_PRECISION
    dependent = relations(problem.residuals)

    @cache
    def proof() -> Degenerate | None:
        return degenerate(problem, dependent=dependent is not None)

    while True:
        with ctx.workprec(precision + 64):
            if isinstance(dependent, Excluded):
                found: Arrival | str = "excluded"
            else:
                found = _attempt(problem, dependent, min(max_steps, MOST_STEPS), proof)
        if isinstance(found, Arrival):
            return ValleyDecision(problem, Verdict.PROVED, ARRIVES[found.regime], precision, found)
        if (known := proof()) is not None:
            reason, cause = (LOSES_RANK, found) if known.power else (NEVER_VANISH, "elsewhere")
            return ValleyDecision(problem, Verdict.NOT_APPLICABLE, reason, precision, None, cause, known)
        if found != "precision" or 2 * precision > max_precision:
            return ValleyDecision(problem, Verdict.UNRESOLVED, REASONS[found], precision, None, found)
        precision *= 2


def decide_residuals(
    problem: ValleyProblem, *, max_steps: int = MOST_STEPS, max_precision: int = MAX_PRECISION
) -> ValleyDecision | SmoothDecision:
    """Decide a problem as a valley; if gradient descent settles away from the zeros, as a loss with a strict minimum.

    Args:
        problem: The problem.
        max_steps: Steps allowed.
        max_precision: Bits allowed.

    Returns:
        The decision; of the loss where a minimum is enclosed at which residuals remain.
    """
    found = decide_valley(problem, max_steps=max_steps, max_precision=max_precision)
    if found.cause in {"elsewhere", "excluded"} and problem.method.is_plain:
        smooth = decide_smooth(as_loss(problem), max_steps=max_steps, max_precision=max_precision)
        if smooth.minimizer is not None:
            return smooth
    return found


def _attempt(
    problem: ValleyProblem, dependent: Relations | None, max_steps: int, proof: Callable[[], object]
) -> Arrival | str:
    """Follow the trajectory at the current precision; stop if a proof is found that it does not arrive at full rank."""
    lacking, next_look, first, begun = "contraction", 0, arb(0), arb(0)
    for iterate in trajectory(problem):
        size = _size(iterate)
        if not (size.is_finite() and all(x.is_finite() for x in iterate.jacobian.entries())):
            if iterate.step == 0:
                raise InputError("start", "the residuals are not smooth there, or not defined; give another start")
            return "domain"
        if iterate.step == 0 and all(u.is_zero() for u in iterate.residuals):
            raise InputError("start", "lies on the valley: all residuals vanish, and there is no direction")
        if iterate.drift.is_zero() and size.is_zero():
            return "reached"
        if float(size.mid()) > _FAR:
            return "left"
        if not surely_less(iterate.drift * 2**20, size):
            # The residuals are as small as the trajectory is known: only more bits decide, if anything does.
            return lacking if lacking in {"boundary", "limit", "neighbour", "rank"} and ctx.prec > 512 else "precision"
        if iterate.step >= next_look:
            if isinstance(iterate, State):
                found = momentum_arrival(problem, iterate, dependent)
            else:
                found = arrival(problem, iterate, dependent)
            if isinstance(found, Arrival):
                return found
            lacking = found
            next_look = iterate.step + 1 + iterate.step // 32
            if _stalls(iterate):
                return "rank" if lacking == "rank" else "elsewhere"
        if lacking == "inequality" and surely_less(size * _TINY, begun):
            return "absent"
        if iterate.step == 0:
            begun = size
            first = _smallest(iterate, dependent)
        if iterate.step == _PATIENCE and lacking in _AWAY and proof() is not None:
            return lacking
        if iterate.step >= max_steps:
            # Near a point where the rank is lost, convergence is slower than geometric: more steps do not help.
            flat = surely_less(_FLAT * _smallest(iterate, dependent), first)
            return "rank" if lacking == "contraction" and flat else lacking
    raise AssertionError("the iterates have no end")


def _size(iterate: Iterate) -> arb:
    """Return how far the iterate is from rest on the valley: the residuals, and the buffer where there is one."""
    return norm((*iterate.residuals, *(iterate.buffer if isinstance(iterate, State) else ())))


def _smallest(iterate: Iterate, dependent: Relations | None) -> arb:
    """Return the smallest eigenvalue of JJᵀ, on the residuals' tangent space; 0 if it is not enclosed."""
    rows = iterate.jacobian if dependent is None else dependent.turned() * iterate.jacobian
    found = Spectrum.of(rows * rows.transpose(), arb(0))
    return arb(0) if found is None else found.values[0]


def _stalls(iterate: Iterate) -> bool:
    """Whether the gradient, and the buffer, vanish to all digits while the residuals do not."""
    moves = [*iterate.gradient, *(iterate.buffer if isinstance(iterate, State) else ())]
    return surely_less(norm(moves) * arb(2) ** 80, norm(iterate.residuals))
