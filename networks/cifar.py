"""CIFAR-10 from its own files, binary or Python; the Python ones are pickles, and are read without unpickling.

A pickle is a program for a stack machine. ``pickletools.genops`` only spells its instructions out; no instruction is
obeyed here, no name is looked up, nothing is called. Of a batch two things are taken: the integers behind the key
``labels``, and the one string of bytes that is as long as that number of images.
"""

from __future__ import annotations

import pickletools
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

SIDE = 32
_PIXELS = 3 * SIDE * SIDE
_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_BATCHES = tuple(f"data_batch_{i}" for i in range(1, 6))
_FOLDERS = ("cifar-10-batches-py", "cifar-10-batches-bin", ".")
# A batch of CIFAR-10 has 31 MB.
_LARGEST = 2**28


def read_cifar10(root: Path) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """Read the training images.

    Args:
        root: The directory of the batches, or one that holds it by the name that the archive gives it.

    Returns:
        The images (N, 3, 32, 32) as uint8, their labels (N,), and the names of the classes.

    Raises:
        ValueError: If there are no batches, or one of them is not what it should be.
        OSError: If a file cannot be read.
    """
    for folder in (root / name for name in _FOLDERS):
        for suffix, read in ((".bin", _binary), ("", _python)):
            paths = [path for name in _BATCHES if (path := folder / f"{name}{suffix}").is_file()]
            if not paths:
                continue
            if len(paths) < len(_BATCHES):
                raise ValueError(f"{len(paths)} of {len(_BATCHES)} batches are there")
            parts = [read(path) for path in paths]
            pixels, labels = (torch.cat(column) for column in zip(*parts, strict=True))
            if int(labels.max()) > 9 or int(labels.min()) < 0:
                raise ValueError("a label is not from 0 to 9")
            return pixels.reshape(-1, 3, SIDE, SIDE), labels, _names(folder)
    raise ValueError(f"there are neither {_BATCHES[0]}.bin nor {_BATCHES[0]}")


def _content(path: Path) -> bytes:
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path.name} is larger than a batch can be")
    return path.read_bytes()


def _binary(path: Path) -> tuple[Tensor, Tensor]:
    """Read records of one byte for the label and 3072 for the image."""
    content = _content(path)
    if not content or len(content) % (_PIXELS + 1):
        raise ValueError(f"{path.name} is not made of records of {_PIXELS + 1} bytes")
    records = torch.frombuffer(bytearray(content), dtype=torch.uint8).reshape(-1, _PIXELS + 1)
    return records[:, 1:].contiguous(), records[:, 0].long()


def _python(path: Path) -> tuple[Tensor, Tensor]:
    """Read a pickled batch, instruction by instruction."""
    labels: list[int] = []
    long: list[bytes] = []
    listing = False
    for name, argument in _instructions(_content(path), path.name):
        if isinstance(argument, str | bytes | bytearray):
            text = argument if isinstance(argument, str) else bytes(argument).decode("latin-1")
            listing = text == "labels"
            if len(text) >= _PIXELS:
                long.append(_bytes(text, path.name))
        elif name.startswith(("SETITEM", "BUILD", "STOP")):
            listing = False
        elif listing and name in _INTEGERS and isinstance(argument, int):
            labels.append(argument)
    if len(long) != 1 or not labels or len(long[0]) != _PIXELS * len(labels):
        raise ValueError(f"{path.name} does not hold one image for each of its {len(labels)} labels")
    return torch.frombuffer(bytearray(long[0]), dtype=torch.uint8).reshape(-1, _PIXELS), torch.tensor(labels)


_INTEGERS = {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"}


def _instructions(content: bytes, name: str) -> Iterator[tuple[str, object]]:
    try:
        for code, argument, _ in pickletools.genops(content):
            yield code.name, argument
    except (ValueError, IndexError, UnicodeDecodeError):
        raise ValueError(f"{name} is not a whole pickle") from None


def _bytes(text: str, name: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"{name} holds a long text that is no image") from None


def _names(folder: Path) -> tuple[str, ...]:
    """Return the names in ``batches.meta.txt``, or behind ``label_names`` in ``batches.meta``, or the usual ten."""
    names: list[str] = []
    listing = False
    if (folder / "batches.meta.txt").is_file():
        names = _content(folder / "batches.meta.txt").decode("utf-8", "replace").split()
    elif (folder / "batches.meta").is_file():
        for name, argument in _instructions(_content(folder / "batches.meta"), "batches.meta"):
            if isinstance(argument, str | bytes):
                text = argument if isinstance(argument, str) else argument.decode("latin-1")
                if listing:
                    names.append(text)
                listing = listing or text == "label_names"
            elif name.startswith(("APPENDS", "SETITEM", "STOP")):
                listing = False
    return tuple(names) if len(names) == 10 else _CLASSES
