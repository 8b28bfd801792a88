"""What ``gdcheck network`` does."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
import typer
from msgspec.structs import replace as replace_fields

from gdcheck.commands.answer_schemas import NothingFound
from gdcheck.commands.common import INTERRUPTED, make_directory
from gdcheck.commands.talking import answer_without_file
from gdcheck.commands.training_options import NetworkOptions
from gdcheck.commands.training_run import describe, load_images
from gdcheck.networks.devices import choose_device, surroundings
from gdcheck.networks.method_shapes import MethodRun
from gdcheck.networks.minimum import Minimum, find_minimum
from gdcheck.networks.near_minimum import plans, run_near
from gdcheck.networks.network_experiment import ExperimentConfig, run_experiment, scan_step_sizes
from gdcheck.networks.network_result import as_network_result
from gdcheck.networks.networks import Architecture, NetworkConfig, build
from gdcheck.networks.objective import LossKind, Objective
from gdcheck.reports.compose import write_measured
from gdcheck.terminal.log import repeating_command
from gdcheck.terminal.progress import Tell, progress_bar
from gdcheck.theorem.loss.errors import InputError

MEASURED, NOT_MEASURED = 0, 3
_MOST_PARAMETERS = 5000
_METHOD_STEPS = 5000


def network_command(options: NetworkOptions) -> int:
    """Find a strict minimum, run gradient descent on both sides of the boundary, print and write what was measured.

    Args:
        options: The options.

    Returns:
        The exit code: 0 if all that the theorem predicts was measured, 3 if not, 130 if interrupted.

    Raises:
        InputError: If an option cannot be used.
    """
    options.check()
    device = choose_device(options.device)
    images = load_images(replace(options, subset=options.subset or 200))
    config = NetworkConfig(Architecture.TINY, width=options.width)
    network = build(config, images.shape, len(images.classes), options.seed)
    objective = Objective(network, images, LossKind.MSE, options.weight_decay, device=device, dtype=torch.float64)
    start = objective.start()
    if len(start) > _MOST_PARAMETERS:
        raise InputError("width", f"gives {len(start)} parameters; the whole Hessian is taken up to {_MOST_PARAMETERS}")
    _make(options.out)
    typer.echo(f"data: {describe(images)}; {len(start)} parameters; device: {device}")
    try:
        minimum = _minimum(objective, start)
        _show_minimum(minimum)
        if not minimum.strict:
            why = "this is not a strict minimum with simple ends; try another --seed or --weight-decay"
            typer.echo(f"not measured: {why}")
            answer_without_file(NothingFound("not measured", why))
            return NOT_MEASURED
        plan = ExperimentConfig(options.steps, options.scan_steps, distance=options.distance, seed=options.seed)
        total = 3 * plan.steps + len(scan_step_sizes(minimum)) * plan.scan_steps
        with progress_bar(total, "gradient descent") as progress:
            experiment = run_experiment(objective, minimum, plan, progress)
        methods = _methods(objective, minimum, min(options.steps, _METHOD_STEPS), options.seed)
    except KeyboardInterrupt:
        typer.echo("interrupted: nothing is written", err=True)
        return INTERRUPTED
    result = as_network_result(
        experiment, plan, images, config, weight_decay=options.weight_decay, surroundings=surroundings(device)
    )
    result = replace_fields(result, methods=methods, command=repeating_command())
    write_measured(result, options.out)
    made_up = "SYNTHETIC data: " if images.synthetic else ""
    findings = experiment.findings
    for sentence, found in findings.items():
        value = "nothing to measure" if found.value is None else f"{found.value:.7g}"
        word = "measured" if found.holds else "not measured"
        typer.echo(f"{made_up}{word}: {sentence} ({value}, at least {found.least:.7g} is asked)")
    for where, said in result.signals.items():
        typer.echo(f"{made_up}signals {where}: {said}")
    if experiment.switch is not None:
        off = result.switch_relative_difference
        typer.echo(
            f"growth rates of the components along v₁ and vₙ are equal at η = {experiment.switch:.9g}, at a relative "
            f"distance of {off:.1e} from 2/(λ₁+λₙ) = {minimum.boundary:.9g}; next to it the scan's {plan.scan_steps} "
            "steps do not settle the direction"
        )
    for sentence, holds in (item for one in methods for item in one.findings.items()):
        typer.echo(f"{made_up}{'measured' if holds else 'not measured'}: {sentence}")
    typer.echo(f"result: {options.out / 'network.json'}, {options.out / 'network.svg'}, {options.out / 'methods.svg'}")
    of_methods = all(all(one.findings.values()) for one in methods)
    return MEASURED if all(found.holds for found in findings.values()) and of_methods else NOT_MEASURED


def _methods(objective: Objective, minimum: Minimum, steps: int, seed: int) -> tuple[MethodRun, ...]:
    """Run momentum and Adam near the minimum, on both sides of their switches and in the window."""
    chosen = plans(minimum.spectrum.tolist())
    found = []
    with progress_bar(len(chosen) * steps, "momentum and Adam") as tell:
        for done, plan in enumerate(chosen):
            name = f"{plan.method['name']} {plan.place}"
            on_step = _counted(tell, done * steps, name)
            found.append(run_near(objective, minimum, plan, steps=steps, seed=seed, on_step=on_step))
    return tuple(found)


def _counted(tell: Tell, before: int, name: str) -> Callable[[int], None]:
    return lambda k: tell(before + k, name)


def _minimum(objective: Objective, start: torch.Tensor) -> Minimum:
    with progress_bar(None, "looking for a minimum") as tell:
        return find_minimum(
            objective, start, 5000, lambda name, step, norm: tell(step, f"{name} {step}: ‖∇f‖ = {norm:.1e}")
        )


def _show_minimum(minimum: Minimum) -> None:
    typer.echo(
        f"minimum: loss {minimum.loss:.6g}, ‖∇f‖ = {minimum.gradient_norm:.1e} after {minimum.lbfgs_steps} steps of "
        f"L-BFGS and {minimum.newton_steps} of Newton; λ₁ = {minimum.lowest:.6g}, λₙ = {minimum.highest:.6g}"
    )


def _make(out: Path) -> None:
    make_directory(out)
    if not os.access(out, os.W_OK | os.X_OK):
        raise InputError("out", f"{str(out)[:200]!r} cannot be written to; name a writable place")
