"""Momentum and Adam near a network's strict minimum: cosines, growth and angle per step, measured and predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi
from typing import Any

import altair as alt

from gdcheck.networks.method_shapes import ENDS, EndMotion, MethodPrediction, MethodRun
from gdcheck.networks.shapes import NetworkResult, TrainingResult
from gdcheck.reports.charts import STAND_IN, Panel, axis, drawn, legend, panel, rule, stacked
from gdcheck.reports.labels import heading
from gdcheck.reports.measured_charts import network_conditions, training_conditions

_COLOURS = {"below the switch": "fixed", "above the switch": "alternating", "in the window": "two-cycle"}
_PLACES = {"small-step": "below the switch", "large-step": "above the switch", "rotating": "in the window"}
_HEIGHT = 170
_ROW = 36
_ANGLES: dict[str, Any] = {
    "values": [k * pi / 4 for k in range(5)],
    "labelExpr": "['0', 'π/4', 'π/2', '3π/4', 'π'][round(4 * datum.value / PI)]",
}


def method_runs_chart(result: NetworkResult) -> alt.VConcatChart:
    """Draw the runs of methods near one minimum.

    Args:
        result: The result of ``gdcheck network``, with at least one run of a method.

    Returns:
        The chart, in the stand-in colours of ``reports.charts``.
    """
    runs = result.methods
    seen = [_Seen(label(run), run.place, run.predicted, (run.lowest, run.highest)) for run in runs]
    above = heading(
        "Momentum and Adam near a strict minimum of a network, measured",
        network_conditions(result),
        "; ".join(
            f"{name}: η\u00a0=\u00a0" + ", ".join(f"{r.step_size:.4g} {r.place}" for r in runs if _name(r) == name)
            for name in dict.fromkeys(map(_name, runs))
        ),
    )
    # The dashes tell the methods in the first panel alone.
    chart: alt.VConcatChart = stacked(_cosines(runs), *_motions(seen), title=above).resolve_legend(
        strokeDash="independent"
    )
    return chart


def minima_chart(result: TrainingResult) -> alt.VConcatChart | None:
    """Draw how trained runs move at the minima that they approach.

    Args:
        result: The result of ``gdcheck train --minimum``.

    Returns:
        The chart, in the stand-in colours; None where no minimum has a measured end and a regime with a prediction.
    """
    seen = [
        _Seen(f"{m.optimizer}, η = {run.step_size:g}, seed {m.seed}", _PLACES[m.predicted.regime], m.predicted, ends)
        for run, m in zip(result.runs, result.minima, strict=False)
        if m.predicted is not None and m.predicted.regime in _PLACES and any(ends := (m.along_lowest, m.along_highest))
    ]
    if not seen:
        return None
    above = heading(
        "Trained runs at the minima that they approach, measured",
        f"{result.data.name}, {training_conditions(result)}",
        f"{result.steps} steps; predicted from the spectrum of the Hessian at each minimum",
    )
    return stacked(*_motions(seen), title=above)


@dataclass(frozen=True)
class _Seen:
    """What was measured of one run along v₁ and vₙ, beside what was predicted."""

    label: str
    place: str
    predicted: MethodPrediction
    ends: tuple[EndMotion | None, EndMotion | None]


def label(run: MethodRun) -> str:
    """Return method and place of a run in a few words.

    Args:
        run: The run.
    """
    return f"{_name(run)}, {run.place}"


def _name(run: MethodRun) -> str:
    beta = run.method.get("momentum", run.method.get("beta1"))
    name = {"heavy-ball": "heavy ball", "adam": "Adam"}.get(run.method["name"], run.method["name"])
    return f"{name}, β = {beta}"


def _cosines(runs: Sequence[MethodRun]) -> Panel:
    values = [
        {"x": k, "y": c, "run": label(run), "method": _name(run), "place": run.place}
        for run in runs
        for k, c in zip(run.steps, run.cosine, strict=True)
    ]
    x = alt.X("x:Q", title="step", scale=alt.Scale(type="log", nice=False), axis=alt.Axis(grid=False, format="~s"))
    y = axis(alt.Y, "cosine", [-1, 1])
    dash = alt.StrokeDash("method:N", legend=legend("bottom"))
    colour = _colour([run.place for run in runs])
    lines = drawn("line", values, strokeWidth=1.6).encode(x=x, y=y, color=colour, strokeDash=dash, detail="run:N")
    return panel([lines], "Cosine of consecutive updates", _HEIGHT)


def _motions(seen: Sequence[_Seen]) -> tuple[Panel, Panel]:
    return _ends(seen, "modulus", "growth per step"), _ends(seen, "angle", "angle per step")


def _ends(runs: Sequence[_Seen], what: str, title: str) -> Panel:
    """Draw what was predicted (ticks) and measured (dots) along v₁ and vₙ, a row for each run and end."""
    predicted, measured = [], []
    for run in runs:
        for name, said, seen in zip(ENDS, (run.predicted.lowest, run.predicted.highest), run.ends, strict=True):
            if seen is not None:
                row = {"row": f"{run.label}: {name}", "place": run.place}
                predicted.append(row | {"x": getattr(said, what)})
                measured.append(row | {"x": getattr(seen, what)})
    rows = [one["row"] for one in predicted]
    # Angles go from 0 to π; growths are seen against 1, beyond which a component does not shrink.
    marks = [0.0, pi] if what == "angle" else [1.0]
    low, high = (end([*marks, *(one["x"] for one in (*predicted, *measured))]) for end in (min, max))
    room = 0.04 * (high - low)
    look = _ANGLES if what == "angle" else {"format": "~g", "tickCount": 8}
    x = axis(alt.X, title, [low - room, high + room], field="x", **look)
    y = alt.Y("row:N", title=None, sort=rows, axis=alt.Axis(labelLimit=320))
    ticks = drawn("tick", predicted, color=STAND_IN["ink"], thickness=2, size=18).encode(x=x, y=y)
    colour = _colour([run.place for run in runs])
    dots = drawn("point", measured, filled=True, size=60, opacity=1).encode(x=x, y=y, color=colour)
    above = f"{title[0].upper()}{title[1:]}: predicted (lines) and measured (dots)"
    limit = [] if what == "angle" else [rule(x, 1.0, "faint", strokeDash=[4, 4])]
    return panel([*limit, ticks, dots], above, _ROW / 2 * len(rows))


def _colour(places: Sequence[str]) -> Any:
    """Return the colours of the places that occur."""
    known = {place: STAND_IN[colour] for place, colour in _COLOURS.items() if place in places}
    return alt.Color("place:N", scale=alt.Scale(domain=list(known), range=list(known.values())), legend=legend())
