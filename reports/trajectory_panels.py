"""The panels of a trajectory: direction and sharpness by step, and its path in a plane with equal scales."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot
from typing import Any

import altair as alt

from gdcheck.reports.charts import STAND_IN, WIDTH, Panel, axis, drawn, panel, rule, text
from gdcheck.reports.labels import LINE, Rectangle, beside, spread
from gdcheck.reports.text import mathematical

Point = tuple[float, float]
Side = tuple[float, float]

# Components are told apart by colour and by shape; those beyond the last look all share it.
_LOOKS = (
    ("fixed", "circle", "●"),
    ("alternating", "square", "■"),
    ("two-cycle", "triangle-up", "▲"),
    ("open", "diamond", "◆"),
    ("ink", "cross", "✚"),
    ("faint", "triangle-down", "▼"),
)
_DIRECTION, _SHARPNESS = 190, 210
_LOWEST, _HIGHEST = 160, 420
_REACH = 1.05


def direction_panel(
    names: Sequence[str], errors: Sequence[Sequence[float]], title: str | list[str], least: float = 0.0
) -> Panel:
    """Draw the components of a direction by step.

    Args:
        names: The variables, shape (n,).
        errors: The iterates minus their limit, shape (steps, n).
        title: The title.
        least: Errors of at most this length have no direction.

    Returns:
        The panel.
    """
    x, y = _steps(len(errors) - 1), axis(alt.Y, "component of the direction", [-_REACH, _REACH])
    layers = [rule(y, 0.0, "grid")]
    labels: list[tuple[float, str, str]] = []
    end = float(len(errors) - 1)
    for i, name in enumerate(names):
        lengths = [hypot(*h) for h in errors]
        points = [
            {"x": k, "y": h[i] / size} for k, (h, size) in enumerate(zip(errors, lengths, strict=True)) if size > least
        ]
        if not points:
            continue
        colour, shape, glyph = _LOOKS[min(i, len(_LOOKS) - 1)]
        look: dict[str, Any] = {"color": STAND_IN[colour]}
        layers.append(drawn("line", points, strokeWidth=1, opacity=0.5, **look).encode(x=x, y=y))
        layers.append(drawn("point", points, filled=True, shape=shape, size=30, opacity=0.9, **look).encode(x=x, y=y))
        end = points[-1]["x"]
        if i < len(_LOOKS):
            whole = i + 1 == len(_LOOKS) < len(names)
            said = f"{mathematical(name[:12])} … {mathematical(names[-1][:12])}" if whole else mathematical(name[:12])
            labels.append((points[-1]["y"], f"{glyph} {said}", colour))
    return panel([*layers, *at_the_end(labels, end, (-_REACH, _REACH), _DIRECTION, (x, y))], title, _DIRECTION)


def sharpness_panel(
    values: Sequence[float | None],
    limit: tuple[float, str],
    threshold: tuple[float, str] | None,
    title: str | list[str],
) -> Panel:
    """Draw the largest Hessian eigenvalue by step.

    Args:
        values: λₙ at the steps; None where it is not known.
        limit: λₙ where the trajectory arrives, and what that is called.
        threshold: The largest stable value, and what it is called; None where it is too far away to be drawn.
        title: The title.

    Returns:
        The panel.
    """
    known = [{"x": k, "y": v} for k, v in enumerate(values) if v is not None]
    heights = [v["y"] for v in known] + [limit[0]] + ([threshold[0]] if threshold else [])
    margin = 0.08 * (max(heights) - min(heights)) or 0.1 * abs(limit[0])
    ends = (min(heights) - margin, max(heights) + margin)
    last = len(values) - 1
    x, y = _steps(last), axis(alt.Y, "largest Hessian eigenvalue λₙ", ends)
    layers, labels = [rule(y, limit[0], "faint")], [(*limit, "faint")]
    if threshold:
        layers.append(rule(y, threshold[0], "open", strokeDash=[5, 4]))
        labels.append((*threshold, "open"))
    layers.append(drawn("line", known, color=STAND_IN["faint"], strokeWidth=1, opacity=0.6).encode(x=x, y=y))
    edge = threshold[0] if threshold else max(heights)
    for above, colour in ((False, "fixed"), (True, "open")):
        chosen = [v for v in known if (v["y"] > edge) is above]
        if chosen:
            shape = "triangle-up" if above else "circle"
            dots = drawn("point", chosen, filled=True, size=34, shape=shape, color=STAND_IN[colour], opacity=0.9)
            layers.append(dots.encode(x=x, y=y))
    return panel([*layers, *at_the_end(labels, last, ends, _SHARPNESS, (x, y))], title, _SHARPNESS)


def frame(points: Sequence[Point]) -> tuple[tuple[Side, Side], float]:
    """Return the rectangle around points, with some room, in equal scales, and the height of its panel in pixels.

    Args:
        points: The points.
    """
    sides = [(min(p[i] for p in points), max(p[i] for p in points)) for i in range(2)]
    spans = [1.4 * (high - low) for low, high in sides]
    unit = max(spans[0] / WIDTH, spans[1] / _HIGHEST) or 2 / WIDTH
    height = min(max(spans[1] / unit, _LOWEST), _HIGHEST)
    middles = [(low + high) / 2 for low, high in sides]
    halves = (unit * WIDTH / 2, unit * height / 2)
    across, up = ((m - h, m + h) for m, h in zip(middles, halves, strict=True))
    return (across, up), height


def plane_panel(
    names: Sequence[str],
    path: Sequence[Point],
    end: tuple[Point, str],
    curves: tuple[Sequence[Sequence[Point]], dict[str, Any]],
    title: str,
) -> Panel:
    """Draw a trajectory through the plane, with curves beneath it.

    Args:
        names: The two variables.
        path: The iterates.
        end: The point where the trajectory arrives, or the minimizer, and its name.
        curves: Lines of points within ``frame([*path, end])``, and how they look.
        title: The title.

    Returns:
        The panel.
    """
    (across, up), height = frame([*path, end[0]])
    x = axis(alt.X, mathematical(names[0]), across, grid=False, tickCount=8)
    y = axis(alt.Y, mathematical(names[1]), up, grid=False, tickCount=max(3, int(height / 45)))
    layers = []
    lines = [{"x": a, "y": b, "k": k, "line": i} for i, line in enumerate(curves[0]) for k, (a, b) in enumerate(line)]
    if lines:
        layers.append(drawn("line", lines, **curves[1]).encode(x=x, y=y, order="k:Q", detail="line:N"))
    points = [{"x": a, "y": b, "k": k} for k, (a, b) in enumerate(path)]
    line = drawn("line", points, color=STAND_IN["alternating"], strokeWidth=1.2, opacity=0.7)
    layers.append(line.encode(x=x, y=y, order="k:Q"))
    dots = drawn("point", points, filled=True, color=STAND_IN["alternating"], size=26, opacity=0.95)
    layers.append(dots.encode(x=x, y=y))
    cross = {"shape": "cross", "filled": True, "size": 90, "color": STAND_IN["ink"], "opacity": 1.0}
    layers.append(drawn("point", [{"x": end[0][0], "y": end[0][1]}], **cross).encode(x=x, y=y))

    unit = (across[1] - across[0]) / WIDTH
    pixels = [[((a - across[0]) / unit, (up[1] - b) / unit) for a, b in line] for line in (path, [end[0]], *curves[0])]
    taken: list[Rectangle] = []
    for at, pixel, said, colour in (
        (path[0], pixels[0][0], "start", "alternating"),
        (end[0], pixels[1][0], end[1], "ink"),
    ):
        set_ = beside(pixel, said, pixels, taken, (WIDTH, height))
        taken.append(set_.pop("rectangle"))
        layers.append(text(*at, said, colour, (x, y), **set_))
    return panel(layers, title, height)


def _steps(last: int) -> alt.X:
    look = alt.Axis(grid=False, format="d", tickCount=max(1, min(last, 16)))
    return alt.X("x:Q", title="step", axis=look, scale=alt.Scale(nice=False))


def at_the_end(
    labels: Sequence[tuple[float, str, str]], last: float, ends: Side, height: float, axes: tuple[alt.X, alt.Y]
) -> list[alt.Chart]:
    """Write labels (height, text, colour) to the right of a panel, clear of each other."""
    least = LINE * (ends[1] - ends[0]) / height
    places = spread([at for at, _, _ in labels], least, *ends)
    return [text(last, y, said, colour, axes, dx=9) for y, (_, said, colour) in zip(places, labels, strict=True)]
