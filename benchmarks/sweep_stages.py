"""Where the processor time of a sweep of random problems goes, stage by stage, on one core.

A sweep with a device draws and certifies there; the rest is left to the host, and so are the copies to and from the
device (measured here as copies within the host's memory). Let h be the host's share of the time that one core takes for
everything. Then c processes on c cores that share a device are at most c/h times as fast as that core. Run ``python
benchmarks/sweep_stages.py --out docs/runs/sweep-stages.json``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.table import Table

from gdcheck.properties.storage.files import as_json, write_bytes_atomically, write_text_atomically
from gdcheck.properties.sweep.generator import Generator
from gdcheck.properties.sweep.spec import Spec
from gdcheck.properties.sweep.work import Task, _Frame, _parquet, _sample, regimes_of
from gdcheck.theorem.batch.batch import certify_batch
from gdcheck.theorem.batch.columns import Batch, State
from gdcheck.theorem.batch.second_opinion import problem_of, second_opinion
from gdcheck.theorem.decision.decide import decide

_Result = TypeVar("_Result")
_ROWS = 2**16


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=4)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out" / "sweep-stages.json")
    options = parser.parse_args()
    stages: dict[str, float] = {}

    def timed(stage: str, call: Callable[[], _Result]) -> _Result:
        begun = time.process_time()
        result = call()
        stages[stage] = stages.get(stage, 0.0) + time.process_time() - begun
        return result

    spec = Spec(batch=_ROWS)
    generator = Generator(2026, spec)
    # What is done once, such as imports, is not counted.
    small = generator.batch(0, slice(0, 1000))
    _parquet(_Frame(small, certify_batch(small), regimes_of(spec)).table(0))
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.batches):
            task = Task(generator, number, _ROWS)
            batch = timed("draw", lambda: generator.batch(number, slice(0, _ROWS)))  # noqa: B023 - called at once
            timed("copies", lambda: _copied(_copied(batch)))  # noqa: B023
            outcome = timed("certify in float64", lambda: certify_batch(batch, max_steps=spec.max_steps))  # noqa: B023
            frame = timed("table", lambda: _Frame(batch, outcome, regimes_of(spec)))  # noqa: B023
            for row in np.flatnonzero(outcome.state != State.PROVED).tolist():
                problem = problem_of(batch, row)
                frame.take(row, timed("decide in Arb", lambda: decide(problem, max_steps=spec.exact_steps)))  # noqa: B023
            for row in _sample(task):
                timed("second opinions", lambda: second_opinion(batch, outcome, row, max_steps=spec.exact_steps))  # noqa: B023
            content = timed("table", lambda: _parquet(frame.table(task.first)))  # noqa: B023
            timed("write", lambda: write_bytes_atomically(Path(folder, f"{number}.parquet"), content))  # noqa: B023
    copies = stages.pop("copies")
    whole = sum(stages.values())
    host = (whole - stages["draw"] - stages["certify in float64"] + copies) / whole
    rows = options.batches * _ROWS
    figures: dict[str, Any] = {
        "problems": rows,
        "problems_a_second": rows / whole,
        "microseconds_a_problem": {name: 1e6 * spent / rows for name, spent in stages.items()},
        "shares": {name: spent / whole for name, spent in stages.items()},
        "copies_microseconds_a_problem": 1e6 * copies / rows,
        "host_share_with_a_device": host,
        "cores_beside_a_device_for_ten_times_one": ceil(10 * host),
    }
    table = Table("stage", "µs a problem", "share")
    for name, spent in stages.items():
        table.add_row(name, f"{1e6 * spent / rows:.3g}", f"{spent / whole:.1%}")
    console = Console(width=100)
    console.print(table)
    console.print(f"copies to and from a device: {1e6 * copies / rows:.3g} µs a problem")
    console.print(
        f"with a device that draws and certifies the host keeps {host:.1%}: each core beside it gives at most "
        f"{1 / host:.2f} times one core's sweep, and {ceil(10 * host)} cores at most ten times and more"
    )
    options.out.parent.mkdir(exist_ok=True)
    write_text_atomically(options.out, as_json(figures))


def _copied(batch: Batch) -> Batch:
    return replace(
        batch,
        spectrum=batch.spectrum.copy(),
        coefficients=batch.coefficients.copy(),
        step_size=batch.step_size.copy(),
        start=batch.start.copy(),
    )


if __name__ == "__main__":
    main()
