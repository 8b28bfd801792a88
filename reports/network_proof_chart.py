"""The picture of a network's proved run: loss, largest eigenvalue against 2/η, direction, and where it is proved."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import altair as alt

from gdcheck.networks.proof.prove import Moment, Proof
from gdcheck.reports.charts import STAND_IN, Panel, drawn, stacked, text
from gdcheck.theorem.methods.statement import Regime

_WIDTH, _HEIGHT = 620, 170


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


def _axes(title: str, scale: alt.Scale, form: str = "~g") -> tuple[alt.X, alt.Y]:
    x = alt.X("x:Q", title="step", axis=alt.Axis(grid=False, tickCount=8))
    return x, alt.Y("y:Q", title=title, scale=scale, axis=alt.Axis(format=form, tickCount=5))


def _panel(layers: Sequence[alt.Chart], title: str) -> Panel:
    return alt.layer(*layers).properties(width=_WIDTH, height=_HEIGHT, title=title)


def _loss(moments: Sequence[Moment], first: int) -> Panel:
    axes = _axes("loss ½‖u‖²", alt.Scale(type="log"), "~e")
    line = [{"x": m.step, "y": m.loss} for m in moments if m.loss > 0]
    drawn_line = drawn("line", line, color=STAND_IN["ink"], strokeWidth=1.6, aria=False).encode(x=axes[0], y=axes[1])
    rule = drawn("rule", [{"x": first}], color=STAND_IN["fixed"], strokeDash=[4, 4]).encode(x="x:Q")
    top = max(m.loss for m in moments)
    said = text(first, top, f"proved from step {first}", "fixed", axes, align="right", dx=-6, baseline="top")
    return _panel([drawn_line, rule, said], "Loss, and the step from which on the limit is proved")


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
    scale = alt.Scale(domain=[ends[0] - room, ends[1] + room], zero=False, nice=False)
    axes = _axes("eigenvalue", scale)
    area = drawn("area", values, color=STAND_IN["alternating"], opacity=0.25, aria=False, clip=True)
    layers = [
        area.encode(x=axes[0], y=alt.Y("low:Q", scale=scale, title="eigenvalue"), y2="high:Q"),
        drawn("line", values, color=STAND_IN["alternating"], strokeWidth=1.4, aria=False).encode(x=axes[0], y=axes[1]),
    ]
    if near:
        layers.append(drawn("rule", [{"y": two}], color=STAND_IN["open"], strokeDash=[4, 4]).encode(y=axes[1]))
        last = proof.moments[-1].step
        layers.append(text(last, two, "2/η", "open", axes, align="right", dy=-9))
    where = "with 2/η" if near else f"far from 2/η = {two:.4g}"
    return _panel(layers, f"Largest eigenvalue of the kernel K, enclosed, {where}")


def _alignment(proof: Proof, which: str) -> Panel:
    end = proof.arrival
    if end is None:
        raise ValueError("nothing was proved")
    axes = _axes("|cos|", alt.Scale(domain=[0, 1], nice=False))
    values = []
    for m in proof.moments:
        size = sqrt(2 * m.loss)
        if size > 0:
            values.append({"x": m.step, "y": min(1.0, abs(float(end.mode @ m.residuals)) / size)})
    line = drawn("line", values, color=STAND_IN["fixed"], strokeWidth=1.6, aria=False).encode(x=axes[0], y=axes[1])
    return _panel([line], f"Residuals: |cos| with the eigenvector of the {which} eigenvalue, which tends to 1: proved")


def _note(said: str) -> Panel:
    scale = alt.Scale(domain=[0, 1], nice=False)
    axes = (alt.X("x:Q", axis=None, scale=scale), alt.Y("y:Q", axis=None, scale=scale))
    return alt.layer(text(0, 0.5, said, "faint", axes)).properties(width=_WIDTH, height=18)
