"""The optimizers from torch.optim, and each one's own stability threshold for the sharpness.

On a quadratic a method is stable while the sharpness (for Adam and RMSprop that of the preconditioned Hessian) is below
its threshold: Cohen et al., "Gradient descent on neural networks typically occurs at the edge of stability" (2021), and
"Adaptive gradient methods at the edge of stability" (2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor


class Method(StrEnum):
    """Gradient descent over all images, and five methods that also take batches."""

    GD = "gd"
    SGD = "sgd"
    MOMENTUM = "momentum"
    NESTEROV = "nesterov"
    ADAM = "adam"
    RMSPROP = "rmsprop"


class Schedule(StrEnum):
    """What the step size does during the run."""

    NONE = "none"
    COSINE = "cosine"


@dataclass(frozen=True)
class MethodConfig:
    """An optimizer with its settings.

    Attributes:
        method: Which.
        step_size: η.
        momentum: β of momentum and Nesterov, β₁ of Adam.
        decay: β₂ of Adam, α of RMSprop.
        epsilon: ε of Adam and RMSprop.
        batch: Images a step; all if None.
        schedule: What the step size does.
    """

    method: Method
    step_size: float
    momentum: float = 0.9
    decay: float = 0.999
    epsilon: float = 1e-8
    batch: int | None = None
    schedule: Schedule = Schedule.NONE

    @property
    def preconditioned(self) -> bool:
        """Whether the threshold is one for the preconditioned Hessian."""
        return self.method in {Method.ADAM, Method.RMSPROP}

    def threshold(self, step_size: float) -> float:
        """Return the sharpness above which the method is unstable on a quadratic.

        Args:
            step_size: η at the step in question.

        Returns:
            The threshold; infinite where the step size is zero.
        """
        if step_size == 0:
            return float("inf")
        beta = self.momentum
        factors = {
            Method.MOMENTUM: 2 * (1 + beta),
            Method.NESTEROV: 2 * (1 + beta) / (1 + 2 * beta),
            Method.ADAM: 2 * (1 + beta) / (1 - beta),
        }
        return factors.get(self.method, 2.0) / step_size

    @property
    def time_factor(self) -> float:
        """The time of the method's own flow that one step takes, divided by the step size."""
        return 1 / (1 - self.momentum) if self.method in {Method.MOMENTUM, Method.NESTEROV} else 1.0


def make_optimizer(config: MethodConfig, theta: Tensor) -> torch.optim.Optimizer:
    """Return the optimizer over one flat parameter; the weight decay is the objective's, not the optimizer's.

    Args:
        config: Its settings.
        theta: (n,), the parameter.

    Returns:
        The optimizer.
    """
    match config.method:
        case Method.ADAM:
            betas = (config.momentum, config.decay)
            return torch.optim.Adam([theta], lr=config.step_size, betas=betas, eps=config.epsilon)
        case Method.RMSPROP:
            return torch.optim.RMSprop([theta], lr=config.step_size, alpha=config.decay, eps=config.epsilon)
        case Method.MOMENTUM | Method.NESTEROV:
            nesterov = config.method is Method.NESTEROV
            return torch.optim.SGD([theta], lr=config.step_size, momentum=config.momentum, nesterov=nesterov)
        case _:
            return torch.optim.SGD([theta], lr=config.step_size)


def make_schedule(
    config: MethodConfig, optimizer: torch.optim.Optimizer, steps: int
) -> torch.optim.lr_scheduler.LRScheduler | None:
    """Return the schedule of the step size over a run of some steps; None where it is constant."""
    if config.schedule is Schedule.NONE:
        return None
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)


def preconditioner(config: MethodConfig, optimizer: torch.optim.Optimizer, theta: Tensor) -> Tensor | None:
    """Return the diagonal by which Adam or RMSprop divides, from the optimizer's state.

    Args:
        config: The optimizer's settings.
        optimizer: The optimizer.
        theta: Its parameter.

    Returns:
        (n,), positive; None for other methods and before the first step.
    """
    state = optimizer.state.get(theta)
    if not config.preconditioned or not state:
        return None
    if config.method is Method.RMSPROP:
        return state["square_avg"].sqrt() + config.epsilon
    taken = float(state["step"])
    root = (state["exp_avg_sq"] / (1 - config.decay**taken)).sqrt()
    return (1 - config.momentum**taken) * (root + config.epsilon)
