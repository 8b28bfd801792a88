"""Decide, instance by instance and with proof, where gradient descent arrives.

The whole public surface stands on this page; everything else is an implementation detail.

Examples:
    >>> import gdcheck
    >>> problem = gdcheck.Problem("x**2 + y**2/2 + x**2*y + x**3", step_size="0.95", start=["0.1", "0.1"])
    >>> decision = gdcheck.decide(problem)
    >>> decision.verdict is gdcheck.Verdict.PROVED
    True
    >>> bool(gdcheck.recheck(gdcheck.certify(decision)))
    True

The names are loaded when they are first used: ``import gdcheck`` loads no numerical library.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gdcheck._decision import Decision, decide, decide_every_start
    from gdcheck._functions import RecheckResult, certify, plot, recheck, sweep
    from gdcheck._problem import Problem
    from gdcheck.properties.claims.claim import Claim
    from gdcheck.properties.lemmas.declare import claim, holds, reproduce
    from gdcheck.properties.strategies import problems as strategies
    from gdcheck.theorem.decision.decide import Verdict
    from gdcheck.theorem.decision.every_start import EveryStart
    from gdcheck.theorem.loss.errors import InputError
    from gdcheck.theorem.loss.loss import Loss
    from gdcheck.theorem.methods.statement import End, LimitKind, Prediction, Regime, Statement
    from gdcheck.theorem.smooth.problem import SmoothProblem
    from gdcheck.theorem.valleys.decide import ValleyDecision
    from gdcheck.theorem.valleys.problem import ValleyProblem

__all__ = [
    "Claim",
    "Decision",
    "End",
    "EveryStart",
    "InputError",
    "LimitKind",
    "Loss",
    "Prediction",
    "Problem",
    "RecheckResult",
    "Regime",
    "SmoothProblem",
    "Statement",
    "ValleyDecision",
    "ValleyProblem",
    "Verdict",
    "certify",
    "claim",
    "decide",
    "decide_every_start",
    "holds",
    "plot",
    "recheck",
    "reproduce",
    "strategies",
    "sweep",
]

_HOMES = {
    "_decision": ("Decision", "decide", "decide_every_start"),
    "_functions": ("RecheckResult", "certify", "plot", "recheck", "sweep"),
    "properties.claims.claim": ("Claim",),
    "properties.lemmas.declare": ("claim", "holds", "reproduce"),
    "theorem.decision.decide": ("Verdict",),
    "theorem.decision.every_start": ("EveryStart",),
    "_problem": ("Problem",),
    "theorem.loss.errors": ("InputError",),
    "theorem.loss.loss": ("Loss",),
    "theorem.methods.statement": ("End", "LimitKind", "Prediction", "Regime", "Statement"),
    "theorem.smooth.problem": ("SmoothProblem",),
    "theorem.valleys.decide": ("ValleyDecision",),
    "theorem.valleys.problem": ("ValleyProblem",),
}


def __getattr__(name: str) -> Any:
    if name == "strategies":
        value = import_module("gdcheck.properties.strategies.problems")
    elif home := next((module for module, names in _HOMES.items() if name in names), None):
        value = getattr(import_module(f"gdcheck.{home}"), name)
    else:
        raise AttributeError(f"module 'gdcheck' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
