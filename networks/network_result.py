"""The result of ``gdcheck network``."""

from __future__ import annotations

from dataclasses import asdict

import torch
from torch import Tensor

from gdcheck.networks.data import Images
from gdcheck.networks.descent import Trajectory, start_near
from gdcheck.networks.locking import locking
from gdcheck.networks.network_experiment import Experiment, ExperimentConfig
from gdcheck.networks.networks import NetworkConfig
from gdcheck.networks.results import data_entry, network_entry
from gdcheck.networks.shapes import MinimumEntry, NetworkResult, Surroundings, TrajectoryEntry, finite

_POINTS = 250


def as_network_result(
    experiment: Experiment,
    config: ExperimentConfig,
    images: Images,
    network: NetworkConfig,
    *,
    weight_decay: float,
    surroundings: Surroundings,
) -> NetworkResult:
    """Return the result of an experiment.

    Args:
        experiment: What was measured.
        config: The lengths, starts and step sizes of the runs.
        images: The images.
        network: The network.
        weight_decay: The objective's weight decay.
        surroundings: Device and versions.

    Returns:
        The result.
    """
    minimum, switch = experiment.minimum, experiment.switch
    return NetworkResult(
        kind="measured",
        surroundings=surroundings,
        data=data_entry(images),
        network=network_entry(network, len(minimum.theta)),
        loss="mse",
        weight_decay=weight_decay,
        options=asdict(config),
        minimum=MinimumEntry(
            loss=minimum.loss,
            accuracy=minimum.accuracy,
            gradient_norm=minimum.gradient_norm,
            lbfgs_steps=minimum.lbfgs_steps,
            newton_steps=minimum.newton_steps,
            spectrum=tuple(float(f"{x:.9g}") for x in minimum.spectrum.tolist()),
            boundary=minimum.boundary,
            stability_limit=minimum.stability_limit,
            theta=tuple(minimum.theta.tolist()),
            start=tuple((start_near(minimum, 1.0, config.seed) - minimum.theta).tolist()),
        ),
        below=_path(experiment.below, minimum.boundary),
        matched=_path(experiment.matched, minimum.boundary),
        above=_path(experiment.above, minimum.boundary),
        scan=experiment.scan,
        switch=switch,
        switch_relative_difference=None if switch is None else abs(switch / minimum.boundary - 1),
        findings=experiment.findings,
    )


def _path(path: Trajectory, boundary: float) -> TrajectoryEntry:
    """Return a run at no more steps than a picture can show, dense at first; both even and odd steps occur."""
    count = path.steps
    raw = torch.logspace(0, torch.log10(torch.tensor(float(max(count, 1)))), _POINTS)
    steps = sorted({min(count, round(x)) for x in raw.tolist()})
    chosen = torch.tensor(steps)

    def picked(values: Tensor) -> tuple[float | None, ...]:
        return tuple(finite(float(f"{x:.7g}")) for x in values.tolist())

    return TrajectoryEntry(
        step_size=path.step_size,
        ratio=path.step_size / boundary,
        taken=count,
        left=path.left,
        alternates=path.alternates,
        steps=tuple(steps),
        cosine=picked(path.cosine[chosen - 1]),
        lowest=picked(path.lowest[chosen]),
        highest=picked(path.highest[chosen]),
        distance=picked(path.distance[chosen]),
        last_cosine=finite(float(path.cosine[-1])) if count else None,
        sharpness_from=path.sharpness_from,
        sharpness=tuple(float(f"{x:.7g}") for x in path.sharpness),
        sharpness_residual=path.sharpness_residual,
        locking=locking(path.cosine, path.sine, path.sine_above, large=path.step_size > boundary),
    )
