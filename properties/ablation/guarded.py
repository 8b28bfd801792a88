"""An ablation may be of the user's own, and faulty: what is wrong with it becomes one sentence."""

from __future__ import annotations

from hypothesis.errors import UnsatisfiedAssumption

from gdcheck.properties.ablation.ablation import Ablation, Instance, Outcome
from gdcheck.theorem.certificate.shapes import ShapeError, read_as
from gdcheck.theorem.loss.errors import in_words


class FaultyAblationError(BaseException):
    """An ablation that cannot be examined; the message is a clause that says why.

    It is no ``Exception``: Hypothesis would examine the same problem again and report it in its own way.
    """


def examined(ablation: Ablation, instance: Instance) -> Outcome:
    """Return what an ablation says of one of its problems, looked at before it is believed.

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
    if not isinstance(outcome, Outcome):
        raise FaultyAblationError(f"its examination returned a {type(outcome).__name__}, which is no Outcome")
    try:
        return read_as(vars(outcome), Outcome)
    except ShapeError as error:
        raise FaultyAblationError(f"its examination returned an Outcome that is wrong at {error}") from None
