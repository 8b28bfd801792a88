"""The images: CIFAR-10, any folder of images by class, or a small synthetic set named as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor

from gdcheck.networks.cifar import read_cifar10
from gdcheck.networks.folders import list_folder, read_images, shown
from gdcheck.theorem.loss.errors import InputError

SYNTHETIC = "synthetic (random smooth patterns with noise, no real images)"
_MOST_SYNTHETIC = 100_000


@dataclass(frozen=True)
class DataConfig:
    """Which images to use; the synthetic ones if neither a root nor a folder is named.

    Attributes:
        root: The directory of CIFAR-10 in its binary or Python format; see ``networks.cifar``.
        download: Whether torchvision may download CIFAR-10 to it.
        folder: A directory with one folder of images a class, in ImageFolder's layout.
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
    """Labelled images.

    Attributes:
        raw: (N, C, H, W), uint8 from 0 to 255, or float32.
        labels: (N,), int64.
        classes: The names of the classes.
        name: What they are, in words.
        synthetic: Whether they are made up.
        digest: The SHA-256 of the images before they are normalized, and of the labels, in hexadecimal.
    """

    raw: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    name: str
    synthetic: bool
    digest: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        _, c, h, w = self.raw.shape
        return int(c), int(h), int(w)

    def normalized(self, dtype: torch.dtype, device: torch.device | None = None) -> Tensor:
        """Return the images with mean 0 and standard deviation 1 in each channel.

        Args:
            dtype: The type of the computation: float64 inputs are not rounded to float32 on their way.
            device: Where they go; the CPU if None.

        Returns:
            (N, C, H, W).
        """
        pixels = self.raw[:, 0].numel()
        # Part by part, so that only one part at a time is also held in float64.
        means = torch.stack([_double(part).mean(dim=(0, 2, 3)) * len(part) for part in self.raw.split(_AT_ONCE)])
        mean = means.sum(dim=0).div(len(self.raw)).reshape(1, -1, 1, 1)
        sums = [(_double(part) - mean).square().sum(dim=(0, 2, 3)) for part in self.raw.split(_AT_ONCE)]
        spread = torch.stack(sums).sum(dim=0).div(pixels).sqrt().clamp(min=1e-6).reshape(1, -1, 1, 1)
        result = torch.empty(self.raw.shape, dtype=dtype, device=device)
        for into, part in zip(result.split(_AT_ONCE), self.raw.split(_AT_ONCE), strict=True):
            into.copy_((_double(part) - mean) / spread)
        return result

    @property
    def inputs(self) -> Tensor:
        """The normalized images in float32."""
        return self.normalized(torch.float32)


_AT_ONCE = 1000


def _double(raw: Tensor) -> Tensor:
    return raw.double() / 255 if raw.dtype == torch.uint8 else raw.double()


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
    """Make images: each class has a smooth random pattern, and an image is its class's pattern plus noise."""
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
    """Return images with their digest from an array (N, C, H, W) of type uint8 or float32."""
    # Normalizing sums in an order that may depend on the number of threads; the digest must not.
    digest = sha256(f"{tuple(raw.shape)} {raw.dtype} {len(classes)}".encode())
    for part in raw.split(_AT_ONCE):
        digest.update(part.reshape(-1).numpy().tobytes())
    digest.update(labels.numpy().tobytes())
    return Images(raw, labels, classes, name, synthetic, digest.hexdigest())


def _cifar10(root: Path, download: bool, subset: int | None) -> Images:
    if download:
        _download(root)
    elif not root.is_dir():
        raise InputError("root", f"{shown(root)} is not a directory; name CIFAR-10's, or add --download")
    try:
        pixels, labels, classes = read_cifar10(root)
    except (OSError, ValueError) as error:
        reason = str(error)[:160]
        raise InputError(
            "root", f"CIFAR-10 cannot be loaded from {shown(root)} ({reason}); name its directory, or add --download"
        ) from None
    chosen = _spread(labels.tolist(), subset)
    return _images(pixels[chosen], labels[chosen], classes, "CIFAR-10", synthetic=False)


def _download(root: Path) -> None:
    try:
        import torchvision  # noqa: PLC0415
    except (ImportError, RuntimeError):
        # A build for another torch imports with a RuntimeError.
        raise InputError(
            "torchvision",
            "is missing, or built for another torch; install the two together: pip install 'gdcheck[torch]'",
        ) from None
    try:
        torchvision.datasets.CIFAR10(root, train=True, download=True)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise InputError("download", f"CIFAR-10 cannot be downloaded to {shown(root)} ({reason})") from None


def _folder(folder: Path, subset: int | None) -> Images:
    paths, labels, classes = list_folder(folder)
    chosen = _spread(labels, subset)
    raw = read_images([paths[i] for i in chosen])
    name = "images of " + "/".join(folder.resolve().parts[-2:])
    return _images(raw, torch.tensor([labels[i] for i in chosen]), classes, name, synthetic=False)


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
