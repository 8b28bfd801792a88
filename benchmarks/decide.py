"""What a certified verdict costs, beside the mpmath observation of the same problems, and against the problem's size.

Everything is timed side by side in one run: run ``tox -e bench``. The figures are printed and written to
benchmarks/out/decide.json.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import comb, isqrt
from pathlib import Path
from random import Random
from typing import Any

import flint
import mpmath
from flint import arb, ctx, fmpq
from rich.console import Console
from rich.progress import track
from rich.table import Table

from gdcheck.theorem.certificate.answer import answer
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.kinds.valley import valley_certificate
from gdcheck.theorem.certificate.paper_chain import paper_chain
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.decide import Decision, Verdict, decide
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.invariant_ball import invariant_radius
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.prescribed import cayley, loss_with_spectrum
from gdcheck.theorem.methods.method import HeavyBall
from gdcheck.theorem.reference.observation import observe
from gdcheck.theorem.sharpness.sharpness import sharpness
from gdcheck.theorem.valleys.decide import decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem

SEED = 2026
OUT = Path(__file__).parent / "out" / "decide.json"
WORKED = ["check", "--loss", "x**2 + y**2/2 + x**2*y + x**3", "--step-size", "0.95", "--start", "0.1,0.1"]


@dataclass(frozen=True)
class Shape:
    """A family of random problems: dimension, degree, terms, share of the boundary's step size."""

    n: int = 5
    degree: int = 4
    terms: int = 20
    share: Fraction = Fraction(4, 5)


def make(shape: Shape, index: int) -> Problem:
    """Return a rotated problem with a start well inside the invariant ball."""
    random = Random(f"bench/{SEED}/{shape}/{index}")
    n = shape.n
    spectrum = [fmpq(1), *sorted(fmpq(random.randint(11, 39), 10) for _ in range(n - 2)), fmpq(4)]
    rotation = cayley([fmpq(random.randint(-3, 3), 3) for _ in range(n * (n - 1) // 2)], n)
    seen: dict[tuple[int, ...], fmpq] = {}
    while len(seen) < min(shape.terms, comb(n + shape.degree, n) // 2):
        exponents = [0] * n
        for _ in range(shape.degree if not seen else random.randint(3, shape.degree)):
            exponents[random.randrange(n)] += 1
        seen[tuple(exponents)] = fmpq(random.choice((-1, 1)) * random.randint(1, 8), 8)
    loss = loss_with_spectrum(spectrum, rotation=rotation, higher_terms=seen.items())
    step = 2 / (spectrum[0] + spectrum[-1]) * fmpq(shape.share.numerator, shape.share.denominator)
    centre = Problem(loss, minimizer=(fmpq(0),) * n, step_size=step, start=(fmpq(0),) * n)
    rho = max(abs(1 - step * spectrum[0]), abs(1 - step * spectrum[-1]))
    with ctx.workprec(64):
        radius = invariant_radius(RemainderBound.of(Expansion.of(centre)), arb(rho)) or fmpq(1)
    # Between 0.2 and 0.9 of the radius, in the Euclidean norm.
    side = fmpq(9, 10) * radius * fmpq(1, isqrt(n - 1) + 1)
    start = tuple(side * fmpq(random.choice((-1, 1)) * random.randint(5, 20), 20) for _ in range(n))
    return Problem(loss, minimizer=centre.minimizer, step_size=step, start=start)


def seconds(call: Callable[[], Any]) -> float:
    """Return the wall time of one call."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def processor_seconds(call: Callable[[], Any]) -> float:
    """Return the processor time of one call."""
    begun = time.process_time()
    call()
    return time.process_time() - begun


def median_ms(problems: Sequence[Problem], call: Callable[[Problem], Any], repeats: int = 3) -> float:
    """Return the median over problems of the best time of a few calls, in milliseconds."""
    return 1e3 * statistics.median(min(seconds(lambda p=p: call(p)) for _ in range(repeats)) for p in problems)


def against_observation(count: int) -> dict[str, float]:
    """Certified verdict, independent check, and mpmath observation to 1e-16, problem by problem in turn."""
    verdicts, checks, observations, unsettled = [], [], [], 0
    for i in track(range(count), "verdict against observation", console=Console(stderr=True)):
        problem = make(Shape(), i)
        verdicts.append(min(seconds(lambda p=problem: decide(p)) for _ in range(3)))
        decision = decide(problem)
        if decision.verdict is not Verdict.PROVED:
            raise SystemExit(f"problem {i} is {decision.verdict.value}: the benchmark expects proved ones")
        data = certificate(decision)
        checks.append(seconds(lambda d=data: check(d)))
        begun = time.perf_counter()
        unsettled += not observe(problem, tolerance=1e-16).settled
        observations.append(time.perf_counter() - begun)
    return {
        "problems": count,
        "verdict_ms": 1e3 * statistics.median(verdicts),
        "recheck_ms": 1e3 * statistics.median(checks),
        "observation_ms": 1e3 * statistics.median(observations),
        "observation_over_verdict": statistics.median(o / v for o, v in zip(observations, verdicts, strict=True)),
        "observations_unsettled": unsettled,
    }


def with_momentum(problem: Problem) -> Problem:
    """Return a problem of ``make`` with heavy ball, at the step size where its ρ is that of gradient descent."""
    beta = fmpq(1, 4)
    rho = 1 - problem.step_size  # the lowest eigenvalue is 1, and it dominates
    return replace(problem, step_size=1 + beta - rho - beta / rho, method=HeavyBall(beta))


def heavy_ball(count: int, shape: Shape) -> dict[str, float]:
    """Verdicts on heavy ball beside those on gradient descent, in processor time: same losses, starts and ρ."""
    plain, momentum, steps = [], [], []
    for i in track(range(count), "heavy ball against gradient descent", console=Console(stderr=True)):
        problem = make(shape, i)
        pair = problem, with_momentum(problem)
        decisions = [decide(p) for p in pair]
        if any(d.verdict is not Verdict.PROVED for d in decisions):
            raise SystemExit(f"problem {i} is not proved with both methods: the benchmark expects it")
        times = [min(processor_seconds(lambda p=p: decide(p)) for _ in range(3)) for p in pair]
        plain.append(times[0])
        momentum.append(times[1])
        steps.append([d.amplitude.step for d in decisions if d.amplitude is not None])
    return {
        "problems": count,
        "gradient_descent_ms": 1e3 * statistics.median(plain),
        "heavy_ball_ms": 1e3 * statistics.median(momentum),
        "heavy_ball_over_gradient_descent": statistics.median(m / p for m, p in zip(momentum, plain, strict=True)),
        "largest_ratio": max(m / p for m, p in zip(momentum, plain, strict=True)),
        "gradient_descent_steps": statistics.median(s[0] for s in steps),
        "heavy_ball_steps": statistics.median(s[1] for s in steps),
    }


def near_boundary(count: int) -> dict[str, float]:
    """Return the same problems far from the boundary and at relative distance 1e-9, in turn."""
    near = Fraction(10**9 - 1, 10**9)
    ratios = []
    for i in range(count):
        far_problem, near_problem = make(Shape(), i), make(Shape(share=near), i)
        pair = [min(seconds(lambda p=p: decide(p)) for _ in range(5)) for p in (far_problem, near_problem)]
        ratios.append(pair[1] / pair[0])
    return {"near_over_far": statistics.median(ratios)}


def with_sharpness(count: int) -> dict[str, float]:
    """Time the verdict with the sharpness's pattern and crossings proved, against without, problem by problem.

    The trace is what encloses λ_n along the first steps and finds the earliest step of the pattern.
    """
    proved, traced, lasting = [], [], []
    for i in track(range(count), "sharpness", console=Console(stderr=True)):
        problem = make(Shape(), i)
        plain = min(seconds(lambda p=problem: decide(p)) for _ in range(5))
        begun = min(seconds(lambda p=problem: sharpness(decide(p))) for _ in range(5))
        proved.append(begun / plain)
        traced.append(min(seconds(lambda p=problem: sharpness(decide(p), first_steps=True)) for _ in range(2)) / plain)
        found = sharpness(decide(problem))
        lasting.append(found is not None and found.pattern.step is not None and found.crossings.complete)
    return {
        "problems": count,
        "patterns_proved": sum(lasting),
        "with_over_without": statistics.median(proved),
        "with_over_without_largest": max(proved),
        "with_trace_over_without": statistics.median(traced),
    }


def scaling(count: int) -> list[dict[str, Any]]:
    """Return the verdict's cost against n, degree, terms, and 1/(1 − ρ)."""
    shapes = [
        *(Shape(n=n) for n in (2, 5, 8, 16, 32)),
        *(Shape(degree=d) for d in (3, 6, 10, 16)),
        *(Shape(terms=t) for t in (5, 100, 1000)),
        # λ₁ = 1 and λₙ = 4: in the small regime 1 − ρ = η.
        *(Shape(share=Fraction(5, 2) / q) for q in (10, 100, 1000, 10000)),
    ]
    rows = []
    for shape in track(shapes, "cost against size", console=Console(stderr=True)):
        # Degree d in n variables has only so many monomials.
        shape = shape if shape.terms <= 100 else Shape(shape.n, 8, shape.terms)  # noqa: PLW2901
        problems = [make(shape, i) for i in range(count)]
        steps = [d.amplitude.step for d in map(decide, problems) if d.amplitude is not None]
        rows.append(
            {
                "n": shape.n,
                "degree": shape.degree,
                "terms": shape.terms,
                "1/(1-rho)": float(Fraction(5, 2) / shape.share),
                "steps": statistics.median(steps),
                "verdict_ms": median_ms(problems, decide, repeats=2),
            }
        )
    return rows


def large_problem() -> Problem:
    """Return a rotated, off-origin loss of degree 5 in 6 variables: 462 terms."""
    random = Random(f"bench/{SEED}/large")
    n = 6
    loss = loss_with_spectrum(
        [fmpq(1), fmpq(13, 10), fmpq(2), fmpq(5, 2), fmpq(3), fmpq(4)],
        rotation=cayley([fmpq(random.randint(-3, 3), 3) for _ in range(n * (n - 1) // 2)], n),
        minimizer=[fmpq(i + 1, 7) for i in range(n)],
        higher_terms=[
            (exponents, fmpq(random.choice((-1, 1)) * random.randint(1, 8), 64))
            for exponents in product(range(6), repeat=n)
            if 3 <= sum(exponents) <= 5
        ],
    )
    minimizer = [fmpq(i + 1, 7) for i in range(n)]
    start = [m + fmpq((-1) ** i * (i + 3), 2000) for i, m in enumerate(minimizer)]
    return Problem(loss, step_size="3/10", start=start, minimizer=minimizer)


def large_loss(count: int) -> dict[str, float]:
    """Each step of ``check`` on the large problem, in turn, as a ratio to the decision from text."""
    problem = large_problem()
    loss, text = problem.loss, problem.loss.text()
    given = {"step_size": problem.step_size, "start": problem.start, "minimizer": problem.minimizer}

    def decided() -> Decision:
        return decide(Problem(text, **given))

    decision = decided()
    data = certificate(decision)
    if check(data) is not None:
        raise SystemExit("the large loss is not certified: the benchmark expects it to be")
    steps: dict[str, Callable[[], Any]] = {
        "from_text": decided,
        "parse": lambda: Loss.parse(text),
        "decide": lambda: decide(Problem(loss, **given)),
        "certificate": lambda: certificate(decision),
        "answer_and_chain": lambda: (answer(decision), paper_chain(decision)),
        "recheck": lambda: check(data),
    }
    # In turn, so that a slow moment of the machine falls on all alike.
    rounds = [{name: seconds(step) for name, step in steps.items()} for _ in range(count)]
    ratios = {
        f"{name}_over_from_text": statistics.median(times[name] / times["from_text"] for times in rounds)
        for name in steps
        if name != "from_text"
    }
    return {"terms": len(loss.terms), "from_text_ms": 1e3 * min(t["from_text"] for t in rounds), **ratios}


def valley(count: int) -> dict[str, float]:
    """Decide x*y − 1 from its text, and recheck it: the fastest of some times in milliseconds, in process."""
    times: dict[str, list[float]] = {"decide_ms": [], "recheck_ms": []}
    for _ in range(count + 1):
        problem = {"step_size": "0.1", "start": ["2", "1"]}
        began = time.perf_counter()
        found = decide_valley(ValleyProblem.of(["x*y - 1"], **problem))
        decided = time.perf_counter()
        if check(valley_certificate(found)) is not None:
            raise SystemExit("x*y - 1 is not certified: the benchmark expects it to be")
        times["decide_ms"].append(decided - began)
        times["recheck_ms"].append(time.perf_counter() - decided)
    return {name: 1e3 * min(each[1:]) for name, each in times.items()}


def whole_process(count: int) -> dict[str, float]:
    """``gdcheck check`` on the worked example as a process of its own, without and with ``--sharpness``."""
    command = [sys.executable, "-m", "gdcheck", *WORKED]
    figures = {}
    for name, words in (("check_process_s", command), ("check_sharpness_process_s", [*command, "--sharpness"])):
        times = [seconds(lambda w=words: subprocess.run(w, check=True, capture_output=True)) for _ in range(count + 1)]
        figures[name] = statistics.median(times[1:])
    return figures


def main() -> None:
    """Run all and print."""
    console = Console(width=100)
    figures: dict[str, Any] = {
        "machine": {
            "python": platform.python_version(),
            "python_flint": flint.__version__,
            "mpmath": mpmath.__version__,
            "mpmath_backend": mpmath.libmp.BACKEND,
            "processor": platform.machine(),
        },
        "against_observation": against_observation(40),
        "heavy_ball": heavy_ball(40, Shape()),
        "heavy_ball_small_steps": heavy_ball(40, Shape(share=Fraction(1, 5))),
        "near_boundary": near_boundary(40),
        "sharpness": with_sharpness(40),
        "large_loss": large_loss(30),
        "valley": valley(20),
        "process": whole_process(7),
        "scaling": scaling(7),
    }
    for name in (
        "against_observation",
        "heavy_ball",
        "heavy_ball_small_steps",
        "near_boundary",
        "sharpness",
        "large_loss",
        "valley",
        "process",
    ):
        table = Table("figure", "value", title=name.replace("_", " "))
        for key, value in figures[name].items():
            table.add_row(key, f"{value:.4g}")
        console.print(table)
    table = Table(*figures["scaling"][0], title="one certified verdict")
    for row in figures["scaling"]:
        table.add_row(*(f"{value:.4g}" for value in row.values()))
    console.print(table)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    console.print(f"written to {OUT.relative_to(Path(__file__).parent.parent)}")


if __name__ == "__main__":
    main()
