"""``gdcheck check``: problems decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from gdcheck.commands.check_options import CheckOptions
from gdcheck.commands.common import (
    BAD_INPUT,
    OTHER,
    PROVED,
    REFUTED,
    given,
    help_end,
    named_rest,
    problem_from_options,
    takes,
    valley_from_options,
)
from gdcheck.commands.options import method_from_options
from gdcheck.commands.talking import talks
from gdcheck.theorem.loss.errors import InputError

if TYPE_CHECKING:
    from gdcheck.properties.storage.reading import AnyProblem
    from gdcheck.theorem.descent.problem import EveryStartProblem
    from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem, SmoothProblem

commands = typer.Typer()


@commands.command(
    epilog=help_end(
        "0 proved, 1 refuted, 3 any other verdict",
        'gdcheck check --loss "x**2 + y**2/2 + x**2*y + x**3" --step-size 0.95 --start 0.1,0.1',
        'gdcheck check --loss "(x - 1)**2 + 10*(y - 2)**2" --step-size 0.09 --start 0,0 --iterate 200',
        'gdcheck check --loss "x**2 + y**2/2 + x**2*y + x**3" --step-size 0.95',
        'gdcheck check --residual "x*y - 1" --step-size 0.1 --start 2,1 --method heavy-ball --momentum 0.5',
        'gdcheck check --loss "0.05*x**2 + 5*y**2" --step-size 0.18 --start 1,1 --method heavy-ball --momentum 0.9',
        "gdcheck check --problem problem.json --json --certificate certificate.json",
    )
)
@talks()
@takes(CheckOptions)
def check(options: CheckOptions) -> int:
    """Decide one problem (or a file of them) with proof; without a start, almost every start at once."""
    from gdcheck.commands.answering import Printer
    from gdcheck.theorem.descent.points import read_point

    if options.precision > options.max_precision:
        message = f"{options.precision} bits are more than --max-precision {options.max_precision} allows"
        raise InputError("precision", message)
    many, problems = _asked(options)
    for field in ("certificate", "coq"):
        if many and options.given(field):
            what = {"certificate": "certificate", "coq": "theorem"}[field]
            raise InputError(field, f"one file holds one {what}; check the problems one at a time")
    if options.near is not None:
        # A point that is none is told once, however many problems there are.
        read_point(options.near, "near")
    printer = Printer(options, many=many)
    codes = [printer.handle(line, item) for line, item in problems]
    # Bad input outranks a refutation, which outranks any other verdict.
    return next(code for code in (BAD_INPUT, REFUTED, OTHER, PROVED) if code in codes)


def _asked(o: CheckOptions) -> tuple[bool, Iterator[tuple[int, AnyProblem | Exception]]]:
    """Return whether there may be many problems, and each with its line."""
    method = method_from_options(o.method, o.momentum, o.beta1, o.beta2, o.epsilon, o.preconditioner)
    if o.problem is not None:
        if method is not None:
            raise InputError("method", "is given in the problem's file; leave out --method and its parameters")
        alone = ("loss", "loss_function", "step_size", "start", "minimizer", "variables", "data", "residual", "scale")
        if o.given(*alone):
            named = ", ".join(f"--{name.replace('_', '-')}" for name in alone)
            raise InputError("problem", f"stands alone; leave out {named}")
        from gdcheck.properties.storage.reading import read_problems

        return read_problems(o.problem)
    found: AnyProblem
    if o.given("residual", "scale"):
        o.refuse(("loss", "minimizer", "data"), "does not go with --residual and --scale; leave it or them out")
        found = valley_from_options(o.residual or [], o.scale, o.step_size, o.start, o.variables, method)
    elif o.loss_function is not None:
        o.refuse(("loss", "data"), "does not go with --loss-function; leave it or the function out")
        found = _traced(o, o.loss_function, method)
    elif o.start is None:
        found = _about_every_start(o, method)
    else:
        found = problem_from_options(o.loss, o.step_size, o.start, o.minimizer, o.variables, method, o.data or ())
    return False, iter([(1, found)])


def _traced(o: CheckOptions, place: str, method: dict[str, Any] | None) -> SmoothProblem:
    """Return the problem of a function in a user's own file, which is run; the function is traced."""
    from gdcheck.networks.losses.functions import in_numpy
    from gdcheck.properties.lemmas.loading import run_file
    from gdcheck.theorem.descent.points import read_point
    from gdcheck.theorem.smooth.problem import SmoothProblem

    path, _, name = place.rpartition(":")
    if not path.endswith(".py") or not name.isidentifier():
        raise InputError("loss-function", f"{place[:200]!r} names no function in a file; give it as my_loss.py:loss")
    function = getattr(run_file(Path(path), "loss-function"), name, None)
    if not callable(function):
        raise InputError("loss-function", f"{path[:200]} has no function {name}; name one that is defined there")
    point, names = named_rest(o.minimizer, o.variables)
    function, fields = in_numpy(function, {} if o.start is None else {"start": read_point(o.start, "start")})
    return SmoothProblem.of(
        function,
        step_size=given(o.step_size, "step-size", "--step-size 0.1"),
        start=given(fields.get("start"), "start", "--start 0.1,0.1"),
        minimizer=point,
        variables=names,
        method=method,
    )


def _about_every_start(o: CheckOptions, method: dict[str, Any] | None) -> EveryStartProblem | EveryStartSmoothProblem:
    from gdcheck.theorem.descent.problem import EveryStartProblem
    from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem
    from gdcheck.theorem.smooth.reading import called_in

    point, names = named_rest(o.minimizer, o.variables)
    loss = given(o.loss, "loss", '--loss "x**2 + y**2/2"')
    step_size = given(o.step_size, "step-size", "--step-size 0.1")
    if o.data or (called_in(loss) and "max" not in called_in(loss)):
        from gdcheck.properties.storage.data import read_data
        from gdcheck.theorem.methods.reading import DESCENT_ONLY

        if method is not None:
            raise InputError("method", DESCENT_ONLY)
        data = read_data(o.data) if o.data else None
        return EveryStartSmoothProblem.about(loss, step_size=step_size, minimizer=point, variables=names, data=data)
    return EveryStartProblem.about(loss, step_size, point, names, method)
