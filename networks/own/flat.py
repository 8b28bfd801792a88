"""A user's loss as a function of the trained parameters in one vector: value, gradient, Hessian-vector products."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from gdcheck.theorem.loss.errors import InputError

Loss = Callable[[Any, Any], Tensor]


@dataclass(frozen=True)
class Batch:
    """The samples that go through the network at once.

    Attributes:
        positional: The network's arguments.
        named: Its arguments by name.
        targets: What the loss compares its output with.
        count: How many samples these are.
    """

    positional: tuple[Any, ...]
    named: dict[str, Any]
    targets: Any
    count: int


def read_batches(data: Iterable[Any], device: torch.device) -> list[Batch]:
    """Read the pairs (inputs, targets) of a DataLoader, once, to a device; the global generators stay as they were.

    Args:
        data: The pairs; inputs may be a tuple (the network's arguments) or a mapping (its arguments by name).
        device: Where they go.

    Returns:
        The batches, in order.

    Raises:
        InputError: If there are none, or one is no pair.
    """
    batches = []
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for pair in data:
            if not (isinstance(pair, Sequence) and len(pair) == 2):
                raise InputError("data", "must give pairs (inputs, targets), as a DataLoader over a TensorDataset does")
            inputs, targets = (_moved(part, device) for part in pair)
            named = dict(inputs) if isinstance(inputs, Mapping) else {}
            positional = () if named else tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,)
            batches.append(Batch(positional, named, targets, len(targets)))
    if not sum(batch.count for batch in batches):
        raise InputError("data", "gives no samples")
    return batches


def _moved(value: Any, device: torch.device) -> Any:
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, Mapping):
        return {name: _moved(part, device) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_moved(part, device) for part in value)
    return value


class FlatLoss:
    """The mean of a loss over samples, as a function of the parameters that are trained.

    The network is called in the mode that it is in, with copies of its buffers, and with the same random numbers each
    time: running means are not moved, and dropout is one function of the parameters.

    Args:
        model: The network.
        loss: The loss (outputs, targets) of a batch, averaged over its samples.
        parameters: Which of the network's parameters are trained.

    Raises:
        InputError: If none of them is.
    """

    def __init__(self, model: nn.Module, loss: Loss, parameters: Iterable[Tensor]) -> None:
        trained = {id(p) for p in parameters}
        self._model = model
        self._loss = loss
        self.parameters = [p for p in model.parameters() if id(p) in trained]
        self._names = [name for name, p in model.named_parameters() if id(p) in trained]
        if not self.parameters:
            raise InputError("optimizer", "holds none of the model's parameters; give model.parameters() to it")

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self.parameters[0].device

    def vector(self) -> Tensor:
        """Return the parameters as they are now, in one vector (n,)."""
        return torch.cat([p.detach().reshape(-1) for p in self.parameters])

    def gradient(self, theta: Tensor, batches: Sequence[Batch], decay: Tensor | float = 0.0) -> tuple[float, Tensor]:
        """Return the loss over some batches, its decay included, and its gradient.

        Args:
            theta: The parameters, (n,).
            batches: The batches.
            decay: The weight decay, a number or (n,).

        Returns:
            The loss and its gradient (n,).
        """
        point = theta.detach().requires_grad_()
        total, slope = 0.0, torch.zeros_like(theta)
        for value in self._parts(point, batches):
            slope += torch.autograd.grad(value, point)[0]
            total += float(value.detach())
        return total + float((decay * theta).dot(theta)) / 2, slope + decay * theta

    def value(self, theta: Tensor, batches: Sequence[Batch]) -> float:
        """Return the loss over some batches, without weight decay."""
        with torch.no_grad():
            return sum(float(value) for value in self._parts(theta, batches))

    def products(
        self, theta: Tensor, batches: Sequence[Batch], decay: Tensor | float = 0.0
    ) -> Callable[[Tensor], Tensor]:
        """Return the Hessian's product over some batches as a function from (n,) to (n,)."""
        point = theta.detach().requires_grad_()
        # One graph is kept where all goes through in one piece.
        kept = None
        if len(batches) == 1:
            (value,) = self._parts(point, batches)
            (kept,) = torch.autograd.grad(value, point, create_graph=True)

        def product(vector: Tensor) -> Tensor:
            if kept is not None:
                return torch.autograd.grad(kept, point, vector, retain_graph=True)[0] + decay * vector
            result = decay * vector
            for value in self._parts(point, batches):
                (slope,) = torch.autograd.grad(value, point, create_graph=True)
                result = result + torch.autograd.grad(slope, point, vector)[0]
            return result

        return product

    def _parts(self, theta: Tensor, batches: Sequence[Batch]) -> Iterator[Tensor]:
        """Yield each batch's share of the mean."""
        whole = sum(batch.count for batch in batches)
        pieces = theta.split([p.numel() for p in self.parameters])
        values: dict[str, Tensor] = {
            name: piece.view(p.shape).to(p.dtype)
            for name, piece, p in zip(self._names, pieces, self.parameters, strict=True)
        }
        for batch in batches:
            buffers = {name: b.detach().clone() for name, b in self._model.named_buffers()}
            with _repeatable():
                outputs = functional_call(self._model, values | buffers, batch.positional, batch.named)
                value = self._loss(outputs, batch.targets)
            if value.numel() != 1:
                raise InputError("loss", f"gives {value.numel()} numbers; give one that averages over the batch")
            yield value.reshape(()) * (batch.count / whole)


@contextmanager
def _repeatable() -> Iterator[None]:
    """Draw the same random numbers each time, and take attention that can be differentiated twice."""
    with torch.random.fork_rng(), sdpa_kernel(SDPBackend.MATH):
        torch.manual_seed(0)
        yield
