"""A claim that is a statement, decided by certified batches: millions of problems a minute."""

from __future__ import annotations

import numpy as np
from flint import fmpq, fmpq_mat

from gdcheck.properties.lemmas.declare import OwnClaim
from gdcheck.properties.lemmas.drawing import Shard
from gdcheck.properties.lemmas.examine import examine
from gdcheck.properties.lemmas.outcome import Outcome
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.properties.sweep.generator import Generator
from gdcheck.properties.sweep.spec import Spec
from gdcheck.theorem.batch.batch import certify_batch
from gdcheck.theorem.batch.columns import Batch, State
from gdcheck.theorem.batch.second_opinion import problem_of, second_opinion
from gdcheck.theorem.methods.statement import End, LimitKind, Prediction, Regime

FOUND = {
    False: (Regime.SMALL_STEP, Prediction(End.LOWEST, LimitKind.FIXED)),
    True: (Regime.LARGE_STEP, Prediction(End.HIGHEST, LimitKind.ALTERNATING)),
}
"""The limit that a batch proves for a row, by whether its step is large."""

_STRAGGLERS = 8
_SILENT = Outcome("aside", "the statement is silent on this regime")


def examine_batch(shard: Shard, claim: OwnClaim, result: ShardResult) -> None:
    """Examine a statement on a batch of a sweep.

    Args:
        shard: The batch.
        claim: The claim; it has a statement.
        result: Where the outcomes are counted.
    """
    assert claim.statement is not None
    spec = Spec(small_step_share=_share(claim))
    first, count = shard.first, shard.count
    batch = Generator(shard.seed, spec).batch(shard.number, slice(0, count))
    outcome = certify_batch(batch, max_steps=spec.max_steps, least=min(_STRAGGLERS, count // 16))
    proved = outcome.state == State.PROVED
    for large, (regime, found) in FOUND.items():
        rows = np.flatnonzero(proved & (outcome.large == large))
        predicted = claim.statement.predictions.get(regime)
        if not len(rows):
            continue
        if predicted is None:
            result.add(_SILENT, len(rows))
        elif predicted == found:
            result.add(Outcome("held"), len(rows))
        else:
            said = f"the direction is {found.kind.value} in the {regime.value} regime"
            result.add(Outcome("violated", said), len(rows))
            # The first of them is enough: for the statement, their counterexamples are the same.
            _keep(claim, result, batch, int(rows[0]), first + int(rows[0]))
    for row in np.flatnonzero(~proved).tolist():
        alone, _ = examine(claim, problem_of(batch, row))
        result.add(alone)
        if alone.state == "violated":
            _keep(claim, result, batch, row, first + row)
    for row in range(0, count, max(1, count // spec.sample)):
        opinion = second_opinion(batch, outcome, row, max_steps=spec.exact_steps)
        result.rechecked += opinion.accepted
        if opinion.objection is not None:
            result.fault = f"float64 and Arb differ on problem {first + row}: {opinion.objection}; please report it"


def _share(claim: OwnClaim) -> float:
    regimes = claim.recipe.regimes
    return 0.5 if len(regimes) == 2 else float(regimes[0] is Regime.SMALL_STEP)


def _keep(claim: OwnClaim, result: ShardResult, batch: Batch, row: int, index: int) -> None:
    """Keep a row on which the statement does not hold, after it was decided alone."""
    instance = _instance(batch, row)
    result.keep(index, instance, examine(claim, instance)[0])


def _instance(batch: Batch, row: int) -> Instance:
    """Return a row's problem with its spectrum: a batch states it in eigen-coordinates."""
    problem, n = problem_of(batch, row), batch.dimension
    spectrum = tuple(fmpq(*float(x).as_integer_ratio()) for x in batch.spectrum[:, row])
    # The ends come first and last; the interior eigenvalues in any order.
    order = sorted(range(n), key=lambda i: spectrum[i])
    rotation = fmpq_mat(n, n, [int(i == j) for i in range(n) for j in order])
    small = problem.step_size * (spectrum[0] + spectrum[-1]) < 2
    regime = Regime.SMALL_STEP if small else Regime.LARGE_STEP
    return Instance(problem, tuple(spectrum[i] for i in order), rotation, regime, StartPlace.OUTSIDE)
