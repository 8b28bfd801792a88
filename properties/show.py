"""Answers for people: a few coloured lines, the theoretical value beside the computed one."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_COLOURS = {
    "proved": "bold green",
    "refuted": "bold red",
    "exceptional": "bold yellow",
    "not-applicable": "bold yellow",
    "unresolved": "bold magenta",
}


def show_answer(console: Console, answer: dict[str, Any]) -> None:
    """Prints one answer (see ``theorem.answer``) for people.

    Args:
        console: Where to print; colours are left out where it is not a terminal.
        answer: The answer, with ``chain`` and ``observed`` where they were asked for.
    """
    verdict = answer["verdict"]
    console.print(Text.assemble((verdict.upper(), _COLOURS[verdict]), f"  {answer['reason']}"))
    table = Table(show_header=True, box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    table.add_column("theory")
    table.add_column("computed")
    for row in _rows(answer):
        table.add_row(*(Text(cell) for cell in row))
    if table.row_count:
        console.print(table)


def _rows(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = []
    if answer["regime"]:
        rows.append(
            ("regime", f"boundary {answer['boundary']}, stable below {answer['stability_limit']}", answer["regime"])
        )
    limit = answer["limit"]
    if limit["kind"]:
        expected = answer["predicted"]
        theory = "-" if expected is None else f"{expected['kind']}, ±{_vector(expected['vector'])}"
        rows.append(("direction", theory, _direction(limit)))
    if answer["rate"] is not None:
        rows.append(("rate per step", "max(b/ρ, ρ)", f"{answer['rate']:.9g}"))
    if answer["step"] is not None:
        rows.append(("certificate", "amplitude > tail", f"at step {answer['step']}, {answer['precision']} bits"))
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
        rows.append(("observed", "(mpmath, no proof)", _observed(observed)))
    return rows


def _observed(observed: dict[str, Any]) -> str:
    if not observed["settled"]:
        return f"{observed['note']} ({observed['steps']} steps)"
    vectors = " / ".join(_vector(v) for v in observed["vectors"])
    rate = "" if observed["rate"] is None else f", rate {observed['rate']:.9g}"
    cosine = f", cos {observed['cosines'][-1]:+.9f}" if observed["cosines"] else ""
    return f"{observed['kind']} {vectors}, {observed['steps']} steps{rate}{cosine}"


def _direction(limit: dict[str, Any]) -> str:
    if limit["kind"] == "two-cycle":
        return f"even steps {_vector(limit['even'])}, odd steps {_vector(limit['odd'])}"
    return f"{limit['kind']}, {_vector(limit['vector'])}"


def _vector(vector: list[float]) -> str:
    shown = ", ".join(f"{x:.9g}" for x in vector[:8])
    return f"({shown}{', …' if len(vector) > 8 else ''})"
