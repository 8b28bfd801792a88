"""The page of a sweep: one HTML file with the phase diagram and the distributions, no network and no script needed."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

from jinja2 import Environment

if TYPE_CHECKING:
    from properties.sweep.summary import Summary

_WIDTH = 680
_COLOURS = {
    "fixed, +": "#2266a8",
    "fixed, −": "#3fa34d",
    "alternating, +": "#c8571b",
    "alternating, −": "#8a4fbf",
    "exceptional": "#e0b000",
    "not-applicable": "#8b9099",
    "unresolved": "#b9bec6",
    "refuted": "#c0262d",
}

_PAGE = Environment(autoescape=True).from_string(
    """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>gdcheck sweep: {{ summary.outcome }}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 760px; margin: 2rem auto; padding: 0 1rem; color: #23282f;
  background: #fff }
table { border-collapse: collapse; margin: 1rem 0 } td, th { padding: .15rem .8rem .15rem 0; text-align: left }
td + td { text-align: right; font-variant-numeric: tabular-nums } svg { max-width: 100%; height: auto }
.passed { color: #1c7a35 } .failed, .incomplete { color: #c0262d }
</style></head><body>
<h1>Sweep <span class="{{ summary.outcome }}">{{ summary.outcome }}</span></h1>
<p>{{ "{:,}".format(summary.decided) }} of {{ "{:,}".format(summary.problems) }} problems decided,
seed {{ summary.seed }}.
{% if summary.disagreements %}Second opinions differ on: {{ summary.disagreements | join(", ") }}.{% endif %}
{% if summary.refuted %}Refuted, first ones: {{ summary.refuted | join(", ") }}.{% endif %}
{% if summary.unresolved %}Unresolved, first ones: {{ summary.unresolved | join(", ") }}.{% endif %}</p>
<table>{% for name, count in rows %}<tr><td>{{ name }}</td><td>{{ "{:,}".format(count) }}</td></tr>
{% endfor %}</table>
{% for title, text, picture in charts %}<h2>{{ title }}</h2><p>{{ text }}</p>
{{ picture | safe }}
{% endfor %}</body></html>
"""
)


def sweep_page(summary: Summary) -> str:
    """Renders the page.

    Args:
        summary: The sweep's summary.

    Returns:
        HTML.
    """
    rows = [
        (name, count) for counts in (summary.verdicts, summary.tiers, summary.regimes) for name, count in counts.items()
    ]
    charts = []
    if summary.decided:
        charts.append(
            (
                "The limits on both sides of the boundary",
                "To the left the small-step regime, to the right the large-step one, the boundary 2/(λ₁+λₙ) in the "
                "middle: the share of problems that take each limit. The sign of a limit depends on the start.",
                _phases(summary),
            )
        )
    for title, text, counts in (
        ("Steps until the inequality holds", "Proved problems.", summary.step_histogram),
        (
            "Margins: amplitude over tail at the deciding step",
            "Proofs in float64. A row is decided at the first step tried at which the ratio exceeds one.",
            summary.margin_histogram,
        ),
    ):
        if counts:
            charts.append((title, text, _bars(counts)))
    return _PAGE.render(summary=summary, rows=rows, charts=charts)


def _phases(summary: Summary) -> str:
    import altair as alt  # noqa: PLC0415

    values = []
    for side, regime in ((-1, "small-step"), (1, "large-step")):
        for bits, limits in summary.phases.get(regime, {}).items():
            # Towards the boundary from the left, away from it on the right.
            place = side * (1000 - int(bits))
            values += [
                {"place": place, "name": f"{'−' if side < 0 else '+'}2^−{bits}", "limit": limit, "count": count}
                for limit, count in limits.items()
            ]
    found = [name for name in _COLOURS if any(v["limit"] == name for v in values)]
    x = alt.X("name:N", sort=alt.SortField("place"), title="distance of η from the boundary, relative, from")
    colour = alt.Color(
        "limit:N",
        scale=alt.Scale(domain=found, range=[_COLOURS[name] for name in found]),
        legend=alt.Legend(title=None, orient="bottom"),
    )
    chart = alt.Chart(alt.InlineData(values=values)).mark_bar()
    return _svg(
        chart.encode(
            x=x.axis(labelAngle=-90, labelOverlap=True),
            y=alt.Y("count:Q", stack="normalize", title="share of problems").axis(format="%"),
            color=colour,
        )
    )


def _bars(counts: dict[str, int]) -> str:
    import altair as alt  # noqa: PLC0415

    values = [{"name": name, "count": count} for name, count in counts.items()]
    x = alt.X("name:N", sort=list(counts), title=None).axis(labelAngle=-45)
    # On a logarithmic axis a bar needs an end below one.
    y = alt.Y("count:Q", title="problems", scale=alt.Scale(type="log", domainMin=0.5), stack=None)
    bars = alt.Chart(alt.InlineData(values=values)).mark_bar(color=_COLOURS["fixed, +"])
    return _svg(bars.encode(x=x, y=y, y2=alt.datum(0.5)))


def _svg(chart: Any) -> str:
    stream = StringIO()
    chart.properties(width=_WIDTH - 60, height=220).save(stream, format="svg")
    return stream.getvalue()
