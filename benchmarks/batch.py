"""What certified batches cost: beside plain simulation, the scalar path and mpmath, over processes, and in memory.

Problems of dimension 5 and degree 4 with 20 terms, as ``gdcheck sweep`` draws them. Side by side in one run (``tox -e
bench``), as processor time of one core unless a figure says otherwise; printed, and written to benchmarks/out.
"""

from __future__ import annotations

import json
import multiprocessing
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from gdcheck.properties.sweep.generator import Generator
from gdcheck.properties.sweep.spec import Spec
from gdcheck.properties.sweep.work import Task, work
from gdcheck.theorem.batch.batch import DEVICE_BLOCK, certify_batch, simulate_batch
from gdcheck.theorem.batch.columns import Batch, Momentum, State
from gdcheck.theorem.batch.second_opinion import problem_of
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.reference.observation import observe

OUT = Path(__file__).parent / "out" / "batch.json"
ROWS = 131072
STEPS = 64
OBSERVED = 12
GENERATOR = Generator(2026, Spec())


def seconds(call: Callable[[], Any], repeats: int = 5) -> float:
    """Return the least processor time of a few calls."""
    times = []
    for _ in range(repeats):
        begun = time.process_time()
        call()
        times.append(time.process_time() - begun)
    return min(times)


def part(batch: Batch, rows: Any) -> Batch:
    """Return some rows of a batch."""
    return Batch(
        batch.exponents,
        batch.spectrum[:, rows],
        batch.coefficients[:, rows],
        batch.step_size[rows],
        batch.start[:, rows],
        momentum=batch.momentum and Momentum(batch.momentum.beta[rows], batch.momentum.looks_ahead),
    )


def whole_run() -> dict[str, float]:
    """Until every row is decided, beside simulation that makes no step more than each row needs."""
    batch = GENERATOR.batch(0, slice(0, ROWS))
    outcome = certify_batch(batch, least=8)
    if (outcome.state != State.PROVED).sum() > 8:
        raise SystemExit("the benchmark expects proved rows")
    start, ten = (seconds(lambda k=k: simulate_batch(batch, k)) for k in (0, 10))
    simulated = start + (ten - start) / 10 * float(outcome.step.mean())
    certified = seconds(lambda: certify_batch(batch, least=8))
    problems = [problem_of(batch, row) for row in range(0, ROWS, ROWS // 200)]
    arb = statistics.mean(seconds(lambda p=p: decide(p), 2) for p in problems)
    # Plain iteration needs about 1/(distance to the boundary) steps: only problems far from it can be observed at all.
    distance = np.abs(batch.step_size * (batch.spectrum[0] + batch.spectrum[-1]) / 2 - 1)
    far = [problem_of(batch, row) for row in np.flatnonzero(distance > 0.1)[:OBSERVED].tolist()]
    seen = statistics.mean(seconds(lambda p=p: observe(p, tolerance=1e-16), 1) for p in far)
    return {
        "mean_steps": float(outcome.step.mean()),
        "certified_ns_a_problem": certified / ROWS * 1e9,
        "certified_problems_a_second": ROWS / certified,
        "over_ideal_simulation": certified / simulated,
        "arb_us_a_problem": arb * 1e6,
        "arb_over_certified": arb / (certified / ROWS),
        "far_observation_over_certified": seen / (certified / ROWS),
        "generation_ns_a_problem": seconds(lambda: GENERATOR.batch(1, slice(0, ROWS)), 3) / ROWS * 1e9,
    }


def same_steps(looks_ahead: bool | None = None) -> dict[str, float]:
    """Run the same number of steps of every row, certified and plain: slow rows, none decided on the way."""
    batch = GENERATOR.batch(2, slice(0, ROWS // 4))
    eta = 2.0**-6 / batch.spectrum[-1]
    start = batch.start * 2.0**-6
    start[0] = np.linalg.norm(start, axis=0) * 2.0**-34
    batch = replace(batch, step_size=eta, start=start)
    if looks_ahead is not None:
        beta = np.full(eta.shape, 0.5)
        batch = replace(batch, start=start * 2.0**-8, momentum=Momentum(beta, looks_ahead))
    outcome = certify_batch(batch, max_steps=STEPS)
    slow = np.flatnonzero(outcome.state == State.BUDGET)
    batch = part(batch, slow)
    if slow.size < ROWS // 8:
        raise SystemExit("the benchmark expects rows that are open for long")
    plain = seconds(lambda: simulate_batch(batch, STEPS))
    certified = seconds(lambda: certify_batch(batch, max_steps=STEPS))
    return {"rows": slow.size, "steps": STEPS, "certified_over_plain": certified / plain}


def _batches(numbers: range) -> None:
    for number in numbers:
        work(Task(GENERATOR, number, ROWS // 4))


def two_processes() -> dict[str, float]:
    """Wall time of 256 batches in one process and in two; only a machine with two idle cores can show the figure."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, context) as pool:
        list(pool.map(_batches, [range(1), range(1)]))
        begun = time.perf_counter()
        pool.submit(_batches, range(256)).result()
        one = time.perf_counter() - begun
        begun = time.perf_counter()
        list(pool.map(_batches, [range(128), range(128, 256)]))
        return {"two_processes_speedup": one / (time.perf_counter() - begun)}


def gpu() -> dict[str, Any]:
    """Certified problems a second on a CUDA device, transfers to it included; wall time."""
    try:
        import torch  # noqa: PLC0415
    except ImportError:
        return {"skipped": "torch is not installed"}
    if not torch.cuda.is_available():
        return {"skipped": "no CUDA device on this machine"}
    batch = Generator(2026, Spec(batch=2**22)).batch(0, slice(0, 2**22))
    times = []
    for _ in range(4):
        begun = time.perf_counter()
        certify_batch(batch, torch, device="cuda", block=DEVICE_BLOCK, least=8)
        torch.cuda.synchronize()
        times.append(time.perf_counter() - begun)
    return {
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "certified_problems_a_second": batch.rows / min(times),
    }


def memory() -> dict[str, float]:
    """Peak memory of a whole sweep in one process, in MiB, for two sizes."""
    figures = {}
    for problems in (250_000, 1_000_000):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "gdcheck", "sweep", "--jobs", "1", "--problems", str(problems)]
            script = (
                "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, capture_output=True);"
                "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
            )
            call = [sys.executable, "-c", script, *command, "--out", folder]
            peak = subprocess.run(call, check=True, capture_output=True, text=True).stdout
        # Linux counts in KiB, macOS in bytes.
        figures[f"peak_mib_{problems}"] = int(peak) / (2**20 if sys.platform == "darwin" else 2**10)
    return figures


def main() -> None:
    """Run all and print."""
    console = Console(width=100)
    figures: dict[str, Any] = {
        "machine": {"python": platform.python_version(), "numpy": np.__version__, "processor": platform.machine()},
        "whole_run": whole_run(),
        "same_steps": same_steps(),
        "same_steps_heavy_ball": same_steps(looks_ahead=False),
        "same_steps_nesterov": same_steps(looks_ahead=True),
        "processes": two_processes(),
        "memory": memory(),
        "gpu": gpu(),
    }
    for name, rows in figures.items():
        table = Table("figure", "value", title=name.replace("_", " "))
        for key, value in rows.items():
            table.add_row(key, value if isinstance(value, str) else f"{value:.4g}")
        console.print(table)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    console.print(f"written to {OUT.relative_to(Path(__file__).parent.parent)}")


if __name__ == "__main__":
    main()
