"""The pictures of what was measured in networks: optimizers with bands over the seeds, and the two regimes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import altair as alt

from gdcheck.networks.shapes import Approach, Band, NetworkResult, OptimizerEntry, TrainingResult, TrajectoryEntry
from gdcheck.reports.charts import STAND_IN, WIDTH, Panel, axis, drawn, panel, powers, rule, stacked, text
from gdcheck.reports.labels import heading
from gdcheck.reports.text import scientific

_HEIGHT = 170
_METHOD_COLOURS = {
    "gd": "fixed",
    "momentum": "alternating",
    "adam": "two-cycle",
    "sgd": "open",
    "nesterov": "ink",
    "rmsprop": "faint",
}
_METHOD_NAMES = {
    "gd": "gradient descent",
    "momentum": "SGD with momentum",
    "adam": "Adam",
    "sgd": "SGD",
    "nesterov": "Nesterov",
    "rmsprop": "RMSprop",
}


def training_chart(result: TrainingResult) -> alt.VConcatChart:
    """Draw, by optimizer: cosines, the flow's own part of them, sharpness against threshold, and where each run ended.

    Args:
        result: The result of ``gdcheck train``.

    Returns:
        The chart, in the stand-in colours of ``reports.charts``.
    """
    methods = result.optimizers
    seen = list(dict.fromkeys(m.optimizer for m in methods))
    edge = sum(run.edge for run in result.runs)
    edges = "" if not edge else f"; {edge} of {len(result.runs)} runs end at the edge of stability"
    panels = [
        _legend([(_METHOD_NAMES[name], _METHOD_COLOURS[name]) for name in seen]),
        _bands(methods, "cosine", f"Cosine of consecutive updates: {_found(result, 'approach')}", "cosine", 1),
        _bands(methods, "epoch_cosine", f"Cosine of epochs' updates: {_found(result, 'epoch_approach')}", "cosine", 1),
        _deficits(methods),
        _bands(
            methods,
            "sharpness_over_threshold",
            f"Sharpness divided by the method's own threshold{edges}",
            "ratio",
            None,
            at=1,
        ),
        _ends(result),
        _bands(methods, "loss", "Loss over all images", "loss", None),
        _bands(methods, "alignment", "Update: |cos| with the Hessian's top eigenvector", "|cos|", 1),
    ]
    above = heading(
        f"Optimizers on {result.data.name}, measured",
        training_conditions(result),
        "lines are means, bands go from least to largest of all runs and steps of a bin",
    )
    return stacked(*(p for p in panels if p is not None), spacing=24, title=above)


def training_conditions(result: TrainingResult) -> str:
    """Return under which conditions optimizers were measured: images, network, loss, arithmetic, device, seeds.

    Args:
        result: The result.
    """
    return (
        f"{result.data.images} images; {result.network.architecture}, {result.network.parameters} parameters, "
        f"{result.loss}, {result.dtype}, {result.surroundings.device}; "
        f"{seed_words(sorted({run.seed for run in result.runs}))}"
    )


def network_conditions(result: NetworkResult) -> str:
    """Return under which conditions the minimum of a network was measured.

    Args:
        result: The result.
    """
    seed = result.options.get("seed")
    return (
        f"{result.data.name}, {result.data.images} images; network with {result.network.parameters} parameters, "
        f"{result.loss}, weight decay {result.weight_decay:g}, float64, {result.surroundings.device}"
        + ("" if seed is None else f"; seed {seed}")
    )


def seed_words(seeds: Sequence[int]) -> str:
    """Name the seeds of a run: seed 3, or seeds 0 to 4.

    Args:
        seeds: The seeds, ascending.
    """
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    whole = list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))) if seeds else False
    return f"seeds {seeds[0]} to {seeds[-1]}" if whole else f"seeds {', '.join(map(str, seeds)) or 'none'}"


_WORDS = {"approaching": "→ 1 measured", "level": "≥ 0.99 at the end", "below": "below 0.99 at the end"}


def _found(result: TrainingResult, key: str) -> str:
    """Return a clause on what was found of each optimizer in this run."""
    several = len({m.step_size for m in result.optimizers if m.optimizer == result.optimizers[0].optimizer}) > 1
    names: dict[str, list[str]] = {}
    for one in result.optimizers:
        judged: Approach | None = getattr(one, key)
        if judged is not None:
            name = f"{one.optimizer} at {one.step_size:g}" if several else one.optimizer
            names.setdefault(_WORDS[judged.verdict], []).append(name)
    return "; ".join(f"{words}: {', '.join(who)}" for words, who in names.items())


def _deficits(methods: Sequence[OptimizerEntry]) -> Panel | None:
    """Draw 1 − cos on a logarithmic axis, and the gradient flow's (dashed): what a small step gives anywhere."""
    x = axis(alt.X, "step", grid=False, tickCount=8)
    y, low = powers("1 − cos"), powers("1 − cos", "low")
    layers = []
    for m in methods:
        colour = STAND_IN[_METHOD_COLOURS[m.optimizer]]
        spans = zip(m.cosine.steps, m.cosine.high, m.cosine.mean, m.cosine.low, strict=True)
        rows = [{"x": k, "y": 1 - c, "low": 1 - a, "high": 1 - b} for k, a, c, b in spans if a < 1]
        flow = [{"x": k, "y": f} for k, f in zip(m.flow.steps, m.flow.mean, strict=True) if f > 0]
        if not rows or not flow:
            continue
        layers.append(drawn("area", rows, color=colour, opacity=0.2, aria=False).encode(x=x, y=low, y2="high:Q"))
        layers.append(drawn("line", rows, color=colour, strokeWidth=1.6, aria=False).encode(x=x, y=y))
        dashes = drawn("line", flow, color=colour, strokeWidth=1.2, strokeDash=[4, 3], aria=False)
        layers.append(dashes.encode(x=x, y=y))
    return panel(layers, "1 − cos, and the method's own gradient flow's (dashed)", _HEIGHT) if layers else None


def _ends(result: TrainingResult) -> Panel | None:
    """Draw where each run ended: its last cosine against its sharpness over the threshold."""
    known = [
        (run, run.sharpness / run.threshold, run.cosine)
        for run in result.runs
        if run.sharpness is not None and run.threshold and run.cosine is not None
    ]
    if not known:
        return None
    x = alt.X("x:Q", title="sharpness over threshold, last measured", scale=alt.Scale(zero=False, nice=True))
    y = alt.Y("y:Q", title="last cosine", scale=alt.Scale(domain=[-1.05, 1.05], nice=False))
    layers = [
        drawn("rule", [{"x": 1}], color=STAND_IN["faint"], strokeDash=[4, 4]).encode(x="x:Q"),
        drawn("rule", [{"y": 0}], color=STAND_IN["grid"]).encode(y="y:Q"),
    ]
    for name in dict.fromkeys(run.optimizer for run, _, _ in known):
        dots = [{"x": ratio, "y": cosine} for run, ratio, cosine in known if run.optimizer == name]
        colour = STAND_IN[_METHOD_COLOURS[name]]
        layers.append(drawn("point", dots, filled=True, size=50, color=colour, aria=False).encode(x=x, y=y))
    edge = [run for run, _, _ in known if run.edge]
    title = "Where each run ended: none above its threshold with alternating updates"
    if edge:
        one = min(edge, key=lambda run: run.cosine or 0.0)
        title = (
            f"Edge of stability: {one.optimizer} seed {one.seed} ends at sharpness {one.sharpness:.3g} above "
            f"{one.threshold:.3g}, cos {one.cosine:+.3f}"
        )
    return panel(layers, title, _HEIGHT)


def network_chart(result: NetworkResult) -> alt.VConcatChart:
    """Draw the two regimes of gradient descent around a network's strict minimum, and the growth rates between them.

    Args:
        result: The result of ``gdcheck network``.

    Returns:
        The chart, in the stand-in colours of ``reports.charts``.
    """
    runs = [(result.below, "fixed"), (result.matched, "two-cycle"), (result.above, "alternating")]
    edge = "2/(λ₁+λₙ)"
    panels = [
        _legend([(f"η = {run.ratio:.6g} times {edge}", colour) for run, colour in runs]),
        _lines(
            [(run.steps, run.cosine, colour) for run, colour in runs],
            ("step", "cosine"),
            "Cosine of consecutive updates, at the end: "
            + ", ".join(
                "—" if run.last_cosine is None else f"{run.last_cosine:+.6g}".replace("-", "−") for run, _ in runs
            ),
            [-1, 1],
        ),
        _lines(
            [
                (result.below.steps, _moduli(result.below.lowest), "fixed"),
                (result.matched.steps, _moduli(result.matched.lowest), "two-cycle"),
                (result.above.steps, _moduli(result.above.highest), "alternating"),
            ],
            ("step", "|cosine|"),
            "Position: |cos| with v₁ (below) and with vₙ (above)",
            [0, 1],
        ),
        _lines(
            [(_sharp_steps(run), run.sharpness, colour) for run, colour in (runs[0], runs[2])],
            ("step", "λₙ(x) − λₙ(x*)"),
            f"Sharpness: {_pattern(result.below)} below, {_pattern(result.above)} above",
            None,
        ),
        _growth(result),
    ]
    said = "Gradient descent around a strict minimum of a network, measured"
    return stacked(*panels, spacing=24, title=heading(said, network_conditions(result)))


def _pattern(run: TrajectoryEntry) -> str:
    """Return what the measured sharpness does around its limit."""
    pairs = list(pairwise(run.sharpness))
    if not pairs:
        return "not taken"
    if all(a * b < 0 for a, b in pairs):
        return "oscillating"
    return "monotone" if all(0 < a * b < a * a for a, b in pairs) else "of no pattern"


def _moduli(values: Sequence[float | None]) -> list[float | None]:
    return [None if x is None else abs(x) for x in values]


def _sharp_steps(run: TrajectoryEntry) -> list[int]:
    first = run.sharpness_from
    return list(range(first, first + len(run.sharpness)))


def _growth(result: NetworkResult) -> Panel:
    """Draw the growth of |y_n/y_1| on both sides of the boundary, measured, and the theory's line."""
    width = result.minimum.stability_limit / result.minimum.boundary - 1
    points = [p for p in result.scan if p.slope is not None and abs(p.ratio - 1) < 3 * width]
    values = [{"x": (p.ratio - 1) / width, "y": p.slope, "t": p.expected} for p in points]
    name = "η on a line: 0 is the boundary 2/(λ₁+λₙ), 1 is the stability limit 2/λₙ"
    x = axis(alt.X, name, grid=False, tickCount=8)
    y = axis(alt.Y, "growth per step", format="~g")
    theory = axis(alt.Y, "growth per step", field="t")
    line = drawn("line", values, color=STAND_IN["faint"], strokeDash=[4, 4]).encode(x=x, y=theory)
    dots = drawn("point", values, filled=True, size=60, color=STAND_IN["two-cycle"], aria=False).encode(x=x, y=y)
    zero = drawn("rule", [{"y": 0}], color=STAND_IN["grid"]).encode(y="y:Q")
    off = result.switch_relative_difference
    met = "equal rates were not met"
    if off is not None:
        met = f"equal at a relative {scientific(off)} from the boundary 2/(λ₁+λₙ)"
    title = ["Growth of log|yₙ/y₁|, measured (dots) and expected (line)", met]
    reach = [(p.ratio - 1) / width for p in points]
    marks = [rule(x, at, "faint", strokeDash=[2, 3]) for at in (0, 1) if reach and min(reach) <= at <= max(reach) + 0.2]
    return panel([zero, *marks, line, dots], title, _HEIGHT)


def _legend(entries: Sequence[tuple[str, str]]) -> Panel:
    return _words([(i / len(entries), 0.5, f"● {name}", colour) for i, (name, colour) in enumerate(entries)], 16)


def _bands(
    methods: Sequence[OptimizerEntry],
    key: str,
    title: str,
    y_title: str,
    top: float | None,
    *,
    at: float | None = None,
) -> Panel | None:
    """Draw means as lines, and bands from the least to the largest value; None if no method has the quantity.

    An axis with a ``top`` ends there and begins at the smallest value, so that values close to the top are told apart.
    """
    bands: list[tuple[str, Band | None]] = [(m.optimizer, getattr(m, key)) for m in methods]
    known = [(name, band) for name, band in bands if band is not None and band.steps]
    if not known:
        return None
    x = axis(alt.X, "step", grid=False, tickCount=8)
    lowest = min(min(band.low) for _, band in known)
    scale = alt.Scale(zero=True) if top is None else alt.Scale(domainMax=top, domainMin=lowest, nice=False)
    y = alt.Y("y:Q", title=y_title, scale=scale)
    layers = []
    if at is not None:
        layers.append(rule(y, at, "faint", strokeDash=[4, 4]))
    for name, band in known:
        columns = zip(band.steps, band.mean, band.low, band.high, strict=True)
        values = [{"x": k, "y": mean, "low": low, "high": high} for k, mean, low, high in columns]
        colour = STAND_IN[_METHOD_COLOURS[name]]
        area = drawn("area", values, color=colour, opacity=0.2, aria=False)
        layers.append(area.encode(x=x, y=alt.Y("low:Q", scale=scale, title=y_title), y2="high:Q"))
        layers.append(drawn("line", values, color=colour, strokeWidth=1.6, aria=False).encode(x=x, y=y))
    return panel(layers, title, _HEIGHT)


def _lines(
    series: Sequence[tuple[Sequence[int], Sequence[float | None], str]],
    titles: tuple[str, str],
    title: str,
    domain: list[float] | None,
) -> Panel:
    scale = alt.Scale(domain=domain, nice=False) if domain else alt.Scale(zero=False)
    x = alt.X("x:Q", title=titles[0], scale=alt.Scale(zero=False), axis=alt.Axis(grid=False, tickCount=8))
    y = alt.Y("y:Q", title=titles[1], scale=scale, axis=alt.Axis(format="~g"))
    layers = []
    for steps, values, colour in series:
        points = [{"x": k, "y": v} for k, v in zip(steps, values, strict=True)]
        line = drawn("line", points, color=STAND_IN[colour], strokeWidth=1.6, aria=False)
        layers.append(line.encode(x=x, y=y))
    return panel(layers, title, _HEIGHT)


def _words(words: Sequence[tuple[float, float, str, str]], height: int) -> Panel:
    """Write texts in their colours on an empty panel, whose axes go from 0 to 1."""
    scale = alt.Scale(domain=[0, 1], nice=False)
    axes = (alt.X("x:Q", axis=None, scale=scale), alt.Y("y:Q", axis=None, scale=scale))
    return alt.layer(*(text(*word, axes) for word in words)).properties(width=WIDTH, height=height)
