"""Which modules one decision runs: the steps of the argument, and nothing else."""

import sys
from pathlib import Path

from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.problem import Problem

STEPS = {
    "decision/decide": "the argument",
    "descent/expansion": "the loss at its minimizer",
    "assumptions/spectrum": "assumptions: eigenvalues",
    "assumptions/regime": "assumptions: the step size",
    "assumptions/preimages": "assumptions: preimages of null sets",
    "decision/search": "which space, which precision; the supplier",
    "descent/remainder": "what the supplier bounds: C",
    "descent/enclosure": "what the supplier encloses: the iterates",
    "limit/amplitude": "the lemma",
}
# What every step may use: a problem's fields with its method, and numbers and polynomials in theorem/loss.
COMMON = {"descent/problem", "methods/method"}


def modules_run(problem):
    seen = set()

    def profile(frame, kind, _):
        path = Path(frame.f_code.co_filename)
        if kind == "call" and "theorem" in path.parts:
            seen.add("/".join(path.with_suffix("").parts[-2:]))

    previous = sys.getprofile()
    sys.setprofile(profile)
    try:
        decision = decide(problem)
    finally:
        sys.setprofile(previous)
    return decision, seen


def test_a_decision_runs_the_steps_of_the_argument():
    problem = Problem("x**2 + y**2/2 + x**2*y + x**3", step_size="0.95", start=["0.1", "0.1"])
    decision, seen = modules_run(problem)
    assert decision.verdict is Verdict.PROVED
    steps = {name for name in seen if not name.startswith("loss/")} - COMMON
    assert steps == set(STEPS), f"unexpected: {steps - set(STEPS)}; not run: {set(STEPS) - steps}"
    assert len(seen) <= len(STEPS) + 6, sorted(seen)
