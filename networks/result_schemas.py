"""The JSON Schemas of what ``gdcheck train`` and ``gdcheck network`` write."""

from __future__ import annotations

from typing import Any

from gdcheck.theorem.certificate.shapes import COUNT, DRAFT, TEXT, closed

TRAINING = "gdcheck-training/1"
NETWORK = "gdcheck-network/1"


_NUMBER: dict[str, Any] = {"type": "number"}
_OR_NULL: dict[str, Any] = {"type": ["number", "null"]}
_YES_OR_NO: dict[str, Any] = {"type": "boolean"}
_NUMBERS: dict[str, Any] = {"type": "array", "items": _NUMBER}
_NUMBERS_OR_NULL: dict[str, Any] = {"type": "array", "items": _OR_NULL}
_BAND = closed({"steps": {"type": "array", "items": COUNT}, "mean": _NUMBERS, "low": _NUMBERS, "high": _NUMBERS})
_APPROACH = closed(
    {
        "measured": {"type": "boolean"},
        **dict.fromkeys(("final", "trend", "spread", "worst"), _OR_NULL),
        "reason": TEXT,
    }
)
_DATA = closed(
    {
        "name": TEXT,
        "synthetic": {"type": "boolean"},
        "images": COUNT,
        "shape": {"type": "array", "items": COUNT},
        "classes": COUNT,
    }
)
_NETWORK = closed(
    {"architecture": TEXT, "activation": TEXT, "width": COUNT, "smooth": {"type": "boolean"}, "parameters": COUNT}
)
_SURROUNDINGS = closed({"device": TEXT, "threads": COUNT, "python": TEXT, "torch": TEXT})

TRAINING_SCHEMA: dict[str, Any] = {
    "$schema": DRAFT,
    "title": "gdcheck training result",
    **closed(
        {
            "schema": {"const": TRAINING},
            "kind": {"const": "measured"},
            "surroundings": _SURROUNDINGS,
            "data": _DATA,
            "network": _NETWORK,
            "loss": {"enum": ["mse", "cross-entropy"]},
            "weight_decay": {"type": "number", "minimum": 0},
            "dtype": {"enum": ["float32", "float64"]},
            "steps": COUNT,
            "near_one": {"type": "number"},
            "runs": {
                "type": "array",
                "items": closed(
                    {
                        "optimizer": TEXT,
                        "seed": COUNT,
                        "steps": COUNT,
                        "diverged": {"type": ["string", "null"]},
                        **dict.fromkeys(("loss", "accuracy", "gradient_norm", "cosine"), _OR_NULL),
                        **dict.fromkeys(("sharpness", "threshold"), _OR_NULL),
                        "looks": COUNT,
                        "unconverged": COUNT,
                    }
                ),
            },
            "optimizers": {
                "type": "array",
                "items": closed(
                    {
                        "optimizer": TEXT,
                        "step_size": {"type": "number"},
                        "momentum": {"type": "number"},
                        "batch": {"type": ["integer", "null"]},
                        "schedule": TEXT,
                        "seeds": COUNT,
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

_TRAJECTORY = closed(
    {
        **dict.fromkeys(("step_size", "ratio"), _NUMBER),
        "taken": COUNT,
        **dict.fromkeys(("left", "alternates"), _YES_OR_NO),
        "steps": {"type": "array", "items": COUNT},
        **dict.fromkeys(("cosine", "lowest", "highest", "distance"), _NUMBERS_OR_NULL),
        "last_cosine": _OR_NULL,
        "sharpness_from": COUNT,
        "sharpness": _NUMBERS,
        "sharpness_residual": _NUMBER,
    }
)

NETWORK_RESULT_SCHEMA: dict[str, Any] = {
    "$schema": DRAFT,
    "title": "gdcheck network result",
    **closed(
        {
            "schema": {"const": NETWORK},
            "kind": {"const": "measured"},
            "surroundings": _SURROUNDINGS,
            "data": _DATA,
            "network": _NETWORK,
            "loss": {"const": "mse"},
            "weight_decay": _NUMBER,
            "options": {"type": "object", "additionalProperties": _NUMBER},
            "minimum": closed(
                {
                    **dict.fromkeys(("loss", "accuracy", "gradient_norm"), _NUMBER),
                    **dict.fromkeys(("lbfgs_steps", "newton_steps"), COUNT),
                    "spectrum": _NUMBERS,
                    **dict.fromkeys(("boundary", "stability_limit"), _NUMBER),
                }
            ),
            "below": _TRAJECTORY,
            "above": _TRAJECTORY,
            "scan": {
                "type": "array",
                "items": closed(
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
