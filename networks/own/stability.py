"""What a torch optimizer's stability on a quadratic depends on: its threshold, its preconditioner, its weight decay.

The thresholds are those of ``networks.methods``: 2/η, 2(1+β)/η with momentum, 2(1+β)/((1+2β)η) with Nesterov's, and
Adam's 2(1+β₁)/((1−β₁)η) for the Hessian between the square roots of what Adam divides by. An optimizer of which
nothing is known here has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Stability:
    """An optimizer at one point of its run.

    Attributes:
        step_size: η, the largest of the parameter groups.
        threshold: The largest eigenvalue of P^(−1/2) H P^(−1/2) that is stable; None if it is not known.
        diagonal: P, (n,), relative to that step size; None where it is the identity, or not known yet.
        decay: The weight decay that acts as a part of the loss: 0, or (n,).
        time: The time of the method's own gradient flow that one step takes; None if it is not known.
    """

    step_size: float
    threshold: float | None
    diagonal: Tensor | None
    decay: Tensor | float
    time: float | None


def stability_of(optimizer: torch.optim.Optimizer, parameters: Sequence[Tensor]) -> Stability:
    """Read an optimizer's state.

    Args:
        optimizer: One of torch.optim's, or a user's own.
        parameters: Those of the network that it trains, in order.

    Returns:
        What is known of it.
    """
    group_of = {id(p): group for group in optimizer.param_groups for p in group["params"]}
    groups = [group_of[id(p)] for p in parameters]
    sizes = [float(group.get("lr", 0.0)) for group in groups]
    largest = max(sizes)
    kind = type(optimizer)
    decoupled = kind is torch.optim.AdamW or any(group.get("decoupled_weight_decay") for group in groups)
    decays = [float(group.get("weight_decay", 0.0)) for group in groups]
    coupled = kind in _FACTORS and not decoupled
    decay: Tensor | float = _entries(parameters, decays) if coupled and any(decays) else 0.0
    # There is no formula here for a decoupled weight decay, nor for settings that differ by group.
    plain = not (decoupled and any(decays)) and len({_settings(group) for group in groups}) == 1 and largest > 0
    known = plain and kind in _FACTORS and all(size > 0 for size in sizes)
    if not known:
        return Stability(largest, None, None, decay, None)
    factor, time = _FACTORS[kind](groups[0])
    diagonal = None
    if kind in _PRECONDITIONED:
        pieces = [_divisor(optimizer, p, group) for p, group in zip(parameters, groups, strict=True)]
        if any(piece is None for piece in pieces):
            return Stability(largest, factor / largest, None, decay, None)
        diagonal = torch.cat([piece.reshape(-1) for piece in pieces if piece is not None])
    if len(set(sizes)) > 1:
        scale = _entries(parameters, [largest / size for size in sizes])
        diagonal = scale if diagonal is None else scale * diagonal
    return Stability(largest, factor / largest, diagonal, decay, time * largest)


def needs_preconditioner(optimizer: torch.optim.Optimizer) -> bool:
    """Return whether the threshold is one of the preconditioned Hessian, which is known after the first step only."""
    return type(optimizer) in _PRECONDITIONED


def _entries(parameters: Sequence[Tensor], values: Sequence[float]) -> Tensor:
    return torch.cat([torch.full_like(p.detach().reshape(-1), v) for p, v in zip(parameters, values, strict=True)])


def _settings(group: dict[str, Any]) -> tuple[Any, ...]:
    names = ("momentum", "nesterov", "dampening", "betas", "alpha", "eps", "amsgrad", "centered", "maximize")
    return tuple(group.get(name) for name in names)


def _sgd(group: dict[str, Any]) -> tuple[float, float]:
    beta, damped = float(group["momentum"]), 1 - float(group["dampening"])
    if group["nesterov"]:
        return 2 * (1 + beta) / (1 + 2 * beta), 1 / (1 - beta)
    # Without momentum torch ignores dampening.
    return (2.0, 1.0) if beta == 0 else (2 * (1 + beta) / damped, damped / (1 - beta))


def _adam(group: dict[str, Any]) -> tuple[float, float]:
    beta = float(group["betas"][0])
    return 2 * (1 + beta) / (1 - beta), 1.0


def _rmsprop(group: dict[str, Any]) -> tuple[float, float]:
    beta = float(group["momentum"])
    return 2 * (1 + beta), 1 / (1 - beta)


_FACTORS = {
    torch.optim.SGD: _sgd,
    torch.optim.Adam: _adam,
    torch.optim.AdamW: _adam,
    torch.optim.RMSprop: _rmsprop,
}
_PRECONDITIONED = {torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop}


def _divisor(optimizer: torch.optim.Optimizer, parameter: Tensor, group: dict[str, Any]) -> Tensor | None:
    """Return what the optimizer divides a parameter's gradient by; None before its first step."""
    state = optimizer.state.get(parameter)
    if not state:
        return None
    if "square_avg" in state:
        mean = state.get("grad_avg") if group.get("centered") else None
        square: Tensor = state["square_avg"] if mean is None else state["square_avg"] - mean**2
        return square.clamp(min=0).sqrt() + group["eps"]
    first, second = group["betas"]
    taken = float(state["step"])
    squares: Tensor = state["max_exp_avg_sq"] if group.get("amsgrad") else state["exp_avg_sq"]
    return (1 - first**taken) * ((squares / (1 - second**taken)).sqrt() + group["eps"])
