"""The first lines of an answer for human readers: the verdict in words, and the step sizes that matter."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

_DECIMALS = 9


def headline(answer: dict[str, Any]) -> str:
    """Say in words what is proved, and only then what is not.

    Args:
        answer: The answer (see ``theorem.certificate.answer``).

    Returns:
        The sentence after the verdict's name.
    """
    limit, names = answer.get("limit"), answer.get("variables") or ()
    if not limit or not limit["kind"]:
        outcome, reason = answer.get("outcome"), answer["reason"].removesuffix("; no limit is certified")
        if answer["verdict"] not in {"not-applicable", "unresolved"} or not outcome or outcome["kind"] == "unknown":
            return str(answer["reason"])
        return f"{outcome['status']}: {outcome['sentence']}{_where(outcome, names)}; {reason}"
    if limit["kind"] == "two-cycle":
        way = f"alternately in two directions, {named(limit['even'], names)} at even steps, "
        way += f"{named(limit['odd'], names)} at odd ones"
    elif limit["kind"] == "rotating":
        turns = ", ".join(f"{angle:.6g}" for angle in limit["angles"][:6])
        way = f"without a direction, rotating by {turns} radians a step"
    elif limit["kind"] == "alternating":
        way = f"alternating along ±{named(limit['vector'], names)}"
    else:
        way = f"in the fixed direction {named(limit['vector'], names)}"
    reason = str(answer["reason"]).partition("; what happens instead is certified")[0]
    if answer["verdict"] == "proved":
        return f"descent arrives {way}: {reason}"
    if answer["verdict"] == "unresolved":
        return reason
    return f"proved: descent arrives {way}; {reason}"


def _where(outcome: dict[str, Any], names: Sequence[str]) -> str:
    """Name the points of an outcome, and the kind of a single one."""
    points = points_of(outcome, names)
    if not points:
        return ""
    if len(outcome["points"]) > 1:
        return f"; the points are {points}"
    kind = outcome.get("point_kind")
    return f"; the point is {points}" + (f", a {kind}" if kind in {"minimum", "saddle", "maximum"} else "")


def points_of(outcome: dict[str, Any], names: Sequence[str]) -> str:
    """Name the points of an outcome, at most four.

    Args:
        outcome: The outcome.
        names: The variables.
    """
    points = outcome["points"]
    return "; ".join(named(p, names) for p in points[:4]) + (", …" if len(points) > 4 else "")


def step_size_rows(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the rows of the table on step sizes: name, value, meaning.

    Args:
        answer: The answer, with ``step_sizes`` if the spectrum at the minimizer is positive.
    """
    found, names = answer.get("step_sizes"), answer.get("variables") or ()
    if answer.get("method") and answer.get("theorem") == "valley":
        return _valley_method_rows(answer)
    if answer.get("method") and answer["stability_limit"]:
        return _method_rows(answer)
    if not found:
        return []
    rows = [("step size η", short(answer["step_size"]), _REGIMES.get(answer["regime"], ""))]
    rows += threshold_rows(found, names)
    factor = answer["rate_per_step"]
    meaning = "near the minimizer, the error shrinks by this factor or a smaller one"
    if factor >= 1:
        meaning = (
            "near the minimizer, most errors grow by this factor" if factor > 1 else "to first order, no shrinking"
        )
    rows.append(("rate per step max |1−ηλ|", f"{factor:.9g}", meaning))
    return rows


def _method_rows(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the rows of another method than gradient descent."""
    rows = [("method", method_words(answer["method"]), "")]
    rows.append(("step size η", short(answer["step_size"]), f"regime {answer['regime']}"))
    if answer["boundary"] is not None:
        rows.append(("switch", _number(answer["boundary"]), "below it the direction is fixed, above it alternates"))
    elif answer["window"] is not None:
        rows.append(("window", " to ".join(map(_number, answer["window"])), "within it the direction has no limit"))
    rows.append(
        ("largest stable", _number(answer["stability_limit"]), "below it the minimizer is stable, above it not")
    )
    if answer["rate_per_step"] is not None:
        does = "shrinks" if answer["rate_per_step"] < 1 else "grows"
        meaning = f"near the minimizer, the error {does} by this factor in the long run"
        rows.append(("largest modulus", f"{answer['rate_per_step']:.9g}", meaning))
    return rows


def _valley_method_rows(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the rows of a method in a valley; its step sizes belong to the point of arrival."""
    regime = answer["regime"]
    rows = [("method", method_words(answer["method"]), "")]
    if regime is None:
        return rows
    rows.append(("step size η", short(answer["step_size"]), f"regime {regime}"))
    if answer["boundary"] is not None:
        rows.append(("switch", _number(answer["boundary"]), "below it the direction is fixed, above it alternates"))
    for name, key, meaning in (
        ("window", "window", "within it the direction has no limit"),
        ("along the valley", "tangential_window", "within it the direction tends to one along the valley"),
    ):
        if answer[key] is not None:
            rows.append((name, " to ".join(map(_number, answer[key])), meaning))
    rows.append(("largest stable", _number(answer["stability_limit"]), "above it the point of arrival repels"))
    meaning = "in the long run, the distance shrinks by this factor"
    return [*rows, ("largest modulus", f"{answer['rate_per_step']:.9g}", meaning)]


def _number(stated: str | Sequence[float]) -> str:
    """Write a number that is stated as a text, or enclosed by centre and radius."""
    return short(stated) if isinstance(stated, str) else f"≈ {stated[0]:.{_DECIMALS}g}"


def method_words(method: dict[str, Any]) -> str:
    """Name a method and its numbers.

    Args:
        method: Its JSON form.
    """
    rows = {key: value if isinstance(value, str) else ";".join(map(",".join, value)) for key, value in method.items()}
    return ", ".join(f"{key} {value}" for key, value in rows.items()).removeprefix("name ")


def segment_rows(line: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the rows of a method's line of step sizes.

    Args:
        line: What ``theorem.certificate.methods.line.method_line`` says.
    """
    rows = []
    for part in line["segments"]:
        where = f"{short(part['from'])} < η < {short(part['to'])}" if part["to"] else f"η ≥ {short(part['from'])}"
        rows.append((where, part["direction"], _DIRECTIONS[part["direction"]]))
    return rows


_DIRECTIONS = {
    "fixed": "almost every start nearby arrives along the flattest eigenvector",
    "rotating": "no limit of direction: a pair of multipliers dominates, and turns",
    "alternating": "almost every start nearby arrives along the steepest one, changing its sign",
    "unstable": "the minimum repels",
}

_REGIMES = {
    "small-step": "below the boundary",
    "large-step": "between boundary and largest stable step size",
    "boundary": "on the boundary",
    "unstable": "at or above the largest stable step size",
}


def threshold_rows(found: dict[str, Any], names: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return the rows that depend on the loss alone.

    Args:
        found: What ``theorem.certificate.step_sizes`` says.
        names: The variables.
    """
    low, high = found["lowest"], found["highest"]
    rows = [("largest stable 2/λₙ", short(found["largest_stable"]), "below it the minimizer is stable, above it not")]
    if low["value"] == high["value"]:
        rows.append(("optimal 1/λ", short(found["optimal"]), "reaches the minimizer at once, were the loss quadratic"))
        rows.append(("eigenvalue λ", short(low["value"]), f"the only one, {low['multiplicity']}-fold"))
        return rows
    rows += [
        ("boundary 2/(λ₁+λₙ)", short(found["optimal"]), "below it the direction is fixed, above it alternates"),
        ("optimal step size", short(found["optimal"]), f"the same number; rate {short(found['optimal_rate'])}"),
        ("step size 1/λₙ", short(found["greedy"]), "to first order, removes the error along λₙ in one step"),
        ("smallest eigenvalue λ₁", short(low["value"]), _eigenvector(low, names)),
        ("largest eigenvalue λₙ", short(high["value"]), _eigenvector(high, names)),
        ("condition number λₙ/λ₁", short(found["condition_number"]), ""),
    ]
    return rows


def line_rows(line: dict[str, Any], names: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return the rows of the line of step sizes: from where to where, what happens, and why.

    Args:
        line: What ``theorem.certificate.step_sizes.step_line`` says, with ``beyond``.
        names: The variables.
    """
    rows = []
    for part in line["segments"]:
        low, high, kind = part["from"], part["to"], part["direction"]
        begins, ends = (short(end or "").removeprefix("≈ ") for end in (low, high))
        where = f"η > {begins}"
        if high is not None:
            where = f"{begins} < η < {ends}" if low != high else f"η = {short(low)}".replace("= ≈", "≈")
        word, meaning = _SEGMENTS[kind]
        if line["quadratic"]:
            word, meaning = _QUADRATIC.get(kind, (word, meaning))
        rows.append((where, word, meaning))
    for sample in line["beyond"]:
        kind = sample["kind"]
        if kind == "cycle":
            kind = f"cycle of {len(sample['points'])} points"
        elif kind in {"converges", "reaches"}:
            kind = "a point"
        start = named([float(Fraction(a)) for a in sample["start"]], names)
        rows.append(
            (
                f"as at η = {float(Fraction(sample['step_size'])):.6g}",
                kind,
                f"{sample['status']}, from {start}: {_ending(sample, names)}",
            )
        )
    return rows


def _ending(sample: dict[str, Any], names: Sequence[str]) -> str:
    """Say where a sample ends."""
    return points_of(sample, names) or str(sample["sentence"])


_SEGMENTS = {
    "fixed": ("fixed", "almost every start nearby arrives in a direction that stays"),
    "two-cycle": ("boundary", "two directions by turns; the fastest step size"),
    "any": ("at once", "the error vanishes to first order; the fastest step size"),
    "alternating": ("alternating", "almost every start nearby arrives along a direction whose sign flips"),
    "threshold": ("threshold", "decided by higher derivatives; gdcheck check says it for a start"),
    "unstable": ("unstable", "a cycle, another minimizer or divergence; gdcheck check says which for a start"),
}
_QUADRATIC = {
    "any": ("at once", "every start reaches the minimizer in one step; the fastest step size"),
    "threshold": ("cycle", "almost every start tends to a cycle of two points"),
    "unstable": ("divergence", "almost every start leaves every bounded set"),
}


def named(vector: Sequence[float], names: Sequence[str]) -> str:
    """Return a vector with its variables, at most eight of them.

    Args:
        vector: The coordinates.
        names: The variables; without them the coordinates stand alone.
    """
    pairs = zip(names, vector, strict=True) if names else (("", x) for x in vector)
    shown = [f"{name}{'=' if name else ''}{x:.9g}" for name, x in pairs]
    return f"({', '.join(shown[:8])}{', …' if len(shown) > 8 else ''})"


def short(text: str) -> str:
    """Return a number as it is, or rounded where it is long."""
    if len(text) <= _DECIMALS + 2:
        return text
    numerator, _, denominator = text.partition("/")
    # Integers divide correctly rounded, whatever their size.
    value = int(numerator) / int(denominator) if denominator else float(text)
    return f"≈ {value:.{_DECIMALS}g}"


def _eigenvector(eigenvalue: dict[str, Any], names: Sequence[str]) -> str:
    if eigenvalue["vector"] is None:
        return f"{eigenvalue['multiplicity']}-fold: no single direction"
    return f"along {named(eigenvalue['vector'], names)}"
