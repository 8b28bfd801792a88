"""The picture of a network's proved run: loss, largest eigenvalue against 2/η, direction, and where it is proved."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import altair as alt
import numpy as np

from gdcheck.networks.proof.minimum.prove import Proof as MinimumProof
from gdcheck.networks.proof.prove import Proof
from gdcheck.networks.proof.rounding import Floats
from gdcheck.reports.charts import STAND_IN, Panel, axis, drawn, panel, powers, rule, stacked, text
from gdcheck.reports.labels import heading
from gdcheck.theorem.methods.statement import Regime

_HEIGHT = 170


def network_proof_chart(proof: Proof, data: str) -> alt.VConcatChart:
    """Draw a proved run.

    Args:
        proof: A proof with an arrival.
        data: What the samples are, in words.

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
        _falling([(m.step, m.loss) for m in proof.moments], proof.first, "Loss", "loss ½‖u‖²"),
        _edge(
            [(m.step, *m.kernel) for m in proof.moments],
            2 / float(proof.step_size),
            "Largest eigenvalue of the kernel K",
        ),
        _aligned(_cosines(proof, end.mode), f"Residuals: |cos| with the eigenvector of the {which} eigenvalue"),
        spacing=24,
        title=heading("A network's run, proved to arrive", note),
    )


def network_minimum_chart(proof: MinimumProof, data: str) -> alt.VConcatChart:
    """Draw a proved run that arrives at a strict minimum.

    Args:
        proof: A proof with an arrival.
        data: What the samples are, in words.

    Returns:
        The chart, in the stand-in colours of ``reports.charts``.

    Raises:
        ValueError: If nothing was proved.
    """
    end = proof.arrival
    if end is None or proof.first is None:
        raise ValueError("nothing was proved")
    which = "smallest" if end.regime is Regime.SMALL_STEP else "largest"
    network, objective = proof.objective.network, proof.objective
    count = len(network.inputs)
    offsets = [(m.step, m.point - end.minimizer.place.point) for m in proof.moments]
    lengths = [(k, float(np.linalg.norm(offset))) for k, offset in offsets]
    cosines = [(k, abs(float(end.vector @ offset)) / float(np.linalg.norm(offset))) for k, offset in offsets]
    decay = float(objective.decay) / count
    note = (
        f"{data}; {network.parameters} parameters, {objective.loss.name}, weight decay {decay:.4g}, "
        f"η = {float(proof.step_size) * count:.9g}"
    )
    return stacked(
        _falling(lengths, proof.first, "Distance from the minimum", "‖x − x*‖"),
        _edge(
            [(m.step, m.top[0] / count, m.top[1] / count) for m in proof.moments],
            2 / (float(proof.step_size) * count),
            "Sharpness",
        ),
        _aligned(cosines, f"Position: |cos| with the eigenvector of the {which} eigenvalue"),
        spacing=24,
        title=heading("A network's run, proved to arrive", note),
    )


def _steps() -> alt.X:
    return axis(alt.X, "step", grid=False, tickCount=8)


def _falling(points: Sequence[tuple[int, float]], first: int, name: str, title: str) -> Panel:
    """Draw what falls over the steps on a logarithmic axis, and the step from which on the limit is settled."""
    x = _steps()
    y = powers(title)
    line = [{"x": step, "y": value} for step, value in points if value > 0]
    layers = [drawn("line", line, color=STAND_IN["ink"], strokeWidth=1.6, aria=False).encode(x=x, y=y)]
    layers.append(rule(x, first, "fixed", strokeDash=[4, 4]))
    top = max(value for _, value in points)
    layers.append(text(first, top, f"settled from step {first}", "fixed", (x, y), align="right", dx=-6, baseline="top"))
    return panel(layers, f"{name}, and the step from which on the limit is settled", _HEIGHT)


def _edge(tops: Sequence[tuple[int, float, float]], two: float, what: str) -> Panel:
    """Draw an enclosed eigenvalue (step, low, high) against 2/η."""
    values: list[dict[str, Any]] = [{"x": k, "y": (a + b) / 2, "low": a, "high": b} for k, a, b in tops]
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
        layers.append(text(tops[-1][0], two, "2/η", "open", (x, y), align="right", dy=-9))
    where = "with 2/η" if near else f"far from 2/η = {two:.4g}"
    return panel(layers, f"{what}, enclosed, {where}", _HEIGHT)


def _cosines(proof: Proof, mode: Floats) -> list[tuple[int, float]]:
    sizes = [(m, sqrt(2 * m.loss)) for m in proof.moments]
    return [(m.step, abs(float(mode @ m.residuals)) / size) for m, size in sizes if size > 0]


def _aligned(cosines: Sequence[tuple[int, float]], said: str) -> Panel:
    x, y = _steps(), axis(alt.Y, "|cos|", [0, 1])
    values = [{"x": step, "y": min(1.0, value)} for step, value in cosines]
    line = drawn("line", values, color=STAND_IN["fixed"], strokeWidth=1.6, aria=False).encode(x=x, y=y)
    return panel([line], f"{said} → 1, proved", _HEIGHT)
