"""One problem through the engine, the certificate, the checker and the float64 batches, held against the simulation."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
from flint import fmpq

from gdcheck.theorem.batch.batch import certify_batch
from gdcheck.theorem.batch.columns import MAX_DEGREE, Batch, State
from gdcheck.theorem.batch.second_opinion import contradiction
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import BadCertificate, NotChecked, check
from gdcheck.theorem.decision.decide import Decision, Verdict, decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from tests.fuzz.mutating import mutated
from tests.fuzz.simulation import Simulated, simulate

MORE_DIGITS = (60, 500, 1500)
DECIDE_STEPS = 20_000
CHECK_SECONDS = 60.0
_NEAR = 1e-6
_SILENT = "null-preimages"


@dataclass
class Finding:
    """What came of one problem.

    Attributes:
        verdict: The engine's, or ``crash``.
        simulated: What the simulation saw; empty if it was not asked.
        converges: Whether a limit is proved, or has settled in simulation.
        cause: Why nothing was decided, if so.
        unchecked: Why the checker gave up, if it did.
        batched: What float64 came to, if it was asked.
        mutants: How many changed certificates the checker was given, and how many it accepted.
        disagreements: Sentences; each is an error of the engine, the checker, the batches or the simulation.
        mutant: The changed certificate of a disagreement, if it is about one.
        seconds: How long it took.
    """

    verdict: str
    simulated: str = ""
    converges: bool = False
    cause: str | None = None
    unchecked: str | None = None
    batched: str | None = None
    mutants: list[int] = field(default_factory=lambda: [0, 0])
    disagreements: list[str] = field(default_factory=list)
    mutant: dict[str, Any] | None = None
    seconds: float = 0.0


def examine(problem: Problem, random: Random, mutants: int, *, whole: bool = True) -> Finding:
    """Put one problem through everything.

    Args:
        problem: The problem.
        random: Where the changes of certificates come from.
        mutants: How many changed certificates the checker is given.
        whole: Whether a problem that is decided goes through the rest too.
    """
    begun = time.perf_counter()
    stated = problem.to_json()
    try:
        decision = decide(problem, max_steps=DECIDE_STEPS)
        data = certificate(decision)
    except Exception as error:
        return Finding("crash", disagreements=[f"decide fails with {type(error).__name__}: {error}"[:500]])
    found = Finding(decision.verdict.value, converges=decision.limit is not None)
    if decision.verdict is Verdict.UNRESOLVED:
        found.cause = decision.reason
    elif not whole:
        found.seconds = time.perf_counter() - begun
        return found
    for digits in MORE_DIGITS:
        simulated = simulate(stated, digits)
        objections = _objections(decision, simulated)
        if not objections and (simulated.seen != "settled" or not simulated.level):
            break
    found.simulated = simulated.seen
    found.converges |= simulated.seen == "settled"
    found.disagreements += objections
    _recheck(found, data)
    found.batched = _batched(found, problem, decision)
    if data is not None:
        _mutate(found, data, random, mutants)
    found.seconds = time.perf_counter() - begun
    return found


def _objections(decision: Decision, simulated: Simulated) -> list[str]:
    """What the simulation has against a decision."""
    verdict, limit = decision.verdict, decision.limit
    if verdict is Verdict.REFUTED:
        return [f"the theorem is refuted: {decision.reason}"]
    objections = []
    fails = {a.value for a in decision.fails} - {_SILENT}
    if verdict is not Verdict.UNRESOLVED and fails != simulated.fails:
        objections.append(f"the assumptions that fail are {sorted(fails)}, in simulation {sorted(simulated.fails)}")
    regime = None if decision.classification is None else decision.classification.regime
    if (None if regime is None else regime.value) != simulated.regime:
        objections.append(f"the regime is {regime}, in simulation {simulated.regime}")
    if limit is not None:
        objections += _against_limit(limit.kind.value, limit.vectors, simulated)
    if verdict is Verdict.PROVED and simulated.seen == "settled" and simulated.level:
        objections.append("proved, and in simulation nothing dominates")
    if verdict is Verdict.EXCEPTIONAL and simulated.seen == "settled" and not simulated.level:
        objections.append("exceptional, and in simulation the dominant component is there")
    return objections


def _against_limit(kind: str, vectors: Sequence[Sequence[Any]], simulated: Simulated) -> list[str]:
    if simulated.seen in {"diverged", "elsewhere", "minimizer"}:
        return [f"a limit is certified, and in simulation the trajectory is seen: {simulated.seen}"]
    if simulated.seen != "settled":
        return []
    if kind != simulated.kind:
        return [f"the limit is {kind}, in simulation {simulated.kind}"]
    apart = max(
        abs(float(x.mid()) - y)
        for mine, its in zip(vectors, simulated.vectors, strict=True)
        for x, y in zip(mine, its, strict=True)
    )
    return [] if apart <= _NEAR else [f"the limit is {apart:.3g} away from the one in simulation"]


def _recheck(found: Finding, data: dict[str, Any] | None) -> None:
    if data is None:
        return
    try:
        refusal = check(data, CHECK_SECONDS)
    except NotChecked as gave_up:
        found.unchecked = str(gave_up)
    except Exception as error:
        found.disagreements.append(f"the checker fails with {type(error).__name__}: {error}"[:500])
    else:
        if refusal is not None:
            found.disagreements.append(f"the checker refuses the proof: {refusal}")


def _batched(found: Finding, problem: Problem, decision: Decision) -> str | None:
    """The same problem in float64, where it is one that a batch can state; its verdict must be the engine's."""
    batch = as_batch(problem)
    if batch is None:
        return None
    outcome = certify_batch(batch)
    state = State(int(outcome.state[0]))
    if state is State.PROVED:
        sentence = contradiction(batch, outcome, 0, decision)
        if sentence is not None and decision.verdict is not Verdict.UNRESOLVED:
            found.disagreements.append(sentence)
    return state.name.lower()


def as_batch(problem: Problem) -> Batch | None:
    """The problem as a batch of one row; None if it is not diagonal, or has numbers that are no float64."""
    loss, n = problem.loss, problem.dimension
    if n < 2 or loss.truncated or any(problem.minimizer):
        return None
    squares = {tuple(2 * (i == j) for j in range(n)): i for i in range(n)}
    spectrum, higher = [fmpq(0)] * n, []
    for alpha, c in loss.terms:
        if alpha in squares:
            spectrum[squares[alpha]] = 2 * c
        elif 3 <= sum(alpha) <= MAX_DEGREE:
            higher.append((alpha, c))
        else:
            return None
    # The first and the last coordinate are the ends there.
    order = sorted(range(n), key=lambda i: spectrum[i])
    numbers = [*spectrum, *(c for _, c in higher), problem.step_size, *problem.start]
    try:
        floats = [int(x.p) / int(x.q) for x in numbers]
    except OverflowError:
        return None
    if any(fmpq(*x.as_integer_ratio()) != y for x, y in zip(floats, numbers, strict=True)) or order != list(range(n)):
        return None
    columns = [np.array([x]) for x in floats]
    higher_part = np.array(columns[n : n + len(higher)]).reshape(len(higher), 1)
    return Batch(
        tuple(alpha for alpha, _ in higher),
        np.array(columns[:n]),
        higher_part,
        columns[n + len(higher)],
        np.array(columns[n + len(higher) + 1 :]),
    )


def _mutate(found: Finding, data: dict[str, Any], random: Random, mutants: int) -> None:
    """Give the checker changed certificates; whatever it accepts must be what the engine says of that problem."""
    for _ in range(mutants):
        changed = mutated(data, random)
        if changed == data:
            continue
        found.mutants[0] += 1
        sentence = against_accepted(changed)
        if sentence is None:
            continue
        found.mutants[1] += 1
        if sentence:
            found.disagreements.append(sentence)
            found.mutant = changed


def against_accepted(data: dict[str, Any]) -> str | None:
    """What the engine has against a certificate: None if the checker does not accept it, "" if both agree."""
    try:
        if check(data, CHECK_SECONDS) is not None:
            return None
    except (BadCertificate, NotChecked):
        return None
    except Exception as error:
        return f"the checker fails on a changed certificate with {type(error).__name__}: {error}"[:500]
    try:
        decision = decide(Problem.from_json(data["problem"]), max_steps=DECIDE_STEPS)
    except InputError as error:
        return f"the checker accepts a problem that the engine does not read: {error}"
    if decision.verdict is Verdict.UNRESOLVED:
        return ""
    own = certificate(decision)
    if own is None or own["verdict"] != data["verdict"]:
        return f"the checker accepts the verdict {data['verdict']}, the engine says {decision.verdict.value}"
    # Which assumptions fail does not depend on how far a proof has come; nor may limits differ that both have.
    for key in ("regime", "fails"):
        if sorted(own[key] or ()) != sorted(data[key] or ()):
            return f"the checker accepts {key} {data[key]}, the engine says {own[key]}"
    return _limits_differ(own["limit"], data["limit"])


def _limits_differ(own: dict[str, Any], stated: dict[str, Any]) -> str:
    if None in {own["kind"], stated["kind"]}:
        return ""
    if own["kind"] != stated["kind"]:
        return f"the checker accepts a limit that is {stated['kind']}, the engine says {own['kind']}"
    if [len(v) for v in own["vectors"]] != [len(v) for v in stated["vectors"]]:
        return "the checker accepts a limit of another shape than the engine's"
    pairs = zip(own["vectors"], stated["vectors"], strict=True)
    boxes = [box for mine, its in pairs for box in zip(mine, its, strict=True)]
    apart = any(fmpq_of(a[0]) > fmpq_of(b[1]) or fmpq_of(b[0]) > fmpq_of(a[1]) for a, b in boxes)
    return "the checker accepts another limit than the engine's" if apart else ""


def fmpq_of(text: str) -> fmpq:
    """An exact number of a certificate."""
    from gdcheck.theorem.loss.rational import to_fmpq

    return to_fmpq(text, "limit")
