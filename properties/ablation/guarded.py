"""An ablation may be of the user's own, and faulty: what is wrong with it becomes one sentence."""

from __future__ import annotations

import math
from typing import Any, get_args

from hypothesis.errors import UnsatisfiedAssumption
from hypothesis.strategies import SearchStrategy

from gdcheck.properties.ablation.ablation import Ablation, Instance, Outcome
from gdcheck.theorem.certificate.shapes import Evidence
from gdcheck.theorem.descent.problem import Problem

_MOST_CHARACTERS = 200
# Not only 10^400 is too large: it is read back, and drawn, in floats.
_LARGEST = 1e300


class FaultyAblationError(BaseException):
    """An ablation that cannot be examined; the message is a clause that says why.

    It is no ``Exception``: Hypothesis would examine the same problem again and report it in its own way.
    """


def examined(ablation: Ablation, instance: Instance) -> Outcome:
    """What an ablation says of one of its problems, looked at before it is believed.

    Args:
        ablation: The ablation.
        instance: What its strategy drew.

    Returns:
        The outcome.

    Raises:
        FaultyAblationError: If examining fails, or returns something else than an outcome.
    """
    try:
        outcome = ablation.examine(instance)
    except UnsatisfiedAssumption:
        # assume() sets a problem aside in this way.
        raise
    except (Exception, SystemExit) as error:
        raise FaultyAblationError(f"its examination raised {in_words(error)}") from None
    wrong = _wrong(outcome)
    if wrong is not None:
        raise FaultyAblationError(f"its examination returned {wrong}")
    return outcome


def in_words(error: BaseException) -> str:
    """An exception in a few words, on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:_MOST_CHARACTERS] if text else type(error).__name__


def _wrong(outcome: object) -> str | None:
    if not isinstance(outcome, Outcome):
        return f"{_shown(outcome)}, which is no Outcome"
    for name in ("violated", "weaker"):
        value = getattr(outcome, name)
        if value is not None and not isinstance(value, bool):
            return f"{name} = {_shown(value)}; it is True, False or None"
    if outcome.evidence not in get_args(Evidence):
        return f"the evidence {_shown(outcome.evidence)}; it is proved or observed"
    if not isinstance(outcome.problem, Problem):
        return f"the problem {_shown(outcome.problem)}, which is no Problem"
    if not isinstance(outcome.predicted, str) or not isinstance(outcome.happens, str):
        return "predicted or happens that is no text"
    if not _is_finite(outcome.severity):
        return f"the severity {_shown(outcome.severity)}; it is a finite number"
    certificates: Any = outcome.certificates
    if not isinstance(certificates, tuple) or not all(isinstance(c, dict) for c in certificates):
        return "certificates that are no tuple of certificates"
    return None


def _is_finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and abs(value) <= _LARGEST if isinstance(value, float) else abs(value) <= _LARGEST


def _shown(value: object) -> str:
    try:
        return repr(value)[:80]
    except Exception:
        return f"a {type(value).__name__}"


def wrong_in(ablation: Ablation) -> str | None:
    """What is wrong with an ablation as it is written, as a clause; None if nothing is."""
    texts = ("assumption", "dropped", "claim", "severity")
    for name in texts:
        if not isinstance(getattr(ablation, name), str):
            return f"has no text as its {name}; give one"
    if ablation.weaker is not None and not isinstance(ablation.weaker, str):
        return "has no text as its weaker claim; give one, or None"
    if not isinstance(ablation.instances, SearchStrategy):
        return "has no Hypothesis strategy as its instances; give one"
    if not callable(ablation.examine):
        return "has an examine that is no function; give one"
    for name in ("cost", "each"):
        value = getattr(ablation, name)
        if type(value) is not int or value < 1:
            return f"has {name} = {_shown(value)}; give a whole number from 1 on"
    return None
