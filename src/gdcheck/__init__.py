"""Decide, instance by instance and with proof, where gradient descent arrives.

The whole public surface stands on this page; everything else is an implementation detail.

Example:
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
    from gdcheck.properties.claims.claim import Claim
    from gdcheck.properties.lemmas.declare import claim, holds, reproduce
    from gdcheck.properties.strategies import problems as strategies
    from gdcheck.theorem.decision.decide import Verdict
    from gdcheck.theorem.decision.every_start import EveryStart
    from gdcheck.theorem.descent.problem import Problem
    from gdcheck.theorem.loss.errors import InputError
    from gdcheck.theorem.loss.loss import Loss
    from gdcheck.theorem.methods.statement import End, LimitKind, Prediction, Regime, Statement
    from gdcheck.theorem.smooth.problem import SmoothProblem

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

_HOME = {
    "Claim": "gdcheck.properties.claims.claim",
    "Decision": "gdcheck._decision",
    "End": "gdcheck.theorem.methods.statement",
    "EveryStart": "gdcheck.theorem.decision.every_start",
    "InputError": "gdcheck.theorem.loss.errors",
    "LimitKind": "gdcheck.theorem.methods.statement",
    "Loss": "gdcheck.theorem.loss.loss",
    "Prediction": "gdcheck.theorem.methods.statement",
    "Problem": "gdcheck.theorem.descent.problem",
    "RecheckResult": "gdcheck._functions",
    "Regime": "gdcheck.theorem.methods.statement",
    "SmoothProblem": "gdcheck.theorem.smooth.problem",
    "Statement": "gdcheck.theorem.methods.statement",
    "Verdict": "gdcheck.theorem.decision.decide",
    "certify": "gdcheck._functions",
    "claim": "gdcheck.properties.lemmas.declare",
    "decide": "gdcheck._decision",
    "decide_every_start": "gdcheck._decision",
    "holds": "gdcheck.properties.lemmas.declare",
    "plot": "gdcheck._functions",
    "recheck": "gdcheck._functions",
    "reproduce": "gdcheck.properties.lemmas.declare",
    "sweep": "gdcheck._functions",
}


def __getattr__(name: str) -> Any:
    if name == "strategies":
        value = import_module("gdcheck.properties.strategies.problems")
    elif name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    else:
        raise AttributeError(f"module 'gdcheck' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
