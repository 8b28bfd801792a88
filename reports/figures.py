"""Charts of runs as files: for papers (SVG, PNG, PDF), and to explore (an interactive page that needs no network)."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from gdcheck.properties.storage.files import write_bytes_atomically
from gdcheck.reports.charts import LIGHT, PHASE, STAND_IN, as_svg, phase_chart
from gdcheck.reports.claims_chart import NAME, claims_chart
from gdcheck.reports.claims_view import claims_view
from gdcheck.reports.page import Sources
from gdcheck.reports.problem_charts import rendered

if TYPE_CHECKING:
    import altair as alt


def write_figures(sources: Sources, forms: list[str], out: Path) -> list[Path]:
    """Writes every chart of some runs in every form asked for.

    Args:
        sources: The runs.
        forms: Of ``reports.problem_charts.FORMATS``; html is interactive.
        out: The directory, which is there.

    Returns:
        The files.

    Raises:
        OSError: If a file cannot be written.
    """
    files = []
    for stem, name, chart in _charts(sources):
        for form in forms:
            path = out / f"{stem}.{form}"
            write_bytes_atomically(
                path, interactive(chart, name) if form == "html" else rendered(as_svg(chart), form, name)
            )
            files.append(path)
    return files


def _charts(sources: Sources) -> Iterator[tuple[str, str, alt.TopLevelMixin]]:
    if sources.verification:
        yield "phase", PHASE, phase_chart(sources.verification)
    if sources.claims:
        yield "claims", NAME, claims_chart(claims_view(sources.claims))


def interactive(chart: alt.TopLevelMixin, name: str) -> bytes:
    """A page that shows a chart and answers the pointer; everything that it needs is in it."""
    page: str = chart.to_html(inline=True, embed_options={"actions": False, "renderer": "svg"})
    for word, colour in STAND_IN.items():
        page = page.replace(colour, LIGHT[word])
    return page.replace("<head>", f"<head>\n<title>{escape(name)}</title>", 1).encode()
