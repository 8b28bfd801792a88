"""What the mini-papers share: a table of theoretical beside computed values, and the picture."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gdcheck import InputError, ValleyDecision
from gdcheck.commands.common import write_bytes
from gdcheck.reports.figures import rendered
from gdcheck.reports.problem_charts import problem_chart
from gdcheck.reports.valley_charts import valley_chart
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.decision.smooth import SmoothDecision


@dataclass(frozen=True)
class Line:
    """One value: what the theory says, and what was computed.

    Attributes:
        quantity: What it is.
        theory: A number or a word.
        computed: Of the same kind.
        within: How far two numbers may lie apart; words are the same or not.
    """

    quantity: str
    theory: float | str
    computed: float | str
    within: float = 0.0

    @property
    def agrees(self) -> bool:
        """Whether the two are the same, as far as was promised."""
        if isinstance(self.theory, str) or isinstance(self.computed, str):
            return self.theory == self.computed
        return abs(self.theory - self.computed) <= self.within


@dataclass(frozen=True)
class Paper:
    """What a mini-paper found.

    Attributes:
        lines: Its values.
        picture: A decision or a chart, which are drawn as SVG; the content of a PNG file; or the path of a kept SVG.
        shows: What the picture shows, in one sentence.
    """

    lines: Sequence[Line]
    picture: Any
    shows: str


def table(lines: Sequence[Line]) -> str:
    """Write the values side by side."""
    width = max(len(line.quantity) for line in lines)
    rows = [f"{'':{width}}  {'theory':>16}  {'computed':>16}"]
    for line in lines:
        sides = "".join(f"  {x if isinstance(x, str) else f'{x:.12g}':>16}" for x in (line.theory, line.computed))
        within = "" if not line.within else f"  within {line.within:g}"
        rows.append(f"{line.quantity:{width}}{sides}{within}" + ("" if line.agrees else "  DIFFER"))
    return "\n".join(rows)


def draw(paper: Paper) -> tuple[str, bytes]:
    """Return the picture's ending, svg or png, and its content."""
    picture = paper.picture
    if isinstance(picture, bytes):
        return "png", picture
    if isinstance(picture, Path):
        return "svg", picture.read_bytes()
    if isinstance(picture, ValleyDecision):
        picture = valley_chart(picture)
    elif isinstance(picture, Decision | SmoothDecision):
        picture = problem_chart(picture)
    return "svg", rendered(picture, "svg", paper.shows)


def main(write: Callable[[], Paper]) -> None:
    """Run a mini-paper as a script; the exit code is 1 if a computed value is not the theoretical one."""
    parser = ArgumentParser(description=(write.__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, help="where to draw the picture, without its ending")
    out = parser.parse_args().out
    paper = write()
    print(table(paper.lines))
    if out is not None:
        ending, content = draw(paper)
        file = out.with_suffix(f".{ending}")
        try:
            write_bytes(file, content, "out")
        except InputError as error:
            parser.error(str(error))
        print(f"picture: {file}")
    raise SystemExit(0 if all(line.agrees for line in paper.lines) else 1)
