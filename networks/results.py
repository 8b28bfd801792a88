"""The result of ``gdcheck train``: an entry a run, a judgement an optimizer, bands over the seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from msgspec import structs

from gdcheck.networks.approach import NEAR_ONE, Track, approach, loss_change, settled
from gdcheck.networks.data import Images
from gdcheck.networks.measurements import band
from gdcheck.networks.methods import MethodConfig
from gdcheck.networks.networks import NetworkConfig
from gdcheck.networks.run import Outcome, Row
from gdcheck.networks.shapes import (
    Approach,
    Band,
    DataEntry,
    NetworkEntry,
    OptimizerEntry,
    Surroundings,
    TrainingResult,
    TrainingRun,
)

Distance = Callable[[Outcome], float]
"""Returns a last iterate's distance from the minimum close by, over the start's; infinite if there is no minimum."""


def as_result(
    outcomes: Sequence[Outcome],
    images: Images,
    network: NetworkConfig,
    surroundings: Surroundings,
    distance: Distance,
) -> TrainingResult:
    """Return the result of several runs on the same images.

    Args:
        outcomes: The runs, of all optimizers and seeds.
        images: The images.
        network: The network.
        surroundings: Device and versions.
        distance: Looks for the minimum that a settled run is going to; see ``networks.settling``.

    Returns:
        The result.
    """
    first = outcomes[0].config
    methods = dict.fromkeys(o.config.method for o in outcomes)
    return TrainingResult(
        kind="measured",
        surroundings=surroundings,
        data=data_entry(images),
        network=network_entry(network, outcomes[0].parameters),
        loss=first.loss.value,
        weight_decay=first.weight_decay,
        dtype="float64" if first.double else "float32",
        steps=first.steps,
        near_one=NEAR_ONE,
        runs=tuple(_run(o) for o in outcomes),
        optimizers=tuple(_optimizer([o for o in outcomes if o.config.method == m], distance) for m in methods),
    )


def data_entry(images: Images) -> DataEntry:
    """Return what the images are."""
    return DataEntry(
        images.name, images.synthetic, len(images.labels), tuple(images.shape), len(images.classes), images.digest
    )


def network_entry(network: NetworkConfig, parameters: int) -> NetworkEntry:
    """Return what the network is."""
    return NetworkEntry(network.architecture.value, network.activation.value, network.width, network.smooth, parameters)


def _run(outcome: Outcome) -> TrainingRun:
    rows, config = outcome.rows, outcome.config
    looked = [r for r in rows if r["sharpness"] is not None]
    last = rows[-1] if rows else dict.fromkeys(("full_loss", "full_accuracy", "full_gradient_norm", "cosine"))
    known = next((r for r in reversed(rows) if r["full_loss"] is not None), last)
    top = looked[-1] if looked else None
    return TrainingRun(
        optimizer=config.method.method.value,
        step_size=config.method.step_size,
        seed=config.seed,
        steps=outcome.steps,
        chunk=outcome.chunk,
        diverged=outcome.diverged,
        loss=_short(known["full_loss"]),
        accuracy=_short(known["full_accuracy"]),
        gradient_norm=_short(known["full_gradient_norm"]),
        cosine=_short(last["cosine"]),
        sharpness=_short(_compared(top, config.method)) if top else None,
        threshold=_short(top["threshold"]) if top else None,
        looks=len(looked),
        unconverged=sum(not _converged(r) for r in looked),
    )


def _optimizer(outcomes: Sequence[Outcome], distance: Distance) -> OptimizerEntry:
    method = outcomes[0].config.method
    finished = [o for o in outcomes if o.diverged is None]
    losses = [[r["full_loss"] for r in o.rows if r["full_loss"] is not None] for o in finished]
    known = [c for c in map(loss_change, losses) if c is not None]
    diverged = len(outcomes) - len(finished)
    tracks = [_track(o, "cosine") for o in finished]
    # The minimum is looked for where a run has come to rest, and nowhere else.
    found = [distance(o) if settled(t) else None for o, t in zip(finished, tracks, strict=True)]

    def judged(name: str) -> Approach:
        tracks = [replace(_track(o, name), distance=d) for o, d in zip(finished, found, strict=True)]
        return _shortened(approach(tracks, diverged))

    def over_steps(value: Callable[[Row], float | None], digits: int = 7) -> Band:
        return band([_series(o.rows, value) for o in finished], digits)

    return OptimizerEntry(
        optimizer=method.method.value,
        step_size=method.step_size,
        momentum=method.momentum,
        batch=method.batch,
        schedule=method.schedule.value,
        seeds=len(outcomes),
        approach=judged("cosine"),
        epoch_approach=None if method.batch is None else judged("epoch_cosine"),
        loss_change=_short(max(known, key=abs)) if known else None,
        # All digits, because 1 − cos is drawn.
        cosine=over_steps(lambda r: r["cosine"], 17),
        epoch_cosine=None if method.batch is None else over_steps(lambda r: r["epoch_cosine"]),
        loss=over_steps(lambda r: r["full_loss"]),
        flow=over_steps(lambda r: r["flow_deficit"]),
        sharpness_over_threshold=over_steps(lambda r: _over(_compared(r, method), r["threshold"])),
        alignment=over_steps(lambda r: r["alignment"][0] if r["alignment"] else None),
    )


def _track(outcome: Outcome, name: str) -> Track:
    rows = outcome.rows
    return Track(
        cosines=[(r["step"], r[name], r["step_size"]) for r in rows if r[name] is not None],
        losses=[r["full_loss"] for r in rows if r["full_loss"] is not None],
        gradients=[r["full_gradient_norm"] for r in rows if r["full_gradient_norm"] is not None],
        flow=[r["flow_deficit"] for r in rows if r["flow_deficit"] is not None],
        whole=outcome.config.method.batch is None,
    )


def _shortened(found: Approach) -> Approach:
    values = {name: getattr(found, name) for name in found.__struct_fields__}
    return structs.replace(found, **{name: _short(v) for name, v in values.items() if isinstance(v, float)})


def _compared(row: Row, config: MethodConfig) -> float | None:
    """Return the sharpness to compare with the method's threshold."""
    value = row["preconditioned_sharpness" if config.preconditioned else "sharpness"]
    return None if value is None else float(value)


def _converged(row: Row) -> bool:
    return all(row["converged"]) and row["preconditioned_converged"] is not False


def _over(value: float | None, by: float) -> float | None:
    return None if value is None else value / by


def _series(rows: Sequence[Row], value: Callable[[Row], float | None]) -> list[tuple[int, float]]:
    pairs = ((r["step"], value(r)) for r in rows)
    return [(k, v) for k, v in pairs if v is not None]


def _short(value: float | None) -> float | None:
    """Round to seven digits, enough for a result that is read; the Parquet files have all of them."""
    return float(f"{value:.7g}") if isinstance(value, float) else value
