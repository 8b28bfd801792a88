"""A directory with one folder of images for each class, in the layout and order of torchvision's ImageFolder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gdcheck.theorem.loss.errors import InputError

_ENDINGS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def list_folder(folder: Path) -> tuple[list[Path], list[int], tuple[str, ...]]:
    """List the images.

    Args:
        folder: The directory.

    Returns:
        The images' paths, the class of each, and the names of the classes.

    Raises:
        InputError: If it is not a directory, or holds fewer than two classes, or a class without images.
    """
    if not folder.is_dir():
        raise InputError("data", f"{shown(folder)} is not a directory; name one with a folder of images for each class")
    classes = tuple(sorted(entry.name for entry in os.scandir(folder) if entry.is_dir()))
    paths: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        found = [
            Path(where, file)
            for where, _, files in sorted(os.walk(folder / name, followlinks=True))
            for file in sorted(files)
            if file.lower().endswith(_ENDINGS)
        ]
        paths += found
        labels += [label] * len(found)
    if len(set(labels)) < len(classes) or not classes:
        raise InputError("data", f"{shown(folder)} must hold one folder for each class, each with images")
    if len(classes) < 2:
        raise InputError("data", f"{shown(folder)} has {len(classes)} class; give folders for two or more")
    return paths, labels, classes


def read_images(paths: Sequence[Path]) -> Tensor:
    """Read images of one size.

    Args:
        paths: Their files.

    Returns:
        (N, 3, H, W), uint8.

    Raises:
        InputError: If one cannot be read, or has another size than the first.
    """
    images: list[Tensor] = []
    for path in paths:
        image = _read(path)
        if images and image.shape != images[0].shape:
            raise InputError("data", f"image {shown(path)} has another size than the first; give one size")
        images.append(image)
    return torch.stack(images)


def _read(path: Path) -> Tensor:
    try:
        from PIL import Image  # noqa: PLC0415
    except ImportError:
        raise InputError("pillow", "is needed to read images; install with: pip install 'gdcheck[torch]'") from None
    try:
        with Image.open(path) as picture:
            pixels = np.array(picture.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise InputError("data", f"image {shown(path)} cannot be read; remove or replace it") from None
    return torch.from_numpy(pixels).permute(2, 0, 1)


def shown(path: Path) -> str:
    """Return a path as a message shows it."""
    return repr(str(path)[:200])
