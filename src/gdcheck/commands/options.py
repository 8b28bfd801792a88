"""The options that several commands share, each with its help, and what those of a method say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeAlias

from typer import Option

from gdcheck.theorem.loss.errors import InputError

Minimizer: TypeAlias = Annotated[
    str | None, Option(help="The minimizer, as x=Q,y=Q,… or Q,Q,…; searched if not given.")
]
Variables: TypeAlias = Annotated[str | None, Option(help="Names and order of the variables, as x,y,…")]
Picture: TypeAlias = Annotated[Path | None, Option(help="A picture: a name in .svg, .png, .pdf or .html.")]
AsJson: TypeAlias = Annotated[bool, Option("--json", help="Print one JSON object.")]
RunAsJson: TypeAlias = Annotated[bool, Option("--json", help="Print the run as one JSON object.")]
Jobs: TypeAlias = Annotated[int | None, Option(min=1, max=1024, help="Processes; one a core if not given.")]

MethodName: TypeAlias = Annotated[
    str | None, Option(help="The method: gradient-descent, heavy-ball, nesterov, adam or rmsprop.")
]
Momentum: TypeAlias = Annotated[str | None, Option(help="β of heavy-ball and nesterov, exact, as in torch.optim.SGD.")]
Beta1: TypeAlias = Annotated[str | None, Option(help="β₁ of adam.")]
Beta2: TypeAlias = Annotated[str | None, Option(help="β₂ of adam; alpha of rmsprop.")]
Epsilon: TypeAlias = Annotated[str | None, Option(help="ε of adam and rmsprop.")]
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
