"""Charts of runs as files: for papers (SVG, PNG, PDF), and to explore (an interactive page that needs no network)."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from gdcheck.properties.storage.files import write_bytes_atomically
from gdcheck.reports.charts import as_svg, in_print_colours, picture
from gdcheck.reports.view import View


def write_figures(views: Sequence[View[Any]], forms: Sequence[str], out: Path) -> None:
    """Write every chart of some runs in every form asked for.

    Args:
        views: The runs.
        forms: Of ``formats.FORMATS``; html is interactive.
        out: The directory, which is there.

    Raises:
        OSError: If a file cannot be written.
    """
    for stem, name, chart in (chart for view in views if forms for chart in view.charts()):
        for form in forms:
            content = interactive(chart, name) if form == "html" else rendered(chart, form, name)
            write_bytes_atomically(out / f"{stem}.{form}", content)


def interactive(chart: alt.TopLevelMixin, name: str) -> bytes:
    """Return a page that shows a chart and answers the pointer; everything that it needs is in it."""
    page = in_print_colours(chart.to_html(inline=True, embed_options={"actions": False, "renderer": "svg"}))
    return page.replace("<head>", f"<head>\n<title>{escape(name)}</title>", 1).encode()


def rendered(chart: alt.TopLevelMixin, form: str, name: str, scale: float = 2) -> bytes:
    """Turn a chart in stand-in colours into a file.

    Args:
        chart: The chart.
        form: One of ``formats.FORMATS``. SVG and HTML follow the light or dark background; PNG and PDF are white.
        name: What the picture shows.
        scale: How many pixels of a PNG file a unit of the chart has.

    Returns:
        The file's content; HTML needs nothing from elsewhere.
    """
    if form in {"png", "pdf"}:
        white = _on_white(in_print_colours(as_svg(chart)))
        return bytes(vl_convert.svg_to_png(white, scale=scale) if form == "png" else vl_convert.svg_to_pdf(white))
    styled = picture(chart, name)
    if form == "svg":
        return styled.encode("utf-8")
    page = (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(name)}</title>\n"
        "<style>:root{color-scheme:light dark}body{margin:2rem auto;max-width:48rem;font-family:system-ui,sans-serif}"
        f"svg{{max-width:100%;height:auto}}</style>\n<h1>{escape(name)}</h1>\n{styled}</html>\n"
    )
    return page.encode("utf-8")


def _on_white(svg: str) -> str:
    """Return the SVG with a white sheet beneath it."""
    end = svg.index(">") + 1
    return svg[:end] + '<rect width="100%" height="100%" fill="white"/>' + svg[end:]
