"""Momentum in valleys against a simulation: ``python -m tests.quality.valley_method_agreement --problems 5000``.

Problems, residuals and the 300 bits are those of ``valley_agreement``; the method is simulated here. What is expected
comes of the simulation alone: where it arrives, the spectrum of JJᵀ there, the roots of r² − tr + d for each of its
eigenvalues, and the direction that is seen. Exit code 0 if no answer differs, 1 if one does.
"""

from __future__ import annotations

import json
import random
import sys
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import gmpy2
import mpmath
import typer
from gmpy2 import mpfr

from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.terminal.progress import progress_bar
from gdcheck.theorem.certificate.kinds.valley import valley_answer
from gdcheck.theorem.valleys.decide import decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem
from tests.quality import valley_agreement as plain

FORMAT = "gdcheck-valley-method-agreement/1"
MOST_STEPS = 1500
HOPE = 500, mpfr("1e-4")
NEAR = mpmath.mpf(10) ** -20


@dataclass(frozen=True)
class Case:
    """A problem of ``valley_agreement`` with a method."""

    base: plain.Case
    name: str
    beta: Fraction

    @property
    def weights(self) -> tuple[Fraction, Fraction]:
        """The weights of gradient and buffer in a step."""
        b = self.beta
        return (Fraction(1), b) if self.name == "heavy-ball" else (1 + b, b * b)

    def problem(self) -> ValleyProblem:
        """The problem as gdcheck takes it."""
        data = self.base.problem().to_json()
        return ValleyProblem.from_json({**data, "method": {"name": self.name, "momentum": str(self.beta)}})

    def data(self) -> dict[str, object]:
        """What tells it."""
        return {**self.base.data(), "method": self.name, "momentum": str(self.beta)}


def draw(seed: int, index: int) -> Case:
    """Draw a problem: step sizes up to the method's own limit of stability at a zero near the start, and beyond."""
    rng = random.Random(f"valley methods:{seed}:{index}")
    base = plain.draw(seed, index)
    beta = rng.choice([Fraction(1, 20), Fraction(1, 10), Fraction(1, 4), Fraction(1, 2), Fraction(7, 10)])
    name = rng.choice(["heavy-ball", "nesterov"])
    # Gradient descent's share of 2/λ becomes one of the method's own limit.
    eta = base.eta * (1 + beta) / (1 if name == "heavy-ball" else 1 + 2 * beta)
    return Case(plain.Case(base.kind, base.residuals, eta.limit_denominator(10**6), base.start), name, beta)


@dataclass(frozen=True)
class Expected:
    """What the simulation says."""

    outcome: str
    point: list[Any]
    vector: list[float] | None = None


def simulate(case: Case) -> Expected:
    """Run the method and read off what it shows."""
    with gmpy2.context(precision=plain.BITS):
        simulation = plain.Simulation(case.base.residuals, len(case.base.start))
        eta, beta, a, kappa = (mpfr(gmpy2.mpq(q)) for q in (case.base.eta, case.beta, *case.weights))
        x = _start(case)
        c = [mpfr(0)] * len(x)
        late: tuple[int, list[Any]] | None = None
        for k in range(MOST_STEPS + 1):
            u, rows = simulation.at(x)
            size = gmpy2.sqrt(sum((v * v for v in (*u, *c)), mpfr(0)))
            if k == 0 and size == 0:
                return Expected("starts on the valley", [])
            if not gmpy2.is_finite(size) or size > 1e12:
                return Expected("diverges", [])
            if k == HOPE[0] and size > HOPE[1]:
                break
            if size < plain.ARRIVED:
                return _read_off(case, x, rows, late)
            if size > plain.SEEN or late is None:
                late = k, x
            pull = [eta * sum((v * r[i] for v, r in zip(u, rows, strict=True)), mpfr(0)) for i in range(len(x))]
            x = [y - a * p - kappa * b for y, p, b in zip(x, pull, c, strict=True)]
            c = [beta * b + p for b, p in zip(c, pull, strict=True)]
        return Expected("does not converge", [])


def _roots(case: Case, value: Any) -> tuple[Any, Any]:
    """The multipliers of an eigenvalue, the larger modulus first."""
    s, b = value * _number(case.base.eta), _number(case.beta)
    a, kappa = map(_number, case.weights)
    t, d = 1 + b - a * s, b + (kappa - b * a) * s
    root = mpmath.sqrt(mpmath.mpc(t * t - 4 * d))
    return tuple(sorted(((t + root) / 2, (t - root) / 2), key=abs, reverse=True))


def _start(case: Case) -> list[Any]:
    return [mpfr(gmpy2.mpq(q)) for q in case.base.start]


def _number(q: Fraction) -> Any:
    return mpmath.mpf(q.numerator) / q.denominator


def _read_off(case: Case, x: list[Any], rows: list[list[Any]], late: tuple[int, list[Any]] | None) -> Expected:
    assert late is not None
    values, vectors = plain.spectrum(rows)
    # Residuals may depend on each other everywhere: then there is as much rank at the start.
    missing = sum(v < NEAR for v in values)
    before, _ = plain.spectrum(plain.Simulation(case.base.residuals, len(x)).at(_start(case))[1])
    if missing == len(values) or missing > sum(v < NEAR for v in before):
        return Expected("loses rank", x)
    values, vectors = values[missing:], vectors[:, missing:]
    with mpmath.workprec(plain.BITS):
        multipliers = [_roots(case, value)[0] for value in values]
        moduli = [abs(r) for r in multipliers]
        top = max(moduli)
        leads = [i for i, m in enumerate(moduli) if top - m < NEAR]
        real = [abs(multipliers[i].imag) < NEAR for i in leads]
        beta = _number(case.beta) if len(values) < len(x) else mpmath.mpf(0)
        if top >= 1 - NEAR:
            return Expected("unstable", x)
        if abs(top - beta) < NEAR or any(abs(a - b) < NEAR for a, b in [_roots(case, values[i]) for i in leads]):
            return Expected("on a boundary", x)
        seen = [mpmath.mpf(str(a)) - mpmath.mpf(str(b)) for a, b in zip(late[1], x, strict=True)]
        length = mpmath.sqrt(sum(h * h for h in seen))
        seen = [h / length for h in seen]
        if top < beta:
            across = [sum(mpmath.mpf(str(a)) * h for a, h in zip(row, seen, strict=True)) for row in rows]
            if mpmath.sqrt(sum(h * h for h in across) / values[0]) > 0.01:
                return Expected("not settled", x)  # The buffer has no part along the valley, as in a symmetric plane.
            second = (top / beta) ** late[0]
            return Expected("tangential", x, [float(h) for h in seen] if second < 1e-12 else None)
        if not any(real):
            return Expected("rotating", x)
        if len(leads) > 1:
            return Expected("on a boundary", x)
        (index,) = leads
        regime = "small-step" if multipliers[index].real > 0 else "large-step"
        w = [vectors[i, index] for i in range(len(rows))]
        columns = zip(*rows, strict=True)
        back = [sum(mpmath.mpf(str(a)) * b for a, b in zip(column, w, strict=True)) for column in columns]
        size = mpmath.sqrt(sum(b * b for b in back))
        cosine = sum(a * b for a, b in zip(seen, back, strict=True)) / size
        if abs(cosine) < 0.9:
            return Expected("not settled", x)
        sign = (1 if cosine > 0 else -1) * (-1 if regime == "large-step" and late[0] % 2 else 1)
        return Expected(regime, x, [float(sign * b / size) for b in back])


SETTLED = {"small-step", "large-step", "rotating", "tangential"}


def examine(case: Case, *, recheck: bool) -> tuple[str, str | None, float]:
    """Hold a problem's answer against the simulation.

    Returns:
        A word for the count; a sentence if the answer differs, or is unresolved where the simulation converges; the
        seconds of the processor.
    """
    expected = simulate(case)
    if expected.outcome == "starts on the valley":
        return expected.outcome, None, 0.0
    began = time.process_time()
    converges = expected.outcome not in {"does not converge", "diverges"}
    found = decide_valley(case.problem(), max_steps=4 * MOST_STEPS if converges else plain.FEW_STEPS)
    seconds = time.process_time() - began
    answer = valley_answer(found)
    word = f"{case.name}, {expected.outcome}: {answer['verdict']}"
    if answer["verdict"] != "proved":
        return word, f"{found.cause}: {found.reason[:80]}" if expected.outcome in SETTLED else None, seconds
    return word, plain.difference(expected, found, answer, recheck=recheck), seconds


def run(
    problems: Annotated[int, typer.Option(min=1, help="problems")] = 5000,
    seed: Annotated[int, typer.Option(min=0, help="the seed of all problems")] = 0,
    every: Annotated[int, typer.Option(min=1, help="recheck one certificate in so many")] = 10,
    out: Annotated[Path | None, typer.Option(help="the file of counts, and where a run goes on from")] = None,
) -> int:
    """Hold answers on momentum in random valleys against a simulation in 300 bits."""
    blank = plain.begun(None, seed, every) | {"schema": FORMAT}
    found = blank if out is None or not out.exists() else json.loads(out.read_text())
    if any(found[key] != blank[key] for key in ("schema", "seed", "every")):
        raise typer.BadParameter(f"{out} is another run; name another file, or its --seed and --every")
    saved = time.monotonic()
    with progress_bar(problems, "valleys") as tell:
        while found["problems"] < problems:
            index = found["problems"]
            case = draw(seed, index)
            plain.count(found, case.data(), *examine(case, recheck=index % every == 0))
            tell(found["problems"])
            if out is not None and time.monotonic() > saved + 2:
                write_text_atomically(out, as_json(found))
                saved = time.monotonic()
    if out is not None:
        write_text_atomically(out, as_json(found))
    plain.show(found)
    return int(bool(found["differing"]))


if __name__ == "__main__":
    command = typer.Typer(add_completion=False)
    command.command()(run)
    sys.exit(command(standalone_mode=False))
