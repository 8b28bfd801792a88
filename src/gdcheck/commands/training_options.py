"""The options of ``gdcheck train`` and ``gdcheck network`` as the command line hands them on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from gdcheck.theorem.loss.errors import InputError

PRESETS = {"paper": ("gd", "momentum", "adam")}
PRESET_SEEDS = 5
# Seeds are multiplied by a million on the way to a generator's 64 bits.
_MOST_SEED = 2**31 - 1
# Beyond, float32 has no such step size, or float64 no threshold for it.
_STEP_SIZES = (1e-30, 1e30)
DEFAULT_STEP_SIZES = {"gd": 0.1, "sgd": 0.1, "momentum": 0.01, "nesterov": 0.01, "adam": 1e-3, "rmsprop": 1e-4}


@dataclass(frozen=True)
class ImageOptions:
    """Which images, and where the work is done; see ``data.DataConfig``."""

    root: Path | None
    download: bool
    folder: Path | None
    subset: int | None
    device: str


@dataclass(frozen=True)
class TrainOptions:
    """The options of ``gdcheck train``; see its help."""

    images: ImageOptions
    optimizers: tuple[str, ...]
    preset: str | None
    step_size: float | None
    momentum: float
    batch: int | None
    schedule: str
    network: str
    activation: str
    width: int
    loss: str
    weight_decay: float
    steps: int
    seed: int
    seeds: int | None
    measure_every: int
    eigenvalues: int
    tolerance: float
    keep_every: int | None
    dtype: str
    chunk: int | None
    compiled: bool
    out: Path
    resume: bool

    def methods(self) -> tuple[str, ...]:
        """The optimizers to run, as named or as the preset has them.

        Returns:
            Their names.

        Raises:
            InputError: If an option is out of its range, or two exclude each other.
        """
        if self.preset is not None:
            one_of("preset", self.preset, PRESETS)
            if self.optimizers:
                raise InputError("preset", "names its own optimizers; leave out --optimizer")
        names = PRESETS[self.preset] if self.preset else self.optimizers or ("gd",)
        for name in names:
            one_of("optimizer", name, DEFAULT_STEP_SIZES)
        if len(set(names)) < len(names):
            raise InputError("optimizer", "is given twice; name each once")
        if self.step_size is not None and len(names) > 1:
            raise InputError("step-size", "fits one optimizer; leave it out, or train one at a time")
        low, high = _STEP_SIZES
        if self.step_size is not None and not low <= self.step_size <= high:
            message = f"{self.step_size} is no positive number from {low} to {high}; give one such as 0.1"
            raise InputError("step-size", message)
        if not 0 <= self.momentum < 1:
            raise InputError("momentum", f"{self.momentum} is not in [0, 1); give one such as 0.9")
        if not (isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise InputError("weight-decay", f"{self.weight_decay} is negative or no number; give one such as 0.02")
        if not 0 < self.tolerance < 1:
            raise InputError("tolerance", f"{self.tolerance} is not between 0 and 1; give one such as 1e-3")
        check_seed(self.all_seeds[-1])
        return names

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """The seeds of the runs of each optimizer."""
        count = self.seeds or (PRESET_SEEDS if self.preset else 1)
        return tuple(range(self.seed, self.seed + count))


def check_seed(seed: int) -> None:
    """Checks that a seed is small enough for every generator.

    Args:
        seed: The largest seed of a command.

    Raises:
        InputError: If it is not.
    """
    if seed > _MOST_SEED:
        raise InputError("seed", f"{seed} is too large; seeds go up to {_MOST_SEED}")


def one_of(field: str, value: str, names: Iterable[str]) -> None:
    """Checks that a word is one of those that an option takes.

    Args:
        field: The option.
        value: The word.
        names: The words it takes.

    Raises:
        InputError: If it is none of them.
    """
    known = list(names)
    if value not in known:
        raise InputError(field, f"{value[:40]!r} is unknown; give one of {', '.join(known)}")
