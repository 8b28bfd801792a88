"""What a claim of one's own costs: many instances of a one-line claim, with one process and with two.

Run ``python benchmarks/claims.py [PROBLEMS]``; 100,000 problems if not given. The figures are printed and written to
benchmarks/out/claims.json. A claim given as a statement goes through certified batches; it is timed on 100 times as
many.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from gdcheck.properties.lemmas.run import begin, run_claims
from gdcheck.properties.sweep.run import Executor

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


def measured(text: str, problems: int, jobs: int) -> dict[str, float]:
    """Time a run: seconds by the clock, and of the processors."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        file = root / "lemma.py"
        file.write_text(text, encoding="utf-8")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        run = run_claims(begin([str(file)], 0, problems, 60.0, root), root, Executor(jobs))
        seconds = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    (row,) = run.rows
    assert row.verdict == "held" and row.held == problems, row.words()
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"problems": problems, "jobs": jobs, "seconds": round(seconds, 2), "processor_seconds": round(used, 2)}


def main() -> None:
    """Measure, print and store."""
    problems = int(float(sys.argv[1])) if len(sys.argv) > 1 else 100_000
    found = [measured(ONE_LINE, problems, 1), measured(ONE_LINE, problems, 2), measured(STATEMENT, 100 * problems, 2)]
    for one in found:
        print(one)
    print(f"two processes are {found[0]['seconds'] / found[1]['seconds']:.2f} times as fast as one")
    out = Path(__file__).parent / "out"
    out.mkdir(exist_ok=True)
    (out / "claims.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
