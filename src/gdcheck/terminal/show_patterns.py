"""Patterns along a trajectory, for human readers: rows of what theory says beside what is proved."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

Row = tuple[str, str, str]

_SOON = 8
_EQUAL = 1e-15
"""Numbers that differ by no more than this, relatively, are taken for equal."""


def pattern_rows(answer: dict[str, Any]) -> list[Row]:
    """Return the rows that ``--sharpness`` and ``--scalar`` add to an answer.

    Args:
        answer: The answer, with ``sharpness`` and ``scalars`` where they were asked for.

    Returns:
        Rows of name, theory and what is computed.
    """
    rows = []
    found = answer.get("sharpness")
    if found and answer.get("theorem") == "valley":
        rows.extend(_valley_rows(found))
    elif found:
        theory = _expected(answer["regime"], f"C_η = {found['C_eta']}", found)
        rows.append(("sharpness", f"{theory}; limit λₙ = {found['lambda_n']}", _pattern_in_words(found)))
        rows.append(_crossing_row(found))
    for scalar in answer.get("scalars", []):
        if scalar["kind"] is not None:
            slope = f"slope {scalar['derivative']}"
            rows.append((scalar["scalar"][:40], _expected(answer["regime"], slope, scalar), _pattern_in_words(scalar)))
    return rows


def _valley_rows(found: dict[str, Any]) -> list[Row]:
    crossed, steps = found["crossings"], found["crossings"]["steps"]
    path = f"from {found['first'][0]:.9g} at the start to {found['limit'][0]:.9g}"
    edge = "; an edge of stability, crossed from above" if found["edge_of_stability"] else ""
    exactly = "exactly " if crossed["complete"] and not crossed["undecided"] else "at least "
    said = f"at {exactly}{crossed['count']} step{'' if crossed['count'] == 1 else 's'}"
    if steps:
        said += f" ({', '.join(map(str, steps[:_SOON]))}{', …' if crossed['count'] > _SOON else ''})"
    if crossed["undecided"]:
        said += f"; {crossed['undecided']} undecided"
    if not crossed["complete"]:
        said += "; later steps are open"
    name = f"above 2/η = {found['threshold']}"
    return [("sharpness", "-", path + edge), (name, "finitely often", said + _rechecked(found, "crossings"))]


def _expected(regime: str | None, slope: str, found: dict[str, Any]) -> str:
    if found["kind"] == "constant":
        return "nothing to change it"
    if found["order"] == 1:
        return f"{slope}: " + ("oscillates" if regime == "large-step" else "eventually monotone")
    if slope.endswith(" 0"):
        return f"{slope}: the next order decides"
    return slope if not slope.endswith("None") else "-"


def _pattern_in_words(found: dict[str, Any]) -> str:
    if found["kind"] == "undecided":
        return f"undecided: {found['cause']}"
    order = {None: "", 1: "", 2: ", by the second order"}.get(found["order"], f", by order {found['order']}")
    early = f"; broken at {found['broken']} earlier steps" if found["broken"] else ""
    checked = _rechecked(found, "pattern")
    # Proved is what a checker has accepted: scalars, and orders above the first, have no certificate.
    word = "proved" if checked else "enclosed"
    without = checked or ", without a certificate"
    return f"{found['kind']}{order}, {word} from step {found['from_step']} on{early}{without}"


def _rechecked(found: dict[str, Any], part: str) -> str:
    accepted = found.get("recheck") == "accepted" and part in found["certified"]
    return ", rechecked" if accepted else ""


def _crossing_row(found: dict[str, Any]) -> Row:
    crossed = found["crossings"]
    name, count = f"above 2/η = {found['threshold']}", crossed["count"]
    if not crossed["complete"]:
        # At the minimizer λₙ is at or above 2/η where the step size is not stable: then no start is near enough.
        above = float(found["lambda_n"]) > (1 - _EQUAL) * float(Fraction(found["threshold"]))
        later = "λₙ is not below 2/η at the minimizer, and later ones are open"
        later = later if above else "a nearer --start may settle later ones"
        said = f"at {count} of the first {crossed['examined']} steps; {later}"
        return name, "-", said + _rechecked(found, "crossings")
    exactly = "exactly " if not crossed["undecided"] else "at least "
    said = f"at {exactly}{count} step{'' if count == 1 else 's'}"
    if count:
        said += f" ({', '.join(map(str, crossed['steps'][:_SOON]))}{', …' if count > _SOON else ''})"
        rose = len(crossed["loss_rose"])
        open_ = count - rose - crossed["loss_fell"]
        if rose:
            said += f"; the loss rises at {rose} of them"
        elif open_:
            said += f"; the loss falls at {crossed['loss_fell']} of them, undecided at the others"
        else:
            said += "; the loss falls at every one"
    if crossed["undecided"]:
        said += f"; {crossed['undecided']} undecided"
    return name, "λₙ < 2/η: finitely often", said + _rechecked(found, "crossings")
