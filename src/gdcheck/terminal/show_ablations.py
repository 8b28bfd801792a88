"""What ``gdcheck ablate`` prints."""

from __future__ import annotations

from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gdcheck.properties.ablation.checked import shown_point
from gdcheck.properties.ablation.result import AblationRow, AblationRun
from gdcheck.reports.ablation_view import certificate_files, evidence_words, verdict_words
from gdcheck.terminal.folding import print_folded, print_line
from gdcheck.theorem.methods.words import method_words

_STYLES = {"needed": "bold green", "needed, as observed": "yellow", "open": "bold red"}


def show_ablations(console: Console, run: AblationRun, out: Path) -> None:
    """Print a table of the rows, and the simplest counterexample of each with the line that rechecks it.

    Args:
        console: Where to print.
        run: The run.
        out: Where its files are.
    """
    table = Table("ablation", "assumption is", "by", "problems", "violated", "held", "aside", box=SIMPLE_HEAD)
    for row in run.rows:
        words = verdict_words(row) + (" (a weaker form suffices)" if row.weaker else "")
        verdict = Text(words, _STYLES.get(row.verdict, ""))
        counts = (str(n) for n in (row.examined, row.violated, row.held, row.aside))
        table.add_row(row.name, verdict, evidence_words(row), *counts)
    print_folded(console, table)
    for row in run.rows:
        _show_row(console, row, out)
    if run.interrupted:
        done = f"{len(run.rows)} of {len(run.asked)} ablations"
        console.print(f"ended early: the report holds what was finished, {done}", style="bold yellow")


def _show_row(console: Console, row: AblationRow, out: Path) -> None:
    print_line(console, Text.assemble((row.name, "bold"), f": without “{row.dropped}”"))
    if row.fault is not None:
        print_line(console, Text(f"  open: {row.fault}", "bold red"))
    if row.weaker:
        print_line(console, Text(f"  a weaker form held on all {row.weaker_held}: {row.weaker}"))
    exhibit = row.simplest or row.shown
    if exhibit is not None:
        problem = exhibit.problem
        by = f", {method_words(problem.method)}" if problem.method else ""
        lines = [f"{problem.loss}, η = {problem.step_size}, from {shown_point(problem.start)}{by}"]
        if row.simplest is not None:
            lines.append(f"claimed: {exhibit.predicted}")
        lines.append(f"{exhibit.evidence}: {exhibit.happens}")
        for line in lines:
            print_line(console, Text(f"  {line}"))
    files = certificate_files(row.name, "simplest", row.simplest)
    if files:
        console.print(Text("  gdcheck recheck " + " ".join(str(out / f) for f in files), "dim"), soft_wrap=True)
