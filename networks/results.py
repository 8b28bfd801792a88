"""What ``gdcheck train`` found, as plain data: an entry a run, a judgement an optimizer, bands over the seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from gdcheck.networks.approach import NEAR_ONE, approach, loss_change
from gdcheck.networks.data import Images
from gdcheck.networks.measurements import band, directions
from gdcheck.networks.methods import MethodConfig
from gdcheck.networks.networks import NetworkConfig
from gdcheck.networks.result_schemas import TRAINING
from gdcheck.networks.run import Outcome, Row
from gdcheck.networks.storing import kept_iterates

_POINTS = 60


def as_result(
    outcomes: Sequence[Outcome], images: Images, network: NetworkConfig, surroundings: dict[str, Any]
) -> dict[str, Any]:
    """The result of several runs on the same images.

    Args:
        outcomes: The runs, of all optimizers and seeds.
        images: The images.
        network: The network.
        surroundings: Device and versions.

    Returns:
        Plain data, as ``result_schemas.TRAINING_SCHEMA`` describes it.
    """
    first = outcomes[0].config
    methods = dict.fromkeys(o.config.method.method for o in outcomes)
    return {
        "schema": TRAINING,
        "kind": "measured",
        "surroundings": surroundings,
        "data": data_entry(images),
        "network": network_entry(network, outcomes[0].parameters),
        "loss": first.loss.value,
        "weight_decay": first.weight_decay,
        "dtype": "float64" if first.double else "float32",
        "steps": first.steps,
        "near_one": NEAR_ONE,
        "runs": [_run(o) for o in outcomes],
        "optimizers": [_optimizer([o for o in outcomes if o.config.method.method is m]) for m in methods],
    }


def data_entry(images: Images) -> dict[str, Any]:
    """What the images are."""
    return {
        "name": images.name,
        "synthetic": images.synthetic,
        "images": len(images.labels),
        "shape": list(images.shape),
        "classes": len(images.classes),
    }


def network_entry(network: NetworkConfig, parameters: int) -> dict[str, Any]:
    """What the network is."""
    return {
        "architecture": network.architecture.value,
        "activation": network.activation.value,
        "width": network.width,
        "smooth": network.smooth,
        "parameters": parameters,
    }


def _run(outcome: Outcome) -> dict[str, Any]:
    rows, config = outcome.rows, outcome.config
    looked = [r for r in rows if r["sharpness"] is not None]
    last = rows[-1] if rows else dict.fromkeys(("full_loss", "full_accuracy", "full_gradient_norm", "cosine"))
    known = next((r for r in reversed(rows) if r["full_loss"] is not None), last)
    top = looked[-1] if looked else None
    return {
        "optimizer": config.method.method.value,
        "seed": config.seed,
        "steps": outcome.steps,
        "diverged": outcome.diverged,
        "loss": _short(known["full_loss"]),
        "accuracy": _short(known["full_accuracy"]),
        "gradient_norm": _short(known["full_gradient_norm"]),
        "cosine": _short(last["cosine"]),
        "sharpness": _short(_compared(top, config.method)) if top else None,
        "threshold": _short(top["threshold"]) if top else None,
        "looks": len(looked),
        "unconverged": sum(not _converged(r) for r in looked),
    }


def _optimizer(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    method = outcomes[0].config.method
    finished = [o for o in outcomes if o.diverged is None]
    full = method.batch is None
    tracks = [directions(kept_iterates(o.files)) for o in finished]
    ratios = [_series(o.rows, lambda r: _over(_compared(r, method), r["threshold"])) for o in finished]
    losses = [[r["full_loss"] for r in o.rows if r["full_loss"] is not None] for o in finished]
    known = [c for c in map(loss_change, losses) if c is not None]
    diverged = len(outcomes) - len(finished)
    judged = approach([[r["cosine"] for r in o.rows] for o in finished], losses, diverged)
    result = {
        "optimizer": method.method.value,
        "step_size": method.step_size,
        "momentum": method.momentum,
        "batch": method.batch,
        "schedule": method.schedule.value,
        "seeds": len(outcomes),
        "approach": _rounded(asdict(judged)),
        "epoch_approach": None,
        "loss_change": _short(max(known, key=abs)) if known else None,
        "cosine": _band([_series(o.rows, lambda r: r["cosine"]) for o in finished]),
        "epoch_cosine": None,
        "loss": _band([_series(o.rows, lambda r: r["full_loss"]) for o in finished]),
        "sharpness_over_threshold": _band(ratios),
        "to_final": _band([[(d.step, d.to_final) for d in t if d.to_final is not None] for t in tracks]),
        "to_previous": _band([[(d.step, d.to_previous) for d in t if d.to_previous is not None] for t in tracks]),
    }
    if not full:
        epochs = [[r["epoch_cosine"] for r in o.rows] for o in finished]
        result["epoch_approach"] = _rounded(asdict(approach(epochs, losses, diverged)))
        result["epoch_cosine"] = _band([_series(o.rows, lambda r: r["epoch_cosine"]) for o in finished])
    return result


def _compared(row: Row, config: MethodConfig) -> float | None:
    """The sharpness that the method's threshold speaks of."""
    value = row["preconditioned_sharpness" if config.preconditioned else "sharpness"]
    return None if value is None else float(value)


def _converged(row: Row) -> bool:
    return all(row["converged"]) and row["preconditioned_converged"] is not False


def _over(value: float | None, by: float) -> float | None:
    return None if value is None else value / by


def _series(rows: Sequence[Row], value: Callable[[Row], float | None]) -> list[tuple[int, float]]:
    pairs = ((r["step"], value(r)) for r in rows)
    return [(k, v) for k, v in pairs if v is not None]


def _band(series: Sequence[Sequence[tuple[int, float]]]) -> dict[str, Any]:
    """The band at no more steps than a picture can show."""
    common = asdict(band(series))
    count = len(common["steps"])
    points = min(count, _POINTS)
    chosen = sorted({round(i * (count - 1) / max(1, points - 1)) for i in range(points)})
    return {name: [_short(column[i]) for i in chosen] for name, column in common.items()}


def _rounded(data: dict[str, Any]) -> dict[str, Any]:
    return {name: _short(value) if isinstance(value, float) else value for name, value in data.items()}


def _short(value: float | int | None) -> float | int | None:
    """Seven digits: a result is for reading; the Parquet files have all of them."""
    return float(f"{value:.7g}") if isinstance(value, float) else value
