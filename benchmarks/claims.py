"""What a claim of one's own costs: many instances of a one-line claim, with one process and with two.

Run ``python benchmarks/claims.py [PROBLEMS]``; 12,000 problems if not given, a minute on two processors of one's own.
The figures are printed and written to benchmarks/out/claims.json. A claim given as a statement goes through certified
batches; it is timed on 100 times as many.

Beside the clock stand the seconds of the processors: they are what a run costs where others use the machine too. From
them follows how much faster two processes can be at best: what the parent does while they work is done only once.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from gdcheck.properties.lemmas.drawing import Shard, drawn_problem
from gdcheck.properties.lemmas.examine import examine
from gdcheck.properties.lemmas.loading import load, sources
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.lemmas.run import begin, run_claims
from gdcheck.properties.lemmas.shards import examine_shard
from gdcheck.properties.sweep.run import Executor
from gdcheck.theorem.decision.decide import decide

ONE_LINE = """
from gdcheck import claim, holds

@claim("the distance to the minimizer falls at every step")
def distance_falls(problem, decision, trajectory):
    return holds(trajectory.distance[1:] < trajectory.distance[:-1])
"""
STATEMENT = """
from gdcheck import End, LimitKind, Prediction, Regime, Statement, claim

theorem = claim("Theorem 1", statement=Statement("Theorem 1", {
    Regime.SMALL_STEP: Prediction(End.LOWEST, LimitKind.FIXED),
    Regime.LARGE_STEP: Prediction(End.HIGHEST, LimitKind.ALTERNATING),
}))
"""
STAGES = 500
"""Problems on which the stages are timed."""
PROBLEMS, BUDGET, MINUTES = 12_000, 100_000, 4
"""Instances that are timed; and how long so many of a one-line claim may take at most, on two processors."""


def stages(folder: Path) -> dict[str, float]:
    """Milliseconds of one processor for each stage of an examination."""
    file = folder / "lemma.py"
    file.write_text(ONE_LINE, encoding="utf-8")
    claim = load(sources([str(file)])[0])
    drawn = [drawn_problem(claim, 0, index) for index in range(STAGES)]

    def timed(work: Callable[[], object]) -> float:
        work()
        start = time.process_time()
        work()
        return (time.process_time() - start) / STAGES * 1000

    drawing = timed(lambda: [drawn_problem(claim, 0, index) for index in range(STAGES)])
    deciding = timed(lambda: [decide(one.problem) for one in drawn])
    examining = timed(lambda: [examine(claim, one) for one in drawn])
    whole = timed(lambda: examine_shard(claim, Shard(0, 1, 0, STAGES), ShardResult(claim.name)))
    return {
        "drawing": round(drawing, 3),
        "deciding": round(deciding, 3),
        "enclosing and comparing": round(examining - deciding, 3),
        "sample examined twice and rechecked": round(whole - examining - drawing, 3),
    }


def measured(text: str, problems: int, jobs: int) -> dict[str, float]:
    """Time a run: seconds by the clock, of the processors in the workers, and of this one, which hands out work."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        file = root / "lemma.py"
        file.write_text(text, encoding="utf-8")
        plan = begin([str(file)], 0, problems, 60.0, root)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start, own = time.perf_counter(), time.process_time()
        run = run_claims(plan, root, Executor(jobs))
        seconds, own = time.perf_counter() - start, time.process_time() - own
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    (row,) = run.rows
    assert row.verdict == "held" and problems - row.held - row.aside <= 0.001 * problems, row.words()
    workers = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "problems": problems,
        "jobs": jobs,
        "seconds": round(seconds, 2),
        "processor_seconds_workers": round(workers, 2),
        "processor_seconds_parent": round(own, 2),
        "milliseconds_each": round(1000 * (workers + own) / problems, 4),
    }


def main() -> None:
    """Measure, print and store."""
    problems = int(float(sys.argv[1])) if len(sys.argv) > 1 else PROBLEMS
    with TemporaryDirectory() as folder:
        spent = stages(Path(folder))
    print("milliseconds of a processor for each instance:", ", ".join(f"{k} {v}" for k, v in spent.items()))
    one, two = (measured(ONE_LINE, problems, jobs) for jobs in (1, 2))
    batches = measured(STATEMENT, 100 * problems, 2)
    for figures in (one, two, batches):
        print(figures)
    used = two["processor_seconds_workers"] + two["processor_seconds_parent"]
    alone = one["processor_seconds_workers"] + one["processor_seconds_parent"]
    # Even if nothing of what the parent does overlaps with its workers.
    best = alone / (two["processor_seconds_workers"] / 2 + two["processor_seconds_parent"])
    minutes = used / problems * BUDGET / 2 / 60
    rate = batches["problems"] / (batches["processor_seconds_workers"] / 2 + batches["processor_seconds_parent"]) * 60
    print(f"two processes are {one['seconds'] / two['seconds']:.2f} times as fast as one by the clock")
    print(f"and {best:.2f} times by the processors' seconds, of which the parent's are not shared")
    print(f"{BUDGET:,} instances: {minutes:.1f} minutes on two processors of one's own (at most {MINUTES})")
    print(f"a statement: {rate:.2g} problems a minute on two processors of one's own (at least 1e7)")
    out = Path(__file__).parent / "out"
    out.mkdir(exist_ok=True)
    stored = {"stages": spent, "runs": [one, two, batches], "two_by_clock": one["seconds"] / two["seconds"]}
    stored |= {"two_by_processors": best, "minutes": minutes, "statement_per_minute": rate}
    (out / "claims.json").write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
