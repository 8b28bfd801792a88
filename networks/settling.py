"""The minimum that a run is going to, looked for from its last iterate in float64."""

from __future__ import annotations

import torch

from gdcheck.networks.data import Images
from gdcheck.networks.minimum import descend_by_lbfgs
from gdcheck.networks.networks import build
from gdcheck.networks.objective import Objective
from gdcheck.networks.run import Outcome
from gdcheck.networks.storing import first_and_last

_STEPS = 2000
# Relative to the gradient at the start of the run.
_VANISHED = 1e-7


def distance_from_minimum(outcome: Outcome, images: Images, device: torch.device) -> float:
    """Return how far a run's last iterate is from the minimum that L-BFGS finds from there.

    Args:
        outcome: The run.
        images: Its images.
        device: Where the work is done.

    Returns:
        ‖x_K − x*‖/‖x_0 − x*‖; infinite where L-BFGS does not reach a critical point.
    """
    config = outcome.config
    network = build(config.network, images.shape, len(images.classes), config.seed)
    objective = Objective(
        network, images, config.loss, config.weight_decay, device=device, dtype=torch.float64, chunk=config.chunk
    )
    first, last = (x.to(device, torch.float64) for x in first_and_last(outcome.directory))
    minimum, _ = descend_by_lbfgs(objective, last, _STEPS)
    norms = [float(torch.linalg.vector_norm(objective.evaluate(x).gradient)) for x in (first, minimum)]
    if norms[1] > _VANISHED * norms[0]:
        return float("inf")
    return float(torch.linalg.vector_norm(last - minimum)) / float(torch.linalg.vector_norm(first - minimum))
