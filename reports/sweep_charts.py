"""The pictures of a sweep in batches: limits by distance from the boundary, and two distributions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt

from gdcheck.properties.sweep.summary import Summary
from gdcheck.reports.charts import STAND_IN, Panel, config, drawn, legend
from gdcheck.reports.labels import heading
from gdcheck.reports.text import SUPERSCRIPTS

_WIDTH, _NARROW, _HEIGHT = 560, 290, 220
_EVERY, _EVERY_NARROW = 8, 16
"""Powers of two between two labels of an axis."""
# The signs of a limit differ in lightness, for colour-blind readers too; other colours are those of all charts.
_COLOURS = {
    "fixed, +": STAND_IN["fixed"],
    "fixed, −": "#5897c1",
    "alternating, +": STAND_IN["alternating"],
    "alternating, −": "#ffdfa3",
    "rotating": "#aef5e3",
    "exceptional": STAND_IN["two-cycle"],
    "not-applicable": STAND_IN["faint"],
    "unresolved": "#d18602",
    "refuted": STAND_IN["open"],
}
TITLES = {
    "phases": "The limits on both sides of the boundary",
    "step_histogram": "Steps until the inequality holds, of the proved problems",
    "margin_histogram": "Amplitude over tail at the deciding step, of the proofs in float64",
}
"""The pictures, by the field of the summary that they show."""
_COUNTED = {"step_histogram": "step of the proof", "margin_histogram": "amplitude divided by tail, at least"}


def sweep_charts(summary: Summary, *, narrow: bool = False) -> Iterator[tuple[str, str, alt.TopLevelMixin]]:
    """Draw a sweep.

    Args:
        summary: Its summary.
        narrow: Whether the charts are for a narrow screen, where fewer labels have room.

    Yields:
        A name of ``TITLES``, its title and the chart, for each that has anything to show.
    """
    run = f"{summary.problems:,} random problems, seed {summary.seed}"
    for name, title in TITLES.items():
        if getattr(summary, name):
            counts = getattr(summary, name)
            chart = _phases(summary, narrow=narrow) if name == "phases" else _bars(counts, _COUNTED[name])
            size: dict[str, Any] = {"width": _NARROW if narrow else _WIDTH, "height": _HEIGHT}
            # A narrow screen has the title below the picture.
            above: dict[str, Any] = {} if narrow else {"title": heading(title, run)}
            done: alt.TopLevelMixin = chart.properties(**size, **above).configure(**config())
            yield name, title, done


def _phases(summary: Summary, *, narrow: bool) -> Panel:
    values = list[dict[str, Any]]()
    # Rotating problems belong to neither side; they are drawn on the right, at their distance.
    for side, regime in ((-1, "small-step"), (1, "large-step"), (1, "rotating")):
        for bits, limits in summary.phases.get(regime, {}).items():
            # Towards the boundary from the left, away from it on the right.
            place = side * (1000 - int(bits))
            name = f"{'−' if side < 0 else '+'}{raised(f'2^-{bits}')}"
            values += [
                {"place": place, "name": name, "limit": limit, "count": count} for limit, count in limits.items()
            ]
    found = [name for name in _COLOURS if any(v["limit"] == name for v in values)]
    scale = alt.Scale(domain=found, range=[_COLOURS[name] for name in found])
    key = legend()
    key.columns = 2
    colour = alt.Color("limit:N", scale=scale, legend=key if narrow else legend())
    places: dict[int, str] = {v["place"]: v["name"] for v in values}
    order = sorted(places)
    names = [places[place] for place in order]
    every, edge_at = (_EVERY_NARROW if narrow else _EVERY), sum(place < 0 for place in order)
    # Labels next to the boundary would run into each other.
    free = [place for i, place in enumerate(order) if abs(i + 0.5 - edge_at) > every / 2]
    shown = [places[place] for place in free if (1000 - abs(place)) % every == 0]
    x = alt.X("name:N", sort=names, title="relative distance of η from 2/(λ₁+λₙ)")
    x = x.axis(labelAngle=0, values=shown, labelOverlap=False)
    y = alt.Y("count:Q", stack="normalize", title="share of problems").axis(format="%", tickCount=5)
    bars = drawn("bar", values, aria=False).encode(x=x, y=y, color=colour)
    if edge_at in {0, len(order)}:
        return alt.layer(bars)
    edge = drawn("rule", [{"name": names[edge_at]}], color=STAND_IN["ink"], strokeWidth=1.5, strokeDash=[4, 3])
    return alt.layer(bars, edge.encode(x=alt.X("name:N", sort=names, bandPosition=0)))


def raised(name: str) -> str:
    """Return a name with its exponents as superscripts: 2⁻⁴⁰ for 2^-40."""
    return re.sub(r"\^(-?[0-9]+)", lambda found: found[1].translate(SUPERSCRIPTS), name)


def _bars(counts: Mapping[str, int], title: str) -> alt.Chart:
    values = [{"name": raised(name), "count": count} for name, count in counts.items()]
    x = alt.X("name:N", sort=list(map(raised, counts)), title=title).axis(labelAngle=-45)
    # On a logarithmic axis a bar needs an end below one.
    y = alt.Y("count:Q", title="problems", scale=alt.Scale(type="log", domainMin=0.5), stack=None)
    y = y.axis(tickCount=5, format="~s")
    return drawn("bar", values, color=STAND_IN["fixed"], aria=False).encode(x=x, y=y, y2=alt.datum(0.5))
