"""The picture of a plane of starts of a valley: the sharpness at the point of arrival as colour."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from gdcheck.properties.basins.valley_plane import OBSERVED_STEPS, ValleyPlane
from gdcheck.reports.charts import STAND_IN, axis, config, drawn
from gdcheck.reports.labels import heading
from gdcheck.reports.pixels import png_url

_SIDE = 640
_SHADES = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
_CROSS: dict[str, Any] = {
    "shape": "cross",
    "fill": "black",
    "stroke": "white",
    "strokeWidth": 1,
    "opacity": 1,
    "size": 56,
}
_LEGEND: dict[str, Any] = {
    "titleLimit": 600,
    "orient": "bottom",
    "titleColor": STAND_IN["ink"],
    "labelColor": STAND_IN["ink"],
    "gradientOpacity": 1,
}
_NOWHERE = (216, 218, 222)


def valley_map(plane: ValleyPlane, title: str) -> alt.TopLevelMixin:
    """Draw a plane.

    Args:
        plane: The plane.
        title: The picture's title.

    Returns:
        The chart; the plane is an embedded PNG.
    """
    left, right, bottom, top = plane.extent
    seen = plane.sharpness[np.isfinite(plane.sharpness)]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, plane.threshold)
    high = high if high > low else low + 1

    x = axis(alt.X, f"start, {plane.names[0]}", [left, right])
    y = axis(alt.Y, f"start, {plane.names[1]}", [bottom, top])
    picture = [{"url": png_url(_shades(plane, low, high)), "x": (left + right) / 2, "y": (bottom + top) / 2}]
    image = alt.Chart(alt.InlineData(values=picture)).mark_image(aspect=False, width=_SIDE, height=_SIDE)
    image = image.encode(x=x, y=y, url="url:N")
    # The marks of this layer lie outside the frame: it is there for the legend.
    ends = [{"x": right + (right - left), "y": top, "sharpness": value} for value in (low, high)]
    title_of_shades = f"sharpness at the point of arrival; stable below {plane.threshold:.4g}"
    shade = alt.Color(
        "sharpness:Q",
        scale=alt.Scale(domain=[low, high], range=list(_SHADES)),
        legend=alt.Legend(title=title_of_shades, **_LEGEND),
    )
    key = alt.Chart(alt.InlineData(values=ends)).mark_point(clip=True).encode(x="x:Q", y="y:Q", color=shade)
    dots = [{"x": a, "y": b} for (a, b), _ in plane.proved]
    points = [{"x": a, "y": b} for _, (a, b) in plane.proved if left <= a <= right and bottom <= b <= top]
    layers = [image, key]
    if dots:
        layers.append(
            drawn("point", dots, shape="circle", filled=False, color="white", size=26).encode(x="x:Q", y="y:Q")
        )
    if points:
        layers.append(drawn("point", points, **_CROSS).encode(x="x:Q", y="y:Q"))
    notes = [
        f"colours are observed in float64, grey does not arrive within {OBSERVED_STEPS} steps",
        f"{len(plane.proved)} of {plane.tried} starts on a grid are proved (circles), with their points of arrival "
        "(crosses)",
    ]
    chart = alt.layer(*layers).properties(width=_SIDE, height=_SIDE, title=heading(title, *notes))
    styled: alt.TopLevelMixin = chart.configure(**config())
    return styled


def _shades(plane: ValleyPlane, low: float, high: float) -> NDArray[np.uint8]:
    """Return the colour of each square, shape (count, count, 3)."""
    anchors = np.array([[int(shade[i : i + 2], 16) for i in (1, 3, 5)] for shade in _SHADES])
    share = (np.nan_to_num(plane.sharpness, nan=low) - low) / (high - low)
    at = np.linspace(0, 1, len(_SHADES))
    pixels = np.stack([np.interp(share, at, anchors[:, i]) for i in range(3)], axis=-1).astype(np.uint8)
    pixels[~np.isfinite(plane.sharpness)] = _NOWHERE
    return pixels
