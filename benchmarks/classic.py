"""Classic test functions from their classic starts: run ``tox -e bench``, or ``python benchmarks/classic.py [NAME]``.

The problems are those of benchmarks/classic.jsonl, with the answers that an independent simulation in fixed-point
arithmetic of 200 to 600 bits, or in floats, established; where none could, with no direction.
For each, the processor time of the decision and of the recheck, the bits, and the step at which the limit is proved are
printed, and written to benchmarks/out/classic.json. Another answer than the known one ends the run.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem

PROBLEMS = Path(__file__).parent / "classic.jsonl"
OUT = Path(__file__).parent / "out" / "classic.json"
TIME_LIMIT = 300.0


def cases(name: str = "") -> Iterator[dict[str, Any]]:
    """Yield the problems whose name begins so."""
    for line in PROBLEMS.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if case["name"].startswith(name):
            yield case


def measured(case: dict[str, Any]) -> dict[str, Any]:
    """Decide and recheck one problem; compare with what is known."""
    begun = time.process_time()
    decision = decide(Problem.from_json(case["problem"]))
    decided = time.process_time() - begun
    proof = certificate(decision)
    begun = time.process_time()
    rejected = None if proof is None else check(proof, TIME_LIMIT)
    rechecked = time.process_time() - begun
    if rejected is not None:
        raise SystemExit(f"{case['name']}: the checker rejects the proof: {rejected}")
    limit = decision.limit
    kind = None if limit is None else limit.kind.value
    known = case["vector"]
    same = known is None or (
        limit is not None and all(abs(float(x.mid()) - y) < 1e-6 for x, y in zip(limit.vectors[0], known, strict=True))
    )
    if decision.verdict.value != case["verdict"] or (kind != case["kind"] and case["kind"] is not None) or not same:
        raise SystemExit(f"{case['name']}, {case['problem']}: found {decision.verdict.value}, {kind}; known: {case}")
    return {
        "name": case["name"],
        "step_size": case["problem"]["step_size"],
        "start": ", ".join(case["problem"]["start"]),
        "verdict": decision.verdict.value,
        "kind": kind or "",
        "steps": decision.amplitude.step if decision.amplitude else None,
        "bits": decision.precision,
        "decision_s": decided,
        "recheck_s": rechecked,
    }


def main() -> None:
    """Measure and print."""
    rows = [measured(case) for case in cases(*sys.argv[1:2])]
    table = Table("problem", "η", "start", "verdict", "limit", "steps", "bits", "decision", "recheck")
    for row in rows:
        seconds = [f"{row[key]:.2f} s" for key in ("decision_s", "recheck_s")]
        table.add_row(*(str(row[key]) for key in list(row)[:7]), *seconds)
    Console(width=160).print(table)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
