"""The options that choose a method, for every command that takes one."""

from __future__ import annotations

from typing import Any

import typer

from gdcheck.theorem.loss.errors import InputError

METHOD = typer.Option(help="The method: gradient-descent, heavy-ball, nesterov, adam or rmsprop.")
MOMENTUM = typer.Option(help="β of heavy-ball and nesterov, exact, as in torch.optim.SGD.")
BETA1 = typer.Option(help="β₁ of adam.")
BETA2 = typer.Option(help="β₂ of adam; alpha of rmsprop.")
EPSILON = typer.Option(help="ε of adam and rmsprop.")
PRECONDITIONER = typer.Option(help="P of x − ηP∇f(x), its rows as 2,1;1,3.")


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
