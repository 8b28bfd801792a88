"""What a command says beside its answer: bars, stages with their times, or nothing."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from contextvars import ContextVar
from os import devnull
from pathlib import Path
from shlex import join

from gdcheck.properties.storage.files import writing_to
from gdcheck.theorem.loss.errors import InputError

LOG = logging.getLogger("gdcheck")
"""Where stages are told, with their times."""
_EVERY = 10.0
"""Seconds between two lines on one stage."""

INVOKED: ContextVar[Sequence[str]] = ContextVar("invoked", default=())
"""The words of the command line after ``gdcheck``."""


def command_line() -> str:
    """Return the command that runs, to be pasted into a POSIX shell."""
    return join(["gdcheck", *INVOKED.get()])


_BESIDE_THE_RUN = {"--out": 1, "--log-file": 1, **dict.fromkeys(("--resume", "--json", "--quiet", "--verbose"), 0)}
"""Options on which no result depends, with the number of their values."""


def repeating_command() -> str:
    """Return the command that repeats the run: without what says where files go, and what is printed."""
    kept, words = ["gdcheck"], iter(INVOKED.get())
    for word in words:
        option, _, value = word.partition("=")
        if option not in _BESIDE_THE_RUN:
            kept.append(word)
        elif _BESIDE_THE_RUN[option] and not value:
            next(words, None)
    return join(kept)


_BARS: ContextVar[bool] = ContextVar("bars", default=True)


def bars() -> bool:
    """Whether bars may be shown: not where nothing is to be said, nor among the lines of a log."""
    return _BARS.get()


@contextmanager
def talking(*, quiet: bool, verbose: bool, log_file: Path | None, keeps_output: bool) -> Iterator[None]:
    """Say as much as was asked for while a command works.

    Args:
        quiet: Whether nothing is said but errors.
        verbose: Whether each stage is told on standard error, with times.
        log_file: A file to which the same is added.
        keeps_output: Whether standard output is kept though nothing is said, for it is data.

    Raises:
        InputError: If two exclude each other, or the file cannot be written.
    """
    if quiet and verbose:
        raise InputError("quiet", "does not go with --verbose; leave one out")
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)] if verbose else []
    if log_file is not None:
        with writing_to(log_file, "log-file"):
            handlers.append(logging.FileHandler(log_file, encoding="utf-8"))
    form = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    form.converter = time.gmtime
    token, level = _BARS.set(not (quiet or verbose)), LOG.level
    for handler in handlers:
        handler.setFormatter(form)
        LOG.addHandler(handler)
    LOG.setLevel(logging.INFO if handlers else logging.CRITICAL)
    begun = time.monotonic()
    try:
        with ExitStack() as stack:
            if quiet and not keeps_output:
                stack.enter_context(redirect_stdout(stack.enter_context(Path(devnull).open("w", encoding="utf-8"))))
            LOG.info("%s", command_line())
            yield
            LOG.info("ended after %.1f s", time.monotonic() - begun)
    except BaseException as error:
        LOG.info("ended by %s after %.1f s: %s", type(error).__name__, time.monotonic() - begun, error)
        raise
    finally:
        _BARS.reset(token)
        LOG.setLevel(level)
        for handler in handlers:
            LOG.removeHandler(handler)
            handler.close()


class Stage:
    """A stage of the work, told when it begins, every ten seconds, and when it ends.

    Args:
        what: What is being done.
        total: How many units there are; None if it is not known.
    """

    def __init__(self, what: str, total: int | None) -> None:
        self._what, self._total, self._done = what, total, 0
        self._next = time.monotonic() + _EVERY
        LOG.info("%s begins%s", what, "" if total is None else f", {total:,} in all")

    def tell(self, done: int, what: str = "", total: int | None = None) -> None:
        """Take how far it is, and tell it now and then."""
        self._done, self._what, self._total = done, what or self._what, total or self._total
        if LOG.isEnabledFor(logging.INFO) and time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY
            LOG.info("%s: %s", self._what, self._far())

    def end(self) -> None:
        """Tell that it has ended."""
        LOG.info("%s ends%s", self._what, f": {self._far()}" if self._done else "")

    def _far(self) -> str:
        return f"{self._done:,}" + ("" if self._total is None else f" of {self._total:,}")
