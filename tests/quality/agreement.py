"""Holds float64 against Arb on many problems of several shapes: python tests/quality/agreement.py --problems 100000.

Every problem that float64 has proved is decided again in Arb. Exit code 0 if no answer differs.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

import numpy as np
from msgspec.structs import replace
from rich.console import Console
from rich.progress import track

from gdcheck.properties.sweep.generator import Generator
from gdcheck.properties.sweep.spec import Spec
from gdcheck.theorem.batch.batch import certify_batch
from gdcheck.theorem.batch.columns import State
from gdcheck.theorem.batch.second_opinion import contradiction, problem_of
from gdcheck.theorem.decision.decide import decide

SHAPES = (
    Spec(),
    Spec(variables=2, terms=3, degree=3, start=(0.05, 8)),
    Spec(variables=3, terms=8, degree=6, dominant_bits=45),
    Spec(variables=8, terms=30, near_share=1),
    Spec(variables=4, terms=12, degree=5, condition=(1.01, 100), coefficient=1000),
)
ROWS = 500


def main() -> int:
    """Runs the comparison and prints what it came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    console = Console(width=120)
    states: Counter[str] = Counter()
    differing = 0
    for number in track(range(-(-options.problems // ROWS)), console=Console(stderr=True)):
        spec = replace(SHAPES[number % len(SHAPES)], batch=ROWS)
        batch = Generator(options.seed, spec).batch(number, slice(0, ROWS))
        outcome = certify_batch(batch)
        states.update(State(state).name.lower() for state in outcome.state)
        for row in np.flatnonzero(outcome.state == State.PROVED).tolist():
            sentence = contradiction(outcome, row, decide(problem_of(batch, row)))
            if sentence is not None:
                differing += 1
                console.print(f"shape {number % len(SHAPES)}, batch {number}, row {row}: {sentence}")
    console.print(f"{sum(states.values())} problems in float64: {dict(states)}; Arb differs on {differing}")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
