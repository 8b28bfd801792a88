"""How a claim of one's own is declared: ``@claim(…)`` on a function that returns ``holds(…)``."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from gdcheck.properties.lemmas.enclosed import Enclosed, Truth
from gdcheck.properties.lemmas.outcome import Outcome
from gdcheck.properties.strategies.random_problems import Recipe
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_fmpq
from gdcheck.theorem.methods.statement import Regime, Statement
from gdcheck.theorem.smooth.problem import SmoothProblem, read_problem
from gdcheck.theorem.valleys.problem import ValleyProblem

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


ASSUMPTIONS = ("theorem", "converging", "not-exceptional")
"""The assumptions of a claim that states none."""

REGIMES = {"small-step": Regime.SMALL_STEP, "large-step": Regime.LARGE_STEP}
MOST_LEMMA_STEPS = 10_000
RECIPE = Recipe(dimensions=(2, 5), terms=(1, 8))
"""The problems of a claim that does not specify any."""

_EXAMPLES = "__gdcheck_examples__"
_Examined = TypeVar("_Examined", bound=Callable[..., Any])


@dataclass(frozen=True)
class Held:
    """What a claim's function returns.

    Attributes:
        condition: The claim on the problem examined.
        bare: Whether it was a bare bool, which may come from inexact arithmetic: so it is *observed*.
        margin: The slack with which it holds, if the claim says so; the smallest is the worst.
        note: A few words on what was found where it does not hold.
    """

    condition: Truth
    bare: bool
    margin: float | None
    note: str


def holds(condition: Any, *, margin: Any = None, note: str = "") -> Held:
    """Say that a claim holds on a problem if a condition does.

    Args:
        condition: A comparison of a trajectory's quantities, or several: then all must hold. A bare bool, or numpy's,
            is *observed*.
        margin: The slack with which it holds: a number or an enclosed one.
        note: A few words on what is wrong where it does not hold.

    Returns:
        What the claim's function returns.

    Raises:
        TypeError: If the condition is not a truth value.
    """
    import numpy as np  # noqa: PLC0415

    slack = (
        None if margin is None else float(margin.as_float().min()) if isinstance(margin, Enclosed) else float(margin)
    )
    if isinstance(condition, Truth):
        return Held(condition.all(), False, slack, note)
    if isinstance(condition, (bool, np.bool_)) or (isinstance(condition, np.ndarray) and condition.dtype == bool):
        return Held(Truth(bool(np.all(condition))), True, slack, note)
    raise TypeError(f"holds(…) takes a comparison and was given a {type(condition).__name__}")


@dataclass(frozen=True, eq=False)
class OwnClaim:
    """A claim of one's own.

    Attributes:
        sentence: The claim in plain words.
        source: Who says so, and where; empty if it is one's own.
        name: The name of its function.
        function: Examines it: ``function(problem, decision, trajectory)`` returns ``holds(…)``; None if something else
            does.
        statement: What it predicts for each regime, if that is all.
        examination: Examines what its strategies draw, whatever that is, in place of a function: so do the built-in
            claims and the ablations.
        assumes: Some of ``ASSUMPTIONS``; what does not meet them is set aside, and counted.
        steps: How many steps of the trajectory it is given.
        recipe: What its random problems look like.
        generator: Makes a problem from a ``random.Random`` and an index, in place of the recipe.
        exactly: What exactly is examined, where the sentence leaves that open.
        strategies: Hypothesis strategies of problems, in place of the recipe; each draws an equal share.
        unsettled: On what share of the problems a second engine may end without settling, if the claim has one.
        share: The share of a budget that it gets where all claims of the theorem are run together.
        searches: Whether Hypothesis is told the margins as it draws, and so looks for the smallest.
        examples: Problems that are examined first.
        file: The file that declares it.
        line: The line.
    """

    sentence: str
    source: str = ""
    name: str = ""
    function: Callable[..., Any] | None = None
    statement: Statement | None = None
    examination: Callable[[Any], Outcome] | None = None
    assumes: tuple[str, ...] = ASSUMPTIONS
    steps: int = 20
    recipe: Recipe = RECIPE
    generator: Callable[[Random, int], Problem | SmoothProblem | ValleyProblem] | None = None
    exactly: str = ""
    strategies: tuple[SearchStrategy[Any], ...] = ()
    unsettled: float = 1.0
    share: float = 1.0
    searches: bool = False
    examples: tuple[Problem | SmoothProblem | ValleyProblem, ...] = ()
    file: str = ""
    line: int = 0

    def __call__(self, *arguments: Any) -> Any:
        """Call the function as it was written."""
        if self.function is None:
            raise TypeError(f"{self.name} has no function")
        return self.function(*arguments)

    def place(self, error: BaseException | None = None) -> str:
        """Return where the claim is declared, or where in its file an error arose: the file's name, and the line.

        Args:
            error: The error.

        Returns:
            The place, without the folder, so that messages do not depend on it.
        """
        frames = [] if error is None else traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == self.file]
        return f"{Path(self.file).name}:{lines[-1] if lines else self.line}"


def claim(
    sentence: str,
    *,
    source: str = "",
    regimes: str | Sequence[str] = ("small-step", "large-step"),
    assumes: Sequence[str] = ASSUMPTIONS,
    steps: int = 20,
    dimensions: tuple[int, int] = RECIPE.dimensions,
    degrees: tuple[int, int] = RECIPE.degrees,
    terms: tuple[int, int] = RECIPE.terms,
    spectrum: Sequence[Any] | None = None,
    closest: int = RECIPE.closest,
    inside: str | Fraction = RECIPE.inside,
    quadratic: bool = False,
    truncated: bool = True,
    losses: str = "polynomial",
    generator: Callable[[Random, int], Problem | SmoothProblem | ValleyProblem] | None = None,
    strategy: SearchStrategy[Any] | None = None,
    statement: Statement | None = None,
) -> Any:
    """Declare a claim about random problems.

    Args:
        sentence: The claim in plain words.
        source: Who says so, and where, such as ``the paper, Lemma 2``; tables of claims show it.
        regimes: ``small-step``, ``large-step`` or both.
        assumes: What it assumes, of ``theorem`` (the assumptions of Theorem 1), ``converging`` (convergence to the
            minimizer is proved) and ``not-exceptional`` (the start is not in the null set).
        steps: How many steps the trajectory has.
        dimensions: Smallest and largest n.
        degrees: Smallest and largest degree of a loss.
        terms: Smallest and largest number of terms of order three and more.
        spectrum: The Hessian's eigenvalues at the minimizer, if they are not to be random.
        closest: Step sizes come as near to the boundary as a relative distance of ten to the power −closest.
        inside: Starts lie within this multiple of the certified invariant ball; above one, some lie outside.
        quadratic: Whether all losses are quadratic.
        truncated: Whether some losses have a truncated power.
        losses: ``polynomial``, or ``smooth``: then they are made of exp, tanh, softplus and so on, the Hessian at the
            minimizer is prescribed, and of the other arguments ``regimes`` and ``dimensions`` count.
        generator: Makes the problems instead: a function of a ``random.Random`` and an index.
        strategy: A Hypothesis strategy of problems instead.
        statement: What the claim predicts, if it is a prediction for each regime; there is no function then, and
            certified batches decide it.

    Returns:
        A decorator; with a statement the claim itself.

    Raises:
        InputError: If an argument cannot be used; the sentence names it.
    """
    wanted = (regimes,) if isinstance(regimes, str) else tuple(regimes)
    _known("regimes", wanted, tuple(REGIMES))
    _known("assumes", (assumes,) if isinstance(assumes, str) else assumes, ASSUMPTIONS, empty=True)
    if not isinstance(sentence, str) or not sentence.strip():
        raise InputError("sentence", "is empty; say in plain words what is claimed")
    if not isinstance(source, str):
        raise InputError("source", f"a {type(source).__name__} is not text; say in words who claims it")
    if not isinstance(steps, int) or not 1 <= steps <= MOST_LEMMA_STEPS:
        raise InputError("steps", f"{steps!r} is out of range; give a whole number from 1 to {MOST_LEMMA_STEPS}")
    if not isinstance(closest, int) or not 2 <= closest <= 300:
        raise InputError("closest", f"{closest!r} is out of range; give a whole number from 2 to 300")
    _known("losses", (losses,), ("polynomial", "smooth"))
    _span("dimensions", dimensions, 2, 32)
    _span("degrees", degrees, 3, 12)
    _span("terms", terms, 0, 64)
    reach = to_fmpq(inside, "inside")
    if not 0 < reach <= 1000:
        raise InputError("inside", f"{inside} is out of range; give a number above 0 and at most 1000")
    values = None if spectrum is None else tuple(to_fmpq(x, "spectrum") for x in spectrum)
    if values is not None and not (
        len(values) > 1 and 0 < values[0] < values[1] and values[-2] < values[-1] and sorted(values) == list(values)
    ):
        raise InputError(
            "spectrum", "needs two positive eigenvalues or more, ascending, the smallest and largest simple"
        )
    here = sys._getframe(1)
    strategies: tuple[SearchStrategy[Any], ...] = () if strategy is None else (strategy,)
    if losses == "smooth":
        if not (strategy is None and generator is None and statement is None):
            raise InputError("losses", "says what is drawn, as do strategy, generator and statement; give one of them")
        # It loads Hypothesis, which claims about polynomials do without.
        from gdcheck.properties.strategies.smooth import smooth_problems  # noqa: PLC0415

        span = (dimensions[0], dimensions[1])
        strategies = tuple(smooth_problems(regime=REGIMES[name], dimensions=span) for name in wanted)
    recipe = Recipe(
        dimensions=(dimensions[0], dimensions[1]),
        degrees=(degrees[0], degrees[1]),
        terms=(0, 0) if quadratic else (terms[0], terms[1]),
        closest=closest,
        inside=Fraction(int(reach.p), int(reach.q)),
        regimes=tuple(REGIMES[name] for name in wanted),
        truncated=RECIPE.truncated if truncated and not quadratic else 0.0,
        spectrum=values,
    )
    declared = OwnClaim(
        sentence=sentence,
        source=source,
        statement=statement,
        assumes=(assumes,) if isinstance(assumes, str) else tuple(assumes),
        steps=steps,
        recipe=recipe,
        generator=generator,
        strategies=strategies,
        file=here.f_code.co_filename,
        line=here.f_lineno,
    )
    if statement is not None:
        if not isinstance(statement, Statement):
            raise InputError("statement", f"a {type(statement).__name__} is not a Statement; give gdcheck.Statement(…)")
        return declared

    def decorate(function: Callable[..., Any]) -> OwnClaim:
        return replace(
            declared,
            name=function.__name__,
            function=function,
            examples=getattr(function, _EXAMPLES, ()),
            file=function.__code__.co_filename,
            line=function.__code__.co_firstlineno,
        )

    return decorate


def reproduce(loss: str = "", **problem: Any) -> Callable[[_Examined], _Examined]:
    """Examine a claim on this problem first, always: a counterexample that must not come back.

    Args:
        loss: The loss; left out with ``residuals``.
        **problem: ``step_size``, ``start``, ``minimizer`` and ``variables``, as for :class:`gdcheck.Problem`; or
            ``residuals`` with what goes with them, as for :meth:`gdcheck.Problem.residuals`.

    Returns:
        A decorator, for above or below ``@claim``.

    Raises:
        InputError: If the problem cannot be used.
    """
    residuals = problem.pop("residuals", None)
    wanted = read_problem(loss, **problem) if residuals is None else ValleyProblem.of(residuals, **problem)

    def decorate(examined: _Examined) -> _Examined:
        if isinstance(examined, OwnClaim):
            return replace(examined, examples=(wanted, *examined.examples))
        setattr(examined, _EXAMPLES, (wanted, *getattr(examined, _EXAMPLES, ())))
        return examined

    return decorate


def _known(name: str, given: Sequence[str], names: Sequence[str], *, empty: bool = False) -> None:
    unknown = [x for x in given if x not in names]
    if unknown or not (given or empty):
        shown = f"{str(unknown[0])[:40]!r} is unknown" if unknown else "is empty"
        raise InputError(name, f"{shown}; give some of {', '.join(names)}")


def _span(name: str, given: object, least: int, most: int) -> None:
    good = isinstance(given, tuple | list) and len(given) == 2 and all(type(x) is int for x in given)
    if not good or not least <= given[0] <= given[1] <= most:  # type: ignore[index]
        raise InputError(
            name, f"{str(given)[:40]} is not a range; give two whole numbers from {least} to {most}, as (2, 5)"
        )


def fits(name: str) -> bool:
    """Whether a claim's name can name files and test cases."""
    return re.fullmatch(r"[A-Za-z0-9_]+(-[A-Za-z0-9_]+)*", name) is not None
