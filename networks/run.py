"""What a training run is, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gdcheck.networks.methods import MethodConfig
from gdcheck.networks.networks import NetworkConfig
from gdcheck.networks.objective import LossKind

Row = dict[str, Any]


@dataclass(frozen=True)
class RunConfig:
    """One run.

    Attributes:
        network: The network.
        method: The optimizer.
        loss: The loss.
        weight_decay: The objective's weight decay.
        steps: How many steps.
        measure_every: Steps from one look at the Hessian to the next; 0 for none.
        eigenvalues: How many of the largest eigenvalues.
        tolerance: The residual allowed, relative to the largest eigenvalue.
        keep_every: Steps from one stored iterate, and state to resume from, to the next.
        double: Whether to work in float64.
        chunk: Images through the network at once; all if None.
        compiled: Whether torch.compile translates the gradient.
        seed: The seed of the initialization and the batches.
    """

    network: NetworkConfig
    method: MethodConfig
    loss: LossKind = LossKind.MSE
    weight_decay: float = 0.0
    steps: int = 500
    measure_every: int = 10
    eigenvalues: int = 3
    tolerance: float = 1e-3
    keep_every: int = 10
    double: bool = False
    chunk: int | None = None
    compiled: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        config: The run.
        directory: Where it lies.
        rows: Its rows; see ``storing.ROW_SCHEMA``.
        steps: The steps taken.
        diverged: Why the run stopped early; None if it did not.
        parameters: n.
        chunk: How many images went through the network at once, at the end.
    """

    config: RunConfig
    directory: Path
    rows: list[Row]
    steps: int
    diverged: str | None
    parameters: int
    chunk: int
