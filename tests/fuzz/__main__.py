"""Fuzz the engine against an independent simulation: tox -e fuzz -- --minutes 30.

Exit codes: 0 nothing disagrees, 1 something does, 2 bad input, 130 interrupted (143 by SIGTERM). What is done is kept
in the folder; the same command goes on from it.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.console import Console

from gdcheck.commands.options import number, whole
from gdcheck.properties.storage.files import writing_to
from gdcheck.terminal.progress import progress_bar
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from tests.fuzz.drawing import SHAPES, draw
from tests.fuzz.examining import against_accepted, examine
from tests.fuzz.recording import CASE, Record, keep_case

_KEEP_SECONDS = 2.0


def fuzz(
    minutes: Annotated[float | None, typer.Option(**number(0), help="how long, in this call")] = None,
    problems: Annotated[int | None, typer.Option(**whole(1), help="how many problems, with those done before")] = None,
    seed: Annotated[int, typer.Option(**whole(0), help="the seed of all problems")] = 0,
    shape: Annotated[str | None, typer.Option(help="one shape alone; without it they take turns")] = None,
    mutants: Annotated[int, typer.Option(**whole(0), help="changed certificates for each problem")] = 3,
    share: Annotated[
        float, typer.Option(**number(0, 1), help="the share of decided problems that go through everything")
    ] = 1.0,
    out: Annotated[Path, typer.Option(help="the folder of counts and disagreements")] = Path("reports/out/fuzz"),
    replay: Annotated[Path | None, typer.Option(help="examine a stored disagreement again, and nothing else")] = None,
) -> int:
    """Compare the engine, the checker and the float64 batches with a simulation that shares no code."""
    if replay is not None:
        return replayed(replay, seed, mutants)
    if shape is not None and shape not in SHAPES:
        raise InputError("shape", f"there is no {shape!r}; give one of {', '.join(SHAPES)}")
    if minutes is None and problems is None:
        minutes = 1.0
    with writing_to(out):
        out.mkdir(parents=True, exist_ok=True)
    record = Record.begun(out, Record(seed, shape, mutants, share))
    end = time.monotonic() + 60 * minutes if minutes is not None else float("inf")
    kept = time.monotonic()
    try:
        with progress_bar(problems, "fuzzing") as tell:
            while time.monotonic() < end and (problems is None or record.done < problems):
                one(record, out)
                tell(record.done, f"fuzzing, {len(record.disagreements)} disagreements")
                if time.monotonic() > kept + _KEEP_SECONDS:
                    record.keep(out)
                    kept = time.monotonic()
    finally:
        with writing_to(out):
            record.keep(out)
    record.show(Console(width=160))
    return int(bool(record.disagreements))


def one(record: Record, out: Path) -> None:
    """Examine the problem of the next index."""
    name, problem = draw(record.seed, record.done, record.shape)
    random = Random(f"{record.seed}/{record.done}")
    finding = examine(problem, random, record.mutants, whole=random.random() < record.share)
    if finding.disagreements:
        with writing_to(out):
            keep_case(out, record, name, problem, finding)
    record.add(name, finding)


def replayed(path: Path, seed: int, mutants: int) -> int:
    """Examine a stored case again, and say whether it still disagrees.

    Raises:
        InputError: If the file is no such case.
    """
    try:
        case = json.loads(path.read_text(encoding="utf-8"))
        right = case["schema"] == CASE
        problem, changed = Problem.from_json(case["problem"]), case["changed_certificate"]
    except (OSError, ValueError, TypeError, KeyError):
        right = False
    if not right:
        raise InputError("replay", f"{path} holds no disagreement of this fuzzer; name a file that it wrote")
    found = examine(problem, Random(seed), mutants if changed is None else 0).disagreements
    if changed is not None:
        found += filter(None, [against_accepted(changed)])
    console = Console(width=160)
    console.print(f"{'FAILED' if found else 'FIXED'}: {path}")
    for sentence in found:
        console.print(f"  {sentence}")
    return int(bool(found))


def main() -> int:
    """Run the command line; SIGTERM ends it as Ctrl-C does."""
    terminated = False

    def stop(number: int, frame: object) -> None:
        nonlocal terminated
        terminated = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    command = typer.Typer(add_completion=False)
    command.command()(fuzz)
    said = Console(stderr=True, width=160)
    try:
        root = typer.main.get_command(command)
        with root.make_context("fuzz", sys.argv[1:]) as context:
            return int(root.invoke(context))
    except InputError as error:
        said.print(str(error), markup=False)
        return 2
    except typer.Exit as over:
        return over.exit_code
    except typer.BadParameter.__mro__[2] as error:  # type: ignore[misc]
        error.show()
        return 2
    except KeyboardInterrupt:
        said.print("interrupted; what is done is kept, and the same command goes on from it")
        return 143 if terminated else 130


if __name__ == "__main__":
    sys.exit(main())
