"""The pictures of what was measured in networks: optimizers with bands over the seeds, and the two regimes."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from gdcheck.networks.shapes import Band, NetworkResult, OptimizerEntry, TrainingResult, TrajectoryEntry
from gdcheck.reports.charts import STAND_IN, WIDTH, Panel, axis, drawn, panel, rule, stacked, text

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
    """Cosines, sharpness against threshold, and direction of arrival, by optimizer.

    Args:
        result: The result of ``gdcheck train``.

    Returns:
        The chart, in the stand-in colours of ``reports.charts``.
    """
    methods = result.optimizers
    panels = [
        _legend([(_METHOD_NAMES[m.optimizer], _METHOD_COLOURS[m.optimizer]) for m in methods]),
        _bands(methods, "cosine", "Cosine of consecutive updates", "cosine", 1),
        _bands(methods, "epoch_cosine", "Cosine of consecutive epochs' updates", "cosine", 1),
        _bands(
            methods,
            "sharpness_over_threshold",
            "Sharpness divided by the method's own threshold",
            "ratio",
            None,
            at=1,
        ),
        _bands(methods, "loss", "Loss over all images", "loss", None),
        _bands(methods, "to_final", "Direction from the last iterate: cosine with its final value", "cosine", 1),
    ]
    data = result.data
    seeds = max((m.seeds for m in methods), default=0)
    note = (
        f"measured: {data.name}; {data.images} images",
        f"{result.network.architecture} with {result.network.parameters} parameters, {result.loss}, "
        f"{seeds} seeds (bands: smallest to largest), {result.dtype}, {result.surroundings.device}",
    )
    return _noted([p for p in panels if p is not None], note)


def network_chart(result: NetworkResult) -> alt.VConcatChart:
    """Return the two regimes of gradient descent around a network's strict minimum, and the growth rates between them.

    Args:
        result: The result of ``gdcheck network``.

    Returns:
        The chart, in the stand-in colours of ``reports.charts``.
    """
    runs = [(result.below, "fixed"), (result.above, "alternating")]
    panels = [
        _legend([("η below 2/(λ₁+λₙ)", "fixed"), ("η above 2/(λ₁+λₙ)", "alternating")]),
        _lines(
            [(run.steps, run.cosine, colour) for run, colour in runs],
            ("step", "cosine"),
            "Cosine of consecutive updates",
            [-1, 1],
        ),
        _lines(
            [
                (result.below.steps, _moduli(result.below.lowest), "fixed"),
                (result.above.steps, _moduli(result.above.highest), "alternating"),
            ],
            ("step", "|cosine|"),
            "Position: |cos| with v₁ (below) and with vₙ (above)",
            [0, 1],
        ),
        _lines(
            [(_sharp_steps(run), run.sharpness, colour) for run, colour in runs],
            ("step", "λₙ(x_k) − λₙ"),
            "Sharpness: monotone below, oscillating above",
            None,
        ),
        _growth(result),
    ]
    data = result.data
    note = (
        f"measured: {data.name}; {data.images} images",
        f"CNN with {result.network.parameters} parameters, mse, float64, {result.surroundings.device}",
    )
    return _noted(panels, note)


def _moduli(values: Sequence[float | None]) -> list[float | None]:
    return [None if x is None else abs(x) for x in values]


def _sharp_steps(run: TrajectoryEntry) -> list[int]:
    first = run.sharpness_from
    return list(range(first, first + len(run.sharpness)))


def _growth(result: NetworkResult) -> Panel:
    """Return the growth of |y_n/y_1| on both sides of the boundary, measured against the theory's line."""
    width = result.minimum.stability_limit / result.minimum.boundary - 1
    points = [p for p in result.scan if p.slope is not None and abs(p.ratio - 1) < 3 * width]
    values = [{"x": (p.ratio - 1) / width, "y": p.slope, "t": p.expected} for p in points]
    x = axis(alt.X, "(η − boundary) / (2/λₙ − boundary)", grid=False, tickCount=8)
    y = axis(alt.Y, "growth per step", format="~g")
    theory = axis(alt.Y, "growth per step", field="t")
    line = drawn("line", values, color=STAND_IN["faint"], strokeDash=[4, 4]).encode(x=x, y=theory)
    dots = drawn("point", values, filled=True, size=60, color=STAND_IN["two-cycle"], aria=False).encode(x=x, y=y)
    zero = drawn("rule", [{"y": 0}], color=STAND_IN["grid"]).encode(y="y:Q")
    title = "Growth of log|yₙ/y₁|: measured (dots), log|μₙ/μ₁| (line); at zero the growth rates are equal"
    return panel([zero, line, dots], title, _HEIGHT)


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
    """Mean lines with bands from the smallest to the largest seed; None if no method has the quantity.

    With a top the axis ends there, and begins at the smallest value, so that what is close to the top is seen.
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


def _noted(panels: Sequence[Panel], note: tuple[str, str]) -> alt.VConcatChart:
    """Return the panels below each other, and what they rest on."""
    foot = _words([(0, 0.75 - 0.5 * i, line, "faint") for i, line in enumerate(note)], 36)
    return stacked(*panels, foot, spacing=24)


def _words(words: Sequence[tuple[float, float, str, str]], height: int) -> Panel:
    """Texts in their colours on an empty panel, whose axes go from 0 to 1."""
    scale = alt.Scale(domain=[0, 1], nice=False)
    axes = (alt.X("x:Q", axis=None, scale=scale), alt.Y("y:Q", axis=None, scale=scale))
    return alt.layer(*(text(*word, axes) for word in words)).properties(width=WIDTH, height=height)
