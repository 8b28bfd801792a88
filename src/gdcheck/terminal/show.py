"""Answers for human readers: a few coloured lines, the theoretical value beside the computed one."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gdcheck.terminal.folding import print_folded, print_line
from gdcheck.terminal.headline import headline, named, step_size_rows
from gdcheck.terminal.show_outcome import minimizer_rows, outcome_rows
from gdcheck.terminal.show_patterns import pattern_rows

if TYPE_CHECKING:
    from gdcheck.properties.verify.verification import Verification

_COLOURS = {
    "proved": "bold green",
    "refuted": "bold red",
    "exceptional": "bold yellow",
    "not-applicable": "bold yellow",
    "unresolved": "bold magenta",
}


def show_answer(console: Console, answer: dict[str, Any]) -> None:
    """Print one answer (see ``theorem.certificate.answer``) for human readers.

    Args:
        console: Where to print; colours are left out where it is not a terminal.
        answer: The answer, with ``chain`` and ``observed`` where they were asked for.
    """
    verdict = answer["verdict"]
    console.print(Text.assemble((verdict.upper(), _COLOURS[verdict]), f"  {headline(answer)}"))
    show_rows(console, step_size_rows(answer))
    table = Table(show_header=True, box=None, pad_edge=False, header_style="dim")
    for head in ("", "theory", "computed"):
        table.add_column(head)
    for row in _every_start_rows(answer) if "starts" in answer else _rows(answer):
        table.add_row(*(Text(cell) for cell in row))
    print_folded(console, table)


def show_rows(console: Console, rows: Sequence[tuple[str, str, str]]) -> None:
    """Print rows of name, value and meaning.

    Args:
        console: Where to print.
        rows: The rows; without any, nothing is printed.
    """
    table = Table(show_header=False, box=None, pad_edge=False)
    for style in ("dim", "bold", ""):
        table.add_column("", style=style)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    print_folded(console, table)


def show_verification(console: Console, run: Verification) -> None:
    """Print the outcome of ``gdcheck verify``: the paper's rows, expected and computed, and the counts of the rest.

    Args:
        console: Where to print.
        run: The run.
    """
    from msgspec import to_builtins

    table = Table("loss, step size", "expected", "computed", "verdict", "step", "recheck", box=SIMPLE_HEAD)
    for row in run.paper:
        record = row.record
        computed = _direction(to_builtins(record.limit)) if record.limit and record.limit.kind else "-"
        verdict = Text(record.verdict, _COLOURS[record.verdict])
        expected = f"{row.expected.kind}, {row.expected.axis}-axis"
        table.add_row(row.title, expected, computed, verdict, _cell(record.step), record.checked)
    print_folded(console, table)
    known = sum(row.agrees for row in run.sharpness)
    checked = sum(row.recheck == "accepted" for row in run.sharpness)
    said = f"{known} of {len(run.sharpness)} proved as expected, {checked} of them rechecked"
    console.print(f"sharpness on the paper's instances: {said}")
    agreeing = sum(row.agrees for row in run.sweep)
    console.print(f"sweep over the boundary: {agreeing} of {len(run.sweep)} step sizes as the theorem says")
    counts = ", ".join(f"{count} {name}" for name, count in run.verdicts.items() if count)
    console.print(f"{len(run.random)} of {run.problems} random problems (seed {run.seed}): {counts or 'none'}")
    console.print(f"certificates rejected by the independent checker: {run.rejected}")
    if (kernel := run.kernel_sentence()) is not None:
        console.print(kernel)
    if run.interrupted:
        console.print("interrupted: the report holds what was finished", style="bold yellow")
    style = "bold green" if run.outcome == "passed" else "bold red"
    console.print(Text(f"verification {run.outcome}", style))


def _cell(value: object) -> str:
    return "-" if value is None else str(value)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # By itself rich would exit with code 1, which means refuted.
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def console_for_people() -> Console:
    """Return a console that does not fold lines for an eighty-column terminal where there is none."""
    console = _Console(highlight=False)
    return console if console.is_terminal else _Console(highlight=False, width=160)


def say(text: str) -> None:
    """Print a line of an answer; a terminal folds it between words.

    Args:
        text: The line.
    """
    print_line(console_for_people(), Text(text))


def _rows(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = []
    limit, names = answer["limit"], answer.get("variables") or ()
    if limit["kind"]:
        expected = answer["predicted"]
        theory = (
            "-"
            if expected is None
            else expected["kind"]
            if expected["vector"] is None
            else f"{expected['kind']}, ±{named(expected['vector'], names)}"
        )
        rows.append(("direction", theory, _direction(limit, names)))
    if answer["rate"] is not None:
        rows.append(("direction's rate", "at most max(b/ρ, ρ) per step", f"{answer['rate']:.9g}"))
        if answer.get("rate_exact") is not None:
            rows.append(("", "b/ρ exactly, for the loss is quadratic", f"{answer['rate_exact']:.9g}"))
    if answer["step"] is not None:
        at = f"at step {answer['step']}, {answer['precision']} bits"
        checked = {"accepted": ", rechecked", "rejected": ", rejected"}.get(answer.get("recheck", ""), "")
        rows.append(("certificate", "amplitude > tail", at + checked))
    rows += outcome_rows(answer)
    rows += pattern_rows(answer)
    chain = answer.get("chain")
    if chain:
        radius = "every ball" if chain["radius"] is None else f"ε = {chain['radius']:.6g}"
        rows.append(("Lemma 1", "|g| ≤ C‖x‖², |∂g| ≤ C‖x‖", f"C = {chain['constant']:.6g}"))
        rows.append(("Lemma 2", "an invariant ball", radius))
        cone = chain["cone_step"]
        entered = "not within the steps tried" if cone is None else f"for good from step {cone}"
        rows.append(("dominance cone", "entered and kept", entered))
        rows.append(("ratios vanish", "bounded for some α in (1, 2)", f"for α up to {chain['alpha']:.6g}"))
    observed = answer.get("observed")
    if observed:
        rows.append(("observed", "direction from the minimizer (mpmath, no proof)", _observed(observed, names)))
    return rows


def _every_start_rows(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = minimizer_rows(answer)
    exceptional, predicted = answer["exceptional"], answer["predicted"]
    if exceptional is not None:
        checked = {"accepted": ", rechecked", "rejected": ", rejected"}.get(answer.get("recheck", ""), "")
        vector, kind = predicted["vector"] or exceptional["normal"], predicted["kind"]
        shown = "no limit" if vector is None else f"v = {named(vector, answer.get('variables') or ())}"
        rows.append(("almost every start", kind if kind == "rotating" else f"{kind}, ±v", f"{shown}{checked}"))
        rows.append(("exceptional starts", "a null set", exceptional["sentence"]))
    return rows


def _observed(observed: dict[str, Any], names: Sequence[str]) -> str:
    if not observed["settled"]:
        return f"{observed['note']} ({observed['steps']} steps)"
    vectors = " / ".join(named(v, names) for v in observed["vectors"])
    rate = "" if observed["rate"] is None else f", rate {observed['rate']:.9g}"
    cosine = f", cos {observed['cosines'][-1]:+.9f}" if observed["cosines"] else ""
    cosine += "" if observed["note"] == "settled" else f"; {observed['note']}"
    return f"{observed['kind']} {vectors}, {observed['steps']} steps{rate}{cosine}"


def _direction(limit: dict[str, Any], names: Sequence[str] = ()) -> str:
    if limit["kind"] == "two-cycle":
        return f"even steps {named(limit['even'], names)}, odd steps {named(limit['odd'], names)}"
    if limit["kind"] == "rotating":
        return "rotating, by " + ", ".join(f"{angle:.9g}" for angle in limit["angles"][:6]) + " radians a step"
    return f"{limit['kind']}, {named(limit['vector'], names)}"
