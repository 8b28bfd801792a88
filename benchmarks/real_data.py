"""Losses on real data (examples/), both regimes: run ``tox -e bench``, or ``python benchmarks/real_data.py``.

For each, the processor time of the decision and of the recheck and the step at which the limit is proved are printed;
``--out FILE`` keeps them. Another answer than the known one, or a proof that the checker does not accept, ends the run
with exit code 1.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import gdcheck
from gdcheck.properties.storage.files import as_json, write_text_atomically

EXAMPLES = Path(__file__).parents[1] / "examples"
OUT = Path(__file__).parent / "out" / "real_data.json"
LIMIT = 600.0
"""The seconds of processor time that a recheck may take."""

ZERO, FAR = "0", "-1/2,-3/4,0,-5/8,7/8,3/4,7/8"
RANDOM = (
    "0.375,-0.625,-0.375,-0.25,-0.625,0.875,-0.25,0.125,-0.125,0.75,0.625,0.375,-1.125,0,0.375,0.5,-0.25,0.875,-0.625"
)
"""The start of the network: from 0 its neurons would stay equal."""
LOGISTIC = "mean(softplus(-y*(X@w))) + 0.005*dot(w,w)"
CASES = [
    ("logistic", 30, "8", ZERO, "fixed"),
    ("logistic", 30, "8.9", ZERO, "alternating"),
    ("softmax", 6, "1", ZERO, "fixed"),
    ("softmax", 6, "7.5", ZERO, "alternating"),
    ("ridge", 3, "0.0159", ZERO, "fixed"),
    ("ridge", 3, "0.01674", ZERO, "alternating"),
    ("factorization", 7, "0.4215", FAR, "fixed"),
    ("factorization", 7, "0.4468", FAR, "alternating"),
    ("network", 19, "0.3", RANDOM, "fixed"),
    ("network", 19, "0.3138", RANDOM, "alternating"),
]
"""Loss, number of weights, step size, start, and how the direction behaves."""


def problem_of(name: str, weights: int, step_size: str, start: str) -> Any:
    """Return the problem of a loss of ``CASES``, its data read from the examples."""
    point = ["0"] * weights if start == ZERO else start.split(",")
    if name != "logistic":
        return gdcheck.Problem(getattr(importlib.import_module("real_losses"), name), step_size=step_size, start=point)
    lines = (EXAMPLES / "breast_cancer_features.csv").read_text(encoding="utf-8").split()
    labels = (EXAMPLES / "breast_cancer_labels.csv").read_text(encoding="utf-8").split()
    data = {"X": [[float(x) for x in line.split(",")] for line in lines], "y": [float(y) for y in labels]}
    return gdcheck.Problem(LOGISTIC, step_size=step_size, start={"w": "0"}, data=data)


def measured(name: str, weights: int, step_size: str, start: str, kind: str) -> dict[str, Any]:
    """Decide and recheck one problem."""
    begun = time.process_time()
    decision = gdcheck.decide(problem_of(name, weights, step_size, start))
    decided = time.process_time() - begun
    if decision.limit is None or decision.verdict.value != "proved" or decision.limit.kind.value != kind:
        raise SystemExit(f"{name}, {step_size}: found {decision.verdict.value}, {decision.limit}; known: {kind}")
    begun = time.process_time()
    found = gdcheck.recheck(gdcheck.certify(decision), time_limit=LIMIT)
    if not found:
        raise SystemExit(f"{name}, {step_size}: {found.reason}")
    return {
        "name": name,
        "weights": weights,
        "step_size": step_size,
        "start": {ZERO: "0", FAR: "far", RANDOM: "random weights"}[start],
        "kind": kind,
        "step": decision.amplitude.step,
        "decision_s": round(decided, 2),
        "recheck_s": round(time.process_time() - begun, 2),
    }


def main(
    name: Annotated[str, typer.Argument(help="the beginning of a loss's name")] = "",
    out: Annotated[Path, typer.Option(help="the file of results")] = OUT,
) -> None:
    """Measure and print."""
    sys.path.insert(0, str(EXAMPLES))
    rows = []
    table = Table("loss", "weights", "η", "start", "direction", "step", "decision, s", "recheck, s")
    for case in CASES:
        if case[0].startswith(name):
            rows.append(measured(*case))
            out.parent.mkdir(parents=True, exist_ok=True)
            write_text_atomically(out, as_json(rows))
            table.add_row(*map(str, rows[-1].values()))
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
