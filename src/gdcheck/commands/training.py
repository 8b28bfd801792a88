"""``gdcheck train`` and ``network``: optimizers on real networks, measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from gdcheck.commands.common import help_end, takes
from gdcheck.commands.talking import talks
from gdcheck.commands.training_options import NetworkOptions, TrainOptions

commands = typer.Typer()


def _network_results(given: dict[str, Any]) -> list[Path]:
    """Say where the result of ``gdcheck network`` may lie: a proof's name has the regime that was found."""
    out: Path = given["out"]
    if not given["prove"]:
        return [out / "network.json"]
    plain = "proof" if given["decay"] is None else "minimum"
    what = plain if given["momentum"] is None else "momentum"
    return [out / f"network-{what}-{regime}.json" for regime in ("small-step", "large-step", "rotating", "tangential")]


@commands.command(
    epilog=help_end(
        "0 finished, 3 a run diverged (its data so far are kept)",
        "gdcheck train --steps 200",
        "gdcheck train --preset paper --root cifar --download --subset 1000",
        "gdcheck train --optimizer sgd --optimizer adam --batch-size 100 --seeds 3 --data images",
    )
)
@talks(lambda given: given["out"] / "result.json")
@takes(TrainOptions)
def train(options: TrainOptions) -> int:
    """Train networks and measure the direction of their updates; synthetic images if no others are named."""
    from gdcheck.networks.needed import require_training_packages

    require_training_packages()
    from gdcheck.commands.training_run import train_command

    return train_command(options)


@commands.command(
    epilog=help_end(
        "0 all that the theorem predicts was measured, 3 not all; with --prove 0 proved, 3 unresolved",
        "gdcheck network --root cifar --download --subset 200",
        "gdcheck network --prove --subset 20 --pixels 4 --hidden 100",
        "gdcheck network --prove --regime large-step --subset 10 --hidden 300 --data images",
        "gdcheck network --prove --momentum 1/10 --regime large-step --subset 3 --hidden 3",
        "gdcheck network --prove --weight-decay 0.005 --pixels 2 --hidden 5 --outputs 4 --data images",
    )
)
@talks(_network_results)
@takes(NetworkOptions)
def network(options: NetworkOptions) -> int:
    """Measure both regimes of gradient descent around a strict minimum of a small network, or prove one run's limit."""
    from gdcheck.networks.needed import require_training_packages

    require_training_packages()
    if options.momentum is not None:
        from gdcheck.commands.network_momentum import prove_momentum_command

        return prove_momentum_command(options)
    if options.prove and options.decay is not None:
        from gdcheck.commands.network_minimum import prove_minimum_command

        return prove_minimum_command(options)
    if options.prove:
        from gdcheck.commands.network_proof import prove_command

        return prove_command(options)
    from gdcheck.commands.network_run import network_command

    return network_command(options)
