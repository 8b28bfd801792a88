"""The options that several commands share, each with its help, and what those of a method say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeAlias

from flint import fmpq
from typer import BadParameter, Option

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_float, to_fmpq

MOST_PROBLEMS = 10**12
"""The most problems of a run; a sweep stores none that has more."""


def whole(least: int | None = None, most: int | None = None) -> dict[str, Any]:
    """Return what makes an option take a whole number as people write it: 2000, 2e3 or 2.5e6.

    Args:
        least: The smallest one.
        most: The largest one.

    Returns:
        Arguments of ``typer.Option``.
    """

    def read(text: str | int) -> int:
        value = _read(str(text))
        if value is None or value.q != 1 or not _within(value, least, most):
            raise BadParameter(f"{str(text)[:40]!r} is not a whole number{_range(least, most)}; write one such as 2e3.")
        return int(value.p)

    return {"parser": read, "metavar": f"<count{_range(least, most)}>"}


def number(least: float | None = None, most: float | None = None) -> dict[str, Any]:
    """Return what makes an option take a number as people write it: 0.1, 1/10 or 1e-1.

    Args:
        least: The smallest one.
        most: The largest one.

    Returns:
        Arguments of ``typer.Option``.
    """

    def read(text: str | float) -> float:
        value = _read(str(text))
        if value is None or not _within(value, least, most):
            raise BadParameter(f"{str(text)[:40]!r} is not a number{_range(least, most)}; write one such as 0.5.")
        return _float(value, str(text))

    return {"parser": read, "metavar": f"<number{_range(least, most)}>"}


def exact(*, floats: bool = False) -> dict[str, Any]:
    """Return what makes an option take a number that stays exact: its text, once it is known to be one as 2e3 or 1/10.

    Args:
        floats: Whether it must be within the range of floats, because the nearest one is needed too.

    Returns:
        Arguments of ``typer.Option``.
    """

    def read(text: str) -> str:
        try:
            value = to_fmpq(text, "")
        except InputError as error:
            raise BadParameter(error.message) from None
        if floats:
            _float(value, text)
        return text

    return {"parser": read, "metavar": "<number>"}


def _float(value: fmpq, text: str) -> float:
    try:
        return to_float(value)
    except OverflowError:
        raise BadParameter(f"{text[:40]!r} is beyond all floats; write one such as 0.5.") from None


def _read(text: str) -> fmpq | None:
    try:
        return to_fmpq(text, "number")
    except InputError:
        return None


def _within(value: fmpq, least: float | None, most: float | None) -> bool:
    ends = ((least, 1), (most, -1))
    return all(end is None or sign * (value - to_fmpq(str(end), "number")) >= 0 for end, sign in ends)


def _range(least: float | None, most: float | None) -> str:
    """Say a range in words, such as `` from 1 to 1e6``; nothing where there is none."""
    ends = (f" {word} {end:g}" for word, end in (("from", least), ("to", most)) if end is not None)
    return "".join(ends).replace("e+0", "e").replace("e+", "e")


LossInstead: TypeAlias = Annotated[str | None, Option(help="The loss, instead of a file.")]
Residuals: TypeAlias = Annotated[list[str] | None, Option(help="Instead of --loss: a residual; may be repeated.")]
Scale: TypeAlias = Annotated[
    str | None, Option(**exact(), help="The factor of the squared residuals; 1/2 if not given.")
]
StepSize: TypeAlias = Annotated[str | None, Option(**exact(), help="The step size η.")]
Minimizer: TypeAlias = Annotated[
    str | None, Option(help="The minimizer, as x=Q,y=Q,… or Q,Q,…; searched if not given.")
]
Variables: TypeAlias = Annotated[str | None, Option(help="Names and order of the variables, as x,y,…")]
Picture: TypeAlias = Annotated[Path | None, Option(help="A picture: a name in .svg, .png, .pdf or .html.")]
AsJson: TypeAlias = Annotated[bool, Option("--json", help="Print one JSON object.")]
RunAsJson: TypeAlias = Annotated[bool, Option("--json", help="Print the run as one JSON object.")]
Jobs: TypeAlias = Annotated[int | None, Option(**whole(1, 1024), help="Processes; one for each core if not given.")]

MethodName: TypeAlias = Annotated[
    str | None, Option(help="The method: gradient-descent, heavy-ball, nesterov, adam or rmsprop.")
]
Momentum: TypeAlias = Annotated[
    str | None, Option(**exact(), help="β of heavy-ball and nesterov, exact, as in torch.optim.SGD.")
]
Beta1: TypeAlias = Annotated[str | None, Option(**exact(), help="β₁ of adam.")]
Beta2: TypeAlias = Annotated[str | None, Option(**exact(), help="β₂ of adam; alpha of rmsprop.")]
Epsilon: TypeAlias = Annotated[str | None, Option(**exact(), help="ε of adam and rmsprop.")]
Preconditioner: TypeAlias = Annotated[str | None, Option(help="P of x − ηP∇f(x), its rows as 2,1;1,3.")]


def method_from_options(
    method: str | None,
    momentum: str | None,
    beta1: str | None,
    beta2: str | None,
    epsilon: str | None,
    preconditioner: str | None,
) -> dict[str, Any] | None:
    """Return the method's JSON form that options describe; None for gradient descent.

    Raises:
        InputError: If there are parameters without a method.
    """
    given: dict[str, Any] = {"momentum": momentum, "beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    if preconditioner is not None:
        given["preconditioner"] = [[x.strip() for x in row.split(",")] for row in preconditioner.split(";")]
    parameters = {name: value for name, value in given.items() if value is not None}
    if method is None:
        if parameters.keys() - {"preconditioner"}:
            raise InputError("method", f"is missing: {next(iter(parameters))} belongs to one; give --method heavy-ball")
        return {"name": "gradient-descent", **parameters} if parameters else None
    return {"name": method, **parameters}
