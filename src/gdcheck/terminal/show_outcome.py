"""Rows for people: the minimizer that was found, the long run, how long it takes."""

from __future__ import annotations

from typing import Any


def outcome_rows(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The rows of a table, as (name, status, what is computed).

    Args:
        answer: The answer; keys that it lacks give no row.
    """
    rows = []
    minimizer = answer.get("minimizer")
    if minimizer and minimizer["how"] != "given":
        rows.append(("minimizer", minimizer["how"], f"({', '.join(minimizer['exact'])})"))
    outcome = answer.get("outcome")
    if outcome:
        points = "; ".join(f"({', '.join(f'{x:.9g}' for x in p)})" for p in outcome["points"][:4])
        more = ", …" if len(outcome["points"]) > 4 else ""
        rows.append(("in the long run", outcome["status"], f"{outcome['kind']} {points}{more}: {outcome['sentence']}"))
    elsewhere = answer.get("elsewhere")
    if elsewhere:
        where = ", ".join(elsewhere["minimizer"])
        rows.append(("decided there", f"({where})", f"{elsewhere['verdict']}: {elsewhere['reason']}"))
    asked = [(key, answer[key]) for key in ("within", "within_loss") if answer.get(key)]
    rows += [(key.replace("_", " "), found["status"], found["sentence"]) for key, found in asked]
    iterate = answer.get("iterate")
    if iterate:
        point = ", ".join(f"{x:.15g}" for x in iterate["point"])
        rows.append((f"iterate {iterate['step']}", iterate["status"], f"({point})"))
    return rows
