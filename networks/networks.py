"""The networks: a smooth CNN by default, a VGG-style one, an MLP, and a tiny CNN whose whole Hessian fits in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import nn

from gdcheck.theorem.loss.errors import InputError


class Architecture(StrEnum):
    """The shapes of network; all but VGG's pooling are as smooth as their activation."""

    CNN = "cnn"
    VGG = "vgg"
    MLP = "mlp"
    TINY = "tiny"


class Activation(StrEnum):
    """The activations; ReLU is not C³, so the theorem does not speak of it."""

    TANH = "tanh"
    GELU = "gelu"
    RELU = "relu"


_ACTIVATIONS: dict[Activation, Callable[[], nn.Module]] = {
    Activation.TANH: nn.Tanh,
    Activation.GELU: nn.GELU,
    Activation.RELU: nn.ReLU,
}


@dataclass(frozen=True)
class NetworkConfig:
    """A network.

    Attributes:
        architecture: Its shape.
        activation: Its activation.
        width: Channels of the first convolution; an MLP has eight times as many hidden units.
    """

    architecture: Architecture = Architecture.CNN
    activation: Activation = Activation.TANH
    width: int = 8

    @property
    def smooth(self) -> bool:
        """Whether the network is C³ in its parameters, as the theorem assumes."""
        return self.activation is not Activation.RELU and self.architecture is not Architecture.VGG


def build(config: NetworkConfig, shape: tuple[int, int, int], classes: int, seed: int) -> nn.Module:
    """Return a network with torch's default initialization.

    Args:
        config: The network.
        shape: Channels, height, width of an image.
        classes: The number of outputs.
        seed: The seed of the initialization; torch's global generator is left as it was.

    Returns:
        The network in float32 on the CPU: images (N, C, H, W) to outputs (N, classes).

    Raises:
        InputError: If the images are too small for the network.
    """
    channels, height, width = shape
    least = {Architecture.VGG: 8, Architecture.CNN: 8, Architecture.TINY: 8, Architecture.MLP: 1}[config.architecture]
    if min(height, width) < least:
        raise InputError("network", f"{config.architecture} needs images of {least}×{least} pixels or more")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = {
            Architecture.CNN: _cnn,
            Architecture.VGG: _vgg,
            Architecture.MLP: _mlp,
            Architecture.TINY: _tiny,
        }[config.architecture](_ACTIVATIONS[config.activation], config.width, (channels, height, width), classes)
        return nn.Sequential(*layers)


_Shape = tuple[int, int, int]
_Make = Callable[[], nn.Module]


def _cnn(activation: _Make, width: int, shape: _Shape, classes: int) -> list[nn.Module]:
    channels, high, wide = shape
    return [
        *(nn.Conv2d(channels, width, 3, padding=1), activation(), nn.AvgPool2d(2)),
        *(nn.Conv2d(width, 2 * width, 3, padding=1), activation(), nn.AvgPool2d(2)),
        *(nn.Conv2d(2 * width, 2 * width, 3, padding=1), activation(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(2 * width * (high // 8) * (wide // 8), classes)),
    ]


def _vgg(activation: _Make, width: int, shape: _Shape, classes: int) -> list[nn.Module]:
    before, high, wide = shape
    layers: list[nn.Module] = []
    for after in (width, 2 * width, 4 * width):
        layers += [nn.Conv2d(before, after, 3, padding=1), activation()]
        layers += [nn.Conv2d(after, after, 3, padding=1), activation(), nn.MaxPool2d(2)]
        before = after
    hidden = 8 * width
    layers += [nn.Flatten(), nn.Linear(before * (high // 8) * (wide // 8), hidden), activation()]
    return [*layers, nn.Linear(hidden, classes)]


def _mlp(activation: _Make, width: int, shape: _Shape, classes: int) -> list[nn.Module]:
    inputs, hidden = shape[0] * shape[1] * shape[2], 8 * width
    return [
        *(nn.Flatten(), nn.Linear(inputs, hidden), activation()),
        *(nn.Linear(hidden, hidden), activation(), nn.Linear(hidden, classes)),
    ]


def _tiny(activation: _Make, width: int, shape: _Shape, classes: int) -> list[nn.Module]:
    # Few parameters and, by pooling first, few operations: a step on 200 images takes milliseconds.
    half = max(1, width // 2)
    return [
        *(nn.AvgPool2d(2), nn.Conv2d(shape[0], half, 3, stride=2, padding=1), activation()),
        *(nn.Conv2d(half, half, 3, padding=1), activation()),
        *(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * half, classes)),
    ]
