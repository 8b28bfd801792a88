"""The report of a run as plain data, and the JSON Schema of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, TypedDict, cast

from gdcheck.properties.verify.verify import Verification
from gdcheck.theorem.certificate.shapes import COUNT, DRAFT, closed
from gdcheck.theorem.decision.decide import Verdict
from gdcheck.theorem.descent.problem import PROBLEM_SCHEMA
from gdcheck.theorem.methods.statement import LimitKind, Regime
from gdcheck.theorem.sharpness.pattern import Kind

SCHEMA = "gdcheck-report/1"


class RecordJson(TypedDict):
    """One problem; see ``properties.verify.record.Record``."""

    index: int
    verdict: str
    reason: str
    recheck: str
    regime: str | None
    dimension: int | None
    degree: int | None
    terms: int | None
    rotated: bool
    off_origin: bool
    truncated: bool
    step_size: str | None
    boundary: str | None
    ratio: float | None
    distance: float | None
    gap: float | None
    step: int | None
    precision: int | None
    rate: float | None
    start_radius: float | None
    margin: float | None
    limit: dict[str, Any] | None
    to_lowest: float | None
    to_highest: float | None
    problem: dict[str, Any] | None


class ExpectedJson(TypedDict):
    """What is known of a problem beforehand; see ``properties.verify.verify.Expected``."""

    verdict: str
    kind: str
    axis: str | None


class RowJson(TypedDict):
    """A problem whose outcome is known beforehand; see ``properties.verify.verify.Row``."""

    title: str
    expected: ExpectedJson
    agrees: bool
    record: RecordJson


class SharpnessJson(TypedDict):
    """The sharpness on one of the paper's instances; see ``properties.verify.sharpness_rows.SharpnessRow``."""

    loss: str
    step_size: str
    start: list[str]
    expected: str
    kind: str
    agrees: bool
    C_eta: str | None
    from_step: int | None
    broken: int | None
    threshold: str | None
    crossings: int | None
    complete: bool
    rose: int | None
    cause: str | None


class Report(TypedDict):
    """A whole run; see ``properties.verify.verify.Verification``."""

    schema: str
    outcome: str
    seed: int
    problems: int
    interrupted: bool
    versions: dict[str, str]
    verdicts: dict[str, int]
    rejected: int
    paper: list[RowJson]
    sweep: list[RowJson]
    random: list[RecordJson]
    sharpness: list[SharpnessJson]


def as_report(run: Verification) -> Report:
    """The report of a run.

    Args:
        run: The run.

    Returns:
        Plain data, as ``REPORT_SCHEMA`` describes it. It holds no times: the same run gives the same report.
    """
    data = {
        "schema": SCHEMA,
        "outcome": run.outcome,
        "seed": run.seed,
        "problems": run.problems,
        "interrupted": run.interrupted,
        "versions": run.versions,
        "verdicts": run.verdicts,
        "rejected": run.rejected,
        "paper": [asdict(row) for row in run.paper],
        "sweep": [asdict(row) for row in run.sweep],
        "random": [asdict(record) for record in run.random],
        "sharpness": [asdict(row) | {"start": list(row.start)} for row in run.sharpness],
    }
    return cast(Report, data)


@dataclass(frozen=True)
class Finding:
    """A problem of a report that is not as it should be.

    Attributes:
        name: Where it stands in the run, for people.
        record: What was found.
        file: Where its problem lies, from the report's directory; None if the problem could not even be made.
    """

    name: str
    record: RecordJson
    file: str | None


def unproved(report: Report) -> list[Finding]:
    """All that is not as it should be: expected rows that do not agree, and random problems that are not proved.

    Args:
        report: The report.

    Returns:
        The findings, in the order of the run.
    """
    rows = [(f"{part} {i}", f"{part}-{i}", r["record"]) for part, i, r in _rows(report) if not r["agrees"]]
    seed = report["seed"]
    rows += [
        (f"random problem {r['index']}", f"random-{seed}-{r['index']}", r)
        for r in report["random"]
        if r["verdict"] != Verdict.PROVED.value
    ]
    return [Finding(name, r, f"problems/{file}.json" if r["problem"] else None) for name, file, r in rows]


def _rows(report: Report) -> Iterator[tuple[str, int, RowJson]]:
    for part, rows in (("paper", report["paper"]), ("sweep", report["sweep"])):
        for row in rows:
            yield part, row["record"]["index"] + 1, row


def _or_null(kind: str, description: str, **more: Any) -> dict[str, Any]:
    return {"type": [kind, "null"], "description": description, **more}


_VERDICT = {"enum": [v.value for v in Verdict]}
_KIND = {"enum": [k.value for k in LimitKind]}
_VECTOR = {"type": "array", "items": {"type": "number"}}
_PROBLEM = {key: value for key, value in PROBLEM_SCHEMA.items() if key != "$schema"}
_LIMIT = {
    "oneOf": [
        {"type": "null"},
        closed({"kind": {"type": "null"}, "vector": {"type": "null"}}, "no limit is certified"),
        closed({"kind": {"enum": ["fixed", "alternating"]}, "vector": _VECTOR}, "the limit, with its sign at k = 0"),
        closed({"kind": {"const": "two-cycle"}, "even": _VECTOR, "odd": _VECTOR}, "the limits of even and odd steps"),
    ]
}

_RECORD = closed(
    {
        "index": COUNT,
        "verdict": _VERDICT,
        "reason": {"type": "string"},
        "recheck": {"enum": ["accepted", "rejected", "none"]},
        "regime": {"enum": [*(r.value for r in Regime), None]},
        "dimension": _or_null("integer", "n", minimum=1),
        "degree": _or_null("integer", "total degree of the loss", minimum=0),
        "terms": _or_null("integer", "how many terms the loss has", minimum=0),
        "rotated": {"type": "boolean", "description": "the Hessian at the minimizer is not diagonal"},
        "off_origin": {"type": "boolean", "description": "the minimizer is not the origin"},
        "truncated": {"type": "boolean", "description": "the loss has truncated powers"},
        "step_size": _or_null("string", "η, exact"),
        "boundary": _or_null("string", "2/(λ₁+λₙ), exact where rational"),
        "ratio": _or_null("number", "η divided by the boundary"),
        "distance": _or_null("number", "ratio − 1, computed before rounding"),
        "gap": _or_null("number", "ρ − b: from the largest multiplier modulus to the next", minimum=0),
        "step": _or_null("integer", "the step at which the certificate's inequality holds", minimum=0),
        "precision": _or_null("integer", "bits used", minimum=1),
        "rate": _or_null("number", "certified factor by which the direction error shrinks at each step"),
        "start_radius": _or_null("number", "distance of the start from the minimizer", minimum=0),
        "margin": _or_null("number", "lower bound of log₁₀(amplitude/tail); null if the tail is zero"),
        "limit": _LIMIT,
        "to_lowest": _or_null("number", "squared cosine of the limit with λ₁'s eigenspace", minimum=0, maximum=1),
        "to_highest": _or_null("number", "squared cosine of the limit with λₙ's eigenspace", minimum=0, maximum=1),
        "problem": {"oneOf": [{"type": "null"}, _PROBLEM]},
    },
    "one problem",
)

_ROW = closed(
    {
        "title": {"type": "string"},
        "expected": closed(
            {"verdict": _VERDICT, "kind": _KIND, "axis": _or_null("string", "a variable")}, "what is known beforehand"
        ),
        "agrees": {"type": "boolean", "description": "everything is as expected and the checker accepted"},
        "record": _RECORD,
    },
    "a problem whose outcome is known beforehand",
)

_SHARPNESS = closed(
    {
        "loss": {"type": "string"},
        "step_size": {"type": "string"},
        "start": {"type": "array", "items": {"type": "string"}},
        "expected": {"enum": [k.value for k in Kind]},
        "kind": {"enum": [k.value for k in Kind]},
        "agrees": {"type": "boolean", "description": "all that is known beforehand is as expected"},
        "C_eta": _or_null("string", "the slope of the sharpness along the limit direction"),
        "from_step": _or_null("integer", "the step from which the pattern is proved for all later steps", minimum=0),
        "broken": _or_null("integer", "at how many earlier steps it is proved broken", minimum=0),
        "threshold": _or_null("string", "2/η"),
        "crossings": _or_null("integer", "at how many steps the sharpness is proved above 2/η", minimum=0),
        "complete": {"type": "boolean", "description": "these are proved to be all"},
        "rose": _or_null("integer", "at how many of them the loss is proved to rise", minimum=0),
        "cause": _or_null("string", "why the pattern is undecided"),
    },
    "the sharpness along one trajectory",
)

REPORT_SCHEMA: dict[str, Any] = {
    "$schema": DRAFT,
    "title": "gdcheck report",
    **closed(
        {
            "schema": {"const": SCHEMA},
            "outcome": {"enum": ["passed", "failed", "incomplete"]},
            "seed": {"type": "integer"},
            "problems": {**COUNT, "description": "how many random problems were asked for"},
            "interrupted": {"type": "boolean"},
            "versions": {"type": "object", "additionalProperties": {"type": "string"}},
            "verdicts": closed({v.value: COUNT for v in Verdict}, "how many random problems ended in each verdict"),
            "rejected": {**COUNT, "description": "how many certificates the independent checker rejected"},
            "paper": {"type": "array", "items": _ROW},
            "sweep": {"type": "array", "items": _ROW},
            "random": {"type": "array", "items": _RECORD},
            "sharpness": {"type": "array", "items": _SHARPNESS},
        },
        "what gdcheck verify found",
    ),
}
