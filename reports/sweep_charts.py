"""The pictures of a sweep in batches: limits by distance from the boundary, and two distributions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import altair as alt

from gdcheck.properties.sweep.summary import Summary
from gdcheck.reports.charts import STAND_IN, config, drawn, legend

_WIDTH, _HEIGHT = 560, 220
# Signs of a limit are told apart by lightness; the other colours are those of all charts.
_COLOURS = {
    "fixed, +": STAND_IN["fixed"],
    "fixed, −": "#8fb8dd",
    "alternating, +": STAND_IN["alternating"],
    "alternating, −": "#e3b184",
    "rotating": "#7d9c6b",
    "exceptional": STAND_IN["two-cycle"],
    "not-applicable": STAND_IN["faint"],
    "unresolved": "#d9a400",
    "refuted": STAND_IN["open"],
}
TITLES = {
    "phases": "The limits on both sides of the boundary",
    "step_histogram": "Steps until the inequality holds, of the proved problems",
    "margin_histogram": "Amplitude over tail at the deciding step, of the proofs in float64",
}
"""The pictures, by the field of the summary that they show."""


def sweep_charts(summary: Summary) -> Iterator[tuple[str, str, alt.Chart]]:
    """Draw a sweep.

    Args:
        summary: Its summary.

    Yields:
        A name of ``TITLES``, its title and the chart, for each that has anything to show.
    """
    for name, title in TITLES.items():
        if getattr(summary, name):
            chart = _phases(summary) if name == "phases" else _bars(getattr(summary, name))
            done: alt.Chart = chart.properties(width=_WIDTH, height=_HEIGHT).configure(**config())
            yield name, title, done


def _phases(summary: Summary) -> alt.Chart:
    values = []
    # What rotates has no side of its own: it stands where its distance is.
    for side, regime in ((-1, "small-step"), (1, "large-step"), (1, "rotating")):
        for bits, limits in summary.phases.get(regime, {}).items():
            # Towards the boundary from the left, away from it on the right.
            place = side * (1000 - int(bits))
            values += [
                {"place": place, "name": f"{'−' if side < 0 else '+'}2^−{bits}", "limit": limit, "count": count}
                for limit, count in limits.items()
            ]
    found = [name for name in _COLOURS if any(v["limit"] == name for v in values)]
    scale = alt.Scale(domain=found, range=[_COLOURS[name] for name in found])
    colour = alt.Color("limit:N", scale=scale, legend=legend())
    x = alt.X("name:N", sort=alt.SortField("place"), title="distance of η from the boundary, relative, from")
    y = alt.Y("count:Q", stack="normalize", title="share of problems").axis(format="%")
    x = x.axis(labelAngle=-90, labelOverlap=True)
    return drawn("bar", values, aria=False).encode(x=x, y=y, color=colour)


def _bars(counts: Mapping[str, int]) -> alt.Chart:
    values = [{"name": name, "count": count} for name, count in counts.items()]
    x = alt.X("name:N", sort=list(counts), title=None).axis(labelAngle=-45)
    # On a logarithmic axis a bar needs an end below one.
    y = alt.Y("count:Q", title="problems", scale=alt.Scale(type="log", domainMin=0.5), stack=None)
    return drawn("bar", values, color=STAND_IN["fixed"], aria=False).encode(x=x, y=y, y2=alt.datum(0.5))
