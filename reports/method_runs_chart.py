"""Momentum and Adam near a network's strict minimum: cosines, growth and angle per step, measured and predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from gdcheck.networks.method_shapes import ENDS, EndMotion, MethodPrediction, MethodRun, MinimumAhead
from gdcheck.reports.charts import STAND_IN, Panel, axis, drawn, panel, stacked

_COLOURS = {"below the switch": "fixed", "above the switch": "alternating", "in the window": "two-cycle"}
_PLACES = {"small-step": "below the switch", "large-step": "above the switch", "rotating": "in the window"}
_HEIGHT = 170
_ROW = 36


def method_runs_chart(runs: Sequence[MethodRun]) -> alt.VConcatChart:
    """Draw the runs of methods near one minimum.

    Args:
        runs: The runs, at least one.

    Returns:
        The chart, in the stand-in colours of ``reports.charts``.
    """
    seen = [_Seen(label(run), run.place, run.predicted, (run.lowest, run.highest)) for run in runs]
    return stacked(_cosines(runs), *_motions(seen))


def minima_chart(minima: Sequence[MinimumAhead]) -> alt.VConcatChart:
    """Draw how trained runs move at the minima that they approach.

    Args:
        minima: What was compared, at least one of them with an end that was measured.

    Returns:
        The chart, in the stand-in colours.
    """
    seen = [
        _Seen(
            f"{m.optimizer}, seed {m.seed}", _PLACES[m.predicted.regime], m.predicted, (m.along_lowest, m.along_highest)
        )
        for m in minima
        if m.predicted is not None and m.predicted.regime in _PLACES
    ]
    return stacked(*_motions(seen))


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
    beta = run.method.get("momentum", run.method.get("beta1"))
    name = {"heavy-ball": "heavy ball", "adam": "Adam"}.get(run.method["name"], run.method["name"])
    return f"{name}, β = {beta}, {run.place}"


def _cosines(runs: Sequence[MethodRun]) -> Panel:
    values = [
        {"x": k, "y": c, "run": label(run), "place": run.place}
        for run in runs
        for k, c in zip(run.steps, run.cosine, strict=True)
    ]
    x = alt.X("x:Q", title="step", scale=alt.Scale(type="log"), axis=alt.Axis(grid=False, format="~s"))
    y = axis(alt.Y, "cosine", [-1, 1])
    lines = drawn("line", values, strokeWidth=1.6).encode(
        x=x, y=y, color=_colour(), strokeDash=alt.StrokeDash("run:N", legend=None), detail="run:N"
    )
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
    x = axis(alt.X, title, field="x")
    y = alt.Y("row:N", title=None, sort=rows, axis=alt.Axis(labelLimit=320))
    ticks = drawn("tick", predicted, color=STAND_IN["ink"], thickness=2, size=18).encode(x=x, y=y)
    dots = drawn("point", measured, filled=True, size=60, opacity=1).encode(x=x, y=y, color=_colour())
    heading = f"{title[0].upper()}{title[1:]}: predicted (lines) and measured (dots)"
    return panel([ticks, dots], heading, _ROW / 2 * len(rows))


def _colour() -> Any:
    scale = alt.Scale(domain=list(_COLOURS), range=[STAND_IN[c] for c in _COLOURS.values()])
    return alt.Color("place:N", scale=scale, legend=alt.Legend(title=None, orient="top"))
