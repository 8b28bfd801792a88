"""The options of ``gdcheck train`` and ``gdcheck network``, once: their names, types, defaults and help."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Annotated

from typer import Option

from gdcheck.commands.options import exact, number, whole
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_float, to_fmpq

PRESETS = {"paper": ("gd", "momentum", "adam")}
PRESET_SEEDS = 5
# Seeds are multiplied by a million on the way to a generator's 64 bits.
_LARGEST_SEED = 2**31 - 1
# Beyond, float32 has no such step size, or float64 no threshold for it.
_STEP_SIZES = (1e-30, 1e30)
DEFAULT_STEP_SIZES = {"gd": 0.1, "sgd": 0.1, "momentum": 0.01, "nesterov": 0.01, "adam": 1e-3, "rmsprop": 1e-4}

WeightDecay = Annotated[float, Option(**number(), help="Weight decay, as part of the loss.")]
DECAY = "0.02"
"""The weight decay of ``gdcheck network`` where nothing is to be proved."""
Out = Annotated[Path, Option(help="The directory for the results.")]


@dataclass(frozen=True, kw_only=True)
class ImageOptions:
    """Which images, and on which device; see ``networks.data.DataConfig``."""

    root: Annotated[Path | None, Option(help="Directory of CIFAR-10, in its binary or Python format.")] = None
    download: Annotated[bool, Option(help="Let torchvision download CIFAR-10 to --root.")] = False
    data: Annotated[Path | None, Option(help="Directory with one folder of images for each class.")] = None
    subset: Annotated[int | None, Option(**whole(2), help="How many images; all if not given.")] = None
    device: Annotated[str, Option(help="auto, cpu or cuda.")] = "auto"


@dataclass(frozen=True, kw_only=True)
class ProofOptions(ImageOptions):
    """The options of ``gdcheck network --prove``."""

    prove: Annotated[
        bool,
        Option("--prove", help="Prove the limit of the direction of a network's run, enclosed from its first weights."),
    ] = False
    regime: Annotated[str, Option(help="With --prove: small-step or large-step.")] = "small-step"
    eta: Annotated[
        str | None,
        Option("--step-size", **exact(floats=True), help="With --prove: the step size; found if not given."),
    ] = None
    pixels: Annotated[
        int, Option(**whole(1, 64), help="With --prove: images are averaged down to this side length.")
    ] = 4
    hidden: Annotated[str, Option(help="With --prove: the widths of the hidden layers, such as 100 or 40,40.")] = "100"
    activation: Annotated[str, Option(help="With --prove: tanh, sigmoid, softplus or gelu.")] = "tanh"
    max_steps: Annotated[int, Option(**whole(1, 1_000_000), help="With --prove: steps allowed.")] = 50_000
    momentum: Annotated[
        str | None,
        Option(
            **exact(floats=True),
            help="With --prove: β of heavy ball, for up to 100 weights; gradient descent if not given.",
        ),
    ] = None
    loss: Annotated[str, Option(help="With --prove and --weight-decay: mse or cross-entropy.")] = "mse"
    network: Annotated[str, Option(help="With --prove and --weight-decay: dense, or tiny (convolutions).")] = "dense"
    outputs: Annotated[
        int,
        Option(
            **whole(2, 1000),
            help="With --prove and --weight-decay: classes into which those of the images are grouped.",
        ),
    ] = 2
    near: Annotated[
        str | None,
        Option(
            **exact(floats=True),
            help="With --prove and --weight-decay: start this far from the minimum, not at random.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class NetworkOptions(ProofOptions):
    """The options of ``gdcheck network``."""

    subset: Annotated[int | None, Option(**whole(2), help="How many images; 200 if not given, or 20 with --prove.")] = (
        None
    )
    width: Annotated[int, Option(**whole(2, 64), help="Width of the network; 8 gives about 400 parameters.")] = 8
    decay: Annotated[
        str | None,
        Option(
            "--weight-decay",
            **exact(floats=True),
            help="Weight decay, as part of the loss; 0.02 if not given, none with --prove.",
        ),
    ] = None
    steps: Annotated[int, Option(**whole(10), help="Steps of each of the three runs around the boundary.")] = 24_000
    scan_steps: Annotated[int, Option(**whole(10), help="Steps at each step size of the scan.")] = 2_000
    distance: Annotated[float, Option(**number(), help="How far from the minimum the runs start.")] = 1e-2
    seed: Annotated[int, Option(**whole(0), help="The seed of the network and of the start.")] = 0
    out: Out = Path("reports/out/network")

    def check(self) -> None:
        """Check what the types do not say.

        Raises:
            InputError: If an option is out of its range.
        """
        if self.momentum is not None and not self.prove:
            raise InputError("momentum", "is for --prove; add it")
        for field, value in (("weight-decay", self.weight_decay), ("distance", self.distance)):
            if not (isfinite(value) and value > 0):
                raise InputError(field, f"{value} is not positive; give one such as 0.02")
        _check_seed(self.seed)

    @property
    def weight_decay(self) -> float:
        """The weight decay of what is measured, in float64."""
        return float(to_fmpq(self.decay or DECAY, "weight-decay"))


@dataclass(frozen=True, kw_only=True)
class TrainOptions(ImageOptions):
    """The options of ``gdcheck train``."""

    optimizer: Annotated[
        list[str] | None, Option(help="gd, sgd, momentum, nesterov, adam or rmsprop; repeat for several.")
    ] = None
    preset: Annotated[str | None, Option(help="paper: gd, momentum and adam over five seeds.")] = None
    step_size: Annotated[
        float | None, Option(**number(), help="The step size η; the optimizer's default if not given.")
    ] = None
    sweep: Annotated[
        str | None, Option(help="Multiples of each step size, such as 0.1,1,10: on both sides of the boundary.")
    ] = None
    momentum: Annotated[float, Option(**number(), help="β of momentum and Nesterov, β₁ of Adam.")] = 0.9
    batch_size: Annotated[
        int | None, Option(**whole(1), help="Images in each step, except for gd; all if not given.")
    ] = None
    schedule: Annotated[str, Option(help="What the step size does: none or cosine.")] = "none"
    network: Annotated[str, Option(help="cnn, vgg, resnet, vit, mlp or tiny.")] = "cnn"
    activation: Annotated[str, Option(help="tanh, gelu or relu.")] = "tanh"
    width: Annotated[int, Option(**whole(1, 512), help="Channels of the first convolution.")] = 8
    loss: Annotated[str, Option(help="mse or cross-entropy.")] = "mse"
    weight_decay: WeightDecay = 0.0
    steps: Annotated[int, Option(**whole(1), help="Steps of each run.")] = 500
    seed: Annotated[int, Option(**whole(0), help="The first seed.")] = 0
    seeds: Annotated[int | None, Option(**whole(1, 10_000), help="How many seeds; 1, with a preset 5.")] = None
    measure_every: Annotated[int, Option(**whole(0), help="Steps between measurements of the Hessian; 0 for none.")] = (
        10
    )
    eigenvalues: Annotated[int, Option(**whole(1, 50), help="How many of the largest eigenvalues.")] = 3
    tolerance: Annotated[float, Option(**number(), help="Residual of the eigenvalues, relative to the largest.")] = 1e-3
    keep_every: Annotated[
        int | None, Option(**whole(1), help="Steps between stored states; a fiftieth of all if not given.")
    ] = None
    dtype: Annotated[str, Option(help="float32 or float64.")] = "float32"
    chunk: Annotated[int | None, Option(**whole(1), help="Images processed at once, to save memory.")] = None
    compiled: Annotated[
        bool, Option("--compile", help="Compile the gradient with torch.compile; worthwhile in long runs only.")
    ] = False
    minimum: Annotated[
        bool,
        Option(
            "--minimum", help="Also find the strict minimum that a run approaches, and compare with the theorem there."
        ),
    ] = False
    epsilon: Annotated[float, Option(**number(), help="ε of Adam and RMSprop.")] = 1e-8
    out: Out = Path("reports/out/train")
    resume: Annotated[bool, Option(help="Go on from the states stored in --out.")] = False

    def methods(self) -> tuple[str, ...]:
        """List the optimizers to run, as named or as the preset has them.

        Returns:
            Their names.

        Raises:
            InputError: If an option is out of its range, or two exclude each other.
        """
        if self.preset is not None:
            one_of("preset", self.preset, PRESETS)
            if self.optimizer:
                raise InputError("preset", "names its own optimizers; leave out --optimizer")
        names = PRESETS[self.preset] if self.preset else tuple(self.optimizer or ("gd",))
        for name in names:
            one_of("optimizer", name, DEFAULT_STEP_SIZES)
        if len(set(names)) < len(names):
            raise InputError("optimizer", "is given twice; name each once")
        if self.step_size is not None and len(names) > 1:
            raise InputError("step-size", "fits one optimizer; leave it out, or train one at a time")
        low, high = _STEP_SIZES
        if self.step_size is not None and not low <= self.step_size <= high:
            message = f"{self.step_size} is not a positive number from {low} to {high}; give one such as 0.1"
            raise InputError("step-size", message)
        if not 0 <= self.momentum < 1:
            raise InputError("momentum", f"{self.momentum} is not in [0, 1); give one such as 0.9")
        if not (isfinite(self.epsilon) and self.epsilon > 0):
            raise InputError("epsilon", f"{self.epsilon} is not positive; give one such as 1e-8")
        if not (isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise InputError("weight-decay", f"{self.weight_decay} is negative or no number; give one such as 0.02")
        if not 0 < self.tolerance < 1:
            raise InputError("tolerance", f"{self.tolerance} is not between 0 and 1; give one such as 1e-3")
        _check_seed(self.all_seeds[-1])
        _ = self.factors
        return names

    @property
    def factors(self) -> tuple[float, ...]:
        """The multiples of each step size that are run.

        Raises:
            InputError: If they are no positive numbers.
        """
        if self.sweep is None:
            return (1.0,)
        try:
            factors = tuple(to_float(to_fmpq(part.strip(), "sweep")) for part in self.sweep.split(","))
        except (InputError, OverflowError):
            factors = ()
        if (
            not factors
            or not all(1e-6 <= f <= 1e6 for f in factors)
            or len({f"{f:.6g}" for f in factors}) < len(factors)
        ):
            raise InputError("sweep", "must be different numbers from 1e-6 to 1e6, such as 0.1,1,10")
        return factors

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """The seeds of the runs of each optimizer."""
        count = self.seeds or (PRESET_SEEDS if self.preset else 1)
        return tuple(range(self.seed, self.seed + count))


def _check_seed(seed: int) -> None:
    if seed > _LARGEST_SEED:
        raise InputError("seed", f"{seed} is too large; seeds go up to {_LARGEST_SEED}")


def one_of(field: str, value: str, names: Iterable[str]) -> None:
    """Check that a word is one of those that an option takes.

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
