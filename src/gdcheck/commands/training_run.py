"""What ``gdcheck train`` does."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

import torch
import typer
from msgspec.structs import replace as replace_fields

from gdcheck.commands.common import INTERRUPTED
from gdcheck.commands.training_options import DEFAULT_STEP_SIZES, ImageOptions, TrainOptions, one_of
from gdcheck.networks.approach import NEAR_ONE
from gdcheck.networks.at_minimum import minimum_ahead
from gdcheck.networks.data import DataConfig, Images, load
from gdcheck.networks.devices import choose_device, surroundings
from gdcheck.networks.method_shapes import MinimumAhead
from gdcheck.networks.methods import Method, MethodConfig, Schedule
from gdcheck.networks.networks import Activation, Architecture, NetworkConfig
from gdcheck.networks.objective import LossKind
from gdcheck.networks.results import as_result
from gdcheck.networks.run import Outcome, Row, RunConfig
from gdcheck.networks.settling import distance_from_minimum
from gdcheck.networks.shapes import Approach, TrainingResult
from gdcheck.networks.training import train
from gdcheck.reports.compose import write_measured
from gdcheck.terminal.log import repeating_command
from gdcheck.terminal.progress import Tell, progress_bar
from gdcheck.theorem.loss.errors import InputError

FINISHED, DIVERGED = 0, 3
_TO_BEGIN, _TO_TRAIN = timedelta(minutes=10), timedelta(days=30)


def train_command(options: TrainOptions) -> int:
    """Train, print and write what was measured.

    Args:
        options: The options.

    Returns:
        The exit code: 0, 3 if a run diverged, 130 if interrupted.

    Raises:
        InputError: If an option cannot be used.
    """
    names = options.methods()
    network = _network(options)
    one_of("loss", options.loss, [kind.value for kind in LossKind])
    one_of("schedule", options.schedule, [s.value for s in Schedule])
    one_of("dtype", options.dtype, ["float32", "float64"])
    device = choose_device(options.device)
    images = load_images(options)
    jobs = [
        _config(options, network, name, factor, seed)
        for seed in options.all_seeds
        for name in names
        for factor in options.factors
    ]
    rank, world = _rank()
    directories = {config: _directory(options, config) for config in jobs}
    mine = jobs[rank::world]
    for config in mine:
        if directories[config].exists() and not options.resume:
            place = repr(str(directories[config])[:200])
            raise InputError("out", f"{place} holds a run; add --resume to go on with it, or name another --out")
    typer.echo(f"data: {describe(images)}; network: {network.architecture}, {network.activation}; device: {device}")
    with _together(world) as wait:
        outcomes = _train(options, mine, images, directories, device)
        if outcomes is None:
            return INTERRUPTED
        wait()
    if rank > 0:
        return FINISHED
    if world > 1:
        # The other processes' runs are read back from their files, whatever device they were on, without a step.
        outcomes = [train(c, images, directories[c], device=device, resume=True) for c in jobs]
    with progress_bar(None, "looking for the minima of settled runs"):
        result = as_result(
            outcomes, images, network, surroundings(device), lambda run: distance_from_minimum(run, images, device)
        )
    result = replace_fields(result, command=repeating_command())
    if options.minimum:
        result = replace_fields(result, minima=_minima(outcomes, images))
    write_measured(result, options.out)
    _show(result, outcomes)
    _show_minima(result.minima)
    return DIVERGED if any(o.diverged for o in outcomes) else FINISHED


def _train(
    options: TrainOptions,
    configs: list[RunConfig],
    images: Images,
    directories: dict[RunConfig, Path],
    device: torch.device,
) -> list[Outcome] | None:
    """Do this process's runs; None if interrupted."""
    outcomes = []
    try:
        with progress_bar(sum(config.steps for config in configs), "training") as tell:
            steps = count(1)
            for config in configs:
                on_row = _teller(config, steps, tell)
                directory = directories[config]
                outcomes.append(train(config, images, directory, device=device, resume=options.resume, on_row=on_row))
    except KeyboardInterrupt:
        typer.echo("interrupted: the same command with --resume goes on from the last stored state", err=True)
        return None
    except RuntimeError as error:
        if not options.compiled:
            raise
        # A missing C++ compiler above all; what torch says of it is long.
        reason = " ".join(str(error).split())[:200]
        raise InputError("compile", f"torch.compile failed here ({reason}); leave --compile out") from None
    except OSError as error:
        raise InputError("out", f"cannot be written to ({error.strerror or error}); name a writable place") from None
    return outcomes


def load_images(options: ImageOptions) -> Images:
    """Load the images that the options name; see ``data.load``."""
    return load(DataConfig(options.root, options.download, options.data, options.subset))


def describe(images: Images) -> str:
    """Say name, number and size of the images, and the number of classes."""
    channels, height, width = images.shape
    return f"{images.name}, {len(images.labels)} of {channels}×{height}×{width} in {len(images.classes)} classes"


def _network(options: TrainOptions) -> NetworkConfig:
    one_of("network", options.network, [a.value for a in Architecture])
    one_of("activation", options.activation, [a.value for a in Activation])
    return NetworkConfig(Architecture(options.network), Activation(options.activation), options.width)


def _config(options: TrainOptions, network: NetworkConfig, name: str, factor: float, seed: int) -> RunConfig:
    method = MethodConfig(
        Method(name),
        float(f"{factor * (options.step_size or DEFAULT_STEP_SIZES[name]):.15g}"),
        momentum=options.momentum,
        decay=0.99 if name == Method.RMSPROP else 0.999,
        epsilon=options.epsilon,
        batch=None if name == Method.GD else options.batch_size,
        schedule=Schedule(options.schedule),
    )
    return RunConfig(
        network,
        method,
        LossKind(options.loss),
        options.weight_decay,
        steps=options.steps,
        measure_every=options.measure_every,
        eigenvalues=options.eigenvalues,
        tolerance=options.tolerance,
        keep_every=options.keep_every or max(1, options.steps // 50),
        double=options.dtype == "float64",
        chunk=options.chunk,
        compiled=options.compiled,
        seed=seed,
    )


def _directory(options: TrainOptions, config: RunConfig) -> Path:
    size = f"-eta{config.method.step_size:.6g}" if options.sweep else ""
    return options.out / f"{config.method.method}{size}-seed{config.seed}"


def _rank() -> tuple[int, int]:
    """Return this process's number and the number of processes, as torchrun sets them."""
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


@contextmanager
def _together(world: int) -> Iterator[Callable[[], None]]:
    """Join the other processes before the work, so that one that is missing is missed at once.

    Args:
        world: How many processes there are.

    Yields:
        What waits until every process has come so far: as long as another one may train.
    """
    if world == 1:
        yield lambda: None
        return
    torch.distributed.init_process_group("gloo", timeout=_TO_BEGIN)
    try:
        yield lambda: torch.distributed.monitored_barrier(timeout=_TO_TRAIN)
    finally:
        torch.distributed.destroy_process_group()


def _teller(config: RunConfig, steps: Iterator[int], tell: Tell) -> Callable[[Row], None]:
    """Tell the progress bar of each step of a run: the last loss, cosine and sharpness."""
    sharpness = ""

    def on_row(row: Row) -> None:
        nonlocal sharpness
        if row["sharpness"] is not None:
            sharpness = f", sharpness {row['sharpness']:.3g} of {row['threshold']:.3g}"
        cosine = "" if row["cosine"] is None else f", cos {row['cosine']:+.4f}"
        name = f"{config.method.method} seed {config.seed}"
        tell(next(steps), f"{name}: loss {row['loss']:.4g}{cosine}{sharpness}")

    return on_row


def _show(result: TrainingResult, outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.diverged:
            typer.echo(f"{outcome.config.method.method} seed {outcome.config.seed}: {outcome.diverged}")
    made_up = "SYNTHETIC data, " if result.data.synthetic else ""
    for one in result.optimizers:
        for judged, what in ((one.approach, "cos of updates"), (one.epoch_approach, "cos of epochs")):
            if judged is not None:
                typer.echo(f"{one.optimizer} (η = {one.step_size:g}): {_sentence(judged, what, made_up, one.seeds)}")
                for line in _figures(judged):
                    typer.echo(f"  {line}")
        if one.loss_change is not None:
            typer.echo(f"  over the last tenth of the run the loss changed by at most {abs(one.loss_change):.2%}")
        if one.sharpness_over_threshold.steps:
            low, high = one.sharpness_over_threshold.low[-1], one.sharpness_over_threshold.high[-1]
            typer.echo(f"  sharpness over the method's threshold, at the end: {low:.3g} to {high:.3g}")
    for run in result.runs:
        if run.edge:
            typer.echo(
                f"{run.optimizer} (η = {run.step_size:g}) seed {run.seed} ends at the edge of stability: sharpness "
                f"{run.sharpness:.4g} above its threshold {run.threshold:.4g}, cos {run.cosine:+.3f}: its updates "
                "alternate, as the theory says"
            )


def _minima(outcomes: list[Outcome], images: Images) -> tuple[MinimumAhead, ...]:
    """Find the minimum that each run approaches, and compare."""
    with progress_bar(None, "looking for minima") as tell:
        return tuple(
            minimum_ahead(o, images, lambda name, step, norm: tell(step, f"{name} {step}: ‖∇f‖ = {norm:.1e}"))
            for o in outcomes
        )


def _show_minima(minima: Sequence[MinimumAhead]) -> None:
    for one in minima:
        head = f"{one.optimizer} seed {one.seed}, at its minimum"
        if one.predicted is None:
            typer.echo(f"{head}: not compared: {one.reason}")
            continue
        regime: str = one.predicted.regime
        if regime == "unstable":
            regime += f", η is not below {one.predicted.stability_limit:.6g}: the method cannot converge to it"
        came = f"the run came {one.closer:.3g} times closer"
        typer.echo(f"{head} (λ₁ = {one.lowest:.6g}, λₙ = {one.highest:.6g}): {regime}; {came}")
        for sentence, holds in one.findings.items():
            typer.echo(f"  {'measured' if holds else 'not measured'}: {sentence}")


def _sentence(judged: Approach, what: str, made_up: str, seeds: int) -> str:
    head = {
        "approaching": f"{what} → 1 was measured",
        "level": f"{what} ≥ {NEAR_ONE} over the last 5 %; → 1 was not measured",
        "below": f"{what} → 1 was not measured",
    }[judged.verdict]
    head = f"{head} ({made_up}{judged.reason})"
    if judged.final is None:
        return head
    figures = f"final {judged.final:+.7g}, trend {judged.trend:+.2g}, spread {judged.spread:.2g}"
    return f"{head}: {figures}, least {judged.worst:+.7g} over {seeds} seed{'s' if seeds > 1 else ''}"


def _figures(judged: Approach) -> list[str]:
    """Say what of 1 − cos is the flow's own, and how far the run has settled."""
    lines = []
    if judged.deficit is not None and judged.flow is not None and judged.excess is not None:
        own = ": a small step, which gives such a cosine anywhere" if abs(judged.excess) <= judged.flow / 2 else ""
        lines.append(
            f"1 − cos is {judged.deficit:.2g}; the method's own gradient flow has {judged.flow:.2g}, "
            f"the difference is {judged.excess:+.2g}{own}"
        )
    if judged.gradient is not None:
        away = "" if judged.distance is None else f"; the distance from the minimum by {judged.distance:.2g}"
        lines.append(f"the gradient's norm went down to {judged.gradient:.2g} of the first{away}")
    return lines
