"""The picture of a network's proved run: loss, largest eigenvalue against 2/η, direction, and where it is proved."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import altair as alt

from gdcheck.networks.proof.prove import Moment, Proof
from gdcheck.reports.charts import STAND_IN, Panel, axis, drawn, panel, rule, stacked, text
from gdcheck.theorem.methods.statement import Regime

_HEIGHT = 170


def network_proof_chart(proof: Proof, data: str) -> alt.VConcatChart:
    """Draw a proved run.

    Args:
        proof: A proof with an arrival.
        data: What the samples are, for people.

    Returns:
        The chart, in the stand-in colours of ``reports.charts``.

    Raises:
        ValueError: If nothing was proved.
    """
    end = proof.arrival
    if end is None or proof.first is None:
        raise ValueError("nothing was proved")
    small = end.regime is Regime.SMALL_STEP
    which = "smallest" if small else "largest"
    network = proof.network
    note = f"{data}; {network.parameters} parameters, {network.residuals} residuals, η = {float(proof.step_size):.9g}"
    return stacked(
        _loss(proof.moments, proof.first),
        _edge(proof),
        _alignment(proof, which),
        _note(note),
        spacing=24,
    )


def _steps() -> alt.X:
    return axis(alt.X, "step", grid=False, tickCount=8)


def _loss(moments: Sequence[Moment], first: int) -> Panel:
    x = _steps()
    y = alt.Y("y:Q", title="loss ½‖u‖²", scale=alt.Scale(type="log"), axis=alt.Axis(format="~e", tickCount=5))
    line = [{"x": m.step, "y": m.loss} for m in moments if m.loss > 0]
    layers = [drawn("line", line, color=STAND_IN["ink"], strokeWidth=1.6, aria=False).encode(x=x, y=y)]
    layers.append(rule(x, first, "fixed", strokeDash=[4, 4]))
    top = max(m.loss for m in moments)
    layers.append(text(first, top, f"settled from step {first}", "fixed", (x, y), align="right", dx=-6, baseline="top"))
    return panel(layers, "Loss, and the step from which on the limit is settled", _HEIGHT)


def _edge(proof: Proof) -> Panel:
    two = 2 / float(proof.step_size)
    values: list[dict[str, Any]] = [
        {"x": m.step, "y": sum(m.kernel) / 2, "low": m.kernel[0], "high": m.kernel[1]} for m in proof.moments
    ]
    low, high = min(v["low"] for v in values), max(v["high"] for v in values)
    # 2/η is drawn where it is near enough to tell something.
    near = low - 2 * (high - low) - 0.02 * high < two < high + 2 * (high - low) + 0.02 * high
    ends = [min(low, two), max(high, two)] if near else [low, high]
    room = 0.08 * (ends[1] - ends[0])
    limits = [ends[0] - room, ends[1] + room]
    x, y = _steps(), axis(alt.Y, "eigenvalue", limits)
    area = drawn("area", values, color=STAND_IN["alternating"], opacity=0.25, aria=False, clip=True)
    layers = [
        area.encode(x=x, y=axis(alt.Y, "eigenvalue", limits, field="low"), y2="high:Q"),
        drawn("line", values, color=STAND_IN["alternating"], strokeWidth=1.4, aria=False).encode(x=x, y=y),
    ]
    if near:
        layers.append(rule(y, two, "open", strokeDash=[4, 4]))
        layers.append(text(proof.moments[-1].step, two, "2/η", "open", (x, y), align="right", dy=-9))
    where = "with 2/η" if near else f"far from 2/η = {two:.4g}"
    return panel(layers, f"Largest eigenvalue of the kernel K, enclosed, {where}", _HEIGHT)


def _alignment(proof: Proof, which: str) -> Panel:
    end = proof.arrival
    if end is None:
        raise ValueError("nothing was proved")
    x, y = _steps(), axis(alt.Y, "|cos|", [0, 1])
    values = []
    for m in proof.moments:
        size = sqrt(2 * m.loss)
        if size > 0:
            values.append({"x": m.step, "y": min(1.0, abs(float(end.mode @ m.residuals)) / size)})
    line = drawn("line", values, color=STAND_IN["fixed"], strokeWidth=1.6, aria=False).encode(x=x, y=y)
    said = f"Residuals: |cos| with the eigenvector of the {which} eigenvalue, which tends to 1: proved"
    return panel([line], said, _HEIGHT)


def _note(said: str) -> Panel:
    scale = alt.Scale(domain=[0, 1], nice=False)
    axes = (alt.X("x:Q", axis=None, scale=scale), alt.Y("y:Q", axis=None, scale=scale))
    return panel([text(0, 0.5, said, "faint", axes)], "", 18)
