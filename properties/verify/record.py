"""One problem decided, certified and rechecked: the record that a run keeps of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Literal

from flint import arb, ctx, fmpq
from msgspec import Meta
from msgspec.structs import replace

from gdcheck.theorem.assumptions.regime import Classification
from gdcheck.theorem.assumptions.spectrum import Eigenvalue, Pencil
from gdcheck.theorem.certificate.answer import answer
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import NotChecked
from gdcheck.theorem.certificate.shapes import Count, Shape, Share, StoredProblem, VerdictName, one_of, read_as
from gdcheck.theorem.decision.decide import Decision, Verdict, decide
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.result import Cone, LimitDirection
from gdcheck.theorem.loss.errors import in_words
from gdcheck.theorem.loss.rational import to_float, to_text
from gdcheck.theorem.methods.statement import LimitKind, Regime

Recheck = Literal["accepted", "rejected", "none"]
ACCEPTED: Recheck = "accepted"
REJECTED: Recheck = "rejected"
WITHOUT: Recheck = "none"

RegimeName = Annotated[str, one_of(Regime)]
KindName = Annotated[str, one_of(LimitKind)]
Positive = Annotated[int, Meta(ge=1)]
NotNegative = Annotated[float, Meta(ge=0)]
Vector = tuple[float, ...]

Checker = Callable[[object], str | None]
"""Takes a certificate; returns None if it accepts, else a sentence."""

_BITS = 128


class StoredLimit(Shape, frozen=True, omit_defaults=True):
    """A certified limit, its vectors rounded.

    Attributes:
        kind: The kind of limit; null if none is certified.
        vector: The limit, with its sign at k = 0, shape (n,).
        even: The limit of even steps, of a two-cycle.
        odd: The limit of odd steps, of a two-cycle.
    """

    kind: KindName | None
    vector: Vector | None = None
    even: Vector | None = None
    odd: Vector | None = None


class Record(Shape, frozen=True):
    """The data that a run keeps of one problem; None if a value is unknown or does not apply.

    Attributes:
        index: The problem's index in its part of the run.
        verdict: The verdict, after the checker has spoken: a rejected certificate makes it unresolved.
        reason: One sentence for the reader.
        recheck: The checker's answer: accepted, rejected, or none if there is no certificate or the checker gave up.
        regime: The regime of the step size.
        dimension: n.
        degree: The total degree of the loss.
        terms: How many terms the loss has.
        rotated: Whether the Hessian at the minimizer is not diagonal.
        off_origin: Whether the minimizer is not the origin.
        truncated: Whether the loss has truncated powers.
        step_size: η, exact.
        boundary: 2/(λ₁+λₙ), exact where it is rational.
        ratio: η divided by the boundary.
        distance: ratio − 1, computed before it is rounded.
        gap: ρ − b, from the largest multiplier modulus to the next one.
        step: The step at which the certificate's inequality holds.
        precision: Bits used.
        rate: The certified factor by which the direction error shrinks at each step.
        start_radius: The distance of the start from the minimizer.
        margin: A lower bound of log₁₀(amplitude/tail), which is positive where a limit is certified; None if the tail
            is zero, as it is for quadratics.
        limit: The certified limit, its vectors rounded.
        to_lowest: The squared cosine between the limit (of even steps) and the eigenspace of λ₁.
        to_highest: The same for λₙ.
        problem: The problem in its JSON form, where it is worth keeping.
        kernel: Whether Coq's kernel accepted the limit too; None if it was not asked, or has no theorem about it.
    """

    index: Count
    verdict: VerdictName
    reason: str
    recheck: Recheck = WITHOUT
    regime: RegimeName | None = None
    dimension: Positive | None = None
    degree: Count | None = None
    terms: Count | None = None
    rotated: bool = False
    off_origin: bool = False
    truncated: bool = False
    step_size: str | None = None
    boundary: str | None = None
    ratio: float | None = None
    distance: float | None = None
    gap: NotNegative | None = None
    step: Count | None = None
    precision: Positive | None = None
    rate: float | None = None
    start_radius: NotNegative | None = None
    margin: float | None = None
    limit: StoredLimit | None = None
    to_lowest: Share | None = None
    to_highest: Share | None = None
    problem: StoredProblem | None = None
    kernel: bool | None = None

    @property
    def checked(self) -> str:
        """Return the checker's answer in words, and that of Coq's kernel if it was asked."""
        said = {None: "", True: ", kernel-checked", False: ", not by the kernel"}
        return self.recheck + said[self.kernel]


def checked_by_recheck(data: object) -> str | None:
    """Return the independent checker.

    Args:
        data: A certificate.

    Returns:
        None if it is accepted, else a sentence; a malformed certificate is not accepted.

    Raises:
        NotChecked: If the checker gives up at one of its limits.
    """
    from gdcheck.theorem.certificate.rechecking import BadCertificate, check  # noqa: PLC0415

    try:
        return check(data)
    except BadCertificate as error:
        return f"the certificate is malformed: {error}"


def examine(make: Callable[[], Problem], index: int, checker: Checker, *, keep_problem: bool = False) -> Record:
    """Decide a problem, make its certificate, and have it checked.

    Args:
        make: Makes the problem.
        index: The problem's index, for the record.
        checker: The checker of certificates.
        keep_problem: Whether to keep the problem even if it is proved.

    Returns:
        The record. An error on the way makes it unresolved, with the error as its reason: no problem of a run is lost.
    """
    problem = None
    try:
        problem = make()
        decision = decide(problem)
        record = _measured(decision, index)
    except Exception as error:
        record = Record(index, Verdict.UNRESOLVED.value, f"an error stopped the decision: {in_words(error)}")
    else:
        record = _rechecked(record, decision, checker)
    if problem is not None and (keep_problem or record.verdict != Verdict.PROVED.value):
        record = replace(record, problem=StoredProblem.of(problem))
    return record


def _rechecked(record: Record, decision: Decision, checker: Checker) -> Record:
    try:
        data = certificate(decision)
        if data is None:
            return record
        failure = checker(data)
    except NotChecked as gave_up:
        reason = f"decided as {record.verdict}, but {gave_up}"
        return replace(record, verdict=Verdict.UNRESOLVED.value, reason=reason)
    except Exception as error:
        failure = f"an error stopped the check: {in_words(error)}"
    if failure is None:
        return replace(record, recheck=ACCEPTED)
    reason = f"decided as {record.verdict}, but the certificate was rejected by the independent checker: {failure}"
    return replace(record, recheck=REJECTED, verdict=Verdict.UNRESOLVED.value, reason=reason)


def _measured(decision: Decision, index: int) -> Record:
    problem, found = decision.problem, decision.classification
    loss, said = problem.loss, answer(decision)
    expansion = Expansion.of(problem)
    hessian = expansion.hessian
    n = problem.dimension
    radius = sum((x * x for x in problem.displacement), fmpq(0))
    distance = _distance(found, problem.step_size)
    lowest, highest = _alignments(expansion, found, decision.limit)
    return Record(
        index=index,
        verdict=decision.verdict.value,
        reason=decision.reason,
        regime=said["regime"],
        dimension=n,
        degree=loss.degree,
        terms=len(loss.terms) + len(loss.truncated),
        rotated=hessian is not None and any(hessian[i, j] for i in range(n) for j in range(i)),
        off_origin=any(problem.minimizer),
        truncated=bool(loss.truncated),
        step_size=to_text(problem.step_size),
        boundary=said["boundary"],
        ratio=None if distance is None else to_float(1 + distance),
        distance=None if distance is None else to_float(distance),
        gap=_gap(found, problem.step_size),
        step=said["step"],
        precision=said["precision"],
        rate=said["rate"],
        start_radius=math.sqrt(to_float(radius)),
        margin=_margin(decision),
        limit=read_as(said["limit"], StoredLimit),
        to_lowest=lowest,
        to_highest=highest,
    )


def _middle(eigenvalue: Eigenvalue) -> fmpq:
    return (eigenvalue.lo + eigenvalue.hi) / 2


def _distance(found: Classification | None, step_size: fmpq) -> fmpq | None:
    if found is None or found.regime is None:
        return None
    # On the boundary itself the enclosures of irrational ends would leave a tiny remainder.
    if found.regime is Regime.BOUNDARY:
        return fmpq(0)
    return step_size * (_middle(found.lowest) + _middle(found.highest)) / 2 - 1


def _gap(found: Classification | None, step_size: fmpq) -> float | None:
    if found is None or found.regime is None or len(found.eigenvalues) < 2:
        return None
    if found.regime is Regime.BOUNDARY:
        return 0.0
    moduli = sorted(abs(1 - step_size * _middle(e)) for e in found.eigenvalues)
    return to_float(moduli[-1] - moduli[-2])


def _margin(decision: Decision) -> float | None:
    numbers = None if decision.amplitude is None else decision.amplitude.inequality
    if numbers is None or isinstance(numbers, Cone):
        return None
    with ctx.workprec(_BITS):
        tail = numbers.tail.upper()
        if tail == 0:
            return None
        ratios = [(a.lower() / tail).log() / arb(10).log() for a in numbers.amplitudes]
        return min(float(x.lower()) for x in ratios)


def _alignments(
    expansion: Expansion, found: Classification | None, limit: LimitDirection | None
) -> tuple[float | None, float | None]:
    if found is None or expansion.hessian is None or limit is None:
        return None, None
    direction = [float(x.mid()) for x in limit.vectors[0]]
    pencil = Pencil(expansion.hessian)
    return _squared_cosine(pencil, found.lowest, direction), _squared_cosine(pencil, found.highest, direction)


def _squared_cosine(pencil: Pencil, eigenvalue: Eigenvalue, direction: list[float]) -> float:
    basis = pencil.eigenvectors(eigenvalue, _BITS)
    total = sum(math.fsum(to_float(v) * u for v, u in zip(vector, direction, strict=True)) ** 2 for vector in basis)
    return min(1.0, total)
