"""Logistic regression, 10,000 rows of 100 drawn features: ``tox -e bench``, or ``python benchmarks/many_rows.py``.

The decision alone, without its recheck; its processor time and the most memory that the process held are printed and
written to benchmarks/out/many_rows.json, or to another ``--out``. More than the allowed 120 s or 2 GiB, or another
verdict than *proved*, ends the run with exit code 1. The data are drawn with seed 0: features from a normal
distribution, labels by the model.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

import gdcheck
from gdcheck.properties.storage.files import as_json, write_text_atomically

OUT = Path(__file__).parent / "out" / "many_rows.json"
LOSS = "mean(softplus(-y*(X@w))) + 0.005*dot(w,w)"
SEED = 0
MOST_SECONDS, MOST_GIB = 120.0, 2.0


def drawn(rows: int, features: int) -> dict[str, np.ndarray]:
    """Return X, shape (rows, features), and y, shape (rows,), of 1 and -1."""
    random = np.random.default_rng(SEED)
    x, w = random.standard_normal((rows, features)), random.standard_normal(features)
    return {"X": x, "y": np.where(random.random(rows) < 1 / (1 + np.exp(-x @ w)), 1.0, -1.0)}


def main(
    rows: Annotated[int, typer.Option(help="How many rows.")] = 10_000,
    features: Annotated[int, typer.Option(help="How many features.")] = 100,
    step_size: Annotated[str, typer.Option(help="η.")] = "1",
    out: Annotated[Path, typer.Option(help="The file of figures.")] = OUT,
) -> None:
    """Decide the problem and print the figures."""
    problem = gdcheck.Problem(LOSS, step_size=step_size, start={"w": "0"}, data=drawn(rows, features))
    begun = time.process_time()
    decision = gdcheck.decide(problem)
    seconds, gib = time.process_time() - begun, getrusage(RUSAGE_SELF).ru_maxrss / 2**20
    step = None if decision.amplitude is None else decision.amplitude.step
    table = Table(f"{rows:,} rows, {features} features, η = {step_size}", "measured", "allowed")
    table.add_row("verdict, before its recheck", f"{decision.verdict.value}, at step {step}", "proved")
    table.add_row("processor time, s", f"{seconds:.1f}", f"{MOST_SECONDS:g}")
    table.add_row("memory, GiB", f"{gib:.2f}", f"{MOST_GIB:g}")
    Console(width=100).print(table)
    out.parent.mkdir(parents=True, exist_ok=True)
    figures = {"rows": rows, "features": features, "step_size": step_size, "seed": SEED, "step": step}
    write_text_atomically(out, as_json(figures | {"decision_s": round(seconds, 2), "memory_gib": round(gib, 2)}))
    if decision.verdict is not gdcheck.Verdict.PROVED or seconds > MOST_SECONDS or gib > MOST_GIB:
        sys.exit(1)


if __name__ == "__main__":
    typer.run(main)
