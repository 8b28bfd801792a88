"""The options of ``gdcheck check``, once: their names, types, defaults and help, and what they ask."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from gdcheck.commands.options import (
    Beta1,
    Beta2,
    Epsilon,
    MethodName,
    Minimizer,
    Momentum,
    Preconditioner,
    Scale,
    Variables,
    exact,
    whole,
)
from gdcheck.theorem.loss.errors import InputError

if TYPE_CHECKING:
    from gdcheck.theorem.descent.problem import Problem
    from gdcheck.theorem.loss.rational import Vector
    from gdcheck.theorem.smooth.problem import SmoothProblem

ABOUT_STEPS = ("within", "within_loss", "iterate")
"""Questions about single steps of one trajectory."""
BESIDE = ("sharpness", "scalar", *ABOUT_STEPS)
"""What is answered beside the verdict, of gradient descent on a polynomial."""
NOT_OF_VALLEYS = ("near", "observe", "scalar", *ABOUT_STEPS)
"""What is not answered where minimizers form a manifold."""


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """The options of ``gdcheck check``."""

    loss: Annotated[
        str | None, Option(help="The loss: a polynomial plus powers of max(linear, 0); or with exp, log, tanh, …")
    ] = None
    loss_function: Annotated[
        str | None, Option(help="Instead of --loss: file.py:name, a Python function of a vector; the file is run.")
    ] = None
    step_size: Annotated[str | None, Option(**exact(), help="The step size η; 0.1 means exactly 1/10.")] = None
    start: Annotated[
        str | None, Option(help="The first iterate, as x=Q,y=Q,… or Q,Q,…; without it, almost every start is decided.")
    ] = None
    minimizer: Minimizer = None
    variables: Variables = None
    data: Annotated[
        list[str] | None,
        Option(help="Data that the loss names: X=file.csv, X=file.parquet, or file.npz; may be repeated."),
    ] = None
    residual: Annotated[
        list[str] | None,
        Option(help="Instead of --loss: a residual, as in x*y - 1; repeated, the loss is --scale times Σ F²."),
    ] = None
    scale: Scale = None
    near: Annotated[
        str | None, Option(help="Where to search for the minimizer, as x=Q,y=Q,… or Q,Q,…; else at the start.")
    ] = None
    within: Annotated[
        str | None, Option(**exact(), help="Also say from which step on the distance to the minimizer is at most this.")
    ] = None
    within_loss: Annotated[
        str | None,
        Option(**exact(), help="Also say from which step on the loss minus that of the minimizer is at most this."),
    ] = None
    iterate: Annotated[int | None, Option(**whole(0), help="Also enclose the iterate of this step.")] = None
    problem: Annotated[
        Path | None, Option(help="A problem as JSON, or many as JSON Lines; - reads standard input.")
    ] = None
    method: MethodName = None
    momentum: Momentum = None
    beta1: Beta1 = None
    beta2: Beta2 = None
    epsilon: Epsilon = None
    preconditioner: Preconditioner = None
    as_json: Annotated[bool, Option("--json", help="Print one JSON object (a line each for JSON Lines).")] = False
    certificate: Annotated[
        Path | None, Option(help="Write the certificate to this file; with --sharpness it proves that too.")
    ] = None
    coq: Annotated[Path | None, Option(help="Write a proved verdict to this file as a theorem for Coq's kernel.")] = (
        None
    )
    observe: Annotated[bool, Option(help="Also run mpmath gradient descent and say what is observed.")] = False
    sharpness: Annotated[
        bool, Option(help="Also prove how the largest Hessian eigenvalue behaves along the trajectory.")
    ] = False
    scalar: Annotated[
        list[str] | None,
        Option(help="Also prove how this function of the variables behaves, as in x*y + x; may be repeated."),
    ] = None
    max_steps: Annotated[int, Option(**whole(1), help="Steps allowed before a problem is left unresolved.")] = 1_000_000
    precision: Annotated[
        int, Option(**whole(64, 1_000_000), help="Bits to begin with; doubled while they do not suffice.")
    ] = 128
    max_precision: Annotated[
        int, Option(**whole(64, 1_000_000), help="Bits allowed before a problem is left unresolved.")
    ] = 8192
    recheck: Annotated[
        bool, Option("--recheck/--no-recheck", help="Verify each proof with the independent checker at once.")
    ] = True

    @property
    def limits(self) -> dict[str, int]:
        """What a decision in one precision may cost."""
        return {"max_steps": self.max_steps, "max_precision": self.max_precision}

    def given(self, *names: str) -> str | None:
        """Return the first of these options that was given.

        Args:
            names: Fields.

        Returns:
            The option's name, without dashes before it; None if none was given.
        """
        found = (n for n in names if (value := getattr(self, n)) is not None and value is not False and value != [])
        return next((name.replace("_", "-") for name in found), None)

    def refuse(self, names: tuple[str, ...], why: str) -> None:
        """Refuse options that do not fit.

        Args:
            names: Fields.
            why: What is said of the first that was given.

        Raises:
            InputError: If one was given.
        """
        if name := self.given(*names):
            raise InputError(name, why.format(name=name))

    def search_from(self, problem: Problem | SmoothProblem) -> Vector | None:
        """Return the point at which ``--near`` has the search for the minimizer begin; None without it.

        Raises:
            InputError: If it is not a point of the problem's variables.
        """
        from gdcheck.theorem.descent.points import place_point, read_point

        if self.near is None:
            return None
        return place_point(read_point(self.near, "near"), "near", problem.loss.variables, problem.as_written)
