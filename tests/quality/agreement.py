"""Hold float64's verdicts against Arb on adversarial magnitudes: python -m tests.quality.agreement --verdicts 1000000.

Every problem that float64 has proved is decided again in Arb. The file that is written holds the counts, shape by
shape; a run that was interrupted goes on from it. Exit code 0 if no answer differs, 1 if one does. With ``--method
heavy-ball`` or ``nesterov`` the problems are random ones with that momentum, in every regime, and in every other four
batches next to a double multiplier.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.terminal.progress import progress_bar
from gdcheck.theorem.batch.batch import certify_batch
from gdcheck.theorem.batch.columns import Batch, State
from gdcheck.theorem.batch.second_opinion import contradiction, problem_of
from gdcheck.theorem.decision.decide import decide
from tests.builders.batches import nearly_double_batch, random_momentum_batch
from tests.quality.magnitudes import SHAPES, batch_of

FORMAT = "gdcheck-agreement/1"
PLAIN = "gradient-descent"
METHODS = (PLAIN, "heavy-ball", "nesterov")


def run(
    verdicts: Annotated[int, typer.Option(min=1, help="proofs in float64 to hold against Arb, at least")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="the seed of all problems")] = 0,
    rows: Annotated[int, typer.Option(min=1, help="problems a batch")] = 500,
    method: Annotated[str, typer.Option(help="gradient-descent, heavy-ball or nesterov")] = PLAIN,
    out: Annotated[Path | None, typer.Option(help="the file of counts, and where a run goes on from")] = None,
) -> int:
    """Hold float64's verdicts against Arb on adversarial magnitudes."""
    found = begun(out, seed, rows, method)
    with progress_bar(verdicts, "float64 against Arb") as tell:
        try:
            while found["verdicts"] < verdicts:
                add_batch(found)
                tell(found["verdicts"])
                if out is not None:
                    write_text_atomically(out, as_json(found))
        except KeyboardInterrupt:
            Console(stderr=True).print("interrupted; what was done is kept")
            return 130
    show(found)
    return int(bool(found["differing"]))


def begun(out: Path | None, seed: int, rows: int, method: str = PLAIN) -> dict[str, Any]:
    """The counts so far: those of the file, if it is of the same run."""
    if method not in METHODS:
        raise typer.BadParameter(f"{method} is unknown; give one of {', '.join(METHODS)}", param_hint="method")
    blank = {"schema": FORMAT, "seed": seed, "rows": rows, "batches": 0, "verdicts": 0, "shapes": {}, "differing": []}
    blank |= {} if method == PLAIN else {"method": method}
    if out is None or not out.exists():
        return blank
    found: dict[str, Any] = json.loads(out.read_text())
    if any(found.get(key) != blank.get(key) for key in ("schema", "seed", "rows", "method")):
        said = f"{out} is another run; name another file, or its --seed, --rows and --method"
        raise typer.BadParameter(said, param_hint="out")
    return found


def drawn(found: dict[str, Any], number: int) -> tuple[str, Batch]:
    """The next batch, and what is special about it."""
    if "method" not in found:
        return batch_of(found["seed"], number, found["rows"])
    n = 2 + number % 4
    seed = found["seed"] * 2**32 + number
    nearly = number // 4 % 2 == 1
    draw = nearly_double_batch if nearly else random_momentum_batch
    batch = draw(seed, found["rows"], n, looks_ahead=found["method"] == "nesterov")
    return f"{n} variables" + ", nearly double" * nearly, batch


def add_batch(found: dict[str, Any]) -> None:
    """Decide the next batch in float64, and its proved rows in Arb; add to the counts."""
    number = found["batches"]
    name, batch = drawn(found, number)
    outcome = certify_batch(batch)
    differing = []
    proved = np.flatnonzero(outcome.state == State.PROVED).tolist()
    for row in proved:
        sentence = contradiction(batch, outcome, row, decide(problem_of(batch, row)))
        if sentence is not None:
            differing.append({"batch": number, "row": row, "problem": problem_of(batch, row).to_json(), "is": sentence})
    states = Counter(State(state).name.lower() for state in outcome.state.tolist())
    shape = found["shapes"].setdefault(name, {})
    for state, count in states.items():
        shape[state] = shape.get(state, 0) + count
    found["batches"] = number + 1
    found["verdicts"] += len(proved)
    found["differing"] += differing


def show(found: dict[str, Any]) -> None:
    """Print the counts."""
    console = Console(width=120)
    for name in found["shapes"] if "method" in found else SHAPES:
        shape = found["shapes"].get(name, {})
        console.print(f"{name:27s} " + ", ".join(f"{state} {count:,}" for state, count in sorted(shape.items())))
    console.print(f"{found['verdicts']:,} proofs in float64 held against Arb: {len(found['differing'])} differ")


if __name__ == "__main__":
    command = typer.Typer(add_completion=False)
    command.command()(run)
    sys.exit(command(standalone_mode=False))
