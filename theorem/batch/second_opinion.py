"""A row of a batch as an exact problem, decided again in Arb and by the independent checker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from flint import arb, fmpq, fmpq_mat

from gdcheck.theorem.batch.columns import Batch, Outcome, State
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import BadCertificate, NotChecked, check
from gdcheck.theorem.decision.decide import MAX_STEPS, Decision, Verdict, decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.methods.method import Adam, GradientDescent, HeavyBall, Method, Nesterov, RMSprop
from gdcheck.theorem.methods.statement import LimitKind


def problem_of(batch: Batch, row: int) -> Problem:
    """Return the problem that a row states, exactly.

    Args:
        batch: The batch.
        row: The row.

    Returns:
        The problem in the variables x1, …, xn, those that the batch means, with the minimizer at the
        origin.

    Raises:
        InputError: If a number of the row is not finite.
    """
    n = batch.dimension
    names = [f"x{i + 1}" for i in range(n)]
    squares = [tuple(2 * int(j == i) for j in range(n)) for i in range(n)]
    terms = [(alpha, _exact(x) / 2) for alpha, x in zip(squares, batch.spectrum[:, row], strict=True)]
    terms += [(alpha, _exact(c)) for alpha, c in zip(batch.exponents, batch.coefficients[:, row], strict=True)]
    start = [_exact(x) for x in batch.start[:, row]]
    loss, method = Loss.build(names, terms), _method_of(batch, row)
    onto = matrix_of(batch, row)
    if onto is not None:
        start = (onto * fmpq_mat(n, 1, start)).entries()
        loss = loss.substituted(onto.inv().tolist(), names)
        if method is None:
            method = GradientDescent(tuple(map(tuple, (onto * onto.transpose()).tolist())))
    return Problem(loss, step_size=_exact(batch.step_size[row]), start=start, method=method)


def _method_of(batch: Batch, row: int) -> Method | None:
    averages, momentum = batch.averages, batch.momentum
    if averages is not None:
        numbers = [_exact(x[row]) for x in (averages.beta1, averages.beta2, averages.epsilon)]
        return (Adam if averages.corrects_bias else RMSprop)(*numbers)
    if momentum is not None:
        return (Nesterov if momentum.looks_ahead else HeavyBall)(_exact(momentum.beta[row]))
    return None


def matrix_of(batch: Batch, row: int) -> fmpq_mat | None:
    """Return L of a row's coordinates x = L y, shape (n, n); None where x is y."""
    if batch.coordinates is None:
        return None
    n = batch.dimension
    w = fmpq_mat(n, 1, [_exact(x) for x in batch.coordinates.mirror[:, row]])
    length = (w.transpose() * w)[0, 0]
    scales = [_exact(x) for x in batch.coordinates.scales[:, row]]
    diagonal = fmpq_mat(n, n, [scales[i] if i == j else fmpq(0) for i in range(n) for j in range(n)])
    return diagonal - w * (w.transpose() * diagonal) * (2 / length)


def component(batch: Batch, row: int, vector: Sequence[arb], end: int) -> arb:
    """Return the component of a vector along the eigenvector of λ₁ or λₙ in the row's own coordinates y = L⁻¹x.

    Args:
        batch: The batch.
        row: The row.
        vector: In the coordinates x, shape (n,).
        end: 0 for λ₁, −1 for λₙ.
    """
    onto = matrix_of(batch, row)
    if onto is None:
        return vector[end]
    return sum((x * arb(y) for x, y in zip(vector, onto.inv().tolist()[end], strict=True)), arb(0))


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
        objection = contradiction(batch, outcome, row, decision) or objection
    return SecondOpinion(problem, decision, data, objection, gave_up)


def contradiction(batch: Batch, outcome: Outcome, row: int, decision: Decision) -> str | None:
    """Return how a decision contradicts a row that float64 has proved.

    Args:
        batch: The batch.
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
    along = component(batch, row, decision.limit.vectors[0], -1 if large else 0)
    if not along * int(outcome.sign[row]) > 0:
        return f"float64 proved the sign {int(outcome.sign[row]):+d} of the limit, Arb the component {along}"
    return None


def _rejection(data: dict[str, Any] | None) -> str | None:
    if data is None:
        return None
    try:
        failure = check(data)
    except BadCertificate as error:
        failure = str(error)
    return None if failure is None else f"the independent checker rejects the certificate: {failure}"
