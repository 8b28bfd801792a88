"""Reading the results of runs back: plain data, checked against their schemas, never executed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gdcheck.networks.result_schemas import NETWORK, NETWORK_RESULT_SCHEMA, TRAINING, TRAINING_SCHEMA
from gdcheck.properties.ablation.run import SCHEMA as ABLATION
from gdcheck.properties.runner.report_format import FORMAT as CLAIMS
from gdcheck.properties.storage.reading import parse_json, read_text
from gdcheck.properties.sweep.summary import SCHEMA as SWEEP
from gdcheck.reports.consistent import inconsistency
from gdcheck.reports.page import Sources
from gdcheck.reports.run_schemas import ABLATION_SCHEMA, CLAIMS_SCHEMA, SWEEP_SCHEMA
from gdcheck.reports.schema import REPORT_SCHEMA
from gdcheck.reports.schema import SCHEMA as VERIFICATION
from gdcheck.theorem.loss.errors import InputError

_KINDS: dict[str, tuple[str, Mapping[str, Any]]] = {
    VERIFICATION: ("verification", REPORT_SCHEMA),
    CLAIMS: ("claims", CLAIMS_SCHEMA),
    ABLATION: ("ablation", ABLATION_SCHEMA),
    SWEEP: ("sweep", SWEEP_SCHEMA),
    NETWORK: ("network", NETWORK_RESULT_SCHEMA),
    TRAINING: ("training", TRAINING_SCHEMA),
}
_NAMES = ("report.json", "ablation.json", "summary.json", "network.json", "result.json")


def read_sources(runs: Sequence[Path]) -> Sources:
    """Reads the results of runs.

    Args:
        runs: JSON files, or directories that hold one under the name that its command gives it.

    Returns:
        The runs.

    Raises:
        InputError: If a file cannot be read, is not the result of a run or contradicts itself, or two are of one kind.
    """
    sources = Sources()
    for path in (file for run in runs for file in _files(run)):
        data = parse_json(read_text(path), str(path)[:200])
        schema = data.get("schema") if isinstance(data, dict) else None
        if not isinstance(schema, str) or schema not in _KINDS:
            raise InputError("run", f"{str(path)[:200]!r} has no known schema; give one of {', '.join(_KINDS)}")
        kind, shape = _KINDS[schema]
        _check(data, shape, path)
        if (wrong := inconsistency(kind, data)) is not None:
            raise InputError("run", f"{str(path)[:200]!r}: {wrong}; give the file as it was written")
        if getattr(sources, kind) is not None:
            raise InputError("run", f"{str(path)[:200]!r} is a second run of the kind {kind}; give one of each")
        sources = replace(sources, **{kind: data})
    return sources


def _files(run: Path) -> list[Path]:
    if not run.is_dir():
        return [run]
    found = [run / name for name in _NAMES if (run / name).is_file()]
    if not found:
        raise InputError("run", f"{str(run)[:200]!r} holds none of {', '.join(_NAMES)}; name the directory of a run")
    return found


def _check(data: object, shape: Mapping[str, Any], path: Path) -> None:
    from jsonschema import Draft202012Validator  # noqa: PLC0415
    from jsonschema.exceptions import best_match  # noqa: PLC0415

    error = best_match(Draft202012Validator(shape).iter_errors(data))
    if error is not None:
        message = error.message if len(error.message) <= 200 else error.message[:200] + "…"
        raise InputError(
            "run", f"{str(path)[:200]!r}: {error.json_path[:200]}: {message}; give the file as it was written"
        )
