"""The pytest plugin that runs the theorem's claims: options, one merged report, a summary for people.

Each test is a shard of a claim, drawn, examined, kept and shrunk as ``gdcheck claim`` does it.
"""

from __future__ import annotations

import platform
import random
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import pytest
from hypothesis import settings
from msgspec import convert, to_builtins

from gdcheck.properties.claims.claim import SecondOutcome
from gdcheck.properties.claims.registry import CLAIMS
from gdcheck.properties.lemmas.built_in import SEARCH, budgets, built_in
from gdcheck.properties.lemmas.declare import OwnClaim
from gdcheck.properties.lemmas.drawing import shards_of
from gdcheck.properties.lemmas.loading import Source
from gdcheck.properties.lemmas.record import counterexample
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.lemmas.shards import SIZE, Task, work
from gdcheck.properties.lemmas.simplify import Shrinking
from gdcheck.properties.lemmas.theorem import (
    MOST_DISCARDS,
    STATES,
    Broken,
    Circumstances,
    ClaimsRun,
    ClaimTally,
    broken_of,
    claims_run,
)
from gdcheck.properties.lemmas.verdict import Counterexample
from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.theorem.decision.decide import Verdict

WORST_FROM = 5000
_WORST_SHARE = 50
_PER_KIND = 3
_SECOND_SHARE = 0.25
"""On what share of the problems the second engine is asked too, except in the quick profile, where it is on all."""
_TIME_LIMIT = 600.0
_FOLDER = Path("reports", "out", "counterexamples")
_PROPERTY = "claims"
_BROKEN = "claims-broken"

Attack = Callable[[Task], None]
_run_key = pytest.StashKey["Run"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("claims", "the theorem as properties of random problems")
    group.addoption("--examples", type=int, metavar="N", help="examine N problems in all, spread over the claims")
    group.addoption("--shards", type=int, metavar="K", help="split each claim into K tests (by default by size)")
    group.addoption("--report", type=Path, metavar="FILE", help="write a report")


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the run, in the controller as in every worker."""
    config.stash[_run_key] = run = Run(config)
    config.pluginmanager.register(run, "claims-run")


def claim_of(source: Source, second: float) -> OwnClaim:
    """Return the claim of a source: the loader of the shards."""
    return built_in(source.name, second)


class Run:
    """What one process knows of a run; in the controller, all of it.

    Attributes:
        config: Pytest's configuration.
        seed: The seed of the run.
        totals: The shards of each claim added up, in the controller.
    """

    def __init__(self, config: pytest.Config) -> None:
        given: Mapping[str, Any] | None = getattr(config, "workerinput", None)
        self.config = config
        self.seed = _seed(config) if given is None else int(given["claims_seed"])
        self._controls = given is None
        self._shards: list[ShardResult] = []
        self._broken: list[Broken] = []
        self._started = perf_counter()
        self._folder = TemporaryDirectory(prefix="gdcheck-")
        self._root = Path(self._folder.name)
        (self._root / "shards").mkdir()

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
    def profile(self) -> str:
        """The Hypothesis profile."""
        return settings.get_current_profile_name()

    @property
    def second_share(self) -> float:
        """The share of the problems on which the second engine is asked too."""
        return 1.0 if self.profile == "quick" and self.examples is None else _SECOND_SHARE

    def trials(self) -> list[Task]:
        """Return the shards of random problems of this run."""
        each = _PER_KIND * _profile().max_examples
        total = self.examples is not None
        return self._tasks(budgets(list(CLAIMS.values()), self.examples or each, total=total))

    def searches(self) -> list[Task]:
        """Return the shards in search of the smallest margins; none in a small run."""
        examples = self.examples or 0
        if self.examples is None and self.profile == "thorough":
            examples = _profile().max_examples * _WORST_SHARE
        if examples < WORST_FROM:
            return []
        least = {name: max(20, examples // _WORST_SHARE // claim.cost) for name, claim in CLAIMS.items()}
        return self._tasks({name + SEARCH: count * len(CLAIMS[name].regimes) for name, count in least.items()})

    def _tasks(self, wanted: Mapping[str, int]) -> list[Task]:
        loader = partial(claim_of, second=self.second_share)
        parts: int | None = self.config.getoption("--shards")
        return [
            Task(Source(name, name), shard, self._root, _TIME_LIMIT, loader)
            for name, budget in wanted.items()
            for shard in shards_of(self.seed, budget, -(-budget // parts) if parts else SIZE)
        ]

    def attack(self, task: Task, record_property: Callable[[str, object], None]) -> None:
        """Work on a shard, and hand what it comes to to the controller.

        Args:
            task: The shard.
            record_property: Pytest's fixture of that name.

        Raises:
            AssertionError: If the claim does not hold; the message says how to repeat it.
        """
        result = work(task)
        record_property(_PROPERTY, to_builtins(result))
        if result.fault is not None:
            raise AssertionError(f"{task.source.name} cannot be examined: {result.fault}")
        if result.first is not None and result.worst is not None:
            shrinking = Shrinking(task.source, task.loader, task.shard, result.first, result.worst)
            _, record = counterexample(shrinking)
            file = self._store(record, task.shard.number)
            record_property(_BROKEN, to_builtins(broken_of(record, file)))
            raise AssertionError(_account(record, file))
        if not result.states.get("held") and (causes := _causes(result)):
            # What is unresolved throughout has not passed.
            pytest.skip(_unresolved(causes))

    def _store(self, record: Counterexample, shard: int) -> str:
        file = _FOLDER / f"{record.claim}-{record.seed}-{shard}.json"
        path = self.config.rootpath / file
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(path, as_json(record))
        return file.as_posix()

    def result(self) -> ClaimsRun:
        """Return what all shards that have ended come to."""
        totals: dict[str, ShardResult] = {}
        for shard in sorted(self._shards, key=lambda shard: shard.number):
            totals.setdefault(shard.claim, ShardResult(shard.claim)).merge(shard)
        names = [name + part for part in ("", SEARCH) for name in CLAIMS if name + part in totals]
        workers: str | int | None = self.config.getoption("numprocesses", None)
        return claims_run(
            {name: totals[name] for name in names},
            sorted(self._broken, key=lambda broken: (broken.claim, broken.simplest.file)),
            seed=self.seed,
            profile=self.profile,
            examples=self.examples,
            second=self.second_share,
            run=Circumstances(
                seconds=round(perf_counter() - self._started, 1),
                workers=max(1, int(workers or 0)),
                versions={name: version(name) for name in ("hypothesis", "python-flint", "mpmath", "pytest")},
                python=platform.python_version(),
            ),
        )

    # Hooks ----------------------------------------------------------------------------------------------------------

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tells a worker the seed."""
        node.workerinput["claims_seed"] = self.seed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what the shards come to."""
        if report.when == "call" and self._controls:
            for name, value in report.user_properties:
                if name == _BROKEN:
                    self._broken.append(convert(value, Broken))
                if name == _PROPERTY:
                    self._shards.append(shard := convert(value, ShardResult))
                    if report.passed and (causes := _causes(shard)):
                        self._report_unresolved(report, causes)

    def _report_unresolved(self, report: pytest.TestReport, causes: Mapping[str, int]) -> None:
        """Report the unresolved problems of a shard as a case of their own, skipped with its causes."""
        path, line, _ = report.location
        where = (path, line or 0, f"Skipped: {_unresolved(causes)}")
        skipped = pytest.TestReport(
            f"{report.nodeid.removesuffix(']')}-unresolved]", report.location, {}, "skipped", where, "call"
        )
        self.config.hook.pytest_runtest_logreport(report=skipped)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report; too many discards make a run fail."""
        self._folder.cleanup()
        if not self._controls or not self._shards:
            return
        run = self.result()
        if self.report is not None:
            from gdcheck.reports.compose import compose

            self.report.parent.mkdir(parents=True, exist_ok=True)
            write_text_atomically(self.report, as_json(run))
            compose([self.report], self.report.parent)
        if run.discard_rate > MOST_DISCARDS and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print a table of the claims, the discard rate and the seed."""
        if not self._controls or not self._shards:
            return
        run = self.result()
        terminalreporter.section("claims")
        for line in _table(run):
            terminalreporter.write_line(line)
        rate = f"{run.discarded} of {run.drawn} draws discarded ({run.discard_rate:.2%})"
        if run.discard_rate > MOST_DISCARDS:
            rate += f": more than {MOST_DISCARDS:.0%}, so the run fails"
        searched = f", {run.problems_in_search} more in search of the smallest margins" if run.worst else ""
        unresolved = sum(sum(tally.causes.values()) for part in (run.claims, run.worst) for tally in part.values())
        left = f"{unresolved} unresolved, counted on neither side; " if unresolved else ""
        terminalreporter.write_line(f"{run.problems} problems{searched}; {left}{rate}; --hypothesis-seed={self.seed}")
        if self.report is not None:
            terminalreporter.write_line(f"report: {self.report.parent / 'index.html'}")


def _profile() -> settings:
    return settings.get_profile(settings.get_current_profile_name())


def _causes(shard: ShardResult) -> dict[str, int]:
    return shard.causes.get("undecided", {})


def _unresolved(causes: Mapping[str, int]) -> str:
    return "; ".join(f"{count} unresolved: {cause}" for cause, count in causes.items())


def _seed(config: pytest.Config) -> int:
    wanted = config.getoption("--hypothesis-seed", default=None)
    if wanted is not None and str(wanted).isdigit():
        return int(wanted)
    return 0 if _profile().derandomize else random.SystemRandom().randrange(10**9)


def _account(record: Counterexample, file: str) -> str:
    """Return what was found, in words, with the command that examines the claim again."""
    form = record.simplest
    lines = [
        f"{record.claim}: {form.found}",
        f"  claim      {record.sentence}",
        f"  precisely  {record.predicted}",
        f"  found      margin {form.margin}; {record.assumed}",
        f"  simplest   {as_json(form.problem, indent=None).strip()}",
        "  examine the claim again (on the simplest problem, on the first, on the worst):",
        f"    gdcheck replay {file}",
    ]
    return "\n".join(lines)


def _table(run: ClaimsRun) -> Iterator[str]:
    words = STATES.values()
    heads = [f"{word:>11}" for word in words]
    heads += [f"{'n/a' if v is Verdict.NOT_APPLICABLE else v.value:>12}" for v in Verdict]
    yield f"{'':56}  of these by verdict{'':37}mpmath: agrees"
    yield f"{'claim':14}{'problems':>9}{''.join(heads)}{'/differs/open':>15}  smallest margin"
    for part, star in ((run.claims, ""), (run.worst, " *")):
        for name, counts in sorted(part.items()):
            found = [f"{counts.holds.get(word, 0):>11}" for word in words]
            found += [f"{counts.verdict.get(v.value, 0):>12}" for v in Verdict]
            second = "/".join(str(counts.second.get(o.value, 0)) for o in SecondOutcome) if counts.second else "-"
            yield f"{name + star:14}{counts.problems:>9}{''.join(found)}{second:>15}  {_margin(counts)}"
    if run.worst:
        yield "* in search of the smallest margin"


def _margin(counts: ClaimTally) -> str:
    smallest = counts.smallest_margin
    return "-" if smallest is None else f"{smallest.margin:.3g} ({smallest.regime}, n = {smallest.n})"


@pytest.fixture(name="attack")
def _attack(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Attack:
    """Work on a shard: a function of the shard, which fails if the claim does not hold."""
    run = request.config.stash[_run_key]
    return lambda task: run.attack(task, record_property)


def run_of(config: pytest.Config) -> Run:
    """Return the run of a pytest configuration.

    Args:
        config: Pytest's configuration.

    Returns:
        The run.
    """
    return config.stash[_run_key]
