"""The picture of a network's proved run: loss or distance, the largest eigenvalue against 2/η, and the direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import altair as alt
import numpy as np

from gdcheck.networks.proof.minimum.losses import SQUARED
from gdcheck.networks.proof.minimum.prove import Proof as MinimumProof
from gdcheck.networks.proof.network import Network
from gdcheck.networks.proof.prove import Proof
from gdcheck.reports.charts import STAND_IN, Panel, axis, drawn, panel, powers, rule, stacked, text
from gdcheck.reports.labels import heading
from gdcheck.reports.trajectory_panels import at_the_end
from gdcheck.theorem.methods.statement import Regime

RUN = "A network's run, and the step from which on its limit is settled"
"""What the first picture is called."""
MINIMUM_RUN = "A network's run to a strict minimum, and where its limit is settled"
"""What the second one is called."""

_HEIGHT = 170


def network_proof_chart(proof: Proof, data: str = "") -> alt.VConcatChart:
    """Draw a proved run.

    Args:
        proof: A proof with an arrival.
        data: What the samples are, in words, where that is known.

    Returns:
        The chart, in the stand-in colours of ``reports.charts``.

    Raises:
        ValueError: If nothing was proved.
    """
    end = proof.arrival
    if end is None or proof.first is None:
        raise ValueError("nothing was proved")
    seen = _Seen(
        f"f(x) = ½\u2009‖F(x) − y‖², F {_architecture(proof.network)}",
        _samples(proof.network, data),
        float(proof.step_size),
        proof.first,
        end.regime,
        tuple((float(low), float(high)) for low, high in end.spectrum[[0, -1]]),
        ("λₚ", "a zero of all residuals"),
    )
    sizes = [(m, sqrt(2 * m.loss)) for m in proof.moments]
    return seen.chart(
        _falling([(m.step, m.loss) for m in proof.moments], proof.first, "Loss", "f(x)"),
        [(m.step, *m.kernel) for m in proof.moments],
        "Largest eigenvalue of K = JJᵀ (at last, of ∇²f)",
        [(m.step, abs(float(end.mode @ m.residuals)) / size) for m, size in sizes if size > 0],
        "Direction of the residuals",
    )


def network_minimum_chart(proof: MinimumProof, data: str = "") -> alt.VConcatChart:
    """Draw a proved run that arrives at a strict minimum.

    Args:
        proof: A proof with an arrival.
        data: What the samples are, in words, where that is known.

    Returns:
        The chart, in the stand-in colours of ``reports.charts``.

    Raises:
        ValueError: If nothing was proved.
    """
    end, objective = proof.arrival, proof.objective
    if end is None or proof.first is None:
        raise ValueError("nothing was proved")
    network = objective.network
    count = len(network.inputs)
    decay = float(objective.decay) / count / 2
    error = "½\u2009mean ‖F(x) − y‖²" if objective.loss is SQUARED else "mean cross-entropy of F(x)"
    seen = _Seen(
        f"f(x) = {error} + {decay:.4g}\u2009‖x‖², F {_architecture(network)}",
        _samples(network, data),
        float(proof.step_size) * count,
        proof.first,
        end.regime,
        tuple((float(low) / count, float(high) / count) for low, high in end.spectrum[[0, -1]]),
        ("λₙ", "a strict minimizer x*"),
    )
    offsets = [(m.step, m.point - end.minimizer.place.point) for m in proof.moments]
    lengths = [(k, float(np.linalg.norm(offset))) for k, offset in offsets]
    return seen.chart(
        _falling(lengths, proof.first, "Distance from the minimizer", "‖x − x*‖"),
        [(m.step, m.top[0] / count, m.top[1] / count) for m in proof.moments],
        "Sharpness",
        [(k, abs(float(end.vector @ offset)) / float(np.linalg.norm(offset))) for k, offset in offsets],
        "Direction of x − x*",
    )


@dataclass(frozen=True)
class _Seen:
    """What is said of a run, whatever it arrives at.

    Attributes:
        loss: The loss.
        samples: What it is trained on.
        step_size: η.
        first: The step from which on the limit is settled.
        regime: Small-step or large-step.
        spectrum: λ₁ and the largest eigenvalue where the run arrives, enclosed.
        names: What the largest eigenvalue and the point of arrival are called.
    """

    loss: str
    samples: str
    step_size: float
    first: int
    regime: Regime
    spectrum: tuple[tuple[float, float], ...]
    names: tuple[str, str]

    def chart(
        self,
        falling: Panel,
        tops: Sequence[tuple[int, float, float]],
        eigenvalue: str,
        cosines: Sequence[tuple[int, float]],
        what: str,
    ) -> alt.VConcatChart:
        """Put the panels below each other, under a title that says what is proved, and under which conditions."""
        small = self.regime is Regime.SMALL_STEP
        top, place = self.names
        (low, _), (high, _) = ((sum(pair) / 2, pair) for pair in self.spectrum)
        edge, limit = f"2/(λ₁+{top}) = {2 / (low + high):.5g}", f"2/{top} = {2 / high:.5g}"
        within = f"below {edge}" if small else f"between {edge} and {limit}"
        way = "fixed along the eigenvector of λ₁" if small else f"alternating along the eigenvector of {top}"
        above = heading(
            self.loss,
            f"{self.samples}; η = {self.step_size:.9g}, {within}",
            f"proved from the first weights on: tends to {place}, its direction {way}",
        )
        colour = "fixed" if small else "alternating"
        with_ = "λ₁" if small else top
        return stacked(
            falling,
            _edge(tops, 2 / self.step_size, (high, top), eigenvalue),
            _aligned(cosines, f"{what}: |cos| with the eigenvector of {with_}, proved to tend to 1", colour),
            spacing=24,
            title=above,
        )


def _architecture(network: Network) -> str:
    """Name the layers: their features where all are dense, else how many there are."""
    used = dict.fromkeys(layer.activation.name for layer in network.layers if layer.activation is not None)
    names = f" with {', '.join(used)}" if used else ""
    if not all(layer.plain and layer.groups is None for layer in network.layers):
        return f"a network of {len(network.layers)} layers{names}"
    widths = [network.inputs.shape[1], *(layer.features for layer in network.layers)]
    chain = "\u00a0→\u00a0".join(map(str, widths))
    return f"the network {chain}{names}"


def _samples(network: Network, data: str) -> str:
    return f"{data or f'{len(network.inputs)} samples'}; {network.parameters:,} weights"


def _steps(last: int) -> alt.X:
    return axis(alt.X, "step", [0, max(1, last)], grid=False, tickCount=8, format=",d")


def _falling(points: Sequence[tuple[int, float]], first: int, name: str, title: str) -> Panel:
    """Draw a falling quantity by step on a logarithmic axis, and the step from which on the limit is settled."""
    x, y = _steps(points[-1][0]), powers(title)
    line = [{"x": step, "y": value} for step, value in points if value > 0]
    layers = [drawn("line", line, color=STAND_IN["ink"], strokeWidth=1.6, aria=False).encode(x=x, y=y)]
    layers.append(rule(x, first, "open", strokeDash=[4, 4]))
    # The curve is near the top at first, and near the bottom at last.
    early = 2 * first < points[-1][0]
    look = {"align": "left", "dx": 6} if early else {"align": "right", "dx": -6}
    top = max(value for _, value in points)
    said = f"the limit is settled from step {first:,} on"
    layers.append(text(first, top, said, "open", (x, y), baseline="top", **look))
    return panel(layers, name, _HEIGHT)


def _edge(tops: Sequence[tuple[int, float, float]], two: float, end: tuple[float, str], title: str) -> Panel:
    """Draw an enclosed eigenvalue (step, low, high) against 2/η, and to what it tends."""
    # Alternating points lie alternately near and far from where K is known: a band is that of three steps together.
    around = [tops[max(0, i - 1) : i + 2] for i in range(len(tops))]
    values = [
        {"x": k, "y": (a + b) / 2, "low": min(t[1] for t in near), "high": max(t[2] for t in near)}
        for (k, a, b), near in zip(tops, around, strict=True)
    ]
    low, high = min(v["low"] for v in values), max(v["high"] for v in values)
    # 2/η is drawn where it is near enough to tell something.
    near = low - 2 * (high - low) - 0.02 * high < two < high + 2 * (high - low) + 0.02 * high
    ends = [min(low, two), max(high, two)] if near else [low, high]
    room = 0.08 * (ends[1] - ends[0])
    limits = (ends[0] - room, ends[1] + room)
    x, y = _steps(tops[-1][0]), axis(alt.Y, "eigenvalue", limits)
    blue, red = STAND_IN["fixed"], STAND_IN["open"]
    area = drawn("area", values, color=blue, opacity=0.25, aria=False, clip=True)
    layers = [
        area.encode(x=x, y=axis(alt.Y, "eigenvalue", limits, field="low"), y2="high:Q"),
        drawn("line", values, color=blue, strokeWidth=1.4, aria=False).encode(x=x, y=y),
    ]
    labels = [(end[0], f"{end[1]} = {end[0]:.5g}", "fixed")]
    if near:
        layers.append(rule(y, two, "open", strokeDash=[4, 4]))
        labels.append((two, f"2/η = {two:.5g}", "open"))
    above = [{"x": k, "y": (a + b) / 2} for k, a, b in tops if a > two * (1 + 2.0**-50)]
    if above:
        dots = drawn("point", above, filled=True, shape="triangle-up", size=34, color=red, opacity=1, aria=False)
        layers.append(dots.encode(x=x, y=y))
    # The label at the end is that of the limit, which the middle of an enclosure need not be.
    limit = drawn("point", [{"x": tops[-1][0], "y": end[0]}], filled=True, size=30, color=blue, opacity=1, aria=False)
    layers.append(limit.encode(x=x, y=y))
    wide = max(b - a for _, a, b in tops) > 0.05 * (limits[1] - limits[0])
    said = ["the band encloses it, the line is its middle"] if wide else []
    if not near:
        said.append(f"2/η = {two:.5g} is far {'above' if two > high else 'below'}")
    elif above:
        said.append("▲ proved above 2/η")
    layers += at_the_end(labels, tops[-1][0], limits, _HEIGHT, (x, y))
    return panel(layers, [f"{title}, enclosed", *(["; ".join(said)] if said else [])], _HEIGHT)


def _aligned(cosines: Sequence[tuple[int, float]], said: str, colour: str) -> Panel:
    x, y = _steps(cosines[-1][0]), axis(alt.Y, "|cos|", [0, 1])
    values = [{"x": step, "y": min(1.0, value)} for step, value in cosines]
    line = drawn("line", values, color=STAND_IN[colour], strokeWidth=1.6, aria=False).encode(x=x, y=y)
    return panel([line], said, _HEIGHT)
