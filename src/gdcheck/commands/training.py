"""``gdcheck train`` and ``network``: optimizers on real networks, measured."""

from __future__ import annotations

import typer

from gdcheck.commands.common import help_end, takes
from gdcheck.commands.training_options import NetworkOptions, TrainOptions

commands = typer.Typer()


@commands.command(
    epilog=help_end(
        "0 finished, 3 a run diverged (its data so far are kept)",
        "gdcheck train --steps 200",
        "gdcheck train --preset paper --root cifar --download --subset 1000",
        "gdcheck train --optimizer sgd --optimizer adam --batch-size 100 --seeds 3 --data images",
    )
)
@takes(TrainOptions)
def train(options: TrainOptions) -> int:
    """Train networks and measure the direction of their updates; synthetic images if no others are named."""
    from gdcheck.networks.needed import require_training_packages

    require_training_packages()
    from gdcheck.commands.training_run import train_command

    return train_command(options)


@commands.command(
    epilog=help_end(
        "0 all that the theorem predicts was measured, 3 not all",
        "gdcheck network --root cifar --download --subset 200",
    )
)
@takes(NetworkOptions)
def network(options: NetworkOptions) -> int:
    """Measure both regimes of gradient descent around a strict minimum of a small network."""
    from gdcheck.networks.needed import require_training_packages

    require_training_packages()
    from gdcheck.commands.network_run import network_command

    return network_command(options)
