"""The pytest plugin that runs the claims: options, logs of every worker, one merged report, a summary for people."""

from __future__ import annotations

import json
import platform
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, TextIO

import pytest
from hypothesis import settings
from hypothesis.database import (
    DirectoryBasedExampleDatabase,
    ExampleDatabase,
    MultiplexedDatabase,
    ReadOnlyDatabase,
)
from msgspec import convert, to_builtins

from gdcheck.properties.claims.claim import Claim, SecondOutcome
from gdcheck.properties.runner.counterexamples import store
from gdcheck.properties.runner.tally import (
    EXAMPLES,
    FAILS,
    HOLDS,
    MOST_DISCARDS,
    OPEN,
    WORST,
    AboutClaim,
    Broken,
    Circumstances,
    ClaimsRun,
    ClaimTally,
    Tally,
    merged,
)
from gdcheck.properties.runner.trial import CounterexampleError, Trial, attack, plan, worst_plan
from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.theorem.decision.decide import Verdict

WORST_FROM = 5000
_WORST_SHARE = 50
_PER_KIND = 3
_SECOND_SHARE = 0.25
"""On what share of the problems the second engine is asked too, except in the quick profile, where it is on all."""
_PROPERTY = "claims"
_BROKEN = "claims-broken"

Attack = Callable[[Trial], None]
_run_key = pytest.StashKey["Run"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("claims", "the theorem as properties of random problems")
    group.addoption("--examples", type=int, metavar="N", help="examine N problems in all, spread over the claims")
    group.addoption("--shards", type=int, metavar="K", help="split each kind of trial into K (by default by size)")
    group.addoption("--report", type=Path, metavar="FILE", help="write a report, and each worker's log beside it")


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the run, in the controller as in every worker."""
    config.stash[_run_key] = run = Run(config)
    config.pluginmanager.register(run, "claims-run")


class Run:
    """What one process knows of a run; in the controller, all of it.

    Attributes:
        config: Pytest's configuration.
        worker: The worker's name; ``main`` without workers and in the controller.
        seed: The seed of the run.
        tally: The counts of all trials that have ended, in the controller.
    """

    def __init__(self, config: pytest.Config) -> None:
        given: Mapping[str, Any] | None = getattr(config, "workerinput", None)
        self.config = config
        self.worker = "main" if given is None else str(given["workerid"])
        self.seed = _seed(config) if given is None else int(given["claims_seed"])
        self.tally = Tally()
        self._broken: list[Broken] = []
        self._controls = given is None
        self._started = perf_counter()
        self._log: TextIO | None = None
        self._merged: tuple[Tally, int] | None = None
        if self._controls and self.report is not None:
            self._observations.mkdir(parents=True, exist_ok=True)
            for old in self._observations.glob("*.jsonl"):
                old.unlink()

    @property
    def report(self) -> Path | None:
        """Where the report goes."""
        path: Path | None = self.config.getoption("--report")
        return None if path is None else self.config.invocation_params.dir / path

    @property
    def examples(self) -> int | None:
        """How many problems were asked for in all."""
        count: int | None = self.config.getoption("--examples")
        return count

    @property
    def _observations(self) -> Path:
        assert self.report is not None
        return self.report.parent / "observations"

    @property
    def profile(self) -> str:
        """The Hypothesis profile."""
        return settings.get_current_profile_name()

    @property
    def second_share(self) -> float:
        """The share of the problems on which the second engine is asked too."""
        return 1.0 if self.profile == "quick" and self.examples is None else _SECOND_SHARE

    def trials(self, claims: Iterable[Claim]) -> list[Trial]:
        """Return the random trials of this run.

        Args:
            claims: The claims.

        Returns:
            The trials.
        """
        examples, shards, second = self.examples, self.config.getoption("--shards"), self.second_share
        if examples is not None:
            return plan(list(claims), examples, total=True, shards=shards, second=second)
        return plan(
            list(claims), _PER_KIND * _profile().max_examples, total=False, shards=shards, second=self.second_share
        )

    def searches(self, claims: Iterable[Claim]) -> list[Trial]:
        """Return the searches for the smallest margins; none in a small run.

        Args:
            claims: The claims.

        Returns:
            The trials.
        """
        examples = self.examples or 0
        if self.examples is None and self.profile == "thorough":
            examples = _profile().max_examples * _WORST_SHARE
        if examples < WORST_FROM:
            return []
        return worst_plan(list(claims), examples // _WORST_SHARE, self.second_share)

    def attack(self, trial: Trial, record_property: Callable[[str, object], None]) -> None:
        """Run a trial, log it, and hand its counts to the controller.

        Args:
            trial: The trial.
            record_property: Pytest's fixture of that name.

        Raises:
            AssertionError: If the claim does not hold; the message says how to repeat it.
        """
        tally = Tally()
        with self._writing() as write:

            def record(line: Mapping[str, Any]) -> None:
                if "drawn" in line:
                    tally.drawn, tally.discarded = line["drawn"], line["discarded"]
                else:
                    tally.add(line)
                write(line)

            try:
                attack(trial, self.seed, self._database(), record)
            except CounterexampleError as error:
                stored = store(error, self.config.rootpath)
                record_property(_BROKEN, to_builtins(stored.broken))
                raise AssertionError(stored.message) from error.cause
            finally:
                record_property(_PROPERTY, to_builtins(tally))
        held = tally.claims.get(trial.part, {}).get(trial.claim.name, ClaimTally()).holds.get(HOLDS, 0)
        if not held and (causes := tally.causes()):
            # What is unresolved throughout has not passed.
            pytest.skip(_unresolved(causes))

    @contextmanager
    def _writing(self) -> Iterator[Callable[[Mapping[str, Any]], None]]:
        if self.report is None:
            yield lambda _: None
            return
        if self._log is None:
            self._observations.mkdir(parents=True, exist_ok=True)
            path = self._observations / f"{self.worker}.jsonl"
            self._log = path.open("a", encoding="utf-8", newline="\n")
        log = self._log
        yield lambda line: print(json.dumps(line, ensure_ascii=False, allow_nan=False), file=log)
        log.flush()

    def _database(self) -> ExampleDatabase | None:
        """Return this worker's database of failures, those of the others to read; None where runs are repeatable."""
        if _profile().derandomize or self.examples is not None or self.report is not None:
            return None
        folder = self.config.rootpath / ".hypothesis" / "claims"
        own = DirectoryBasedExampleDatabase(folder / self.worker)
        others = sorted(path for path in folder.glob("*") if path.is_dir() and path.name != self.worker)
        return MultiplexedDatabase(own, *[ReadOnlyDatabase(DirectoryBasedExampleDatabase(path)) for path in others])

    # Hooks ----------------------------------------------------------------------------------------------------------

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tells a worker the seed."""
        node.workerinput["claims_seed"] = self.seed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up what the trials counted."""
        if report.when == "call" and self._controls:
            for name, value in report.user_properties:
                if name == _BROKEN:
                    self._broken.append(convert(value, Broken))
                if name == _PROPERTY:
                    assert isinstance(value, dict)
                    tally = convert(value, Tally)
                    self.tally.merge(tally)
                    if report.passed and (causes := tally.causes()):
                        self._report_unresolved(report, causes)

    def _report_unresolved(self, report: pytest.TestReport, causes: Mapping[str, int]) -> None:
        """Report the unresolved problems of a trial as a case of their own, skipped with its causes."""
        path, line, _ = report.location
        where = (path, line or 0, f"Skipped: {_unresolved(causes)}")
        skipped = pytest.TestReport(
            f"{report.nodeid.removesuffix(']')}-unresolved]", report.location, {}, "skipped", where, "call"
        )
        self.config.hook.pytest_runtest_logreport(report=skipped)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Merge the logs into the report; too many discards make a run fail."""
        if self._log is not None:
            self._log.close()
            self._log = None
        if not self._controls or not self.tally.drawn:
            return
        if self.report is not None:
            self._write_report(self.report)
        if self.tally.discard_rate > MOST_DISCARDS and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _write_report(self, path: Path) -> None:
        from gdcheck.reports.compose import compose

        self._merged = tally, distinct = merged(_lines(self._observations))
        write_text_atomically(path, as_json(self._as_report(tally, distinct)))
        compose([path], path.parent)

    def _as_report(self, tally: Tally, distinct: int) -> ClaimsRun:
        from gdcheck.properties.claims.registry import CLAIMS

        def part(name: str) -> dict[str, ClaimTally]:
            found = tally.claims.get(name, {})
            return {claim: found[claim].in_order() for claim in CLAIMS if claim in found}

        return ClaimsRun(
            seed=self.seed,
            profile=self.profile,
            examples=self.examples,
            problems=tally.problems(),
            problems_in_search=tally.problems(WORST),
            distinct=distinct,
            drawn=tally.drawn,
            discarded=tally.discarded,
            discard_rate=tally.discard_rate,
            second_share=self.second_share,
            about={name: AboutClaim(c.sentence, c.statement, c.kind, c.margin) for name, c in CLAIMS.items()},
            claims=part(EXAMPLES),
            worst=part(WORST),
            run=Circumstances(
                seconds=round(perf_counter() - self._started, 1),
                workers=len(list(self._observations.glob("*.jsonl"))),
                versions={name: version(name) for name in ("hypothesis", "python-flint", "mpmath", "pytest")},
                python=platform.python_version(),
            ),
            counterexamples=sorted(self._broken, key=lambda broken: (broken.claim, broken.simplest.file)),
        )

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print a table of the claims, the discard rate and the seed."""
        tally = self.tally
        if not self._controls or not tally.drawn:
            return
        terminalreporter.section("claims")
        for line in _table(tally):
            terminalreporter.write_line(line)
        rate = f"{tally.discarded} of {tally.drawn} draws discarded ({tally.discard_rate:.2%})"
        if tally.discard_rate > MOST_DISCARDS:
            rate += f": more than {MOST_DISCARDS:.0%}, so the run fails"
        searched = f", {tally.problems(WORST)} more in search of the smallest margins" if tally.problems(WORST) else ""
        unresolved = sum(tally.causes().values())
        left = f"{unresolved} unresolved, counted on neither side; " if unresolved else ""
        terminalreporter.write_line(
            f"{tally.problems()} problems{searched}; {left}{rate}; --hypothesis-seed={self.seed}"
        )
        if self.report is not None and self._merged is not None:
            terminalreporter.write_line(
                f"{self._merged[1]} different problems; report: {self.report.parent / 'index.html'}"
            )


def _profile() -> settings:
    return settings.get_profile(settings.get_current_profile_name())


def _unresolved(causes: Mapping[str, int]) -> str:
    return "; ".join(f"{count} unresolved: {cause}" for cause, count in causes.items())


def _seed(config: pytest.Config) -> int:
    wanted = config.getoption("--hypothesis-seed", default=None)
    if wanted is not None and str(wanted).isdigit():
        return int(wanted)
    return 0 if _profile().derandomize else random.SystemRandom().randrange(10**9)


def _lines(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as stream:
            yield from stream


def _table(tally: Tally) -> Iterator[str]:
    words = (HOLDS, FAILS, OPEN)
    heads = [f"{word:>11}" for word in words]
    heads += [f"{'n/a' if v is Verdict.NOT_APPLICABLE else v.value:>12}" for v in Verdict]
    yield f"{'':56}  of these by verdict{'':37}mpmath: agrees"
    yield f"{'claim':14}{'problems':>9}{''.join(heads)}{'/differs/open':>15}  smallest margin"
    for part, tallies in sorted(tally.claims.items()):
        for claim, counts in sorted(tallies.items()):
            name = claim if part == EXAMPLES else f"{claim} *"
            found = [f"{counts.holds.get(word, 0):>11}" for word in words]
            found += [f"{counts.verdict.get(v.value, 0):>12}" for v in Verdict]
            second = "/".join(str(counts.second.get(o.value, 0)) for o in SecondOutcome) if counts.second else "-"
            yield f"{name:14}{counts.problems:>9}{''.join(found)}{second:>15}  {_margin(counts)}"
    if WORST in tally.claims:
        yield "* in search of the smallest margin"


def _margin(counts: ClaimTally) -> str:
    smallest = counts.smallest_margin
    return "-" if smallest is None else f"{smallest.margin:.3g} ({smallest.regime}, n = {smallest.n})"


@pytest.fixture(name="attack")
def _attack(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Attack:
    """Run a trial: a function of the trial, which fails if the claim does not hold."""
    run = request.config.stash[_run_key]
    return lambda trial: run.attack(trial, record_property)


def run_of(config: pytest.Config) -> Run:
    """Return the run of a pytest configuration.

    Args:
        config: Pytest's configuration.

    Returns:
        The run.
    """
    return config.stash[_run_key]
