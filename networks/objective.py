"""The objective as a function of one flat vector: value, gradient and Hessian, over all images or a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.func import functional_call

from gdcheck.networks.data import Images
from gdcheck.theorem.loss.errors import InputError

_Result = TypeVar("_Result")


class LossKind(StrEnum):
    """The losses, averaged over images: half the squared error summed over classes, or the cross-entropy."""

    MSE = "mse"
    CROSS_ENTROPY = "cross-entropy"


@dataclass(frozen=True)
class Evaluation:
    """The objective at a point.

    Attributes:
        loss: The objective with its weight decay.
        accuracy: The share of images that the largest output puts in their class.
        gradient: (n,).
    """

    loss: float
    accuracy: float
    gradient: Tensor


class Objective:
    """The mean loss over images plus ``weight_decay``/2 times the squared norm of all parameters.

    The decay belongs to the objective, so that optimizer, gradient and Hessian speak of the same function.

    Args:
        network: The network; its parameters are the start, and are not changed.
        images: The images.
        loss: The loss.
        weight_decay: Its weight decay.
        device: Where the images live and the work is done.
        dtype: float32 or float64.
        chunk: The largest number of images that go through the network at once; all if None. Where the device's memory
            does not hold that many, it is halved until it does.
        compiled: Whether ``torch.compile`` translates the gradient; Hessian-vector products stay as they are.
    """

    def __init__(
        self,
        network: nn.Module,
        images: Images,
        loss: LossKind,
        weight_decay: float,
        *,
        device: torch.device | None = None,
        dtype: torch.dtype = torch.float32,
        chunk: int | None = None,
        compiled: bool = False,
    ) -> None:
        self._network = network.to(device=device, dtype=dtype)
        self._shapes = {name: p.shape for name, p in self._network.named_parameters()}
        self._inputs = images.normalized(dtype, device)
        self._labels = images.labels.to(device=device)
        self._targets = nn.functional.one_hot(self._labels, len(images.classes)).to(dtype)
        self._loss = loss
        self._decay = weight_decay
        self._chunk = chunk or len(self._labels)
        self._first_order = torch.compile(self._part) if compiled else self._part

    @property
    def images(self) -> int:
        """The number of images."""
        return len(self._labels)

    @property
    def chunk(self) -> int:
        """The largest number of images that go through the network at once."""
        return min(self._chunk, self.images)

    def _fitting(self, call: Callable[[], _Result]) -> _Result:
        """Run a pass through the network, with half as many images at once each time that memory runs out.

        Raises:
            InputError: If the memory does not suffice for one image.
        """
        while True:
            try:
                return call()
            except torch.cuda.OutOfMemoryError:
                if self.chunk == 1:
                    message = "does not have the memory for one image; give --device cpu, or a smaller --width"
                    raise InputError("device", message) from None
                self._chunk = self.chunk // 2
            torch.cuda.empty_cache()

    def start(self) -> Tensor:
        """Return the network's initial parameters as one vector (n,)."""
        return torch.cat([p.detach().reshape(-1) for p in self._network.parameters()])

    def value(self, theta: Tensor) -> Tensor:
        """Return the objective over all images as a differentiable scalar, through the network in one piece."""
        return self._part(theta, slice(None))[0] / self.images + self._decay / 2 * theta.dot(theta)

    def evaluate(self, theta: Tensor, batch: Tensor | None = None) -> Evaluation:
        """Return the objective and its gradient, chunk by chunk.

        Args:
            theta: The parameters, (n,).
            batch: Indices of the images to average over; all if None.

        Returns:
            Loss, accuracy and gradient.
        """
        return self._fitting(lambda: self._evaluated(theta, batch))

    def _evaluated(self, theta: Tensor, batch: Tensor | None) -> Evaluation:
        point = theta.detach().requires_grad_()
        count = self.images if batch is None else len(batch)
        gradient = torch.zeros_like(point)
        loss = torch.zeros((), dtype=point.dtype, device=point.device)
        right = torch.zeros((), dtype=torch.int64, device=point.device)
        for part in self._chunks(batch):
            total, hits = self._first_order(point, part)
            (slope,) = torch.autograd.grad(total, point)
            gradient += slope
            loss += total.detach()
            right += hits
        plain = point.detach()
        value = loss / count + self._decay / 2 * plain.dot(plain)
        return Evaluation(float(value), int(right) / count, gradient / count + self._decay * plain)

    def products(self, theta: Tensor) -> Callable[[Tensor], Tensor]:
        """Return the Hessian-vector product over all images at one point.

        If all images go through the network at once, the gradient's graph is kept between products; else it is made
        anew for each chunk.

        Args:
            theta: The parameters, (n,).

        Returns:
            A function from (n,) to (n,).
        """
        product = self._fitting(lambda: self._products(theta))

        def fitting(vector: Tensor) -> Tensor:
            nonlocal product
            before = self._chunk

            def call() -> Tensor:
                nonlocal product, before
                if self._chunk != before:
                    before, product = self._chunk, self._products(theta)
                return product(vector)

            return self._fitting(call)

        return fitting

    def _products(self, theta: Tensor) -> Callable[[Tensor], Tensor]:
        point = theta.detach().requires_grad_()
        if self._chunk >= self.images:
            (slope,) = torch.autograd.grad(self._part(point, slice(None))[0], point, create_graph=True)

            def whole(vector: Tensor) -> Tensor:
                (product,) = torch.autograd.grad(slope, point, vector, retain_graph=True)
                return product / self.images + self._decay * vector

            return whole

        def by_chunks(vector: Tensor) -> Tensor:
            result = torch.zeros_like(vector)
            for part in self._chunks(None):
                (piece,) = torch.autograd.grad(self._part(point, part)[0], point, create_graph=True)
                result += torch.autograd.grad(piece, point, vector)[0]
            return result / self.images + self._decay * vector

        return by_chunks

    def hessian(self, theta: Tensor) -> Tensor:
        """Return the whole Hessian over all images, symmetric.

        Args:
            theta: The parameters, (n,).

        Returns:
            (n, n).
        """
        point = theta.detach()
        # The Hessian is symmetric: pulling back through the gradient multiplies by it.
        pull = torch.func.vjp(torch.func.grad(self.value), point)[1]
        eye = torch.eye(len(point), dtype=point.dtype, device=point.device)
        (rows,) = torch.func.vmap(pull, chunk_size=_HESSIAN_ROWS)(eye)
        return (rows + rows.T) / 2

    def _chunks(self, batch: Tensor | None) -> Iterator[slice | Tensor]:
        count = self.images if batch is None else len(batch)
        for begin in range(0, count, self._chunk):
            part = slice(begin, min(begin + self._chunk, count))
            yield part if batch is None else batch[part]

    def _part(self, theta: Tensor, part: slice | Tensor) -> tuple[Tensor, Tensor]:
        """Return the sum of the losses of some images, and how many of them are classified correctly."""
        sizes = [shape.numel() for shape in self._shapes.values()]
        pieces = zip(self._shapes.items(), theta.split(sizes), strict=True)
        parameters = {name: piece.view(shape) for (name, shape), piece in pieces}
        outputs = functional_call(self._network, parameters, (self._inputs[part],))
        if self._loss is LossKind.MSE:
            total = (outputs - self._targets[part]).square().sum() / 2
        else:
            total = nn.functional.cross_entropy(outputs, self._labels[part], reduction="sum")
        return total, (outputs.detach().argmax(dim=1) == self._labels[part]).sum()


# Rows of the Hessian at once: enough to be fast, few enough for a small machine's memory.
_HESSIAN_ROWS = 8
