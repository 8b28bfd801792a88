"""What ``gdcheck network --prove`` does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import altair as alt
import typer
from flint import fmpq
from typer import BadParameter

from gdcheck.commands.answer_schemas import NothingFound
from gdcheck.commands.common import INTERRUPTED, OTHER, PROVED, make_directory
from gdcheck.commands.options import whole
from gdcheck.commands.talking import answer_without_file
from gdcheck.commands.training_options import NetworkOptions
from gdcheck.commands.training_run import describe, load_images
from gdcheck.networks.data import Images
from gdcheck.networks.proof.activations import ACTIVATIONS, Activation
from gdcheck.networks.proof.minimum.prove import Proof as MinimumProof
from gdcheck.networks.proof.network import Network
from gdcheck.networks.proof.ordinary import distances
from gdcheck.networks.proof.prove import Counts, Proof, prove
from gdcheck.networks.proof.rounding import Floats
from gdcheck.networks.proof.samples import random_network, samples
from gdcheck.networks.proof.search import large_step, small_step
from gdcheck.networks.proof.storing import recheck_file, write_certificate
from gdcheck.properties.storage.files import write_bytes_atomically, writing_to
from gdcheck.reports.figures import rendered
from gdcheck.reports.network_proof_chart import RUN, network_proof_chart
from gdcheck.terminal.progress import progress_bar
from gdcheck.terminal.show import say
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_fmpq, to_text
from gdcheck.theorem.methods.statement import Regime

_MOST_WEIGHTS = 500_000
_SEARCH_STEPS = 6000


def prove_command(options: NetworkOptions) -> int:
    """Train a dense network from random weights, enclose the run, prove its limit, print and write what was proved.

    Args:
        options: The options.

    Returns:
        The exit code: 0 if a limit is proved, 3 if not, 130 if interrupted.

    Raises:
        InputError: If an option cannot be used.
    """
    options.check()
    without_decay(options)
    regime, given = asked(options)
    images, network, start = dense_on_images(options, 20, _MOST_WEIGHTS, "are taken")
    make_directory(options.out)
    say(f"data: {describe(images)}; {network.parameters} weights, {network.residuals} residuals, no weight decay")
    try:
        eta = found_step_size(network, start, regime) if given is None else given
        with progress_bar(options.max_steps, "enclosing") as tell:
            proof = prove(network, start, eta, max_steps=options.max_steps, tell=tell)
    except KeyboardInterrupt:
        typer.echo("interrupted: nothing is written", err=True)
        return INTERRUPTED
    if proof.arrival is None:
        _show(proof)
        answer_without_file(NothingFound("unresolved", proof.reason, proof.moments[-1].step))
        return OTHER
    chart = network_proof_chart(proof, describe(images))
    return kept_and_checked(proof, options.out, "network-proof", (chart, RUN), partial(_show, proof))


def kept_and_checked(
    proof: Proof | MinimumProof,
    out: Path,
    name: str,
    picture: tuple[alt.VConcatChart, str],
    show: Callable[[], None],
) -> int:
    """Write a proof's certificate and picture, have the checker check what is written, and say what is proved.

    Args:
        proof: A proof with an arrival.
        out: The directory.
        name: What the files' names begin with.
        picture: The chart, and its description.
        show: Prints what is proved; it is called only once the checker has accepted it.

    Returns:
        The exit code: 0 if the checker accepts, 3 if not, 130 if interrupted.

    Raises:
        ValueError: If nothing was proved.
    """
    if proof.arrival is None:
        raise ValueError("nothing was proved")
    path = out / f"{name}-{proof.arrival.regime.value}.json"
    with writing_to(out):
        document = write_certificate(proof, path)
        write_bytes_atomically(path.with_suffix(".svg"), rendered(picture[0], "svg", picture[1]))
    try:
        with progress_bar(proof.arrival.step, "rechecking") as tell:
            failure = recheck_file(document, path, watch=lambda step, _: tell(step))
    except KeyboardInterrupt:
        typer.echo(f"interrupted: {path} is written, and not checked", err=True)
        return INTERRUPTED
    if failure is not None:
        why = (
            f"the checker does not accept the certificate ({failure}); "
            "its bounds are less sharp than the search's: allow more --max-steps, or take a smaller network"
        )
        say(f"unresolved: {why}")
        answer_without_file(NothingFound("unresolved", why, proof.arrival.step))
        return OTHER
    show()
    say(f"certificate: {path}, with its .npz, accepted by the checker; picture: {path.with_suffix('.svg')}")
    return PROVED


def asked(options: NetworkOptions) -> tuple[Regime, fmpq | None]:
    """Return the regime and the step size that are asked for.

    Args:
        options: The options.

    Returns:
        The regime, and the step size or None.

    Raises:
        InputError: If one cannot be used.
    """
    regime = next((r for r in (Regime.SMALL_STEP, Regime.LARGE_STEP) if r.value == options.regime), None)
    if regime is None:
        raise InputError("regime", "must be small-step or large-step")
    given = None if options.eta is None else to_fmpq(options.eta, "step_size")
    if given is not None and not given > 0:
        raise InputError("step-size", "must be positive")
    return regime, given


def without_decay(options: NetworkOptions) -> None:
    """Refuse options that need weight decay.

    Raises:
        InputError: If one is given.
    """
    usual = NetworkOptions()
    for field in ("loss", "network", "outputs", "near"):
        if getattr(options, field) != getattr(usual, field):
            raise InputError(field, "needs a strict minimum here; add --weight-decay, such as 0.005")


def dense_on_images(options: NetworkOptions, subset: int, most: int, why: str) -> tuple[Images, Network, Floats]:
    """Make a dense network with one output on images, with random first weights.

    Args:
        options: The options.
        subset: How many images, unless the options say it.
        most: How many weights are taken.
        why: Why no more are.

    Returns:
        The images, the network and its first weights.

    Raises:
        InputError: If an option cannot be used.
    """
    widths, activation = hidden_widths(options.hidden), activation_of(options)
    images = load_images(replace(options, subset=options.subset or subset))
    inputs, targets = samples(
        images.inputs.double().numpy(), images.labels.tolist(), len(images.classes), options.pixels
    )
    few_enough([inputs.shape[1], *widths, 1], most, why)
    return images, *random_network(inputs, targets, widths, activation, options.seed)


def few_enough(sizes: list[int], most: int, why: str) -> None:
    """Refuse a dense network before it is made, if it has too many weights.

    Raises:
        InputError: If it has.
    """
    weights = sum(before * after for before, after in pairwise(sizes))
    if weights > most:
        raise InputError("hidden", f"gives {weights} weights; at most {most} {why}")


def hidden_widths(text: str) -> list[int]:
    """Read the widths of the hidden layers.

    Raises:
        InputError: If they are none.
    """
    read, parts = whole(1, 100_000)["parser"], text.split(",")
    try:
        widths = [read(part.strip()) for part in parts]
    except BadParameter:
        widths = []
    if not 0 < len(widths) <= 8:
        raise InputError("hidden", "must be one to eight widths, such as 100 or 40,40")
    return widths


def activation_of(options: NetworkOptions) -> Activation:
    """Return the activation asked for.

    Raises:
        InputError: If it is unknown.
    """
    if options.activation not in ACTIVATIONS:
        raise InputError("activation", f"must be one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[options.activation]


def found_step_size(network: Network, start: Floats, regime: Regime, beta: float = 0.0) -> fmpq:
    """Find a step size in a regime at the point where its own run arrives.

    Args:
        network: The network.
        start: The first weights, shape (n,).
        regime: Small-step or large-step.
        beta: The momentum.

    Returns:
        The step size.

    Raises:
        InputError: If none is found.
    """
    if regime is Regime.SMALL_STEP:
        return small_step(network, start, beta)
    with progress_bar(None, "looking for a step size in the window of its own end") as tell:
        return large_step(network, start, _SEARCH_STEPS, tell, beta=beta)


def _show(proof: Proof) -> None:
    eta = proof.step_size
    say(f"step size: {to_text(eta)} ≈ {float(eta):.9g}; 2/η = {float(2 / eta):.6g}")
    end = proof.arrival
    if end is None:
        last = proof.moments[-1]
        say(f"unresolved after step {last.step} (loss {last.loss:.3g}): {proof.reason}")
        return
    small = end.regime is Regime.SMALL_STEP
    way, which = ("fixed", "smallest") if small else ("alternating", "largest")
    say(
        "proved: the trajectory tends to a zero of all residuals, and its direction is "
        f"{way} along the eigenvector of the {which} nonzero Hessian eigenvalue there; the inequality first held at "
        f"step {proof.first}, and the certificate states it at step {end.step}"
    )
    low, high = end.spectrum[0], end.spectrum[-1]
    say(
        f"at the point of arrival: λ₁ in [{low[0]:.6g}, {low[1]:.6g}], λ_p in [{high[0]:.6g}, {high[1]:.6g}]; "
        f"2/(λ₁+λ_p) in [{end.boundary[0]:.9g}, {end.boundary[1]:.9g}], "
        f"2/λ_p in [{end.stability_limit[0]:.9g}, {end.stability_limit[1]:.9g}]"
    )
    say(f"at step {end.step}: amplitude at least {end.amplitude:.3g}, tail at most {end.tail:.3g}; "
               f"the limit's vector is known within {end.tilt:.2g}")  # fmt: skip
    _show_counts("largest eigenvalue of JJᵀ", proof.kernel)
    _show_counts("largest Hessian eigenvalue", proof.sharpness)
    run = distances(proof, end)
    say(
        f"the exact trajectory is within {end.drift:.2g} of the float64 one that was followed; torch's run is "
        f"{run['float64']:.2g} from that in float64 and {run['float32']:.2g} in float32, at step {end.step}"
    )


def _show_counts(what: str, counts: Counts) -> None:
    last = "" if counts.last_above is None else f" (last at step {counts.last_above})"
    say(f"{what}: above 2/η at {counts.above} steps{last}, below at {counts.below}, undecided {counts.undecided}")
