"""What a verdict on a smooth text loss costs, beside the polynomial path on the loss's own Taylor polynomial.

Random losses in five variables: a rotated quadratic, and elementary functions of affine forms without their values and
slopes at 0, so that 0 is the minimizer and every coefficient of the Taylor polynomial of degree 4 there is rational.
Both are decided from the same start with the same step size, in turn, in processor time; the polynomial's minimizer is
given, that of the smooth loss is searched and enclosed.
Run ``tox -e bench``; ``--problems N`` draws more. The figures are printed and written to benchmarks/out/smooth.json.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

import gdcheck
from gdcheck.properties.storage.files import as_json, write_text_atomically

OUT = Path(__file__).parent / "out" / "smooth.json"
N = 5
MOST_MS, MOST_RATIO = 20.0, 30.0
"""What a verdict may take, and how many times as long as on the Taylor polynomial."""

FUNCTIONS = {
    "softplus({u})": ("1/2", "1/4", "0", "-1/8"),
    "tanh({u})": ("1", "0", "-2", "0"),
    "exp({u})": ("1", "1", "1", "1"),
    "sin({u})": ("1", "0", "-1", "0"),
    "log1p(({u})/4)": ("1/4", "-1/16", "1/32", "-3/128"),
    "atan({u})": ("1", "0", "-2", "0"),
    "cosh({u})": ("0", "1", "0", "1"),
    "sqrt(1 + ({u})**2)": ("0", "1", "0", "-3"),
}
"""Functions of u with their derivatives 1 to 4 at 0."""


def make(index: int) -> tuple[gdcheck.SmoothProblem, gdcheck.Problem]:
    """Return a smooth problem, and the one with the Taylor polynomial of its loss at the minimizer."""
    random = Random(f"smooth/{index}")
    names = [f"x{i + 1}" for i in range(N)]
    curvatures = random.sample(range(4, 13), N)
    parts = [f"{c}/8*{name}**2" for c, name in zip(curvatures, names, strict=True)]
    smooth, taylor = list(parts), list(parts)
    for _ in range(3):
        u = " + ".join(f"({random.randint(-8, 8)}/8)*{name}" for name in names)
        text, (first, second, third, fourth) = random.choice(sorted(FUNCTIONS.items()))
        size = f"{random.randint(2, 8)}/8"
        smooth.append(f"{size}*({text.format(u=u)} - ({first})*({u}))")
        taylor.append(f"{size}*(({second})*({u})**2/2 + ({third})*({u})**3/6 + ({fourth})*({u})**4/24)")
    start = [f"{random.choice((-1, 1)) * random.randint(1, 8)}/32" for _ in names]
    share = random.choice((0.4, 0.8, 0.9, 0.95))
    first_look = gdcheck.Problem(" + ".join(taylor), step_size="1/100", start=start, minimizer=["0"] * N)
    highest = gdcheck.decide(first_look, max_steps=1).classification.highest.hi
    step = f"{2 * share * int(highest.q) / int(highest.p):.3f}"
    return (
        gdcheck.Problem(" + ".join(smooth), step_size=step, start=start),
        gdcheck.Problem(" + ".join(taylor), step_size=step, start=start, minimizer=["0"] * N),
    )


def milliseconds(problem: gdcheck.Problem, repeats: int = 3) -> tuple[float, gdcheck.Decision]:
    """Return the best processor time of a few decisions, and the last one."""
    best = float("inf")
    for _ in range(repeats):
        begun = time.process_time()
        decision = gdcheck.decide(problem)
        best = min(best, 1e3 * (time.process_time() - begun))
    return best, decision


def main(problems: Annotated[int, typer.Option(help="How many problems.")] = 40) -> None:
    """Decide the problems and print the figures."""
    times, ratios, unproved = [], [], 0
    for index in track(range(problems), "smooth against its Taylor polynomial", console=Console(stderr=True)):
        smooth, taylor = make(index)
        (here, decision), (there, other) = milliseconds(smooth), milliseconds(taylor)
        if not decision.verdict is other.verdict is gdcheck.Verdict.PROVED:
            unproved += 1
            continue
        times.append(here)
        ratios.append(here / there)
    figures = {
        "problems": problems,
        "not proved on both": unproved,
        "smooth_ms": statistics.median(times),
        "smooth_ms_most": max(times),
        "smooth_over_polynomial": statistics.median(ratios),
        "smooth_over_polynomial_most": max(ratios),
    }
    table = Table("n = 5, processor time", "median", "most", "allowed")
    table.add_row("verdict on a smooth loss, ms", f"{figures['smooth_ms']:.1f}", f"{max(times):.1f}", f"{MOST_MS:g}")
    table.add_row(
        "over the Taylor polynomial's",
        f"{figures['smooth_over_polynomial']:.1f}",
        f"{max(ratios):.1f}",
        f"{MOST_RATIO:g}",
    )
    Console().print(table)
    Console().print(f"{len(times)} of {problems} problems, proved on both sides")
    OUT.parent.mkdir(exist_ok=True)
    write_text_atomically(OUT, as_json(figures))
    if figures["smooth_ms"] > MOST_MS or figures["smooth_over_polynomial"] > MOST_RATIO:
        sys.exit(1)


if __name__ == "__main__":
    typer.run(main)
