"""The schemas of what the commands print with ``--json``, as docs/schemas publishes them."""

from __future__ import annotations

from typing import Any, Literal

from gdcheck.commands.answers import ANSWER, DIRECTION, STEPS
from gdcheck.properties.basins.crossing_grid import Cell
from gdcheck.theorem.certificate.shapes import DRAFT, Count, Shape, StoredRun, VerdictName, json_schema


class CrossingGrid(StoredRun, frozen=True, tag="gdcheck-crossings/1"):
    """What ``gdcheck crossings`` counts.

    Attributes:
        cells: One problem each.
    """

    cells: tuple[Cell, ...]


class Map(StoredRun, frozen=True, tag="gdcheck-map/1"):
    """What ``gdcheck map`` draws.

    Attributes:
        picture: The file.
        points: How many starts or step sizes were followed; with residuals, how many of a grid were given to the proof.
        certified: At how many of them what is drawn is proved, in float64 with proved roundings; the rest is observed.
        differing: With residuals, at how many of the proved ones the simulation ends elsewhere.
        notes: What else is said.
    """

    picture: str
    points: Count
    certified: Count
    differing: Count
    notes: tuple[str, ...]


class Rechecked(Shape, frozen=True):
    """What the checker says of one certificate.

    Attributes:
        file: The certificate's file.
        result: ``unusable`` if the file holds no certificate.
        said: The answer in words.
    """

    file: str
    result: Literal["accepted", "rejected", "not-checked", "unusable"]
    said: str


class Recheck(StoredRun, frozen=True, tag="gdcheck-recheck/1"):
    """What ``gdcheck recheck`` says.

    Attributes:
        files: One certificate each, in the order of the command line.
    """

    files: tuple[Rechecked, ...]


Comparison = Literal["same", "different", "nothing stored", "violated again", "fixed", "undecided"]
"""How what is found compares with what is stored."""


class Replayed(Shape, frozen=True):
    """One thing of a record that was found again.

    Attributes:
        about: ``verdict``, ``sharpness``, or a claim and one of its problems.
        outcome: How what is found compares with what is stored.
        stored: What is stored; None where nothing is, and of a claim.
        found: What is found now.
    """

    about: str
    outcome: Comparison
    stored: str | None
    found: str


class Replay(StoredRun, frozen=True, tag="gdcheck-replay/1"):
    """What ``gdcheck replay`` finds.

    Attributes:
        compared: The verdict, then the sharpness where it is stored; or the claim of a counterexample on its problems.
        reason: Why the verdict is as it is now; None of a claim.
        notes: What else is said.
    """

    compared: tuple[Replayed, ...]
    reason: str | None = None
    notes: tuple[str, ...] = ()


class Plot(StoredRun, frozen=True, tag="gdcheck-plot/1"):
    """What ``gdcheck plot`` draws.

    Attributes:
        picture: The file.
        verdict: The verdict on the problem that is drawn.
        reason: Why, in one sentence.
    """

    picture: str
    verdict: VerdictName
    reason: str


class Page(StoredRun, frozen=True, tag="gdcheck-page/1"):
    """What ``gdcheck report`` writes.

    Attributes:
        page: The page.
        markdown: The same as Markdown.
        junit: The same as JUnit XML.
    """

    page: str
    markdown: str
    junit: str


class NothingFound(StoredRun, frozen=True, tag="gdcheck-network-unresolved/1"):
    """What ``gdcheck network`` says where nothing is proved, or there is nothing to measure at.

    Attributes:
        verdict: ``unresolved`` with ``--prove``, ``not measured`` without.
        reason: Why, in one sentence.
        step: The last step that was followed; None where none was.
    """

    verdict: Literal["unresolved", "not measured"]
    reason: str
    step: Count | None = None


def _schema(name: str, title: str, required: list[str], **described: Any) -> dict[str, Any]:
    properties = {"schema": {"enum": [name]}, **described}
    return {"$schema": DRAFT, "title": title, "type": "object", "properties": properties, "required": required}


def _said(text: str, *kinds: str) -> dict[str, Any]:
    return {"type": list(kinds), "description": text}


_METHOD = {"type": ["object", "null"], "description": "the method with its parameters; gradient descent if not there"}
ANSWER_SCHEMAS: dict[str, dict[str, Any]] = {
    "answer": {
        **_schema(
            ANSWER,
            "an answer of gdcheck check --json; keys that were not asked for are left out, unknown values are null",
            ["schema"],
            line=_said("the line of the problem, of many", "integer"),
            error=_said("why there is no answer", "string"),
            verdict={"enum": ["proved", "refuted", "exceptional", "not-applicable", "unresolved"]},
            reason=_said("one sentence", "string"),
            theorem=_said("the theorem that speaks of it, where that is not Theorem 1", "string"),
            starts=_said("of which starts it speaks, where none was given", "string"),
            variables={"type": "array", "items": {"type": "string"}},
            regime=_said("where the step size lies", "string", "null"),
            step_size=_said("η, exact", "string"),
            boundary=_said("2/(λ₁+λₙ), exact or an interval", "string", "array", "null"),
            stability_limit=_said("2/λₙ, exact or an interval", "string", "array", "null"),
            eigenvalues=_said("of the Hessian at the minimizer", "array"),
            limit=_said("the certified limit: its kind and vectors", "object"),
            predicted=_said("what the theorem predicts", "object", "null"),
            multiplier=_said("the dominant multiplier", "string", "null"),
            rate=_said("the direction's rate", "number", "null"),
            rate_exponent=_said("the exponent of the number of steps in front of it", "number", "null"),
            rate_exact=_said("the rate where it is known exactly", "number", "null"),
            step=_said("the step at which the certificate applies", "integer", "null"),
            precision=_said("bits used", "integer", "null"),
            fails=_said("assumptions proved to fail", "array"),
            step_sizes=_said("the step sizes that matter", "object", "null"),
            rate_per_step=_said("max |1 − ηλ|", "number", "null"),
            subspace=_said("the invariant subspace that was used", "object", "array", "null"),
            window=_said("the step sizes between which a method's direction rotates", "array", "null"),
            method=_METHOD,
            chain=_said("the constants of the paper's proof", "object", "null"),
            exceptional=_said("the exceptional starts", "object", "null"),
            minimizer=_said("the minimizer, and how it was found", "object", "array", "null"),
            critical_points=_said("the nearest critical points", "array", "null"),
            outcome=_said("what the trajectory does in the long run", "object", "null"),
            elsewhere=_said("the theorem at the point that the trajectory tends to", "object", "null"),
            sharpness=_said("the largest Hessian eigenvalue along the trajectory", "object", "null"),
            scalars=_said("other functions along it", "array"),
            observed=_said("what mpmath sees, without proof", "object", "null"),
            within=_said("from which step on the distance is small", "object"),
            within_loss=_said("from which step on the loss is small", "object"),
            iterate=_said("the iterate of a step", "object"),
            recheck={"enum": ["accepted", "rejected", "none"]},
        ),
        "anyOf": [{"required": ["verdict", "reason", "recheck"]}, {"required": ["line", "error"]}],
    },
    "steps": _schema(
        STEPS,
        "an answer of gdcheck steps --json",
        ["schema", "variables", "minimizers"],
        variables={"type": "array", "items": {"type": "string"}},
        minimizers={"type": "array", "items": {"type": "object"}, "description": "what each step size does near each"},
    ),
    "direction": _schema(
        DIRECTION,
        "an answer of gdcheck direction --json",
        ["schema", "spectrum", "methods"],
        spectrum={"type": "array", "items": {"type": "string"}, "description": "exact"},
        methods={"type": "array", "items": {"type": "object"}, "description": "what each step size does, by method"},
    ),
    "crossings": json_schema(CrossingGrid, "an answer of gdcheck crossings --json"),
    "map": json_schema(Map, "an answer of gdcheck map --json"),
    "network-unresolved": json_schema(NothingFound, "an answer of gdcheck network --json without a result"),
    "page": json_schema(Page, "an answer of gdcheck report --json"),
    "plot": json_schema(Plot, "an answer of gdcheck plot --json"),
    "recheck": json_schema(Recheck, "an answer of gdcheck recheck --json"),
    "replay": json_schema(Replay, "an answer of gdcheck replay --json"),
}
"""The published schemas of answers, by the name of their file."""
