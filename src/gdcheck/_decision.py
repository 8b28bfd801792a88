"""The decision of the public interface: it is shown in one line, and in a notebook with its picture."""

from __future__ import annotations

from dataclasses import dataclass, fields
from html import escape
from typing import TYPE_CHECKING, Any, overload

from gdcheck.theorem.decision import decide as engine
from gdcheck.theorem.decision.every_start import EveryStart
from gdcheck.theorem.decision.every_start import decide_every_start as decide_every_start_at
from gdcheck.theorem.decision.method_every_start import MethodEveryStart, decide_method_every_start
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.long_run.deciding import decide_located, enclosed_everywhere
from gdcheck.theorem.long_run.locate import find_minimizer, why_none
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.statement import THEOREM_1, Statement
from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem, SmoothProblem
from gdcheck.theorem.valleys.problem import ValleyProblem
from gdcheck.theorem.valleys.squares import as_valley

if TYPE_CHECKING:
    from gdcheck.theorem.decision.enclosed.every_start import SmoothEveryStart
    from gdcheck.theorem.decision.smooth import SmoothDecision
    from gdcheck.theorem.valleys.decide import ValleyDecision


@dataclass(frozen=True, eq=False, repr=False)
class Decision(engine.Decision):
    """The verdict on a problem, with everything that a certificate needs.

    ``verdict``, ``reason``, ``limit`` and ``problem`` are what most callers read; ``limit.vectors`` has shape (1, n),
    or (2, n) for a two-cycle. In a notebook a decision shows its verdict, its limit and its picture.

    Examples:
        >>> import gdcheck
        >>> gdcheck.decide(gdcheck.Problem("x**2/2 + 2*y**2", step_size="0.42", start=["1", "1"]))
        <Decision proved: alternating along (0, 1)>
    """

    def __repr__(self) -> str:
        return f"<Decision {self._headline()}>"

    def _repr_html_(self) -> str:
        rows = (
            ("loss", self.problem.loss.text()),
            ("step size", str(self.problem.step_size)),
            ("verdict", self.verdict.value),
            ("limit", str(self.limit or "none certified")),
            ("reason", self.reason),
        )
        table = "".join(f"<tr><th>{name}</th><td>{escape(text[:500])}</td></tr>" for name, text in rows)
        return f"<table>{table}</table>{self._picture()}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def _headline(self) -> str:
        return f"{self.verdict.value}: {self.limit or self.reason}"

    def _picture(self) -> str:
        from gdcheck.reports.charts import picture
        from gdcheck.reports.problem_charts import problem_chart

        try:
            return picture(problem_chart(self), self._headline())
        except (InputError, OverflowError) as error:
            # A start too far away for floats is decided, but has no picture.
            return f"<p>No picture: {escape(str(error))}</p>"


@overload
def decide(
    problem: Problem, statement: Statement = THEOREM_1, **budget: Any
) -> Decision | SmoothDecision | ValleyDecision: ...


@overload
def decide(
    problem: SmoothProblem, statement: Statement = THEOREM_1, **budget: Any
) -> SmoothDecision | ValleyDecision: ...


@overload
def decide(
    problem: ValleyProblem, statement: Statement = THEOREM_1, **budget: Any
) -> ValleyDecision | SmoothDecision: ...


def decide(
    problem: Problem | SmoothProblem | ValleyProblem, statement: Statement = THEOREM_1, **budget: Any
) -> Decision | SmoothDecision | ValleyDecision:
    """Decide one problem with proof.

    Args:
        problem: The problem; its minimizer is searched for if none is given, and enclosed if it is not rational.
        statement: The statement to test; Theorem 1 of the paper if not given.
        **budget: ``max_steps`` of gradient descent and ``max_precision`` in bits, as for the engine.

    Returns:
        The decision: a ``SmoothDecision`` for a smooth problem, and for a polynomial whose trajectory tends to no
        rational point; a ``ValleyDecision`` for residuals, and for a loss that is written as a sum of squares and has
        no isolated minimum.

    Raises:
        InputError: If the minimizer is not a critical point of the loss, or the loss has truncated powers or the
            problem another method, and no critical point with rational coordinates is found.

    Examples:
        >>> import gdcheck
        >>> problem = gdcheck.Problem("x**2/2 + 2*y**2", step_size="1/10", start=["1", "1"])
        >>> gdcheck.decide(problem).verdict
        <Verdict.PROVED: 'proved'>
    """
    if not isinstance(problem, Problem) and statement is not THEOREM_1:
        raise InputError("statement", "is examined for polynomial losses so far; leave it out")
    if isinstance(problem, ValleyProblem):
        # It needs NumPy, which exact losses do without.
        from gdcheck.theorem.valleys.decide import decide_residuals

        return decide_residuals(problem, **_of_valleys(budget))
    squared = as_valley(problem) if statement is THEOREM_1 else None
    if squared is not None and (there := _valley(squared, budget)).is_of_a_valley:
        return there
    if isinstance(problem, SmoothProblem):
        # It needs NumPy, which exact losses do without.
        from gdcheck.theorem.decision.enclosed.method import decide_enclosed

        return decide_enclosed(problem, **budget)
    located = decide_located(problem, statement=statement, **budget)
    if located.exact is not None:
        found, _ = located.exact
        return Decision(**{field.name: getattr(found, field.name) for field in fields(found)})
    if located.enclosed is not None:
        return located.enclosed
    raise InputError("minimizer", why_none(located.location, problem.loss.variables))


def _valley(problem: ValleyProblem, budget: dict[str, Any]) -> ValleyDecision:
    # It needs NumPy, which exact losses do without.
    from gdcheck.theorem.valleys.decide import decide_valley

    return decide_valley(problem, **_of_valleys(budget))


def _of_valleys(budget: dict[str, Any]) -> dict[str, Any]:
    return {name: budget[name] for name in ("max_steps", "max_precision") if name in budget}


def decide_every_start(problem: Problem | SmoothProblem) -> EveryStart | MethodEveryStart | SmoothEveryStart:
    """Decide Theorem 1 for almost every start of the basin of one minimizer.

    Args:
        problem: Loss, minimizer and step size; the start is looked at only where the minimizer has to be searched.

    Returns:
        The verdict.

    Raises:
        InputError: If the minimizer is not a critical point, or no minimum is found.

    Examples:
        >>> import gdcheck
        >>> problem = gdcheck.Problem("x**2/2 + 2*y**2 + x*y**2", step_size="1/10", start=["1", "1"])
        >>> found = gdcheck.decide_every_start(problem)
        >>> found.verdict.value, found.exceptional.slope < 1
        ('proved', True)
    """
    smooth: SmoothProblem | None
    if isinstance(problem, SmoothProblem):
        smooth = EveryStartSmoothProblem.of_problem(problem)
    else:
        location = find_minimizer(problem)
        if location.problem is not None:
            there = location.problem
            return decide_every_start_at(there) if there.method.is_plain else decide_method_every_start(there)
        smooth = enclosed_everywhere(problem, location)
        if smooth is None:
            raise InputError("minimizer", why_none(location, problem.loss.variables))
    # It needs NumPy, which exact losses do without.
    from gdcheck.theorem.decision.enclosed.every_start import decide_smooth_every_start

    return decide_smooth_every_start(smooth)
