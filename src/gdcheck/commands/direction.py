"""``gdcheck direction``: what a method does at every step size, for a spectrum; no loss is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gdcheck.commands.answers import DIRECTION, printed
from gdcheck.commands.common import PROVED, help_end, write_picture
from gdcheck.commands.options import AsJson, Beta1, Beta2, Epsilon, MethodName, Picture, exact, method_from_options
from gdcheck.commands.talking import talks
from gdcheck.reports.formats import picture_format
from gdcheck.theorem.loss.errors import InputError

if TYPE_CHECKING:
    from flint import fmpq

    from gdcheck.theorem.methods.method import Method

commands = typer.Typer()

_POINTS = 400


@commands.command(
    epilog=help_end(
        "0 the table is complete",
        "gdcheck direction --spectrum 0.01,1 --method heavy-ball --momentum 0.9",
        "gdcheck direction --spectrum 0.01,1 --method heavy-ball --momentum 0.9 --momentum 0.99 --step-size 0.18",
        "gdcheck direction --spectrum 1,10 --method nesterov --momentum 0.5 --out moduli.svg",
        "gdcheck direction --spectrum 1,10 --method adam --epsilon 1e-8 --step-size 0.001 --json",
    )
)
@talks()
def direction(
    spectrum: Annotated[str | None, typer.Option(help="The Hessian's eigenvalues at the minimum, as 0.01,1.")] = None,
    method: MethodName = None,
    momentum: Annotated[
        list[str] | None,
        typer.Option(**exact(), help="β; may be repeated, and then --out draws a phase diagram η × β."),
    ] = None,
    beta1: Beta1 = None,
    beta2: Beta2 = None,
    epsilon: Epsilon = None,
    step_size: Annotated[
        list[str] | None, typer.Option(**exact(), help="Also show the multipliers at this step size; may be repeated.")
    ] = None,
    out: Picture = None,
    as_json: AsJson = False,
) -> int:
    """Show where a method's direction is fixed, rotates, alternates or is unstable, over all step sizes."""
    from gdcheck.theorem.certificate.methods.line import method_line, modes_at, spectrum_of
    from gdcheck.theorem.loss.rational import to_fmpq
    from gdcheck.theorem.methods.reading import read_method

    if spectrum is None:
        raise InputError("spectrum", "is missing; give the Hessian's eigenvalues, as --spectrum 0.01,1")
    values = [to_fmpq(x.strip(), "spectrum") for x in spectrum.split(",")]
    if out is not None:
        picture_format(out)
    betas: list[str | None] = [*momentum] if momentum else [None]
    given = [read_method(method_from_options(method, beta, beta1, beta2, epsilon, None)) for beta in betas]
    etas = [to_fmpq(x, "step-size") for x in step_size or []]
    if any(eta <= 0 for eta in etas):
        raise InputError("step-size", "is not positive; give a rational above 0, such as 0.1")
    known = spectrum_of(values)
    lines = [method_line(known, m) | {"at": [modes_at(known, m, eta) for eta in etas]} for m in given]
    if out is not None:
        try:
            _draw(out, values, given, lines, spectrum)
        except OverflowError:
            raise InputError("out", "the numbers are too large for a picture; scale the spectrum and ε") from None
    if as_json:
        typer.echo(printed(DIRECTION, {"spectrum": [str(x) for x in values], "methods": lines}))
    else:
        _show(lines)
    return PROVED


def _draw(out: Path, values: list[fmpq], given: list[Method], lines: list[dict[str, Any]], spectrum: str) -> None:
    from flint import fmpq

    from gdcheck.reports.charts import number
    from gdcheck.reports.direction_chart import BEYOND, moduli_chart, phase_chart
    from gdcheck.theorem.certificate.methods.line import method_line, moduli, spectrum_of
    from gdcheck.theorem.loss.rational import to_text
    from gdcheck.theorem.methods.method import HeavyBall
    from gdcheck.theorem.methods.words import method_words

    name = f"{method_words({'name': given[0].name})}, spectrum {spectrum[:60].replace(',', ', ')}"
    if len(given) == 1:
        end = BEYOND * number(lines[0]["stability_limit"])
        steps = [end * (k + 1) / _POINTS for k in range(_POINTS)]
        ends = sorted({min(values), max(values)})
        rows = dict(zip(map(to_text, ends), moduli(ends, given[0], steps), strict=True))
        write_picture(out, moduli_chart(lines[0], steps, rows), f"Moduli of {name}")
        return
    first = given[0]
    if not isinstance(first, HeavyBall):
        raise InputError("momentum", "several are for heavy-ball and nesterov; leave them out")
    betas = [m.momentum for m in given]
    low, high, count = min(betas), max(betas), 60
    known = spectrum_of(values)
    # Even steps between the least and the largest β that was named.
    grid = [low + (high - low) * fmpq(k, count - 1) for k in range(count)]
    drawn = [(int(b.p) / int(b.q), method_line(known, type(first)(b))) for b in grid]
    write_picture(out, phase_chart(drawn, f"Direction of {name}"), f"Direction of {name}")


def _show(lines: list[dict[str, Any]]) -> None:
    from gdcheck.terminal.headline import method_words, segment_rows, short
    from gdcheck.terminal.show import console_for_people, show_rows

    console = console_for_people()
    for i, line in enumerate(lines):
        if i:
            console.print()
        console.print(method_words(line["method"]), style="bold", markup=False)
        show_rows(console, segment_rows(line))
        for at in line["at"]:
            console.print(f"at η = {short(at['step_size'])}: {at['regime']}", style="bold", markup=False)
            show_rows(console, [_mode(i in at["dominant"], mode) for i, mode in enumerate(at["modes"])])


def _mode(dominant: bool, mode: dict[str, Any]) -> tuple[str, str, str]:
    from gdcheck.terminal.headline import short

    turn = "" if mode["angle"] is None else f", turns by {mode['angle']:.6g} radians a step"
    double = ", double" if mode["double"] else ""
    word = "dominates" if dominant else ""
    return f"λ = {short(mode['eigenvalue'])}", f"modulus {mode['modulus']:.9g}, {mode['shape']}{double}{turn}", word
