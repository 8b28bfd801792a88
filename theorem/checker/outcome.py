"""How a check ends: accepted (nothing is raised), malformed, with a claim that fails, or given up; the time limit."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from decimal import ROUND_05UP, Context, Decimal
from fractions import Fraction
from typing import TypeVar

TIME_LIMIT = 60.0
"""Seconds that a check may take unless the caller says otherwise."""

LOOK = 64
"""The clock is read once every this many steps of a trajectory."""

MOST_TERMS = 20_000
"""The most terms that a polynomial may have on the way, and the most bits of an exact iterate."""


T = TypeVar("T")
Watch = Callable[[int, int], None]
"""Called now and then along a trajectory, with the number of steps done and of all steps."""

_WATCH: ContextVar[Watch | None] = ContextVar("_WATCH", default=None)
_LIMIT: ContextVar[tuple[float, float]] = ContextVar("_LIMIT", default=(math.inf, math.inf))
"""The seconds of processor time that the current check may take, and the time on its thread's clock when they end."""


class BadCertificate(Exception):  # noqa: N818
    """The certificate is malformed: a field is missing, unknown, or not of its type."""


class ClaimError(Exception):
    """A claim fails; the message says which, with its numbers."""


class NotChecked(Exception):  # noqa: N818
    """The checker gave up at one of its limits. The certificate is neither accepted nor rejected."""


def claim(holds: object, sentence: str) -> None:
    """Reject the certificate unless a claim holds.

    Args:
        holds: Whether it does.
        sentence: What fails, with the numbers.

    Raises:
        ClaimError: If it does not hold.
    """
    if not holds:
        raise ClaimError(sentence)


def required(value: T | None, sentence: str) -> T:
    """Return a value that must be present; reject the certificate if it is None.

    Args:
        value: The value, or None.
        sentence: What fails.

    Raises:
        ClaimError: If it is None.
    """
    if value is None:
        raise ClaimError(sentence)
    return value


def within(limit: object, sentence: str) -> None:
    """Give up unless the work stays within a limit.

    Args:
        limit: Whether it does.
        sentence: What goes beyond it.

    Raises:
        NotChecked: If it does not.
    """
    if not limit:
        raise NotChecked(f"not checked: {sentence}")


@contextmanager
def _during(variable: ContextVar[T], value: T) -> Iterator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def time_limit(seconds: float) -> AbstractContextManager[None]:
    """Give the checks inside at most this many seconds of processor time; ``look`` stops them.

    Time that other processes take does not count, so that a busy machine changes no answer.

    Args:
        seconds: The limit.
    """
    return _during(_LIMIT, (seconds, time.thread_time() + seconds))


def watched(watch: Watch | None) -> AbstractContextManager[None]:
    """Tell a watcher how far the checks inside have come along a trajectory.

    Args:
        watch: What to call, or None.
    """
    return _during(_WATCH, watch)


def at_step(done: int, total: int) -> None:
    """Read the clock now and then along a trajectory, and tell the watcher how far the check has come.

    Args:
        done: The steps done.
        total: Their number.

    Raises:
        NotChecked: If the time is over.
    """
    if done % LOOK:
        return
    look(f"the trajectory up to step {total}")
    watch = _WATCH.get()
    if watch is not None:
        watch(done, total)


def look(work: str) -> None:
    """Give up if the time is over. Every loop that can become long calls this.

    Args:
        work: What is being done, for the sentence.

    Raises:
        NotChecked: If it is.
    """
    seconds, end = _LIMIT.get()
    if time.thread_time() >= end:
        raise NotChecked(
            f"not checked: {work} takes the checker more than {seconds:g} seconds; this says nothing about the proof"
        )


def show(*numbers: Fraction | int) -> str:
    """Write numbers to four digits, for sentences."""
    return ", ".join(f"{_rounded(x):.4g}" for x in numbers)


def _rounded(x: Fraction | int) -> Decimal:
    """Round to about thirty digits, without writing out numbers that may have tens of thousands.

    The rounding keeps the last digit from being 0 or 5, so that rounding to four digits afterwards is right.
    """
    context = Context(prec=30, rounding=ROUND_05UP)
    over, under = (max(0, n.bit_length() - 512) for n in (x.numerator, x.denominator))
    found = context.divide(Decimal(abs(x.numerator) >> over), Decimal(x.denominator >> under))
    found = context.multiply(found, context.power(Decimal(2), over - under))
    return -found if x < 0 else found
