"""What ``gdcheck network --prove --momentum β`` does: a small network's run with heavy ball, proved as a valley's."""

from __future__ import annotations

import json

import typer

from gdcheck.commands.answer_schemas import NothingFound
from gdcheck.commands.common import INTERRUPTED, OTHER, PROVED, make_directory, write_bytes
from gdcheck.commands.network_proof import asked, dense_on_images, found_step_size, without_decay
from gdcheck.commands.talking import answer_without_file
from gdcheck.commands.training_options import NetworkOptions
from gdcheck.commands.training_run import describe
from gdcheck.networks.proof.written import exact_texts, written
from gdcheck.properties.storage.files import as_json
from gdcheck.terminal.show import console_for_people, show_answer
from gdcheck.terminal.waiting import waiting
from gdcheck.theorem.certificate.kinds.valley import valley_answer, valley_certificate
from gdcheck.theorem.certificate.rechecking import NotChecked, check
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_fmpq
from gdcheck.theorem.methods.method import HeavyBall
from gdcheck.theorem.valleys.decide import decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem

_MOST_WEIGHTS = 100
_TIME_LIMIT = 3600.0


def prove_momentum_command(options: NetworkOptions) -> int:
    """Enclose heavy ball on a small network, in as many bits as it takes; print and write what is proved.

    Args:
        options: The options.

    Returns:
        The exit code: 0 if a limit is proved, 3 if not, 130 if interrupted.

    Raises:
        InputError: If an option cannot be used.
    """
    options.check()
    without_decay(options)
    if options.decay is not None:
        raise InputError("momentum", "is proved without weight decay so far; leave out --weight-decay")
    regime, given = asked(options)
    beta = to_fmpq(options.momentum or "", "momentum")
    if not 0 < beta < 1:
        raise InputError("momentum", "must be between 0 and 1, such as 1/10")
    why = "are taken with momentum, whose errors grow at each step"
    images, network, start = dense_on_images(options, 5, _MOST_WEIGHTS, why)
    make_directory(options.out)
    typer.echo(f"data: {describe(images)}; {network.parameters} weights, {network.residuals} residuals, heavy ball")
    try:
        eta = found_step_size(network, start, regime, float(beta)) if given is None else given
        residuals, names = written(network)
        problem = ValleyProblem.of(
            residuals, step_size=eta, start=exact_texts(start), variables=names, method=HeavyBall(beta)
        )
        return _proved(problem, options)
    except KeyboardInterrupt:
        typer.echo("interrupted: nothing is written", err=True)
        return INTERRUPTED


def _proved(problem: ValleyProblem, options: NetworkOptions) -> int:
    """Decide, write the certificate, have the checker check what is written, and say what is proved."""
    with waiting("enclosing"):
        decision = decide_valley(problem, max_steps=options.max_steps)
        answer, proof = valley_answer(decision), valley_certificate(decision)
    if proof is None:
        typer.echo(f"unresolved: {decision.reason}")
        answer_without_file(NothingFound("unresolved", decision.reason))
        return OTHER
    path = options.out / f"network-momentum-{proof['regime']}.json"
    write_bytes(path, as_json(proof).encode("utf-8"))
    try:
        with waiting("rechecking") as watch:
            failure = check(json.loads(path.read_text(encoding="utf-8")), _TIME_LIMIT, watch)
    except KeyboardInterrupt:
        typer.echo(f"interrupted: {path} is written, and not checked", err=True)
        return INTERRUPTED
    except NotChecked as gave_up:
        failure = str(gave_up)
    if failure is not None:
        why = f"the checker does not accept the certificate {path} ({failure})"
        typer.echo(f"unresolved: {why}")
        answer_without_file(NothingFound("unresolved", why))
        return OTHER
    show_answer(console_for_people(), answer | {"recheck": "accepted"})
    typer.echo(f"certificate: {path}; gdcheck plot draws it")
    return PROVED
