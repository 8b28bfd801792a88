"""The JSON Schemas of what ``gdcheck train`` and ``gdcheck network`` write."""

from __future__ import annotations

from typing import Any

TRAINING = "gdcheck-training/1"
NETWORK = "gdcheck-network/1"


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


_NUMBER: dict[str, Any] = {"type": "number"}
_OR_NULL: dict[str, Any] = {"type": ["number", "null"]}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_TEXT: dict[str, Any] = {"type": "string"}
_YES_OR_NO: dict[str, Any] = {"type": "boolean"}
_NUMBERS: dict[str, Any] = {"type": "array", "items": _NUMBER}
_NUMBERS_OR_NULL: dict[str, Any] = {"type": "array", "items": _OR_NULL}
_BAND = _object({"steps": {"type": "array", "items": _COUNT}, "mean": _NUMBERS, "low": _NUMBERS, "high": _NUMBERS})
_APPROACH = _object(
    {
        "measured": {"type": "boolean"},
        **dict.fromkeys(("final", "trend", "spread", "worst"), _OR_NULL),
        "reason": _TEXT,
    }
)
_DATA = _object(
    {
        "name": _TEXT,
        "synthetic": {"type": "boolean"},
        "images": _COUNT,
        "shape": {"type": "array", "items": _COUNT},
        "classes": _COUNT,
    }
)
_NETWORK = _object(
    {"architecture": _TEXT, "activation": _TEXT, "width": _COUNT, "smooth": {"type": "boolean"}, "parameters": _COUNT}
)
_SURROUNDINGS = _object({"device": _TEXT, "threads": _COUNT, "python": _TEXT, "torch": _TEXT})

TRAINING_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "gdcheck training result",
    **_object(
        {
            "schema": {"const": TRAINING},
            "kind": {"const": "measured"},
            "surroundings": _SURROUNDINGS,
            "data": _DATA,
            "network": _NETWORK,
            "loss": {"enum": ["mse", "cross-entropy"]},
            "weight_decay": {"type": "number", "minimum": 0},
            "dtype": {"enum": ["float32", "float64"]},
            "steps": _COUNT,
            "near_one": {"type": "number"},
            "runs": {
                "type": "array",
                "items": _object(
                    {
                        "optimizer": _TEXT,
                        "seed": _COUNT,
                        "steps": _COUNT,
                        "diverged": {"type": ["string", "null"]},
                        **dict.fromkeys(("loss", "accuracy", "gradient_norm", "cosine"), _OR_NULL),
                        **dict.fromkeys(("sharpness", "threshold"), _OR_NULL),
                        "looks": _COUNT,
                        "unconverged": _COUNT,
                    }
                ),
            },
            "optimizers": {
                "type": "array",
                "items": _object(
                    {
                        "optimizer": _TEXT,
                        "step_size": {"type": "number"},
                        "momentum": {"type": "number"},
                        "batch": {"type": ["integer", "null"]},
                        "schedule": _TEXT,
                        "seeds": _COUNT,
                        "approach": _APPROACH,
                        "loss_change": _OR_NULL,
                        "epoch_approach": {"oneOf": [{"type": "null"}, _APPROACH]},
                        "cosine": _BAND,
                        "epoch_cosine": {"oneOf": [{"type": "null"}, _BAND]},
                        **dict.fromkeys(("loss", "sharpness_over_threshold", "to_final", "to_previous"), _BAND),
                    }
                ),
            },
        }
    ),
}

_TRAJECTORY = _object(
    {
        **dict.fromkeys(("step_size", "ratio"), _NUMBER),
        "taken": _COUNT,
        **dict.fromkeys(("left", "alternates"), _YES_OR_NO),
        "steps": {"type": "array", "items": _COUNT},
        **dict.fromkeys(("cosine", "lowest", "highest", "distance"), _NUMBERS_OR_NULL),
        "last_cosine": _OR_NULL,
        "sharpness_from": _COUNT,
        "sharpness": _NUMBERS,
        "sharpness_residual": _NUMBER,
    }
)

NETWORK_RESULT_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "gdcheck network result",
    **_object(
        {
            "schema": {"const": NETWORK},
            "kind": {"const": "measured"},
            "surroundings": _SURROUNDINGS,
            "data": _DATA,
            "network": _NETWORK,
            "loss": {"const": "mse"},
            "weight_decay": _NUMBER,
            "options": {"type": "object", "additionalProperties": _NUMBER},
            "minimum": _object(
                {
                    **dict.fromkeys(("loss", "accuracy", "gradient_norm"), _NUMBER),
                    **dict.fromkeys(("lbfgs_steps", "newton_steps"), _COUNT),
                    "spectrum": _NUMBERS,
                    **dict.fromkeys(("boundary", "stability_limit"), _NUMBER),
                }
            ),
            "below": _TRAJECTORY,
            "above": _TRAJECTORY,
            "scan": {
                "type": "array",
                "items": _object(
                    {
                        **dict.fromkeys(("step_size", "ratio"), _NUMBER),
                        "slope": _OR_NULL,
                        "expected": _NUMBER,
                        "cosine": _OR_NULL,
                        "left": _YES_OR_NO,
                    }
                ),
            },
            "switch": _OR_NULL,
            "switch_relative_difference": _OR_NULL,
            "findings": {"type": "object", "additionalProperties": _YES_OR_NO},
        }
    ),
}
