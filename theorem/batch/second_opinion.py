"""A row of a batch as an exact problem, decided again in Arb and by the independent checker."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

from flint import fmpq

from gdcheck.theorem.batch.columns import Batch, Outcome, State
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import BadCertificate, NotChecked, check
from gdcheck.theorem.decision.decide import MAX_STEPS, Decision, Verdict, decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.methods.method import HeavyBall, Nesterov
from gdcheck.theorem.methods.statement import LimitKind


def problem_of(batch: Batch, row: int) -> Problem:
    """Return the problem that a row states, exactly.

    Args:
        batch: The batch.
        row: The row.

    Returns:
        The problem in the variables x1, …, xn, with the minimizer at the origin.

    Raises:
        InputError: If a number of the row is not finite.
    """
    n = batch.dimension
    names = [f"x{i + 1}" for i in range(n)]
    squares = [tuple(2 * int(j == i) for j in range(n)) for i in range(n)]
    terms = [(alpha, _exact(x) / 2) for alpha, x in zip(squares, batch.spectrum[:, row], strict=True)]
    terms += [(alpha, _exact(c)) for alpha, c in zip(batch.exponents, batch.coefficients[:, row], strict=True)]
    start = [_exact(x) for x in batch.start[:, row]]
    method = None
    if batch.momentum is not None:
        kind = Nesterov if batch.momentum.looks_ahead else HeavyBall
        method = kind(_exact(batch.momentum.beta[row]))
    return Problem(Loss.build(names, terms), step_size=_exact(batch.step_size[row]), start=start, method=method)


def _exact(number: Any) -> fmpq:
    if not isfinite(number):
        raise InputError("batch", f"holds {number}; every number must be finite")
    return fmpq(*float(number).as_integer_ratio())


@dataclass(frozen=True, eq=False)
class SecondOpinion:
    """The result of exact arithmetic for a row.

    Attributes:
        problem: The row's problem.
        decision: The decision in Arb.
        certificate: Its certificate, in the standard form; None if nothing is certified.
        objection: The contradiction to float64's answer, or the rejection of the certificate; None if there is none.
        not_checked: Why the independent checker gave up on the certificate, which is neither an objection nor an
            acceptance; None if it answered, or there is no certificate.
    """

    problem: Problem
    decision: Decision
    certificate: dict[str, Any] | None
    objection: str | None
    not_checked: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether the independent checker has accepted a certificate."""
        return self.certificate is not None and self.objection is None and self.not_checked is None


def second_opinion(batch: Batch, outcome: Outcome, row: int, max_steps: int = MAX_STEPS) -> SecondOpinion:
    """Decide a row again.

    Args:
        batch: The batch.
        outcome: The result in float64.
        row: The row.
        max_steps: Steps allowed in Arb.

    Returns:
        The opinion; a row that float64 left open is only decided, and its certificate checked.
    """
    problem = problem_of(batch, row)
    decision = decide(problem, max_steps=max_steps)
    data = certificate(decision)
    objection = gave_up = None
    try:
        objection = _rejection(data)
    except NotChecked as too_long:
        gave_up = str(too_long)
    if outcome.state[row] == State.PROVED:
        objection = contradiction(outcome, row, decision) or objection
    return SecondOpinion(problem, decision, data, objection, gave_up)


def contradiction(outcome: Outcome, row: int, decision: Decision) -> str | None:
    """Return how a decision contradicts a row that float64 has proved.

    Args:
        outcome: The result in float64.
        row: A row that is proved.
        decision: The decision in Arb.

    Returns:
        A sentence, or None if verdict, kind and sign of the limit are the same.
    """
    if decision.verdict is not Verdict.PROVED or decision.limit is None:
        return f"float64 proved what Arb finds {decision.verdict.value}: {decision.reason}"
    large = bool(outcome.large[row])
    kind = LimitKind.ALTERNATING if large else LimitKind.FIXED
    if outcome.turning[row]:
        kind = LimitKind.ROTATING
    if decision.limit.kind is not kind:
        return f"float64 proved a limit that is {kind.value}, Arb one that is {decision.limit.kind.value}"
    if kind is LimitKind.ROTATING:
        return None
    component = decision.limit.vectors[0][-1 if large else 0]
    if not component * int(outcome.sign[row]) > 0:
        return f"float64 proved the sign {int(outcome.sign[row]):+d} of the limit, Arb the component {component}"
    return None


def _rejection(data: dict[str, Any] | None) -> str | None:
    if data is None:
        return None
    try:
        failure = check(data)
    except BadCertificate as error:
        failure = str(error)
    return None if failure is None else f"the independent checker rejects the certificate: {failure}"
