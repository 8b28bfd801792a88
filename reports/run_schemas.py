"""JSON Schemas of the results of ``gdcheck ablate``, of ``gdcheck sweep`` and of a run of the claims."""

from __future__ import annotations

from typing import Any, get_args

from properties.ablation import search
from properties.ablation.run import SCHEMA as ABLATION
from properties.harness import SCHEMA as CLAIMS
from properties.sweep.summary import SCHEMA as SWEEP
from theorem.problem import PROBLEM_SCHEMA
from theorem.verdict import Verdict

_COUNT = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_COUNTS = {"type": "object", "additionalProperties": _COUNT}
_PROBLEM = {key: value for key, value in PROBLEM_SCHEMA.items() if key != "$schema"} | {
    "required": list(PROBLEM_SCHEMA["properties"])
}


def _closed(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    closed = {"properties": properties, "required": list(properties), "additionalProperties": False}
    return {"type": "object", **closed, **more}


_EXHIBIT = {
    "oneOf": [
        {"type": "null"},
        _closed(
            {
                "problem": _PROBLEM,
                "predicted": _TEXT,
                "happens": _TEXT,
                "evidence": {"enum": ["proved", "observed"]},
                "severity": {"type": "number"},
                "certificates": {"type": "array", "items": {"type": "object"}},
            },
            description="a problem worth showing, with its proof",
        ),
    ]
}

_ROW = _closed(
    {
        "name": _TEXT,
        "assumption": _TEXT,
        "dropped": _TEXT,
        "claim": _TEXT,
        "verdict": {"enum": list(get_args(search.Verdict))},
        "evidence": {"enum": ["proved", "observed"]},
        "examined": _COUNT,
        "violated": _COUNT,
        "held": _COUNT,
        "aside": _COUNT,
        "weaker": {"type": ["string", "null"], "description": "a weaker claim that held wherever it was decided"},
        "weaker_held": _COUNT,
        "severity": {**_TEXT, "description": "what the exhibits' severity measures"},
        "simplest": _EXHIBIT,
        "worst": _EXHIBIT,
        "shown": _EXHIBIT,
    },
    description="one assumption dropped",
)

ABLATION_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "gdcheck ablation",
    **_closed(
        {
            "schema": {"const": ABLATION},
            "seed": {"type": "integer"},
            "budget": _COUNT,
            "asked": {"type": "array", "items": _TEXT},
            "interrupted": {"type": "boolean"},
            "versions": {"type": "object", "additionalProperties": _TEXT},
            "rows": {"type": "array", "items": _ROW},
        },
        description="what gdcheck ablate found",
    ),
}

_TALLY = {
    "type": "object",
    "properties": {
        "problems": _COUNT,
        "verdict": {"type": "object", "properties": {v.value: _COUNT for v in Verdict}, "additionalProperties": False},
        "holds": _COUNTS,
        "most_steps": _COUNT,
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
_ABOUT = _closed({"sentence": _TEXT, "statement": _TEXT, "kind": {"enum": ["proved", "observed"]}, "margin": _TEXT})

CLAIMS_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "gdcheck claims",
    **_closed(
        {
            "schema": {"const": CLAIMS},
            "seed": {"type": "integer"},
            "profile": _TEXT,
            "examples": {"type": ["integer", "null"]},
            "problems": _COUNT,
            "problems_in_search": _COUNT,
            "distinct": _COUNT,
            "drawn": _COUNT,
            "discarded": _COUNT,
            "discard_rate": {"type": "number", "minimum": 0},
            "about": {"type": "object", "additionalProperties": _ABOUT},
            "claims": _TALLIES,
            "worst": _TALLIES,
            "run": {
                "type": "object",
                "properties": {
                    "seconds": {"type": "number"},
                    "workers": _COUNT,
                    "versions": {"type": "object", "additionalProperties": _TEXT},
                },
                "required": ["seconds", "workers", "versions"],
            },
        },
        description="what a run of the claims as properties found",
    ),
}

_INDICES = {"type": "array", "items": _COUNT}
_OUTCOME = {"enum": ["passed", "failed", "incomplete"]}

SWEEP_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "gdcheck sweep summary",
    **_closed(
        {
            "schema": {"const": SWEEP},
            "outcome": _OUTCOME,
            "problems": _COUNT,
            "decided": _COUNT,
            "seed": {"type": "integer"},
            **dict.fromkeys(("verdicts", "tiers", "regimes", "steps", "step_histogram", "margin_histogram"), _COUNTS),
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
