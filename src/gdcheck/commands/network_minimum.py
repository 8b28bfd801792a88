"""What ``gdcheck network --prove --weight-decay …`` does: a run that arrives at a strict minimum, proved."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import typer
from flint import fmpq

from gdcheck.commands.answer_schemas import NothingFound
from gdcheck.commands.common import INTERRUPTED, OTHER, make_directory
from gdcheck.commands.network_proof import activation_of, asked, few_enough, hidden_widths, kept_and_checked
from gdcheck.commands.talking import answer_without_file
from gdcheck.commands.training_options import NetworkOptions, one_of
from gdcheck.commands.training_run import describe, load_images
from gdcheck.networks.data import Images
from gdcheck.networks.networks import Activation, Architecture, NetworkConfig, build
from gdcheck.networks.proof.minimum.losses import LOSSES
from gdcheck.networks.proof.minimum.objective import Objective
from gdcheck.networks.proof.minimum.place import Minimizer
from gdcheck.networks.proof.minimum.prove import Proof, prove_minimum
from gdcheck.networks.proof.minimum.search import minimizer_from, start_near, step_size_for
from gdcheck.networks.proof.network import Network
from gdcheck.networks.proof.rounding import Floats
from gdcheck.networks.proof.samples import random_network, samples
from gdcheck.networks.proof.tracing import traced
from gdcheck.reports.network_proof_chart import MINIMUM_RUN, network_minimum_chart
from gdcheck.terminal.progress import progress_bar
from gdcheck.terminal.show import say
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_fmpq, to_text
from gdcheck.theorem.methods.statement import Regime

_MOST_WEIGHTS = 1000
_WHY = "are taken with weight decay, where the whole Hessian is"


def prove_minimum_command(options: NetworkOptions) -> int:
    """Enclose a run with weight decay, prove its limit at a strict minimum, print and write what was proved.

    Args:
        options: The options.

    Returns:
        The exit code: 0 if a limit is proved, 3 if not, 130 if interrupted.

    Raises:
        InputError: If an option cannot be used.
    """
    regime, given = asked(options)
    one_of("loss", options.loss, LOSSES)
    options.check()
    decay = to_fmpq(options.decay or "", "weight-decay")
    distance = None if options.near is None else to_fmpq(options.near, "near")
    if distance is not None and not distance > 0:
        raise InputError("near", "must be positive, such as 1e-5")
    images = load_images(replace(options, subset=options.subset or 40))
    network, start = _network(options, images)
    count = len(network.inputs)
    objective = Objective(network, LOSSES[options.loss], decay * count)
    make_directory(options.out)
    say(f"data: {describe(images)}; {network.parameters} weights, {count} samples, {options.loss} averaged, "
               f"weight decay {to_text(decay)}")  # fmt: skip
    try:
        known = None
        if given is None or distance is not None:
            with progress_bar(None, "looking for the minimum") as tell:
                known = minimizer_from(objective, start, tell=tell)
        eta = given / count if given is not None else step_size_for(_some(known), regime)
        if distance is not None:
            start = start_near(_some(known), float(distance), options.seed)
        with progress_bar(options.max_steps, "enclosing") as tell:
            proof = prove_minimum(
                objective, start, eta, max_steps=options.max_steps, known=known if distance else None, tell=tell
            )
    except KeyboardInterrupt:
        typer.echo("interrupted: nothing is written", err=True)
        return INTERRUPTED
    if proof.arrival is None:
        _show(proof)
        answer_without_file(NothingFound("unresolved", proof.reason, proof.moments[-1].step))
        return OTHER
    chart = network_minimum_chart(proof, describe(images))
    return kept_and_checked(proof, options.out, "network-minimum", (chart, MINIMUM_RUN), partial(_show, proof))


def _some(found: Minimizer | None) -> Minimizer:
    if found is None:
        raise AssertionError("it is looked for wherever it is needed")
    return found


def _network(options: NetworkOptions, images: Images) -> tuple[Network, Floats]:
    """Return the network on its samples, with its first weights."""
    classes = len(images.classes)
    one_of("network", options.network, ("dense", Architecture.TINY.value))
    tiny = options.network == Architecture.TINY.value
    outputs = classes if tiny else options.outputs
    if outputs > classes:
        raise InputError("outputs", f"must be at most {classes}, the classes of the images")
    labels = np.asarray(images.labels.tolist()) * outputs // classes
    targets = np.eye(outputs)[labels]
    if tiny:
        one_of("activation", options.activation, (Activation.TANH.value, Activation.GELU.value))
        config = NetworkConfig(Architecture.TINY, Activation(options.activation), options.width)
        module = build(config, images.shape, classes, options.seed)
        network, start = traced(module, images.inputs.double().numpy(), targets)
        if network.parameters > _MOST_WEIGHTS:
            raise InputError("width", f"gives {network.parameters} weights; at most {_MOST_WEIGHTS} {_WHY}")
        return network, start
    inputs, _ = samples(images.inputs.double().numpy(), images.labels.tolist(), classes, options.pixels)
    widths = hidden_widths(options.hidden)
    few_enough([inputs.shape[1], *widths, outputs], _MOST_WEIGHTS, _WHY)
    return random_network(inputs, targets, widths, activation_of(options), options.seed)


def _show(proof: Proof) -> None:
    count = len(proof.objective.network.inputs)
    eta: fmpq = proof.step_size * count
    say(f"step size: {to_text(eta)} ≈ {float(eta):.9g}; 2/η = {float(2 / eta):.6g}")
    end = proof.arrival
    if end is None:
        last = proof.moments[-1]
        say(f"unresolved after step {last.step} (‖∇f‖ {last.slope / count:.3g}): {proof.reason}")
        return
    small = end.regime is Regime.SMALL_STEP
    way, which = ("fixed", "smallest") if small else ("alternating", "largest")
    say(
        f"proved: the trajectory tends to a strict minimum, and its direction is {way} along the eigenvector of the "
        f"{which} Hessian eigenvalue there; the inequality first held at step {proof.first}, and the certificate "
        f"states it at step {end.step}"
    )
    low, high = end.spectrum[0] / count, end.spectrum[-1] / count
    edge = f"{2 / (low[1] + high[1]):.9g}, {2 / (low[0] + high[0]):.9g}"
    say(
        f"at the minimum, which is within {end.minimizer.distance:.2g} of the stored point: "
        f"λ₁ in [{low[0]:.6g}, {low[1]:.6g}], λₙ in [{high[0]:.6g}, {high[1]:.6g}]; "
        f"2/(λ₁+λₙ) in [{edge}], 2/λₙ in [{2 / high[1]:.9g}, {2 / high[0]:.9g}]"
    )
    say(f"at step {end.step}: amplitude at least {end.amplitude:.3g}, tail at most {end.tail:.3g}; "
               f"the limit's vector is known within {end.tilt:.2g}")  # fmt: skip
    above, below, open_ = proof.sides
    say(f"sharpness: above 2/η at {above} steps, below at {below}, undecided {open_}")
    say(f"the exact trajectory is within {end.drift:.2g} of the float64 one that was followed")
