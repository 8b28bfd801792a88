"""The picture of a plane of starts: colours for the limits, the zero line of ζ, a legend that says what is proved."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from gdcheck.properties.basins.plane import Plane
from gdcheck.properties.basins.simulation import BasinLabel
from gdcheck.reports.charts import STAND_IN, axis, config, drawn
from gdcheck.reports.labels import heading
from gdcheck.reports.pixels import enlargement, png_url

_SIDE = 700

_MOST_LONE = 100
_LINE = "#101418"
_OUTLINED: tuple[dict[str, Any], ...] = (
    {"stroke": "white", "strokeWidth": 4, "fill": "white", "strokeJoin": "round"},
    {"fill": _LINE},
)
"""The two layers of a text that is readable on every colour: dark, with a white edge beneath it."""
# Red-blind and green-blind readers can tell any two of these apart too.
_CERTIFIED = {
    BasinLabel.FIXED_PLUS: "#26499c",
    BasinLabel.FIXED_MINUS: "#0da583",
    BasinLabel.ALTERNATING_PLUS: "#bc170c",
    BasinLabel.ALTERNATING_MINUS: "#a976e7",
    BasinLabel.ROTATING: "#dba12d",
}
_OBSERVED = {
    BasinLabel.FIXED_PLUS: "#7385ab",
    BasinLabel.FIXED_MINUS: "#bae3fd",
    BasinLabel.ALTERNATING_PLUS: "#f3a771",
    BasinLabel.ALTERNATING_MINUS: "#cdabf1",
    BasinLabel.ESCAPES: "#f9fafb",
    BasinLabel.UNSETTLED: "#c1c1c1",
    BasinLabel.EXCEPTIONAL: _LINE,
    BasinLabel.ELSEWHERE: "#635f44",
    BasinLabel.UNDECIDED: "#656b73",
    BasinLabel.ROTATING: "#f0e6ba",
}


def plane_picture(plane: Plane, title: str) -> alt.TopLevelMixin:
    """Draw a plane.

    Args:
        plane: The plane.
        title: The picture's title.

    Returns:
        The chart; the plane is an embedded PNG.
    """
    left, right, bottom, top = plane.extent
    legend = _legend(plane)
    names = [name for name, _ in legend]
    x, y = axis(alt.X, plane.titles[0], [left, right]), axis(alt.Y, plane.titles[1], [bottom, top])
    centre = {"x": (left + right) / 2, "y": (bottom + top) / 2}
    picture = alt.InlineData(values=[{"url": png_url(_colours(plane)), **centre}])
    image = alt.Chart(picture).mark_image(aspect=False, width=_SIDE, height=_SIDE).encode(x=x, y=y, url="url:N")
    # The marks of this layer lie outside the frame: it is there for the legend.
    entries = alt.InlineData(values=[{"name": name, "x": right + (right - left), "y": top} for name in names])
    colour = alt.Color(
        "name:N",
        scale=alt.Scale(domain=names, range=[shade for _, shade in legend]),
        legend=alt.Legend(
            title=None,
            labelLimit=600,
            labelColor=STAND_IN["ink"],
            labelFontSize=12,
            symbolType="square",
            symbolOpacity=1,
            symbolStrokeColor=STAND_IN["faint"],
            symbolStrokeWidth=0.8,
            orient="bottom",
            columns=1,
        ),
    )
    key = alt.Chart(entries).mark_square(clip=True, opacity=1, size=150).encode(x="x:Q", y="y:Q", color=colour)
    layers = [image, key]
    layers += _lone(plane)
    if plane.minimizer is not None:
        layers += _ring(plane.minimizer, "minimizer")
    for row, (name, value) in enumerate(plane.thresholds):
        if left < value < right:
            layers += _line(name, value, top, 14 + 18 * row)
    chart = alt.layer(*layers).properties(width=_SIDE, height=_SIDE, title=heading(title, *plane.notes))
    styled: alt.TopLevelMixin = chart.configure(**config())
    return styled


def _lone(plane: Plane) -> list[alt.Chart]:
    """Mark certified points that stand alone, as those of a coarse grid do: one square would hardly be seen."""
    size, held = len(plane.labels), np.pad(plane.certified, 1).astype(int)
    beside = held[:-2, 1:-1] + held[2:, 1:-1] + held[1:-1, :-2] + held[1:-1, 2:]
    rows, columns = np.nonzero(plane.certified & (beside == 0))
    if not 0 < len(rows) <= _MOST_LONE:
        return []
    left, right, bottom, top = plane.extent
    where = [
        {
            "x": left + (column + 0.5) / size * (right - left),
            "y": top - (row + 0.5) / size * (top - bottom),
            "shade": _CERTIFIED[BasinLabel(plane.labels[row, column])],
        }
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if BasinLabel(plane.labels[row, column]) in _CERTIFIED
    ]
    dots = drawn("point", where, shape="circle", filled=True, size=45, strokeWidth=1, stroke=_LINE, opacity=1)
    return [dots.encode(x="x:Q", y="y:Q", fill=alt.Fill("shade:N", scale=None, legend=None))]


def _ring(at: tuple[float, float], name: str) -> list[alt.Chart]:
    """Mark a point by a white ring with a dark edge, so that it is seen on every colour, and name it."""
    where = [{"x": at[0], "y": at[1], "text": name}]
    rings = [
        drawn("point", where, shape="circle", filled=False, size=110, strokeWidth=width, stroke=shade, opacity=1)
        for width, shade in ((4, _LINE), (2, "white"))
    ]
    words = [
        drawn("text", where, align="left", dx=10, dy=-9, fontSize=13, fontWeight=600, **look).encode(text="text:N")
        for look in _OUTLINED
    ]
    return [mark.encode(x="x:Q", y="y:Q") for mark in (*rings, *words)]


def _line(name: str, value: float, top: float, down: int) -> list[alt.Chart]:
    """Draw a named line across a plane of step sizes; the names stand below each other."""
    where = [{"x": value, "y": top, "text": name}]
    rules = [
        drawn("rule", where, strokeWidth=width, stroke=shade, strokeDash=[5, 4] if shade == "white" else [1, 0])
        for width, shade in ((3, _LINE), (1.5, "white"))
    ]
    words = [
        drawn("text", where, align="right", dx=-6, dy=down, fontSize=13, fontWeight=600, **look).encode(
            y="y:Q", text="text:N"
        )
        for look in _OUTLINED
    ]
    return [mark.encode(x="x:Q") for mark in (*rules, *words)]


def plane_scale(plane: Plane) -> float:
    """Return the factor by which a PNG file is enlarged, so that squares stay squares."""
    return len(plane.labels) * enlargement(len(plane.labels)) / _SIDE


def _colours(plane: Plane) -> NDArray[np.uint8]:
    """Return the colour of each square, shape (count, count, 3)."""
    table = np.zeros((2, len(BasinLabel), 3), np.uint8)
    for label in BasinLabel:
        table[0, label] = _rgb(_OBSERVED[label])
        table[1, label] = _rgb(_CERTIFIED.get(label, _OBSERVED[label]))
    pixels: NDArray[np.uint8] = table[plane.certified.astype(np.uint8), plane.labels]
    pixels[plane.zero_line] = _rgb(_LINE)
    return pixels


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _legend(plane: Plane) -> list[tuple[str, str]]:
    """Return the names and colours that occur."""
    first, last = ("(" + ", ".join(f"{x:.4g}" for x in v) + ")" for v in plane.directions)
    words = {
        BasinLabel.FIXED_PLUS: f"fixed, +{first}",
        BasinLabel.FIXED_MINUS: f"fixed, −{first}",
        BasinLabel.ALTERNATING_PLUS: f"alternating, +{last}",
        BasinLabel.ALTERNATING_MINUS: f"alternating, −{last}",
        BasinLabel.ROTATING: "rotating: no limit of direction",
        BasinLabel.ESCAPES: "escapes",
        BasinLabel.ELSEWHERE: "settles at another point",
        BasinLabel.UNSETTLED: f"not at the minimizer after {plane.steps} steps",
        BasinLabel.UNDECIDED: "goes to the minimizer, direction undecided",
    }
    found = []
    for label, name in words.items():
        for certified, colours in ((True, _CERTIFIED), (False, _OBSERVED)):
            if ((plane.labels == label) & (plane.certified == certified)).any():
                found.append((f"{name}: {'certified' if certified else 'observed'}", colours[label]))
    if plane.zero_line.any():
        found.append(("the zero line of ζ (the exceptional set): observed", _LINE))
    return found
