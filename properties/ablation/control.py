"""The control of the ablations: nothing is dropped, and counterexamples to the theorem are searched for in batches."""

from __future__ import annotations

from hypothesis import strategies as st

from gdcheck.properties.ablation.ablation import Ablation, Outcome
from gdcheck.properties.ablation.checked import decided, words
from gdcheck.properties.claims.undecided import CLAIM_STEPS
from gdcheck.properties.sweep.generator import Generator
from gdcheck.properties.sweep.spec import Spec
from gdcheck.theorem.batch.batch import certify_batch
from gdcheck.theorem.batch.columns import State
from gdcheck.theorem.batch.second_opinion import problem_of
from gdcheck.theorem.decision.decide import Verdict, decide

_SEED = 0
_SIZE = 65536
_STRAGGLERS = 8


def _batch(number: int) -> Outcome:
    """Certify a batch in float64, the remaining rows in Arb, and one more row in Arb with its certificate rechecked."""
    batch = Generator(_SEED, Spec()).batch(number, slice(0, _SIZE))
    outcome = certify_batch(batch, least=_STRAGGLERS)
    broken: bool | None = False
    left = 0
    shown = problem_of(batch, number % _SIZE)
    for row in range(_SIZE):
        if outcome.state[row] != State.PROVED:
            left += 1
            problem = problem_of(batch, row)
            verdict = decide(problem, max_steps=CLAIM_STEPS).verdict
            if verdict is Verdict.REFUTED:
                broken, shown = True, problem
            elif verdict is not Verdict.PROVED and not broken:
                broken = None
    decision, proof = decided(shown)
    if not broken and (decision.verdict is not Verdict.PROVED or proof is None):
        broken = None
    batch_words = (
        f"{_SIZE - left:,} of the {_SIZE:,} problems of its batch are certified in float64, {left:,} went to Arb"
    )
    return Outcome(
        violated=broken,
        evidence="proved",
        problem=shown,
        predicted="as the theorem says, on every problem of the batch",
        happens=f"{words(decision.limit)}, rechecked; {batch_words}",
        certificates=(proof,) if proof else (),
    )


CONTROL = Ablation(
    name="control",
    assumption="none",
    dropped="nothing: all assumptions hold",
    claim="Theorem 1.",
    instances=st.integers(0, 2**40),
    examine=_batch,
    severity="none",
    cost=8,
    each=_SIZE,
)
