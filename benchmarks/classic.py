"""Classic test functions from their classic starts: run ``tox -e bench``, or ``python benchmarks/classic.py [NAME]``.

The problems are those of benchmarks/classic.jsonl, with the answers that an independent simulation in fixed-point
arithmetic of 200 to 600 bits, or in floats, established; where none could, with no direction.
For each, the processor time of the decision and of the recheck, the bits, and the step at which the limit is proved are
printed, and a table of them by function at the end. ``--out FILE`` keeps them, and goes on from what FILE has. Another
answer than the known one, a decision or a recheck beyond its time, or a recheck that costs more than five decisions
ends the run with exit code 1.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import gdcheck
from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.smooth import SmoothProblem
from gdcheck.theorem.loss.rational import to_fmpq
from gdcheck.theorem.smooth.reading import read_smooth

PROBLEMS = Path(__file__).parent / "classic.jsonl"
OUT = Path(__file__).parent / "out" / "classic.json"
SECONDS, DECISIONS, LITTLE = 10.0, 5, 0.1
"""What a decision and a recheck may take; a recheck in decisions; seconds in which nobody counts decisions."""

LONGER = {"cube": 60.0, "Wood (Colville)": 20.0, "Freudenstein and Roth, no minimizer given": 60.0}


def cases(name: str = "") -> Iterator[dict[str, Any]]:
    """Yield the problems whose name begins so."""
    for line in PROBLEMS.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if case["name"].startswith(name):
            yield case


def described(case: dict[str, Any]) -> dict[str, str]:
    """Name a problem."""
    problem = case["problem"]
    return {"name": case["name"], "step_size": problem["step_size"], "start": ", ".join(problem["start"])}


def problem_of(data: dict[str, Any]) -> gdcheck.Problem:
    """Read a problem; where no minimizer is given, it is enclosed along the trajectory, rational or not."""
    if "minimizer" in data:
        return gdcheck.Problem.from_json(data)
    loss = read_smooth(data["loss"], data["variables"])
    start = tuple(to_fmpq(x, "start") for x in data["start"])
    return SmoothProblem(loss, to_fmpq(data["step_size"], "step_size"), start)


def measured(case: dict[str, Any]) -> dict[str, Any]:
    """Decide and recheck one problem; compare with what is known, and with the time that it may take."""
    begun = time.process_time()
    decision = gdcheck.decide(problem_of(case["problem"]))
    decided = time.process_time() - begun
    limit = decision.limit
    kind = None if limit is None else limit.kind.value
    known = case["vector"]
    same = known is None or (
        limit is not None and all(abs(float(x.mid()) - y) < 1e-6 for x, y in zip(limit.vectors[0], known, strict=True))
    )
    if decision.verdict.value != case["verdict"] or (kind != case["kind"] and case["kind"] is not None) or not same:
        raise SystemExit(f"{case['name']}, {case['problem']}: found {decision.verdict.value}, {kind}; known: {case}")
    proof = gdcheck.certify(decision)
    begun = time.process_time()
    rejected = check(proof, 30 * SECONDS)
    rechecked = time.process_time() - begun
    if rejected is not None:
        raise SystemExit(f"{case['name']}: the checker rejects the proof: {rejected}")
    most = LONGER.get(case["name"], SECONDS)
    if max(decided, rechecked) > most or rechecked > max(LITTLE, DECISIONS * decided):
        raise SystemExit(f"{case['name']}, {case['problem']}: {decided:.2f} s, recheck {rechecked:.2f} s: too long")
    return {
        **described(case),
        "verdict": decision.verdict.value,
        "kind": kind or "",
        "steps": decision.amplitude.step if decision.amplitude else None,
        "bits": decision.precision,
        "decision_s": round(decided, 4),
        "recheck_s": round(rechecked, 4),
    }


def by_function(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return by function what the documents' table says: problems, proved, steps, bits and the longest times."""
    found = {}
    for name in dict.fromkeys(row["name"] for row in rows):
        here = [row for row in rows if row["name"] == name]
        proved = sum(row["verdict"] == "proved" for row in here)
        steps, bits = (max(row[key] or 0 for row in here) for key in ("steps", "bits"))
        slowest = [f"{max(row[key] for row in here):.2f} s" for key in ("decision_s", "recheck_s")]
        found[name] = [str(len(here)), str(proved), f"{steps:,}", str(bits), *slowest]
    return found


def main(
    name: Annotated[str, typer.Argument(help="the beginning of a function's name")] = "",
    out: Annotated[Path, typer.Option(help="the file of results; a run goes on from it")] = OUT,
) -> None:
    """Measure and print."""
    rows: list[dict[str, Any]] = []
    if out != OUT and out.exists():
        rows = json.loads(out.read_text(encoding="utf-8"))
    out.parent.mkdir(parents=True, exist_ok=True)
    known = [{key: row[key] for key in ("name", "step_size", "start")} for row in rows]
    for case in cases(name):
        if described(case) in known:
            continue
        row = measured(case)
        rows.append(row)
        write_text_atomically(out, as_json(rows))
        sys.stdout.write("  ".join(str(x) for x in row.values()) + "\n")
        sys.stdout.flush()
    table = Table("function", "problems", "proved", "steps", "bits", "decision", "recheck", title="the most of each")
    for function, cells in by_function(rows).items():
        table.add_row(function, *cells)
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
