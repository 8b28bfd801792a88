"""Train a user's own network, and measure it as it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from gdcheck.networks.own.flat import Loss, read_batches
from gdcheck.networks.own.monitor import Looks, Monitor, Writer
from gdcheck.theorem.loss.errors import InputError

OptimizerOf = Callable[[Iterator[nn.Parameter]], torch.optim.Optimizer]


def measure(
    model: nn.Module,
    loss: Loss,
    data: Iterable[Any],
    *,
    optimizer: torch.optim.Optimizer | OptimizerOf,
    epochs: int = 1,
    looks: Looks | None = None,
    test: Iterable[Any] | None = None,
    threshold: Callable[[torch.optim.Optimizer], float] | None = None,
    writer: Writer | None = None,
) -> Monitor:
    """Train a network, and measure cosines, spectrum, thresholds and flow as it goes.

    The optimizer's ``step`` gets a closure that computes the loss and its gradient, so that one which needs several
    gradients a step works too.

    Args:
        model: The network; it is trained in place.
        loss: The loss (outputs, targets) of a batch, averaged over its samples.
        data: A DataLoader, or pairs (inputs, targets) that can be gone through again and again.
        optimizer: The optimizer, or what makes one of ``model.parameters()``.
        epochs: How often the data are gone through.
        looks: How often the Hessian is looked at, and for what.
        test: Pairs for the test loss.
        threshold: The stability threshold of an optimizer that is not known here.
        writer: TensorBoard's ``SummaryWriter``, or the like.

    Returns:
        The monitor: ``frame()``, ``write_csv(path)``, ``approach()``, ``densities``.

    Raises:
        InputError: If the data are not pairs, or an option is out of its range.
    """
    if isinstance(data, Iterator):
        raise InputError("data", "can be read only once; give a DataLoader or a list of pairs")
    if epochs < 1:
        raise InputError("epochs", "must be 1 or more")
    made = optimizer if isinstance(optimizer, torch.optim.Optimizer) else optimizer(model.parameters())
    monitor = Monitor(model, loss, data, made, looks=looks, test=test, threshold=threshold, writer=writer)
    device = next(model.parameters()).device
    for _ in range(epochs):
        for pair in data:
            (batch,) = read_batches([pair], device)

            def closure() -> Tensor:
                made.zero_grad()
                value = loss(model(*batch.positional, **batch.named), batch.targets)  # noqa: B023 - called at once
                value.backward()  # type: ignore[no-untyped-call]
                return value

            made.step(closure)  # type: ignore[arg-type]
            monitor.step()
    return monitor
