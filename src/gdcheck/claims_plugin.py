"""Pytest plugin for a user's own repository: every claim declared with ``@gdcheck.claim`` is a test.

It is loaded in every pytest of an environment that has gdcheck, so it imports nothing of gdcheck until a test file
has declared a claim.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gdcheck.properties.lemmas.declare import OwnClaim
    from gdcheck.properties.lemmas.verdict import ClaimRow, Counterexample

PROFILES = {"quick": 50, "default": 300, "thorough": 10_000}
"""How many problems each profile examines for a claim."""

_DECLARED_IN = "gdcheck.properties.lemmas.declare"


def _from(least: float, kind: type[int] | type[float]) -> Callable[[str], float]:
    def read(text: str) -> float:
        # As on the command line, 2e3 and 1/2 are numbers.
        number = Fraction(text)
        if number < Fraction(str(least)) or (kind is int and number.denominator != 1):
            raise ArgumentTypeError(f"{text} is out of range; give a number from {least} on")
        return kind(number)

    read.__name__ = kind.__name__
    return read


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, all of which begin with ``--gdcheck-``."""
    group = parser.getgroup("gdcheck", "claims about gradient descent")
    group.addoption("--gdcheck-profile", choices=list(PROFILES), default="default", help="How thorough to be.")
    group.addoption(
        "--gdcheck-budget", type=_from(1, int), metavar="N", help="Problems for each claim, in place of the profile's."
    )
    group.addoption(
        "--gdcheck-time-limit",
        type=_from(0.1, float),
        default=10.0,
        metavar="S",
        help="Seconds that one problem may take (10).",
    )
    group.addoption("--gdcheck-seed", type=_from(0, int), default=0, metavar="N", help="The seed of the problems (0).")
    group.addoption("--gdcheck-out", type=Path, metavar="DIR", help="Store counterexamples there, for gdcheck replay.")


def pytest_pycollect_makeitem(collector: Any, name: str, obj: object) -> ClaimItem | None:
    """Collect a claim as a test, in the file that declares it."""
    kind = type(obj)
    # By name: nothing of gdcheck is imported for files without claims.
    if kind.__module__ != _DECLARED_IN or kind.__name__ != "OwnClaim":
        return None
    declared: Any = obj
    if declared.file and Path(declared.file) != collector.path:
        return None
    item: ClaimItem = ClaimItem.from_parent(collector, name=name, claim=declared)
    return item


class ClaimItem(pytest.Item):
    """A claim as a test: it passes if the claim held, is skipped with its causes if it is undecided, else fails."""

    def __init__(self, *, claim: OwnClaim, **given: Any) -> None:
        super().__init__(**given)
        self.claim = claim

    def runtest(self) -> None:
        """Examine the claim as ``gdcheck claim`` does, in another process: one that does not end can be killed."""
        from tempfile import TemporaryDirectory

        from gdcheck.properties.lemmas.run import begin, run_claims
        from gdcheck.properties.sweep.run import Executor

        option = self.config.getoption
        count = option("--gdcheck-budget") or PROFILES[option("--gdcheck-profile")]
        with TemporaryDirectory(prefix="gdcheck-") as folder:
            # A claim of the theorem is known by its name, wherever it is asked for.
            root, target = Path(folder), f"{self.path}:{self.name}" if self.claim.file else self.claim.name
            budget = max(1, round(count * self.claim.share))
            plan = begin([target], option("--gdcheck-seed"), budget, option("--gdcheck-time-limit"), root)
            run = run_claims(plan, root, Executor())
        if run.interrupted:
            raise KeyboardInterrupt
        (row,) = run.rows
        if row.verdict == "undecided" and row.counterexample is None:
            causes = [
                f"{n}: {cause}" for state in ("undecided", "aside") for cause, n in row.causes.get(state, {}).items()
            ]
            pytest.skip(f"{row.words()} of {row.examined} problems ({'; '.join(causes)})")
        if row.verdict != "held":
            raise ClaimFailedError(self._account(row))

    def _account(self, row: ClaimRow) -> str:
        """Return what was found, in words: the problem, and the line that adds it to every later run."""
        said = f"{self.name}: {row.words()}".replace(" --time-limit", " --gdcheck-time-limit")
        if row.counterexample is None:
            return said
        from gdcheck.reports.own_claims_view import python_line, reproduce_line

        file = self._stored(row.counterexample)
        form, why_not = row.counterexample.simplest, row.counterexample.not_simplified
        margin = "" if form.margin is None else f" (margin {form.margin:g})"
        where = "on an example of the claim" if form.index < 0 else f"on problem {form.index} of the run"
        lines = [
            said,
            f"  {row.sentence}",
            f"  {form.evidence}: {form.found}{margin}, {where}",
            *([f"  not simplified: {why_not}"] if why_not else []),
            f"  {python_line(form)}",
            "  to have it examined always, put this above the claim:",
            f"    {reproduce_line(form)}",
            *([] if file is None else ["  to examine the claim on it again:", f"    gdcheck replay {file}"]),
        ]
        return "\n".join(lines)

    def _stored(self, record: Counterexample) -> Path | None:
        """Store a counterexample, if the user says where, and return its file."""
        folder: Path | None = self.config.getoption("--gdcheck-out")
        if folder is None:
            return None
        from gdcheck.properties.storage.files import as_json, write_text_atomically

        folder.mkdir(parents=True, exist_ok=True)
        write_text_atomically(folder / f"{self.name}.json", as_json(record))
        return folder / f"{self.name}.json"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the account of a counterexample without a traceback through gdcheck."""
        if isinstance(excinfo.value, ClaimFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the claim is declared."""
        return self.path, max(0, self.claim.line - 1), f"claim {self.name}"


class ClaimFailedError(AssertionError):
    """A claim does not hold, or cannot be used; the message says on which problem, and how to repeat it."""


def pytest_report_header(config: pytest.Config) -> Iterator[str]:
    """Say nothing unless an option was given.

    Args:
        config: Pytest's configuration.

    Yields:
        The seed and the profile.
    """
    if config.getoption("--gdcheck-seed") or config.getoption("--gdcheck-budget"):
        yield f"gdcheck: seed {config.getoption('--gdcheck-seed')}, profile {config.getoption('--gdcheck-profile')}"
