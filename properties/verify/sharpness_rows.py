"""The known behaviour of the sharpness on the paper's own instances, compared with what is proved."""

from __future__ import annotations

from typing import Annotated

from gdcheck.properties.verify.paper_examples import EXAMPLES, Example
from gdcheck.theorem.certificate.kinds.sharpness import recheck_sharpness
from gdcheck.theorem.certificate.pattern_answer import sharpness_json
from gdcheck.theorem.certificate.shapes import Count, Shape, one_of
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.loss.errors import in_words
from gdcheck.theorem.sharpness.pattern import Kind
from gdcheck.theorem.sharpness.sharpness import sharpness

PatternName = Annotated[str, one_of(Kind)]


class SharpnessRow(Shape, frozen=True):
    """The sharpness on one of the paper's instances.

    Attributes:
        loss: The loss, in its canonical form.
        step_size: η.
        start: The start.
        expected: The kind expected.
        kind: The kind proved.
        agrees: Whether kind, C_η and the number of crossings are the expected ones, as far as they are known.
        C_eta: C_η.
        from_step: The step from which the pattern is proved for all later steps.
        broken: At how many earlier steps it is proved broken.
        threshold: 2/η.
        crossings: At how many steps λ_n(x_k) > 2/η is proved.
        complete: Whether it is proved that these are all.
        rose: At how many of them the loss rises.
        cause: Why the pattern is undecided.
        recheck: The independent checker's answer on pattern and crossings: "accepted", "rejected", or "none" if there
            is no certificate, or the checker gave up.
    """

    loss: str
    step_size: str
    start: tuple[str, ...]
    expected: PatternName
    kind: PatternName
    agrees: bool
    C_eta: str | None = None
    from_step: Count | None = None
    broken: Count | None = None
    threshold: str | None = None
    crossings: Count | None = None
    complete: bool = False
    rose: Count | None = None
    cause: str | None = None
    recheck: str = "none"


def sharpness_rows() -> tuple[SharpnessRow, ...]:
    """Prove the sharpness's pattern on the paper's instances.

    Returns:
        A row for each; an error on the way leaves its row undecided, with the error as the cause.
    """
    return tuple(_row(known) for known in EXAMPLES)


def _row(known: Example) -> SharpnessRow:
    problem = known.problem
    place = (problem.loss.text(), known.step_size, known.start, known.pattern.value)
    try:
        decision = decide(problem)
        proved = sharpness(decision, first_steps=True)
        checked = None if proved is None else recheck_sharpness(decision, proved)
        found = None if checked is None else sharpness_json(checked.found)
    except Exception as error:
        cause = f"an error stopped the proof: {in_words(error)}"
        return SharpnessRow(*place, kind=Kind.UNDECIDED.value, agrees=False, cause=cause)
    assert found is not None and checked is not None, "every row has a strict minimum"
    crossed = found["crossings"]
    as_known = (found["kind"], found["C_eta"]) == (known.pattern.value, known.C_eta)
    counted = crossed["complete"] and not crossed["undecided"] and known.crossings in {None, crossed["count"]}
    return SharpnessRow(
        *place,
        kind=found["kind"],
        agrees=as_known and counted,
        C_eta=found["C_eta"],
        from_step=found["from_step"],
        broken=found["broken"],
        threshold=found["threshold"],
        crossings=crossed["count"],
        complete=crossed["complete"],
        rose=len(crossed["loss_rose"]),
        cause=found["cause"],
        recheck=checked.result,
    )
