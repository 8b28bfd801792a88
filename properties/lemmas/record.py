"""A counterexample as a record that can be sent and examined again: the claim, the problem, and what is proved."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from gdcheck.properties.claims.undecided import CLAIM_STEPS
from gdcheck.properties.lemmas.built_in import built_in
from gdcheck.properties.lemmas.declare import OwnClaim
from gdcheck.properties.lemmas.examine import examine, proof_of
from gdcheck.properties.lemmas.loading import load, sources
from gdcheck.properties.lemmas.simplify import Shrinking, simplified
from gdcheck.properties.lemmas.verdict import Counterexample, Form
from gdcheck.properties.strategies.made import read_made
from gdcheck.theorem.certificate.rechecking import BadCertificate, NotChecked, check
from gdcheck.theorem.certificate.shapes import Example, ShapeError, StoredExample, read_as
from gdcheck.theorem.decision.decide import Decision, decide
from gdcheck.theorem.decision.smooth import SmoothDecision, decide_smooth
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.statement import Statement
from gdcheck.theorem.smooth.problem import SmoothProblem
from gdcheck.theorem.valleys.decide import ValleyDecision, decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem

Again = Literal["violated again", "fixed", "undecided"]
"""The result of a claim on a problem on which it failed before."""
_AGAIN: dict[str, tuple[Again, str]] = {
    "violated": ("violated again", ""),
    "held": ("fixed", "the claim holds"),
    "aside": ("fixed", "the claim no longer speaks of it"),
    "undecided": ("undecided", ""),
}


def counterexample(task: Shrinking) -> tuple[str, Counterexample]:
    """Make the record of a counterexample.

    Args:
        task: The claim and its violations.

    Returns:
        The claim's name, and the record.
    """
    source = task.source
    claim, found, why_not = simplified(task)
    decision, proof = decided(read_as(found.problem, StoredExample).read())
    try:
        accepted = proof is not None and check(proof) is None
    except (NotChecked, BadCertificate):
        accepted = False
    record = Counterexample(
        claim=source.name,
        sentence=claim.sentence,
        predicted=_prediction(claim),
        target=source.target,
        file=source.file,
        text=source.text,
        digest=source.digest,
        seed=task.shard.seed,
        simplest=Form.of(found),
        first=Form.of(task.first),
        worst=Form.of(task.worst),
        assumed=f"{decision.verdict.value}: {decision.reason}",
        certificate=proof if accepted else None,
        not_simplified=why_not,
    )
    return source.name, record


def decided(problem: Example) -> tuple[Decision | ValleyDecision | SmoothDecision, dict[str, Any] | None]:
    """Decide a problem of a run.

    Args:
        problem: The problem.

    Returns:
        The decision, and its certificate if there is one.
    """
    if isinstance(problem, ValleyProblem):
        in_valley = decide_valley(problem, max_steps=CLAIM_STEPS)
        return in_valley, proof_of(in_valley)
    if isinstance(problem, SmoothProblem):
        enclosed = decide_smooth(problem, max_steps=CLAIM_STEPS)
        return enclosed, proof_of(enclosed)
    decision = decide(problem, max_steps=CLAIM_STEPS)
    return decision, proof_of(decision)


def _prediction(claim: OwnClaim) -> str:
    if isinstance(claim.statement, Statement):
        said = (
            f"{regime.value}: {p.kind.value} along the eigenvector of the {p.end.name.lower()} eigenvalue"
            for regime, p in claim.statement.predictions.items()
        )
        return "; ".join(said)
    return claim.exactly or claim.sentence


def examined_again(data: Any, load_from: Path | None, beside: Path) -> list[tuple[str, Again, str]]:
    """Examine the claim of a counterexample again, on each of its problems.

    What the record holds as text is never run: the claim is loaded from a file of the reader's own.

    Args:
        data: The record, from outside and not trusted.
        load_from: The file that declares the claim, if the reader names it.
        beside: The folder of the record, where the file is looked for after the current one.

    Returns:
        For each form its name, whether the claim is violated again, fixed or undecided, and what was found.

    Raises:
        InputError: If the record is not one, or the claim's file is not there.
    """
    record = read_record(data)
    claim = _claim_of(record, load_from, beside)
    found = []
    for name, form in (("simplest", record.simplest), ("first", record.first), ("worst", record.worst)):
        problem, instance = form.problem.read(), None
        if form.made is not None:
            instance = read_made(form.made, problem)
        outcome, _ = examine(claim, instance or problem)
        state = outcome.state
        if state == "aside" and claim.examination is not None:
            state = "undecided"  # A problem that a claim of the theorem sets aside is not resolved.
        word, said = _AGAIN[state]
        evidence = "undecided" if state == "undecided" else outcome.evidence
        told = f"{said}: {outcome.cause}" if said and outcome.cause else said or outcome.cause
        found.append((name, word, f"{told} ({evidence})"))
    return found


def read_record(data: Any) -> Counterexample:
    """Read the record of a counterexample.

    Args:
        data: The parsed JSON.

    Returns:
        The record.

    Raises:
        InputError: If it is of another shape.
    """
    try:
        return read_as(data, Counterexample)
    except ShapeError as error:
        raise InputError("counterexample", f"{error}; give the file as it was written") from None


def digest_of(record: Counterexample, load_from: Path | None, beside: Path) -> bool:
    """Whether the reader's file is the one that the counterexample was found with."""
    if not record.file:
        return True
    path = _file_of(record, load_from, beside)
    return any(s.digest == record.digest for s in sources([str(path)]))


def _claim_of(record: Counterexample, load_from: Path | None, beside: Path) -> OwnClaim:
    if not record.file:
        return built_in(record.claim)
    target = str(_file_of(record, load_from, beside))
    for source in sources([target]):
        if source.name == record.claim:
            return load(source)
    raise InputError("claim", f"{target[:200]!r} declares no claim {record.claim[:80]!r}; name its file with --load")


def _file_of(record: Counterexample, load_from: Path | None, beside: Path) -> Path:
    name = Path(record.file).name
    for path in (load_from,) if load_from is not None else (Path(name), beside / name):
        if path is not None and path.is_file():
            return path
    said = f"the file {name[:80]!r} that declares {record.claim[:80]!r} is not here"
    raise InputError("claim", f"{said}; its text is in the record: read it, save it, and name it with --load")
