"""The networks: a smooth CNN by default, shapes of VGG, ResNet and ViT, an MLP, a tiny CNN for dense Hessians."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor, nn

from gdcheck.theorem.loss.errors import InputError


class Architecture(StrEnum):
    """The shapes of network; all but VGG's pooling are as smooth as their activation."""

    CNN = "cnn"
    VGG = "vgg"
    MLP = "mlp"
    RESNET = "resnet"
    VIT = "vit"
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
        width: Channels of the first convolution; an MLP has eight times as many hidden units, a ViT four times as many
            in its tokens.
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
    least = {Architecture.MLP: 1, Architecture.VIT: 4}.get(config.architecture, 8)
    if config.architecture is Architecture.VIT and (height % 4 or width % 4):
        raise InputError("network", "vit takes patches of 4×4 pixels; give images of which four divides both sides")
    if min(height, width) < least:
        raise InputError("network", f"{config.architecture} needs images of {least}×{least} pixels or more")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = {
            Architecture.CNN: _cnn,
            Architecture.VGG: _vgg,
            Architecture.MLP: _mlp,
            Architecture.RESNET: _resnet,
            Architecture.VIT: _vit,
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


class _Residual(nn.Module):
    """x + f(x)."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Add the layers' output to their input."""
        result: Tensor = x + self.layers(x)
        return result


def _resnet(activation: _Make, width: int, shape: _Shape, classes: int) -> list[nn.Module]:
    # Groups in place of batches: the function of one image does not depend on the others.
    def block(channels: int) -> nn.Module:
        first, second = (nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(2))
        return _Residual(
            *(nn.GroupNorm(1, channels), activation(), first),
            *(nn.GroupNorm(1, channels), activation(), second),
        )

    layers: list[nn.Module] = [nn.Conv2d(shape[0], width, 3, padding=1)]
    for k in range(3):
        layers += [block(width * 2**k)]
        layers += [nn.Conv2d(width * 2**k, width * 2 ** (k + 1), 2, stride=2)] if k < 2 else []
    return [
        *layers,
        *(nn.GroupNorm(1, 4 * width), activation(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        nn.Linear(4 * width, classes),
    ]


class _Tokens(nn.Module):
    """Patches of 4×4 pixels as tokens, with learned places."""

    def __init__(self, shape: _Shape, size: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(shape[0], size, 4, stride=4)
        self.places = nn.Parameter(0.02 * torch.randn(1, (shape[1] // 4) * (shape[2] // 4), size))

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) to tokens (N, T, size)."""
        tokens: Tensor = self.patches(x).flatten(2).transpose(1, 2) + self.places
        return tokens


class _Attention(nn.Module):
    """Self-attention, written out so that it can be differentiated twice on every device."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.read = nn.Linear(size, 3 * size)
        self.write = nn.Linear(size, size)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the tokens (N, T, size)."""
        n, t, size = x.shape
        q, k, v = self.read(x).reshape(n, t, 3, self.heads, size // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) * (size // self.heads) ** -0.5).softmax(dim=-1)
        result: Tensor = self.write((weights @ v).transpose(1, 2).reshape(n, t, size))
        return result


class _Mean(nn.Module):
    """The mean over the tokens."""

    def forward(self, x: Tensor) -> Tensor:
        """Average (N, T, size) over T."""
        return x.mean(dim=1)


def _vit(activation: _Make, width: int, shape: _Shape, classes: int) -> list[nn.Module]:
    size = 4 * width
    blocks = [
        block
        for _ in range(2)
        for block in (
            _Residual(nn.LayerNorm(size), _Attention(size, 2)),
            _Residual(nn.LayerNorm(size), nn.Linear(size, 2 * size), activation(), nn.Linear(2 * size, size)),
        )
    ]
    return [_Tokens(shape, size), *blocks, nn.LayerNorm(size), _Mean(), nn.Linear(size, classes)]
