"""``gdcheck train`` and ``network``: optimizers on real networks, measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gdcheck.commands.common import input_errors

commands = typer.Typer()


@commands.command(
    epilog="Exit codes: 0 finished, 2 bad input, 3 a run diverged (its data so far are kept), 130 interrupted.\n\n"
    "Examples:\n\n  gdcheck train --steps 200\n\n"
    "  gdcheck train --preset paper --root cifar --download --subset 1000\n\n"
    "  gdcheck train --optimizer sgd --optimizer adam --batch-size 100 --seeds 3 --data images"
)
def train(
    optimizer: Annotated[
        list[str] | None, typer.Option(help="gd, sgd, momentum, nesterov, adam or rmsprop; repeat for several.")
    ] = None,
    preset: Annotated[str | None, typer.Option(help="paper: gd, momentum and adam over five seeds.")] = None,
    step_size: Annotated[float | None, typer.Option(help="The step size η; the optimizer's own if not given.")] = None,
    momentum: Annotated[float, typer.Option(help="β of momentum and Nesterov, β₁ of Adam.")] = 0.9,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images a step, but for gd; all if not given.")] = None,
    schedule: Annotated[str, typer.Option(help="What the step size does: none or cosine.")] = "none",
    network: Annotated[str, typer.Option(help="cnn, vgg, mlp or tiny.")] = "cnn",
    activation: Annotated[str, typer.Option(help="tanh, gelu or relu.")] = "tanh",
    width: Annotated[int, typer.Option(min=1, max=512, help="Channels of the first convolution.")] = 8,
    loss: Annotated[str, typer.Option(help="mse or cross-entropy.")] = "mse",
    weight_decay: Annotated[float, typer.Option(help="Weight decay, as part of the loss.")] = 0.0,
    steps: Annotated[int, typer.Option(min=1, help="Steps of each run.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    seeds: Annotated[int | None, typer.Option(min=1, max=10_000, help="How many seeds; 1, with a preset 5.")] = None,
    measure_every: Annotated[int, typer.Option(min=0, help="Steps between looks at the Hessian; 0 for none.")] = 10,
    eigenvalues: Annotated[int, typer.Option(min=1, max=50, help="How many of the largest eigenvalues.")] = 3,
    tolerance: Annotated[float, typer.Option(help="Their residual, relative to the largest.")] = 1e-3,
    keep_every: Annotated[
        int | None, typer.Option(min=1, help="Steps between stored states; a fiftieth of all if not given.")
    ] = None,
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    chunk: Annotated[int | None, typer.Option(min=1, help="Images through the network at once, for memory.")] = None,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Translate the gradient by torch.compile: pays in long runs only.")
    ] = False,
    root: Annotated[Path | None, typer.Option(help="Directory of CIFAR-10, as torchvision has it.")] = None,
    download: Annotated[bool, typer.Option(help="Let torchvision download CIFAR-10 to --root.")] = False,
    data: Annotated[Path | None, typer.Option(help="Directory with one folder of images for each class.")] = None,
    subset: Annotated[int | None, typer.Option(min=2, help="How many images.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    out: Annotated[Path, typer.Option(help="The directory of the runs and the result.")] = Path("reports/out/train"),
    resume: Annotated[bool, typer.Option(help="Go on from the states stored in --out.")] = False,
) -> None:
    """Train networks and measure the direction of their updates; synthetic images if no others are named."""
    with input_errors():
        from gdcheck.networks.needed import require_training_packages

        require_training_packages()
        from gdcheck.commands.training_options import ImageOptions, TrainOptions
        from gdcheck.commands.training_run import train_command

        images = ImageOptions(root, download, data, subset, device)
        options = TrainOptions(
            images=images,
            optimizers=tuple(optimizer or ()),
            preset=preset,
            step_size=step_size,
            momentum=momentum,
            batch=batch_size,
            schedule=schedule,
            network=network,
            activation=activation,
            width=width,
            loss=loss,
            weight_decay=weight_decay,
            steps=steps,
            seed=seed,
            seeds=seeds,
            measure_every=measure_every,
            eigenvalues=eigenvalues,
            tolerance=tolerance,
            keep_every=keep_every,
            dtype=dtype,
            chunk=chunk,
            compiled=compiled,
            out=out,
            resume=resume,
        )
        code = train_command(options)
    raise typer.Exit(code)


@commands.command(
    epilog="Exit codes: 0 all that the theorem predicts was measured, 3 not all, 2 bad input, 130 interrupted.\n\n"
    "Example:\n\n  gdcheck network --root cifar --download --subset 200"
)
def network(
    root: Annotated[Path | None, typer.Option(help="Directory of CIFAR-10, as torchvision has it.")] = None,
    download: Annotated[bool, typer.Option(help="Let torchvision download CIFAR-10 to --root.")] = False,
    data: Annotated[Path | None, typer.Option(help="Directory with one folder of images for each class.")] = None,
    subset: Annotated[int, typer.Option(min=2, help="How many images.")] = 200,
    width: Annotated[int, typer.Option(min=2, max=64, help="Width of the network; 8 gives some 400 parameters.")] = 8,
    weight_decay: Annotated[float, typer.Option(help="Weight decay, as part of the loss.")] = 0.02,
    steps: Annotated[int, typer.Option(min=10, help="Steps of the run on each side of the boundary.")] = 20_000,
    scan_steps: Annotated[int, typer.Option(min=10, help="Steps at each step size of the scan.")] = 2_000,
    distance: Annotated[float, typer.Option(help="How far from the minimum the runs start.")] = 1e-3,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the network and of the start.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    out: Annotated[Path, typer.Option(help="The directory of the result.")] = Path("reports/out/network"),
) -> None:
    """Measure both regimes of gradient descent around a strict minimum of a small network."""
    with input_errors():
        from gdcheck.networks.needed import require_training_packages

        require_training_packages()
        from gdcheck.commands.network_run import NetworkOptions, network_command
        from gdcheck.commands.training_options import ImageOptions

        images = ImageOptions(root, download, data, subset, device)
        code = network_command(NetworkOptions(images, width, weight_decay, steps, scan_steps, distance, seed, out))
    raise typer.Exit(code)
