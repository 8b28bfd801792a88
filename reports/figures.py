"""Charts of runs as files: for papers (SVG, PNG, PDF), and to explore (an interactive page that needs no network)."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdcheck.properties.storage.files import write_bytes_atomically
from gdcheck.reports.charts import LIGHT, STAND_IN, as_svg
from gdcheck.reports.problem_charts import rendered
from gdcheck.reports.view import View

if TYPE_CHECKING:
    import altair as alt


def write_figures(views: Sequence[View[Any]], forms: Sequence[str], out: Path) -> None:
    """Write every chart of some runs in every form asked for.

    Args:
        views: The runs.
        forms: Of ``reports.problem_charts.FORMATS``; html is interactive.
        out: The directory, which is there.

    Raises:
        OSError: If a file cannot be written.
    """
    for stem, name, chart in (chart for view in views if forms for chart in view.charts()):
        for form in forms:
            content = interactive(chart, name) if form == "html" else rendered(as_svg(chart), form, name)
            write_bytes_atomically(out / f"{stem}.{form}", content)


def interactive(chart: alt.TopLevelMixin, name: str) -> bytes:
    """A page that shows a chart and answers the pointer; everything that it needs is in it."""
    page: str = chart.to_html(inline=True, embed_options={"actions": False, "renderer": "svg"})
    for word, colour in STAND_IN.items():
        page = page.replace(colour, LIGHT[word])
    return page.replace("<head>", f"<head>\n<title>{escape(name)}</title>", 1).encode()
