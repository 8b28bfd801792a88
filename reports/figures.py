"""Charts of runs as files: for papers (SVG, PNG, PDF), and to explore (an interactive page that needs no network)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape, unescape
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from gdcheck.properties.storage.files import write_bytes_atomically
from gdcheck.reports.charts import as_svg, in_print_colours, picture
from gdcheck.reports.view import View


def write_figures(views: Sequence[View[Any]], forms: Sequence[str], out: Path) -> None:
    """Write every picture that the page of some runs shows, in every form asked for.

    Args:
        views: The runs.
        forms: Some of ``formats.FORMATS``; html is interactive where the picture is a chart of the run.
        out: The directory, which is there.

    Raises:
        OSError: If a file cannot be written.
    """
    for view in views if forms else ():
        prefix = "" if view.key == view.name else f"{view.key}-"
        charts = {stem: (name, chart) for stem, name, chart in view.charts()}
        for stem, (name, chart) in charts.items():
            for form in forms:
                content = interactive(chart, name) if form == "html" else rendered(chart, form, name)
                write_bytes_atomically(out / f"{prefix}{stem}.{form}", content)
        for name, svg in view.pictures().items():
            if name not in charts and name not in view.same_as_charts:
                for form in forms:
                    write_bytes_atomically(out / f"{prefix}{name.replace('/', '-')}.{form}", _as_file(svg, form))


def _as_file(svg: str, form: str) -> bytes:
    """Turn a picture of a page into a file."""
    if form in {"png", "pdf"}:
        # Paper is light: the rules for dark screens are left out.
        white = _on_white(re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*\}", "", svg))
        return bytes(vl_convert.svg_to_png(white, scale=2) if form == "png" else vl_convert.svg_to_pdf(white))
    return svg.encode() if form == "svg" else _page(svg, _name_of(svg))


def _name_of(svg: str) -> str:
    found = re.search(r'aria-label="([^"]*)"', svg)
    return unescape(found[1]) if found else "gdcheck"


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
    return _page(styled, name)


def _page(svg: str, name: str) -> bytes:
    """Put a picture on a page of its own."""
    page = (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(name)}</title>\n"
        "<style>:root{color-scheme:light dark}body{margin:2rem auto;max-width:48rem;font-family:system-ui,sans-serif}"
        f"svg{{max-width:100%;height:auto}}</style>\n<h1>{escape(name)}</h1>\n{svg}</html>\n"
    )
    return page.encode("utf-8")


def _on_white(svg: str) -> str:
    """Return the SVG with a white sheet beneath it."""
    end = svg.index(">") + 1
    return svg[:end] + '<rect width="100%" height="100%" fill="white"/>' + svg[end:]
