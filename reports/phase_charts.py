"""The picture of a run of ``gdcheck verify``: the direction of arrival against the step size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import altair as alt

from gdcheck.properties.basins.crossing_grid import boundary_share
from gdcheck.properties.verify.record import ACCEPTED, Record
from gdcheck.properties.verify.verification import Verification
from gdcheck.reports.charts import STAND_IN, WIDTH, Panel, axis, drawn, panel, rule, stacked, text
from gdcheck.reports.text import SUPERSCRIPTS, function, point

_ALIGNED = 1 - 1e-9
_WIDEST = 1.5
_RATIO = "η divided by the boundary 2/(λ₁+λₙ)"
_MOST_POINTS = 2000
PHASE = "The direction of arrival against the step size"


def phase_chart(report: Verification, *, narrow: bool = False) -> alt.VConcatChart:
    """Return the direction of arrival against the step size, in the stand-in colours.

    Above, the sweep of the paper's worked example: the angle of the certified limit, for even and odd steps. Below, the
    random problems: which end of the spectrum the certified limit lies along, against the distance of the step size
    from the boundary; and the verdicts over the step size and the spectral gap.

    Args:
        report: The report.
        narrow: Whether to draw for a narrow screen.

    Returns:
        The chart.
    """
    return stacked(_sweep_panel(report, narrow=narrow), *_random_panels(report, narrow=narrow))


def _width(*, narrow: bool) -> int:
    return 270 if narrow else WIDTH


def _title(text: Sequence[str], *, narrow: bool) -> str | list[str]:
    return list(text) if narrow else " ".join(text)


def _marks(values: list[dict[str, Any]], x: alt.X, y: alt.Y, size: int) -> list[alt.Chart]:
    """Draw points by style: filled, hollow, or a cross where nothing is certified."""
    charts = []
    for style in ("filled", "hollow", "cross"):
        chosen = [v for v in values if v["style"] == style]
        if not chosen:
            continue
        sized = [{**v, "size": size * (2 if v["shape"] == "diamond" else 1)} for v in chosen]
        colour = alt.Color("colour:N", scale=None, legend=None)
        stroke = 2.0 if style == "cross" else 1.3
        shape = alt.Shape("shape:N", scale=None, legend=None)
        mark = drawn("point", sized, filled=style == "filled", opacity=0.85, strokeWidth=stroke, aria=False)
        size_, label = alt.Size("size:Q", scale=None), alt.Tooltip("label:N")
        charts.append(mark.encode(x=x, y=y, color=colour, shape=shape, size=size_, tooltip=label))
    return charts


def _sweep_panel(report: Verification, *, narrow: bool) -> Panel:
    points = [point for row in report.sweep for point in _directions(row.record)]
    reach = 105 if all(abs(p["y"]) <= 100 for p in points) else 195
    ticks = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5]
    x = axis(
        alt.X,
        _RATIO,
        [0, _WIDEST],
        values=ticks,
        grid=False,
        labelExpr="'' + datum.value",
    )
    angles, degrees = [-180, -90, -45, 0, 45, 90, 180], "replace(datum.label, '-', '−') + '°'"
    y = axis(alt.Y, "angle of the limit from the y-axis", [-reach, reach], values=angles, labelExpr=degrees)
    axes = (x, y)
    kinds = {p["kind"] for p in points}
    labels = []
    if "fixed" in kinds:
        labels.append(text(0.04, 14, "fixed, along v₁", "fixed", axes))
    if "alternating" in kinds:
        even = "alternating" if narrow else "alternating, along vₙ"
        labels.append(text(1.47, 75, even, "alternating", axes, align="right"))
        labels.append(text(1.47, -75, "odd steps", "alternating", axes, align="right"))
    if "two-cycle" in kinds:
        label = "two-cycle" if narrow else "on the boundary, a two-cycle"
        labels.append(text(0.96, 73, label, "two-cycle", axes, align="right"))
    jump = (f"{len(report.sweep)} step sizes:", "the jump at the boundary")
    title = [*_loss_of(report, narrow=narrow), *(jump if narrow else [" ".join(jump)])]
    lines = [rule(x, 1, "faint", strokeDash=[4, 4])]
    labels.append(text(1.015, 18, "2/(λ₁+λₙ)", "faint", axes))
    limit = _stability_limit(report)
    if limit is not None and limit <= _WIDEST:
        lines.append(rule(x, limit, "faint", strokeDash=[2, 3]))
        labels.append(text(limit - 0.015, -18, "2/λₙ", "faint", axes, align="right"))
    layers = [*lines, *_marks(points, x, y, 34 if narrow else 46), *labels]
    return panel(layers, title, 230 if narrow else 260, _width(narrow=narrow))


def _loss_of(report: Verification, *, narrow: bool) -> list[str]:
    """Return the loss of the sweep over step sizes, and its start, by lines."""
    problem = next((row.record.problem for row in report.sweep if row.record.problem), None)
    if problem is None:
        return []
    said, start = function(problem.loss, problem.variables), f"from {point(problem.start)}"
    return [*wrap(said, 32), start] if narrow else [f"{said}, {start}"]


def _stability_limit(report: Verification) -> float | None:
    """Return 2/λₙ of the sweep's loss, divided by the boundary."""
    problem = next((row.record.problem for row in report.sweep if row.record.problem), None)
    return None if problem is None else 1 / boundary_share(problem.problem())


def _directions(record: Record) -> list[dict[str, Any]]:
    """Return the angle of the limit of even and of odd steps; a cross on the axis where nothing is certified."""
    if record.ratio is None:
        return []
    limit = record.limit
    if record.recheck != ACCEPTED or limit is None or limit.kind is None:
        return [_point(record.ratio, 0.0, "open", "cross", None)]
    kind = limit.kind
    even = limit.even or limit.vector or ()
    odd = limit.odd or (tuple(-x for x in even) if kind == "alternating" else even)
    points = [_point(record.ratio, _angle(even), kind, "filled", kind)]
    if odd != even:
        points.append(_point(record.ratio, _angle(odd), kind, "hollow", kind))
    return points


def _angle(direction: Sequence[float]) -> float:
    return math.degrees(math.atan2(direction[0], direction[1]))


def _point(x: float, y: float, colour: str, style: str, kind: str | None) -> dict[str, Any]:
    shape = "cross" if style == "cross" else "diamond" if kind == "two-cycle" else "circle"
    named = {"kind": kind, "label": kind or "not certified"}
    return {"x": x, "y": y, "colour": STAND_IN[colour], "style": style, "shape": shape, **named}


def _random_panels(report: Verification, *, narrow: bool) -> list[Panel]:
    known = [r for r in report.random if r.distance is not None and r.dimension is not None]
    if not known:
        return []
    records = _sample(known)
    smallest = min((abs(r.distance or 1) for r in records), default=1.0)
    depth = max(4, 1 + math.ceil(-math.log10(min(smallest, 1.0))))
    dimensions = [r.dimension or 1 for r in records]
    low, high = min(dimensions), max(dimensions)
    span = high - low + 3
    points = []
    for r in records:
        band = _band(r)
        lane = -3 if band == "open" else (r.dimension or 1) - low + (span if band == "alternating" else 0)
        points.append(_random_point(r, _signed_logarithm(r.distance or 0.0, depth), lane))
    some_open = any(p["style"] == "cross" for p in points)
    ticks = _ticks(depth, *((6, 4) if narrow else (3, 2)))
    x = axis(alt.X, "η / boundary − 1, logarithmic on both sides", [-depth, depth], grid=False, **_labelled(ticks))
    lanes = {start + n - low: str(n) for start in (0, span) for n in range(low, high + 1)}
    lanes |= {-3: ""} if some_open else {}
    top, bottom = span + high - low + 1, min(lanes) - 1
    y = axis(alt.Y, "dimension n", [bottom, top], ticks=False, domain=False, **_labelled(lanes))
    axes, middle = (x, y), (high - low) / 2
    labels = [
        text(0.5, middle + 0.5, "fixed, along v₁", "fixed", axes),
        text(-0.5, span + middle + 0.5, "alternating, along vₙ", "alternating", axes, align="right"),
    ]
    if some_open:
        labels.append(text(0.5 - depth, -2, "not proved", "open", axes))
    count = f"{len(records):,}" if len(records) == len(known) else f"{len(records):,} of {len(known):,}"
    title = _title((f"{count} random problems:", "right up to the boundary"), narrow=narrow)
    layers = [rule(x, 0, "faint", strokeDash=[4, 4]), *_marks(points, x, y, 22 if narrow else 34), *labels]
    first = panel(layers, title, (13 if narrow else 14) * (top - bottom), _width(narrow=narrow))
    return [first, _gap_panel(records, narrow=narrow)]


def _gap_panel(records: Sequence[Record], *, narrow: bool) -> Panel:
    """Return the verdicts over η/boundary and the gap between the largest multiplier modulus and the next."""
    gaps = [math.log10(r.gap) if r.gap else None for r in records]
    lowest = math.floor(min((g for g in gaps if g is not None), default=-1.0)) - 0.5
    # A problem without a gap is drawn on the lowest line.
    points = [
        _random_point(r, r.ratio or 0.0, lowest if gap is None else gap) for r, gap in zip(records, gaps, strict=True)
    ]
    widest = max(2.0, *(p["x"] for p in points))
    x = axis(alt.X, _RATIO, [0, widest], grid=False, tickCount=5)
    ticks = {k: "1" if k == 0 else "10" + str(k).translate(SUPERSCRIPTS) for k in range(0, math.ceil(lowest) - 1, -2)}
    y = axis(alt.Y, "spectral gap ρ − b", [lowest - 0.3, 0.3], **_labelled(ticks))
    title = _title(("The same problems:", "step size and spectral gap"), narrow=narrow)
    layers = [rule(x, 1, "faint", strokeDash=[4, 4]), *_marks(points, x, y, 22 if narrow else 34)]
    return panel(layers, title, 180 if narrow else 220, _width(narrow=narrow))


def _random_point(record: Record, x: float, y: float) -> dict[str, Any]:
    band = _band(record)
    style, kind = ("cross", None) if band == "open" else ("filled", band)
    label = f"random problem {record.index}, n = {record.dimension}: {record.verdict}"
    return _point(x, y, band, style, kind) | {"label": label}


def _sample(records: Sequence[Record]) -> Sequence[Record]:
    """Return at most 2000 records: those that are not proved, up to half of them, and others evenly spread."""
    if len(records) <= _MOST_POINTS:
        return records
    striking = [r for r in records if _band(r) == "open"][: _MOST_POINTS // 2]
    rest = [r for r in records if _band(r) != "open"]
    stride = len(rest) / (_MOST_POINTS - len(striking))
    return [*striking, *(rest[int(i * stride)] for i in range(min(len(rest), _MOST_POINTS - len(striking))))]


def _band(record: Record) -> str:
    """Return the kind of a limit that is proved, accepted and along its eigenvector by the limit itself, else open."""
    kind = None if record.limit is None else record.limit.kind
    if record.recheck == ACCEPTED and record.verdict == "proved":
        if kind == "fixed" and (record.to_lowest or 0) >= _ALIGNED:
            return "fixed"
        if kind == "alternating" and (record.to_highest or 0) >= _ALIGNED:
            return "alternating"
    return "open"


def _signed_logarithm(distance: float, depth: int) -> float:
    """Return 0 on the boundary and within 10^−depth of it, ±depth at a distance of one."""
    if distance == 0:
        return 0.0
    return math.copysign(max(0.0, depth + math.log10(abs(distance))), distance)


def _ticks(depth: int, spacing: int, clear: int) -> dict[int, str]:
    """Return ticks at powers of ten on both sides, none closer to the boundary's own tick than ``clear``."""
    ticks = {0: "0"}
    for exponent in range(0, depth - clear + 1, spacing):
        for sign, shown in ((1, "+"), (-1, "−")):
            power = "1" if exponent == 0 else "10" + str(-exponent).translate(SUPERSCRIPTS)
            ticks[sign * (depth - exponent)] = shown + power
    return ticks


def _labelled(labels: dict[int, str]) -> dict[str, Any]:
    """Return the look of an axis with ticks at these values only, with these labels."""
    expression = "''"
    for value, label in labels.items():
        expression = f"datum.value == {value} ? '{label}' : {expression}"
    return {"values": list(labels), "labelExpr": expression, "labelOverlap": False}
