"""The images: CIFAR-10 through torchvision, any folder of images by class, or a small synthetic set named as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from gdcheck.theorem.loss.errors import InputError

SYNTHETIC = "synthetic (random smooth patterns with noise, no real images)"
_MOST_SYNTHETIC = 100_000


@dataclass(frozen=True)
class DataConfig:
    """Which images to use; the synthetic ones if neither a root nor a folder is named.

    Attributes:
        root: A directory in which torchvision finds CIFAR-10.
        download: Whether torchvision may download CIFAR-10 to it.
        folder: A directory with one folder of images a class, as torchvision's ImageFolder reads it.
        subset: How many images, as evenly over the classes as can be; all if None (synthetic: 200).
        side: Height and width of a synthetic image.
    """

    root: Path | None = None
    download: bool = False
    folder: Path | None = None
    subset: int | None = None
    side: int = 16


@dataclass(frozen=True)
class Images:
    """Labelled images, normalized to mean 0 and standard deviation 1 in each channel.

    Attributes:
        inputs: (N, C, H, W), float32.
        labels: (N,), int64.
        classes: The names of the classes.
        name: What they are, for people.
        synthetic: Whether they are made up.
        digest: The SHA-256 of the images before they are normalized, and of the labels, in hexadecimal.
    """

    inputs: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    name: str
    synthetic: bool
    digest: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        _, c, h, w = self.inputs.shape
        return int(c), int(h), int(w)


def load(config: DataConfig) -> Images:
    """Load the images.

    Args:
        config: Which.

    Returns:
        The images, on the CPU.

    Raises:
        InputError: If the options contradict each other, or what they name is missing or cannot be read.
    """
    if config.root is not None and config.folder is not None:
        raise InputError("data", "--root (CIFAR-10) and --data (a folder of images) exclude each other; give one")
    if config.download and config.root is None:
        raise InputError("download", "needs --root, the directory to download CIFAR-10 to")
    if config.root is not None:
        return _cifar10(config.root, config.download, config.subset)
    if config.folder is not None:
        return _folder(config.folder, config.subset)
    return _synthetic(config.subset or 200, config.side)


def _synthetic(count: int, side: int, classes: int = 10) -> Images:
    """Each class is a smooth random pattern; an image is its class's pattern plus noise."""
    if count > _MOST_SYNTHETIC:
        raise InputError("subset", f"{count} synthetic images are asked for; at most {_MOST_SYNTHETIC} can be made")
    generator = torch.Generator().manual_seed(20260)
    coarse = torch.randn(classes, 3, 4, 4, generator=generator)
    patterns = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bilinear", align_corners=False)
    labels = torch.arange(count) % classes
    inputs = patterns[labels] + 0.7 * torch.randn(count, 3, side, side, generator=generator)
    names = tuple(f"pattern {i}" for i in range(classes))
    return _images(inputs, labels, names, SYNTHETIC, synthetic=True)


def _images(raw: Tensor, labels: Tensor, classes: tuple[str, ...], name: str, *, synthetic: bool) -> Images:
    """Images from what was read or made, (N, C, H, W), of type uint8 or float32."""
    # Normalizing sums in an order that may depend on the number of threads; the digest must not.
    digest = sha256(f"{tuple(raw.shape)} {raw.dtype} {len(classes)}".encode())
    digest.update(raw.reshape(-1).numpy().tobytes())
    digest.update(labels.numpy().tobytes())
    inputs = raw / 255 if raw.dtype == torch.uint8 else raw
    return Images(_normalized(inputs), labels, classes, name, synthetic, digest.hexdigest())


def _torchvision() -> ModuleType:
    try:
        import torchvision  # noqa: PLC0415
    except (ImportError, RuntimeError):
        # A build for another torch imports with a RuntimeError.
        raise InputError(
            "torchvision",
            "is missing, or built for another torch; install the two together: pip install 'gdcheck[torch]'",
        ) from None
    return torchvision


def _cifar10(root: Path, download: bool, subset: int | None) -> Images:
    torchvision = _torchvision()
    if not download and not root.is_dir():
        raise InputError("root", f"{_shown(root)} is no directory; name CIFAR-10's, or add --download")
    try:
        data = torchvision.datasets.CIFAR10(root, train=True, download=download)
    except (OSError, RuntimeError, ValueError, KeyError, EOFError) as error:
        reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise InputError(
            "root", f"CIFAR-10 cannot be loaded from {_shown(root)} ({reason}); name its directory, or add --download"
        ) from None
    labels = torch.tensor(data.targets)
    chosen = _spread(labels.tolist(), subset)
    pixels = torch.from_numpy(data.data[chosen]).permute(0, 3, 1, 2)
    return _images(pixels, labels[chosen], tuple(data.classes), "CIFAR-10", synthetic=False)


def _folder(folder: Path, subset: int | None) -> Images:
    torchvision = _torchvision()
    if not folder.is_dir():
        raise InputError("data", f"{_shown(folder)} is no directory; name one with a folder of images for each class")
    try:
        data = torchvision.datasets.ImageFolder(folder)
    except FileNotFoundError:
        raise InputError(
            "data", f"{_shown(folder)} must hold one folder for each class, each with images; see ImageFolder's layout"
        ) from None
    if len(data.classes) < 2:
        raise InputError("data", f"{_shown(folder)} has {len(data.classes)} class; give folders for two or more")
    chosen = _spread(data.targets, subset)
    images: list[Tensor] = []
    for i in chosen:
        image = _read(data, Path(data.samples[i][0]))
        if images and image.shape != images[0].shape:
            raise InputError(
                "data", f"image {_shown(Path(data.samples[i][0]))} has another size than the first; give one size"
            )
        images.append(image)
    labels = torch.tensor([data.targets[i] for i in chosen])
    name = "images of " + "/".join(folder.resolve().parts[-2:])
    return _images(torch.stack(images), labels, tuple(data.classes), name, synthetic=False)


def _read(data: Any, path: Path) -> Tensor:
    """Return an image as (C, H, W), uint8."""
    import numpy as np  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    try:
        picture = data.loader(str(path))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise InputError("data", f"image {_shown(path)} cannot be read; remove or replace it") from None
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)


def _spread(labels: Sequence[int], subset: int | None) -> list[int]:
    """Return the indices of the first images of each class in turn, in their original order."""
    if subset is None or subset == len(labels):
        return list(range(len(labels)))
    if subset > len(labels):
        raise InputError("subset", f"{subset} images are asked for, but there are {len(labels)}")
    seen: dict[int, int] = {}
    ranks = []
    for i, label in enumerate(labels):
        ranks.append((seen.get(label, 0), label, i))
        seen[label] = seen.get(label, 0) + 1
    return sorted(i for _, _, i in sorted(ranks)[:subset])


def _normalized(inputs: Tensor) -> Tensor:
    values = inputs.double()
    mean = values.mean(dim=(0, 2, 3), keepdim=True)
    spread = values.std(dim=(0, 2, 3), keepdim=True, correction=0).clamp(min=1e-6)
    return ((values - mean) / spread).float()


def _shown(path: Path) -> str:
    return repr(str(path)[:200])
