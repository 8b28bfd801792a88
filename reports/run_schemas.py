"""JSON Schemas of the results of ``gdcheck ablate``, of ``gdcheck sweep`` and of a run of the claims."""

from __future__ import annotations

from typing import Any, get_args

from gdcheck.properties.ablation import search
from gdcheck.properties.ablation.run import SCHEMA as ABLATION
from gdcheck.properties.runner.report_format import FORMAT as CLAIMS
from gdcheck.properties.sweep.summary import SCHEMA as SWEEP
from gdcheck.properties.sweep.work import REGIMES, TIERS, VERDICTS
from gdcheck.theorem.certificate.shapes import COUNT, DRAFT, TEXT, closed
from gdcheck.theorem.decision.decide import Verdict
from gdcheck.theorem.descent.problem import PROBLEM_SCHEMA

_COUNTS = {"type": "object", "additionalProperties": COUNT}
_PROBLEM = {key: value for key, value in PROBLEM_SCHEMA.items() if key != "$schema"} | {
    "required": list(PROBLEM_SCHEMA["properties"])
}


_EXHIBIT = {
    "oneOf": [
        {"type": "null"},
        closed(
            {
                "problem": _PROBLEM,
                "predicted": TEXT,
                "happens": TEXT,
                "evidence": {"enum": ["proved", "observed"]},
                "severity": {"type": "number"},
                "certificates": {"type": "array", "items": {"type": "object"}},
            },
            description="a problem worth showing, with its proof",
        ),
    ]
}

_ROW_KEPT = closed(
    {
        "name": TEXT,
        "assumption": TEXT,
        "dropped": TEXT,
        "claim": TEXT,
        "verdict": {"enum": list(get_args(search.Verdict))},
        "evidence": {"enum": ["proved", "observed"]},
        "examined": COUNT,
        "violated": COUNT,
        "held": COUNT,
        "aside": COUNT,
        "weaker": {"type": ["string", "null"], "description": "a weaker claim that held wherever it was decided"},
        "weaker_held": COUNT,
        "severity": {**TEXT, "description": "what the exhibits' severity measures"},
        "simplest": _EXHIBIT,
        "worst": _EXHIBIT,
        "shown": _EXHIBIT,
    },
    description="one assumption dropped",
)
# A row of earlier versions has no fault.
_ROW = _ROW_KEPT | {
    "properties": _ROW_KEPT["properties"]
    | {"fault": {"type": ["string", "null"], "description": "what is wrong with the ablation itself; it is then open"}}
}

ABLATION_SCHEMA: dict[str, Any] = {
    "$schema": DRAFT,
    "title": "gdcheck ablation",
    **closed(
        {
            "schema": {"const": ABLATION},
            "seed": {"type": "integer"},
            "budget": COUNT,
            "asked": {"type": "array", "items": TEXT},
            "interrupted": {"type": "boolean"},
            "versions": {"type": "object", "additionalProperties": TEXT},
            "rows": {"type": "array", "items": _ROW},
        },
        description="what gdcheck ablate found",
    ),
}

_TALLY = {
    "type": "object",
    "properties": {
        "problems": COUNT,
        "verdict": {"type": "object", "properties": {v.value: COUNT for v in Verdict}, "additionalProperties": False},
        "holds": _COUNTS,
        "most_steps": COUNT,
        "smallest_margin": {
            "oneOf": [
                {"type": "null"},
                {
                    "type": "object",
                    "properties": {
                        "margin": {"type": "number"},
                        "instance": {
                            "type": "object",
                            "properties": {"problem": _PROBLEM},
                            "required": ["problem"],
                        },
                    },
                    "required": ["margin", "instance"],
                },
            ]
        },
    },
    "required": ["problems", "verdict", "holds", "most_steps", "smallest_margin"],
}
_TALLIES = {"type": "object", "additionalProperties": _TALLY}
_ABOUT = closed({"sentence": TEXT, "statement": TEXT, "kind": {"enum": ["proved", "observed"]}, "margin": TEXT})

CLAIMS_SCHEMA: dict[str, Any] = {
    "$schema": DRAFT,
    "title": "gdcheck claims",
    **closed(
        {
            "schema": {"const": CLAIMS},
            "seed": {"type": "integer"},
            "profile": TEXT,
            "examples": {"type": ["integer", "null"]},
            "problems": COUNT,
            "problems_in_search": COUNT,
            "distinct": COUNT,
            "drawn": COUNT,
            "discarded": COUNT,
            "discard_rate": {"type": "number", "minimum": 0},
            "about": {"type": "object", "additionalProperties": _ABOUT},
            "claims": _TALLIES,
            "worst": _TALLIES,
            "run": {
                "type": "object",
                "properties": {
                    "seconds": {"type": "number"},
                    "workers": COUNT,
                    "versions": {"type": "object", "additionalProperties": TEXT},
                },
                "required": ["seconds", "workers", "versions"],
            },
        },
        description="what a run of the claims as properties found",
    ),
}


def _each(names: list[str]) -> dict[str, Any]:
    return closed(dict.fromkeys(names, COUNT))


_INDICES = {"type": "array", "items": COUNT}
_OUTCOME = {"enum": ["passed", "failed", "incomplete"]}

SWEEP_SCHEMA: dict[str, Any] = {
    "$schema": DRAFT,
    "title": "gdcheck sweep summary",
    **closed(
        {
            "schema": {"const": SWEEP},
            "outcome": _OUTCOME,
            "problems": COUNT,
            "decided": COUNT,
            "seed": {"type": "integer"},
            "verdicts": _each(VERDICTS),
            "tiers": _each(TIERS),
            "regimes": _each(REGIMES),
            **dict.fromkeys(("steps", "step_histogram", "margin_histogram"), _COUNTS),
            "phases": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "propertyNames": {"pattern": "^-?[0-9]{1,5}$"},
                    "additionalProperties": _COUNTS,
                },
            },
            **dict.fromkeys(("refuted", "unresolved", "disagreements"), _INDICES),
        },
        description="what gdcheck sweep found",
    ),
}
