"""Random smooth losses decided and held against a simulation in mpmath that shares no code with the engine.

Run it as ``python -m tests.quality.smooth_agreement --problems 500``. Losses are drawn by ``tests/builders/smooth.py``,
or are random polynomials, whose minimizers are irrational. Every certificate is rechecked; a limit or a minimizer that
the simulation does not show is a disagreement, and so is a certificate that the checker does not accept.
"""

import argparse
import json
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

import mpmath
from flint import fmpq

from gdcheck.theorem.certificate.kinds.smooth import smooth_answer, smooth_certificate
from gdcheck.theorem.certificate.rechecking import NotChecked, check
from gdcheck.theorem.decision.smooth import SmoothDecision, SmoothProblem, decide_smooth
from gdcheck.theorem.smooth.reading import read_smooth
from tests.builders.smooth import random_smooth, simulated

MORE = 40
MOST_STEPS = 2000


@dataclass
class Drawn:
    """A random problem."""

    text: str
    names: list[str]
    eta: Fraction
    start: list[Fraction]

    def problem(self):
        """The problem as gdcheck reads it."""
        exact = tuple(fmpq(q.numerator, q.denominator) for q in self.start)
        return SmoothProblem(read_smooth(self.text, self.names), fmpq(self.eta.numerator, self.eta.denominator), exact)


def random_polynomial(rng):
    """A coercive polynomial, whose minimizers are irrational as a rule."""
    n = rng.randint(1, 3)
    names = [f"x{i + 1}" for i in range(n)]
    parts = [f"{rng.randint(1, 8)}/8*{name}**4 + {rng.choice([-4, -2, 2, 4])}/8*{name}**2" for name in names]
    for _ in range(rng.randint(1, 5)):
        powers = "*".join(rng.choice(names) for _ in range(rng.randint(1, 3)))
        parts.append(f"({rng.randint(-12, 12)}/8)*{powers}")
    return " + ".join(parts), names


def drawn(seed):
    """A problem of this seed; its step size is a share of the stability limit where the trajectory first arrives."""
    rng = random.Random(seed)
    text, names = random_polynomial(rng) if seed % 4 == 3 else random_smooth(seed)
    start = [Fraction(rng.randint(-16, 16), 8) for _ in names]
    found = Drawn(text, names, Fraction(1, 50), start)
    first = decide_smooth(found.problem(), max_steps=1)
    if first.minimizer is not None:
        share = rng.choice([0.2, 0.45, 0.6, 0.8, 0.9, 0.95, 0.99])
        found.eta = Fraction(2 * share / float(first.minimizer.spectrum.values[-1].mid())).limit_denominator(500)
    return found


def disagreement(problem: Drawn, found: SmoothDecision) -> str | None:
    """What the simulation says otherwise; None if nothing."""
    if found.amplitude is None:
        return None
    rate = smooth_answer(found)["rate"] or 0
    least = 10**12 * mpmath.mpf(int(found.minimizer.radius.p)) / int(found.minimizer.radius.q)
    with mpmath.workprec(400):
        iterates = simulated(problem.text, problem.names, problem.eta, problem.start, found.amplitude.step + MORE)
        errors = [
            [a - mpmath.mpf(int(m.p)) / int(m.q) for a, m in zip(x, found.minimizer.centre, strict=True)]
            for x in iterates
        ]
        lengths = [mpmath.sqrt(sum(x * x for x in h)) for h in errors]
        # Nearer than the enclosure is narrow, the direction from its middle means nothing.
        last = max(k for k, length in enumerate(lengths) if length > least)
        vector = [mpmath.mpf(float(x.mid())) for x in found.amplitude.limit.vectors[0]]
        alternates = found.amplitude.limit.kind.value == "alternating"

        def ratio(k):
            """What is not along the limit over what is, which may have the wrong sign."""
            turn = -1 if alternates and k % 2 else 1
            along = turn * sum(x * v for x, v in zip(errors[k], vector, strict=True))
            rest = mpmath.sqrt(sum((x - turn * along * v) ** 2 for x, v in zip(errors[k], vector, strict=True)))
            return rest / along

        first, end = ratio(min(last, found.amplitude.step)), ratio(last)
        shrunk = rate ** max(0, last - found.amplitude.step)
        if not (0 <= first < 10**12 and 0 <= end <= 10 * max(first, 1) * shrunk + 1e-9):
            return f"rest over amplitude is {float(first):.3g}, and {float(end):.3g} at step {last}"
    return None


def cause(reason: str) -> str:
    """The reason without its numbers."""
    return re.sub(r"[-+]?\d[\d.e/+-]*", "#", reason)[:110]


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Draw, decide, recheck, simulate, and print the counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--problems", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    slow: list[tuple[float, float, int]] = []
    for seed in range(options.first, options.first + options.problems):
        problem = drawn(seed)
        began = time.perf_counter()
        found = decide_smooth(problem.problem(), max_steps=MOST_STEPS)
        decided = time.perf_counter()
        counts[f"{found.verdict.value} {found.regime.value if found.regime else ''}"] += 1
        if found.verdict.value == "unresolved":
            counts[f"  cause: {cause(found.reason)}"] += 1
            say(f"unresolved {seed}: {found.reason}: {problem}")
        certificate = smooth_certificate(found)
        if certificate is not None:
            try:
                failure = check(json.loads(json.dumps(certificate)))
            except NotChecked as gave_up:
                failure = str(gave_up)
            counts["certificate accepted" if failure is None else "certificate not accepted"] += 1
            if failure is not None:
                say(f"recheck {seed}: {failure}: {problem}")
        slow.append((time.perf_counter() - decided, decided - began, seed))
        if found.amplitude is not None and found.amplitude.step <= MOST_STEPS // 4:
            counts["simulated"] += 1
            other = disagreement(problem, found)
            if other is not None:
                counts["DISAGREES"] += 1
                say(f"disagreement {seed}: {other}: {problem}")
    for name, count in sorted(counts.items()):
        say(f"{count:6} {name}")
    for recheck, decide, seed in sorted(slow, reverse=True)[:5]:
        say(f"seed {seed}: rechecked in {recheck:.2f} s, decided in {decide:.2f} s")
    return int(counts["DISAGREES"] + counts["certificate not accepted"] > 0)


if __name__ == "__main__":
    sys.exit(main())
