"""One large problem in this version and in an earlier one, side by side: how much faster each step became.

The earlier version is taken from the repository's own history. Both are asked in turn, in processes of their own, so
that a slow moment of the machine falls on both alike. The loss is rotated, off-origin, of degree 5 in 6 variables.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

from decide import large_problem
from rich.console import Console
from rich.table import Table

from gdcheck.theorem.descent.problem import Problem

ROOT = Path(__file__).resolve().parents[1]
BEFORE = "42c6f78"
"""The last version before the rooms."""

STEPS = ("decide", "check")
WORKER = """
import json, sys, time
given = json.loads(sys.argv[1])
if sys.argv[2] == "rooms":
    from gdcheck.theorem.certificate.answer import answer
    from gdcheck.theorem.certificate.certificate import certificate
    from gdcheck.theorem.certificate.rechecking import check
    from gdcheck.theorem.decision.decide import decide
    from gdcheck.theorem.certificate.paper_chain import paper_chain
    from gdcheck.theorem.descent.problem import Problem
else:
    from theorem.answer import answer
    from theorem.certificate import certificate
    from theorem.dominance import paper_chain
    from theorem.problem import Problem
    from theorem.recheck import check
    from theorem.verdict import decide


def step(name):
    decision = decide(Problem.from_json(given))
    if name == "check":
        answer(decision), paper_chain(decision)
        assert check(json.loads(json.dumps(certificate(decision)))) is None
    assert decision.verdict.value == "proved"


step("check")
for name in sys.stdin:
    start = time.process_time()
    step(name.strip())
    print(time.process_time() - start, flush=True)
"""


def worker(folder: Path, problem: Problem) -> subprocess.Popen[str]:
    """Start a process that runs a step for each line it is given, and answers with the seconds of its processor."""
    rooms = (folder / "src").is_dir()
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, json.dumps(problem.to_json()), "rooms" if rooms else "flat"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src" if rooms else folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def seconds(process: subprocess.Popen[str], step: str) -> float:
    """Ask a process for one step."""
    assert process.stdin and process.stdout
    process.stdin.write(step + "\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def main() -> int:
    """Print the table; exit code 1 if the earlier version is not in the history of this copy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--revision", default=BEFORE)
    options = parser.parse_args()
    archive = subprocess.run(["git", "archive", options.revision], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        sys.stdout.write(f"{options.revision} is not in the history of this copy: nothing to compare with\n")
        return 1
    problem = large_problem()
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(archive.stdout)) as tar:
            tar.extractall(folder, filter="data")
        before, now = worker(Path(folder), problem), worker(ROOT, problem)
        rounds = {step: [(seconds(before, step), seconds(now, step)) for _ in range(options.rounds)] for step in STEPS}
        for process in (before, now):
            process.communicate()
    table = Table("step", "before, ms", "now, ms", "before / now", title="462 terms, seconds of the processor")
    for step, label in (
        ("decide", "decide, from text"),
        ("check", "check: decide, answer, chain, certificate, recheck"),
    ):
        then, here = zip(*rounds[step], strict=True)
        ratio = statistics.median(a / b for a, b in rounds[step])
        table.add_row(label, f"{1e3 * min(then):.1f}", f"{1e3 * min(here):.1f}", f"{ratio:.2f}")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
