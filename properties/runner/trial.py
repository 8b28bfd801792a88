"""One trial: Hypothesis attacks a claim with random problems of one regime and one band of dimensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings, target
from hypothesis import strategies as st
from hypothesis.control import current_build_context
from hypothesis.database import ExampleDatabase
from hypothesis.internal.conjecture.data import Status
from hypothesis.strategies import DrawFn

from gdcheck.properties.claims.claim import Claim, ClaimStatus, examined, status
from gdcheck.properties.runner.tally import EXAMPLES, WORST, Tally, identity, observation
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.methods.statement import Regime

BANDS = ((2, 3), (4, 6), (7, 12))
"""The bands of dimensions."""

_FEW = 20

Record = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Trial:
    """A share of the problems that attack a claim.

    Attributes:
        claim: The claim.
        regime: The regime of the problems.
        dimensions: Smallest and largest n.
        examples: How many problems.
        shard: Which share of the problems of this kind, from 1.
        shards: How many shares there are.
        part: Whether this is one of the random trials or the search for the smallest margin.
        second: The share of the problems on which the second engine is asked too, if the claim has one.
    """

    claim: Claim
    regime: Regime
    dimensions: tuple[int, int]
    examples: int
    shard: int = 1
    shards: int = 1
    part: str = EXAMPLES
    second: float = 1.0

    @property
    def name(self) -> str:
        """A readable name, unique among the trials of a run."""
        low, high = self.dimensions
        share = f"-{self.shard}of{self.shards}" if self.shards > 1 else ""
        return f"{self.claim.name}-{self.regime.value}-n{low}to{high}{share}"


class CounterexampleError(Exception):
    """A claim does not hold on some problem.

    Attributes:
        trial: The trial that found it.
        found: The observation of the first such problem.
        simplest: That of the simplest one, to which Hypothesis shrank it.
        worst: That with the smallest margin; the first one if none has a margin.
        cause: The error that stopped the examination of the simplest one, if there was one.
    """

    def __init__(self, trial: Trial, failures: list[dict[str, Any]], cause: Exception | None) -> None:
        self.trial = trial
        self.found, self.simplest = failures[0], failures[-1]
        # Of equals the first: what has no margin ranks behind what has one.
        self.worst = min(failures, key=lambda seen: (seen["margin"] is None, seen["margin"] or 0.0))
        self.cause = cause
        super().__init__(f"{trial.claim.name}: {self.simplest['note']}")


class _FailedError(Exception):
    """Raised inside Hypothesis, which shrinks until it has the simplest problem that raises it."""


def attack(trial: Trial, run_seed: int, database: ExampleDatabase | None, record: Record) -> Tally:
    """Run a trial.

    Args:
        trial: The trial.
        run_seed: The seed of the whole run; the trial's own seed follows from it and the trial's name.
        database: Hypothesis's database of earlier failures, if it is to be used.
        record: Takes each observation as it is made. ``instance`` is left out where nothing calls for it.

    Returns:
        The counts.

    Raises:
        CounterexampleError: If the claim does not hold on some problem.
    """
    state = _State(trial, Tally(), record)
    # Targeting stays near what it has; so most of the problems are drawn at random before it begins.
    targeted = trial.examples if trial.part == WORST or trial.examples < _FEW else trial.examples // 4
    try:
        if trial.examples > targeted:
            _run(state, trial.examples - targeted, [Phase.generate, Phase.shrink], run_seed, None)
        phases = [Phase.generate, Phase.target, Phase.shrink]
        _run(state, targeted, [*phases, Phase.reuse] if database is not None else phases, run_seed, database)
    except _FailedError as failed:
        raise CounterexampleError(trial, state.failures, state.cause) from failed.__cause__
    finally:
        record({"trial": trial.name, "drawn": state.tally.drawn, "discarded": state.tally.discarded})
    return state.tally


def _run(
    state: _State, examples: int, phases: Sequence[Phase], run_seed: int, database: ExampleDatabase | None
) -> None:
    """Let Hypothesis examine a number of problems."""
    trial = state.trial
    text = f"{run_seed}/{trial.part}/{trial.name}/{Phase.target in phases}"

    @seed(int.from_bytes(sha256(text.encode()).digest()[:8], "big"))
    @settings(
        max_examples=examples,
        derandomize=False,
        database=database,
        phases=phases,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
            HealthCheck.nested_given,
        ],
    )
    @given(_counted(trial, state.tally))
    def examine(instance: Instance) -> None:
        state.examine(instance)

    examine()


@st.composite
def _counted(draw: DrawFn, trial: Trial, tally: Tally) -> Instance:
    tally.drawn += 1
    try:
        return draw(trial.claim.instances(regime=trial.regime, dimensions=trial.dimensions))
    except BaseException:
        data = current_build_context().data
        if data.status is Status.OVERRUN and getattr(data, "max_choices", None) is not None:
            # Hypothesis tries short problems by cutting its own source of choices; the strategy rejects nothing.
            tally.drawn -= 1
        else:
            tally.discarded += 1
        raise


@dataclass
class _State:
    """What a trial has seen so far."""

    trial: Trial
    tally: Tally
    record: Record
    cause: Exception | None = None

    def __post_init__(self) -> None:
        self.failures: list[dict[str, Any]] = []

    def _asks_second(self, instance: Instance) -> bool:
        """Whether a problem is in the share of the second engine; the same for a problem wherever it turns up."""
        share = self.trial.second
        return share >= 1 or int(identity(instance.to_json()["problem"]), 16) < share * 16**16

    def examine(self, instance: Instance) -> None:
        claim = self.trial.claim
        finding, cause = examined(claim, instance, second=self._asks_second(instance))
        outcome = status(instance, finding)
        if finding.holds and finding.margin is not None:
            target(-finding.margin, label="smallness of the margin")
        seen = observation(self.trial.part, claim.name, instance, finding)
        if not self.failures:
            # What Hypothesis tries while it shrinks a failure is no fair sample, and is not counted.
            worth_keeping = self.tally.add(seen) or finding.holds is not True
            self.record(seen if worth_keeping else {key: value for key, value in seen.items() if key != "instance"})
        if outcome is ClaimStatus.FAILED:
            self.failures.append(seen)
            self.cause = cause
            raise _FailedError from cause


def plan(claims: list[Claim], examples: int, *, total: bool, shards: int | None, second: float = 1.0) -> list[Trial]:
    """Spread problems over claims, regimes, bands of dimensions and shards.

    Args:
        claims: The claims.
        examples: How many problems: for each kind of trial, or all in all.
        total: Whether ``examples`` is meant all in all.
        shards: How many shards for each kind of trial; by default as many as keep a shard at some 200 problems.
        second: The share of the problems on which the second engine is asked too.

    Returns:
        The trials. An expensive claim gets fewer problems; all in all, exactly the number asked for if each trial gets
        at least one.
    """
    kinds = [(claim, regime, band) for claim in claims for regime in claim.regimes for band in BANDS]
    weights = [1 / claim.cost for claim, _, _ in kinds]
    if total:
        share = examples / sum(weights)
        ends = [round(share * sum(weights[: k + 1])) for k in range(len(kinds))]
        counts = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    else:
        counts = [round(examples * weight) for weight in weights]
    trials = []
    for (claim, regime, band), wanted in zip(kinds, counts, strict=True):
        count = max(1, wanted)
        pieces = min(count, shards or -(-count // 200))
        for k in range(pieces):
            size = count * (k + 1) // pieces - count * k // pieces
            trials.append(Trial(claim, regime, band, size, k + 1, pieces, second=second))
    return trials


def worst_plan(claims: list[Claim], examples: int, second: float = 1.0) -> list[Trial]:
    """Plan the search for the smallest margin: one trial for each claim and regime, in all dimensions.

    Args:
        claims: The claims.
        examples: How many problems for the simplest claim.
        second: The share of the problems on which the second engine is asked too.

    Returns:
        The trials.
    """
    return [
        Trial(claim, regime, (BANDS[0][0], BANDS[-1][1]), max(20, examples // claim.cost), part=WORST, second=second)
        for claim in claims
        for regime in claim.regimes
    ]
