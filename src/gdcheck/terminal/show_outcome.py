"""Rows for human readers: the minimizer that was found, the long run, how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gdcheck.terminal.headline import points_of

_MOST_SHOWN = 8
"""Coordinates of a point; the answer in JSON has all of them."""


def outcome_rows(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the rows of a table, as (name, status, what is computed).

    Args:
        answer: The answer; keys that it lacks give no row.
    """
    rows = minimizer_rows(answer)
    names = answer["variables"]
    outcome = answer.get("outcome")
    if outcome:
        what = " ".join(filter(None, (outcome["kind"], points_of(outcome, names))))
        rows.append(("in the long run", outcome["status"], f"{what}: {outcome['sentence']}"))
    elsewhere = answer.get("elsewhere")
    if elsewhere:
        where = exactly(elsewhere["minimizer"], names)
        rows.append(("decided there", where, f"{elsewhere['verdict']}: {elsewhere['reason']}"))
    asked = [(key, answer[key]) for key in ("within", "within_loss") if answer.get(key)]
    rows += [(key.replace("_", " "), found["status"], found["sentence"]) for key, found in asked]
    iterate = answer.get("iterate")
    if iterate:
        point = ", ".join(f"{name}={x:.15g}" for name, x in zip(names, iterate["point"], strict=True))
        rows.append((f"iterate {iterate['step']}", iterate["status"], f"({point})"))
    return rows


def minimizer_rows(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the row on a minimizer that was not given.

    Args:
        answer: The answer.
    """
    found = answer.get("minimizer")
    if isinstance(found, list):
        widest = max(radius for _, radius in found)
        shown = [f"{name}={x:.15g}" for name, (x, _) in zip(answer["variables"], found, strict=True)]
        point = f"({', '.join(shown[:_MOST_SHOWN])}{', …' if len(shown) > _MOST_SHOWN else ''})"
        return [("minimizer", "enclosed", f"{point}, proved to within {widest:.2g}")]
    if not found or found["how"] == "given":
        return []
    return [("minimizer", found["how"], exactly(found["exact"], answer["variables"]))]


def exactly(point: Sequence[str], names: Sequence[str]) -> str:
    """Return an exact point with its variables.

    Args:
        point: The coordinates as texts.
        names: The variables.
    """
    return f"({', '.join(f'{name}={value}' for name, value in zip(names, point, strict=True))})"
