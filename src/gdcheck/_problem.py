"""The problem of the public interface: an exact loss, a smooth one, or a Python function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gdcheck.theorem.descent import problem as exact
from gdcheck.theorem.smooth.problem import SmoothProblem, read_problem
from gdcheck.theorem.valleys.problem import ValleyProblem


class _AnyKind(type):
    """Make whichever kind of problem the loss is."""

    def __call__(cls, loss: Any, **fields: Any) -> exact.Problem | SmoothProblem:
        """Read a problem; see ``Problem``."""
        if callable(loss):
            from gdcheck.networks.losses.functions import in_numpy

            loss, fields = in_numpy(loss, fields)
            return read_problem(loss, **fields)
        if isinstance(loss, str):
            return read_problem(loss, **fields)
        return exact.Problem(loss, **fields)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, exact.Problem)


class Problem(exact.Problem, metaclass=_AnyKind):
    """Gradient descent on a loss, with a step size and a start: what ``decide`` decides.

    The loss is a text or a ``Loss``, or a Python function of a vector that uses NumPy's operations or torch's, or a
    ``torch.nn.Module`` that returns the loss of its weights. A text that is not a polynomial, and a function, give a
    ``SmoothProblem``, whose minimizer is searched for and enclosed.

    Examples:
        >>> import gdcheck, numpy
        >>> def loss(w):
        ...     return numpy.exp(w[0]) - w[0] + w[1] ** 2
        >>> gdcheck.decide(gdcheck.Problem(loss, step_size="2/5", start=["1", "1"])).verdict
        <Verdict.PROVED: 'proved'>
    """

    @staticmethod
    def residuals(residuals: Sequence[str] | Callable[[Any], Any], **fields: Any) -> ValleyProblem:
        """Return the problem of half the sum of squared residuals, whose zeros may form a manifold.

        Args:
            residuals: Their texts, or a Python function of a vector that returns a vector.
            **fields: ``step_size`` and ``start``; optionally ``scale`` and ``variables``.

        Returns:
            The problem.

        Raises:
            InputError: If a field cannot be used; the sentence names it.

        Examples:
            >>> import gdcheck
            >>> problem = gdcheck.Problem.residuals(lambda w: [w[0] * w[1] - 1], step_size="0.1", start=["2", "1"])
            >>> gdcheck.decide(problem).verdict
            <Verdict.PROVED: 'proved'>
        """
        if callable(residuals):
            from gdcheck.networks.losses.functions import in_numpy

            residuals, fields = in_numpy(residuals, fields)
        return ValleyProblem.of(residuals, **fields)
