"""What Coq's kernel takes for one instance, coqc's start included: run ``tox -e bench``.

The figures are printed and written to benchmarks/out/kernel.json. Without coqc nothing is measured, and it says so.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from decide import Shape, make
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from gdcheck.properties.verify.kernel import INSTALL, check_in_kernel, compiled_proofs, in_kernel_form
from gdcheck.properties.verify.paper_examples import TABLE
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem

OUT = Path(__file__).parent / "out" / "kernel.json"
NEAR = 1 - Fraction(1, 10**9)
RANDOM = 5
"""How many random problems of each family."""
SLOW = Problem("x**2/2 + 2*y**2 + x*y**2 + y**3", step_size="0.4991", start=["0.01", "0.1"])
"""ρ = 0.9964: the steps are more than a thousand."""


def instances() -> Iterator[tuple[str, Problem]]:
    """Yield the problems, by the name of their row."""
    for example in TABLE:
        yield "the paper's rows", example.problem
    for step_size in ("0.1", "0.95"):
        yield "worked examples", Problem("x**2 + y**2/2 + x**2*y + x**3", step_size=step_size, start=["0.1", "0.1"])
    for n in (2, 5, 8):
        for name, share in (("far from the boundary", Fraction(4, 5)), ("at relative distance 1e-9", NEAR)):
            for index in range(RANDOM):
                yield f"random, n = {n}, degree 6, 20 terms, {name}", make(Shape(n, 6, 20, share), index)
    for index in range(RANDOM):
        yield "random, n = 12, degree 6, 20 terms", make(Shape(12, 6, 20), index)
    yield "many steps", SLOW


def children_time() -> float:
    """Return the processor time of the programs that were run and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def main() -> None:
    """Measure and print."""
    console = Console(width=140)
    if shutil.which("coqc") is None:
        console.print(f"skipped: the kernel {INSTALL}")
        return
    library = compiled_proofs()
    rows: dict[str, list[tuple[float, float, int]]] = {}
    for name, problem in instances():
        data = certificate(decide(problem, cones=False))
        if data is None or not in_kernel_form(data):
            raise SystemExit(f"{name}: not proved")
        data = json.loads(json.dumps(data))
        begun, used = time.perf_counter(), children_time()
        failure = check_in_kernel(library, data, 600)
        seconds, cpu = time.perf_counter() - begun, children_time() - used
        if failure is not None:
            raise SystemExit(f"{name}: {failure}")
        rows.setdefault(name, []).append((seconds, cpu, data["step"]))
    table = Table("instances", "count", "seconds, median", "seconds, most", "of CPU, most", "steps, most", box=MARKDOWN)
    stored = {}
    for name, found in rows.items():
        seconds, cpu = (sorted(one[column] for one in found) for column in (0, 1))
        most_steps = max(one[2] for one in found)
        numbers = {"median": seconds[len(seconds) // 2], "most": seconds[-1], "cpu": cpu[-1]}
        stored[name] = numbers | {"count": len(found), "steps": most_steps}
        table.add_row(name, str(len(found)), *(f"{x:.1f}" for x in numbers.values()), str(most_steps))
    console.print(table)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(stored, indent=2) + "\n")


if __name__ == "__main__":
    main()
