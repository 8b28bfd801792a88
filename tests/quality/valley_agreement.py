"""Valleys held against a simulation that shares no code: ``python -m tests.quality.valley_agreement --problems 20000``.

A problem is a function of the seed and its index. It is simulated in 300 bits with gmpy2; the expected answer comes of
the simulation alone: where it arrives, the spectrum of JJᵀ there, and the sign of the amplitude. The file that is
written holds the counts; a run that was interrupted goes on from it. Exit code 0 if no answer differs, 1 if one does.
"""

from __future__ import annotations

import json
import random
import re
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
from rich.console import Console

from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.terminal.progress import progress_bar
from gdcheck.theorem.certificate.kinds.valley import valley_answer, valley_certificate
from gdcheck.theorem.certificate.rechecking import NotChecked, check
from gdcheck.theorem.valleys.decide import ValleyDecision, decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem

FORMAT = "gdcheck-valley-agreement/1"
BITS = 300
MOST_STEPS = 2500
FEW_STEPS = 300
"""What is decided of a trajectory that does not converge within ``MOST_STEPS``."""
HOPE = 800, mpfr("1e-4")
"""A trajectory whose residuals are larger than this at that step is not followed any further."""
ARRIVED = mpfr("1e-80")
SEEN = mpfr("1e-60")
"""Residuals above it show the direction: the point of arrival is known far better."""
FUNCTIONS = {"tanh": "1 - tanh({a})**2", "sin": "cos({a})", "exp": "exp({a})"}

Term = tuple[Fraction, tuple[int, ...]]
Wave = tuple[Fraction, str, tuple[Fraction, ...]]


@dataclass(frozen=True)
class Residual:
    """A polynomial, Σ c·x^α, plus multiples of functions of linear forms."""

    terms: tuple[Term, ...]
    waves: tuple[Wave, ...] = ()

    def text(self) -> str:
        """As gdcheck takes it."""
        parts = [_product(c, [_power(i, a) for i, a in enumerate(powers) if a]) for c, powers in self.terms]
        parts += [f"({c})*{name}({_linear(form)})" for c, name, form in self.waves]
        return " + ".join(parts) or "0"

    def code(self) -> str:
        """As Python."""
        parts = [f"q[{str(c)!r}]*{_plain(powers)}" for c, powers in self.terms]
        parts += [f"q[{str(c)!r}]*{name}({_form(form)})" for c, name, form in self.waves]
        return " + ".join(parts) or "zero"

    def derivative(self, i: int) -> str:
        """The derivative by the i-th variable, as Python."""
        lowered = [
            f"{powers[i]}*q[{str(c)!r}]*{_plain((*powers[:i], powers[i] - 1, *powers[i + 1 :]))}"
            for c, powers in self.terms
            if powers[i]
        ]
        inner = [
            f"q[{str(c)!r}]*q[{str(form[i])!r}]*({FUNCTIONS[name].format(a=_form(form))})"
            for c, name, form in self.waves
        ]
        return " + ".join(lowered + inner) or "zero"

    def numbers(self) -> set[str]:
        """The rationals that occur."""
        return {str(c) for c, _ in self.terms} | {str(x) for c, _, form in self.waves for x in (c, *form)}


def _power(i: int, a: int) -> str:
    return f"x{i + 1}" if a == 1 else f"x{i + 1}**{a}"


def _product(c: Fraction, powers: list[str]) -> str:
    return "*".join([f"({c})", *powers])


def _linear(form: tuple[Fraction, ...]) -> str:
    return " + ".join(f"({a})*x{i + 1}" for i, a in enumerate(form))


def _form(form: tuple[Fraction, ...]) -> str:
    return " + ".join(f"q[{str(a)!r}]*x{i}" for i, a in enumerate(form))


def _plain(powers: tuple[int, ...]) -> str:
    return "*".join([f"x{i}" for i, a in enumerate(powers) for _ in range(a)] or ["one"])


@dataclass(frozen=True)
class Case:
    """A problem."""

    kind: str
    residuals: tuple[Residual, ...]
    eta: Fraction
    start: tuple[Fraction, ...]

    def problem(self) -> ValleyProblem:
        """The problem as gdcheck takes it."""
        names = [f"x{i + 1}" for i in range(len(self.start))]
        texts = [r.text() for r in self.residuals]
        return ValleyProblem.of(texts, step_size=str(self.eta), start=[str(q) for q in self.start], variables=names)

    def data(self) -> dict[str, object]:
        """What tells it."""
        return {
            "kind": self.kind,
            "residuals": [r.text() for r in self.residuals],
            "step_size": str(self.eta),
            "start": [str(q) for q in self.start],
        }


def _fraction(rng: random.Random, most: int, over: int) -> Fraction:
    return Fraction(rng.randint(-most, most), over)


def _expanded(terms: dict[tuple[int, ...], Fraction], waves: list[Wave], at: list[Fraction]) -> Residual:
    """The residual with a constant that makes it vanish at a point, where it is a polynomial."""
    n = len(at)
    value = Fraction(0)
    for powers, c in terms.items():
        product = c
        for x, a in zip(at, powers, strict=True):
            product *= x**a
        value += product
    if not waves:
        terms = terms | {(0,) * n: -value}
    return Residual(tuple((c, powers) for powers, c in terms.items() if c), tuple(waves))


def _generic(rng: random.Random, n: int, p: int) -> tuple[tuple[Residual, ...], list[Fraction]]:
    at = [_fraction(rng, 12, 8) for _ in range(n)]
    found = []
    for _ in range(p):
        terms: dict[tuple[int, ...], Fraction] = {}
        for i in range(n):
            terms[tuple(int(j == i) for j in range(n))] = _fraction(rng, 12, 8)
        for _ in range(rng.randint(1, 4)):
            chosen = [rng.randrange(n) for _ in range(rng.choice([2, 2, 2, 3]))]
            terms[tuple(chosen.count(j) for j in range(n))] = _fraction(rng, 8, 8)
        waves: list[Wave] = []
        if rng.random() < 0.1:
            form = tuple(_fraction(rng, 8, 8) for _ in range(n))
            waves.append((_fraction(rng, 8, 8) or Fraction(1), rng.choice(list(FUNCTIONS)), form))
        found.append(_expanded(terms, waves, at))
    return tuple(found), at


def _products(rng: random.Random, n: int, p: int) -> tuple[tuple[Residual, ...], list[Fraction]]:
    """Products of variables, as in chains and factorizations."""
    at = [Fraction(rng.choice([-1, 1]) * rng.randint(4, 14), 8) for _ in range(n)]
    found = []
    for _ in range(p):
        terms: dict[tuple[int, ...], Fraction] = {}
        for _ in range(rng.choice([1, 1, 2])):
            chosen = rng.sample(range(n), rng.randint(2, min(3, n)))
            terms[tuple(int(j in chosen) for j in range(n))] = Fraction(1)
        found.append(_expanded(terms, [], at))
    return tuple(found), at


def _spheres(rng: random.Random, n: int, p: int) -> tuple[tuple[Residual, ...], list[Fraction]]:
    """Ellipsoids through a point."""
    at = [_fraction(rng, 10, 8) for _ in range(n)]
    found = []
    for _ in range(p):
        terms = {tuple(2 * int(j == i) for j in range(n)): Fraction(rng.randint(1, 12), 8) for i in range(n)}
        found.append(_expanded(terms, [], at))
    return tuple(found), at


KINDS = {"generic": _generic, "products": _products, "spheres": _spheres}


def draw(seed: int, index: int) -> Case:
    """Draw a problem: a share of its step sizes lies beyond what is stable at the start."""
    rng = random.Random(f"valleys:{seed}:{index}")
    n = rng.randint(2, 6)
    p = rng.randint(1, min(4, n))
    kind = rng.choice(["generic", "generic", "products", "spheres"])
    for _ in range(4):
        residuals, at = KINDS[kind](rng, n, p)
        with gmpy2.context(precision=BITS):
            _, rows = Simulation(residuals, n).at([mpfr(gmpy2.mpq(q)) for q in at])
            values, _ = spectrum(rows)
        if 200 * values[0] > values[-1]:
            break  # Fewer steps to simulate; the last draw is taken as it is.
    away = rng.choice([4, 8, 16, 64])
    start = tuple(q + Fraction(rng.randint(-8, 8), away) for q in at)
    top = float(values[-1]) or 1.0
    share = rng.choice([0.05, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0, rng.random()])
    eta = Fraction(2 * share / top).limit_denominator(rng.choice([20, 500, 10**6])) or Fraction(1, 100)
    return Case(kind, residuals, eta, start)


class Simulation:
    """Residuals and their Jacobian in gmpy2, compiled from this module's own code."""

    def __init__(self, residuals: tuple[Residual, ...], n: int) -> None:
        names = ", ".join(f"x{i}" for i in range(n))
        values = ", ".join(r.code() for r in residuals)
        rows = ", ".join("[" + ", ".join(r.derivative(i) for i in range(n)) + "]" for r in residuals)
        known = {
            "q": {text: mpfr(gmpy2.mpq(text)) for r in residuals for text in r.numbers()},
            "one": mpfr(1),
            "zero": mpfr(0),
            **{name: getattr(gmpy2, name) for name in ("tanh", "sin", "cos", "exp")},
        }
        exec(f"def found({names}):\n    return [{values}], [{rows}]", known)
        self._found = known["found"]

    def at(self, x: list[Any]) -> tuple[list[Any], list[list[Any]]]:
        """F and J."""
        return self._found(*x)


def spectrum(rows: list[list[Any]]) -> tuple[list[Any], Any]:
    """Eigenvalues, rising, and eigenvectors of JJᵀ, by mpmath."""
    with mpmath.workprec(BITS):
        gram = [[sum((a * b for a, b in zip(r, s, strict=True)), mpfr(0)) for s in rows] for r in rows]
        matrix = mpmath.matrix([[mpmath.mpf(str(x)) for x in row] for row in gram])
        values, vectors = mpmath.mp.eigsy(matrix)
        return list(values), vectors


@dataclass(frozen=True)
class Expected:
    """What the simulation says."""

    outcome: str
    point: list[Any]
    vector: list[float]
    steps: int


def simulate(case: Case) -> Expected:
    """Run gradient descent and read off what it shows."""
    with gmpy2.context(precision=BITS):
        simulation = Simulation(case.residuals, len(case.start))
        eta = mpfr(gmpy2.mpq(case.eta))
        x = [mpfr(gmpy2.mpq(q)) for q in case.start]
        late: tuple[int, list[Any], list[Any]] | None = None
        for k in range(MOST_STEPS + 1):
            u, rows = simulation.at(x)
            size = gmpy2.sqrt(sum((v * v for v in u), mpfr(0)))
            if not gmpy2.is_finite(size) or size > 1e12:
                return Expected("diverges", [], [], k)
            if k == HOPE[0] and size > HOPE[1]:
                break
            if size < ARRIVED:
                return _read_off(case, x, rows, late, k)
            if size > SEEN or late is None:
                late = k, u, x
            x = [a - eta * sum((v * r[i] for v, r in zip(u, rows, strict=True)), mpfr(0)) for i, a in enumerate(x)]
        return Expected("does not converge", [], [], k)


def _read_off(
    case: Case, x: list[Any], rows: list[list[Any]], late: tuple[int, list[Any], list[Any]] | None, steps: int
) -> Expected:
    if late is None:
        return Expected("starts on the valley", x, [], steps)
    values, vectors = spectrum(rows)
    near = mpmath.mpf(10) ** -25
    # Residuals may depend on each other everywhere: then there is as much rank at the start.
    missing = sum(v < near for v in values)
    before, _ = spectrum(Simulation(case.residuals, len(x)).at([mpfr(gmpy2.mpq(q)) for q in case.start])[1])
    if missing == len(values) or missing > sum(v < near for v in before):
        return Expected("loses rank", x, [], steps)
    values, vectors = values[missing:], vectors[:, missing:]
    eta, low, high = mpmath.mpf(case.eta.numerator) / case.eta.denominator, values[0], values[-1]
    if eta * high > 2 + near:
        return Expected("unstable", x, [], steps)
    side = eta * (low + high) - 2
    if abs(side) < near:
        return Expected("on the boundary", x, [], steps)
    index, regime = (0, "small-step") if side < 0 else (len(values) - 1, "large-step")
    others = [v for i, v in enumerate(values) if i != index]
    if any(abs(v - values[index]) < near for v in others):
        return Expected("equal ends", x, [], steps)
    k, u, _ = late
    w = [vectors[i, index] for i in range(len(rows))]
    inner = sum(mpmath.mpf(str(a)) * b for a, b in zip(u, w, strict=True))
    sign = (1 if inner > 0 else -1) * (-1 if regime == "large-step" and k % 2 else 1)
    columns = zip(*rows, strict=True)
    back = [sum(mpmath.mpf(str(a)) * b for a, b in zip(column, w, strict=True)) for column in columns]
    length = mpmath.sqrt(sum(b * b for b in back))
    vector = [float(sign * b / length) for b in back]
    return Expected(regime if _is_along(case, x, late, vector, regime) else "not settled", x, vector, steps)


def _is_along(case: Case, x: list[Any], late: tuple[int, list[Any], list[Any]], vector: list[float], how: str) -> bool:
    """Whether the last direction that can be seen is within a quarter turn of the limit."""
    k, _, y = late
    turn = -1 if how == "large-step" and k % 2 else 1
    away = [a - b for a, b in zip(y, x, strict=True)]
    length = gmpy2.sqrt(sum((h * h for h in away), mpfr(0)))
    return turn * sum((h * v for h, v in zip(away, vector, strict=True)), mpfr(0)) > length / 2


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
    found = decide_valley(case.problem(), max_steps=4 * MOST_STEPS if converges else FEW_STEPS)
    seconds = time.process_time() - began
    answer = valley_answer(found)
    settled = expected.outcome in {"small-step", "large-step"}
    if answer["verdict"] != "proved":
        word = f"{expected.outcome}: {answer['verdict']}"
        return word, _cause(found.reason) if settled or expected.outcome == "not settled" else None, seconds
    word = f"{expected.outcome}: proved"
    return word, difference(expected, found, answer, recheck=recheck), seconds


def difference(expected: Any, found: ValleyDecision, answer: dict[str, Any], *, recheck: bool) -> str | None:
    """Say in what a proved answer differs from a simulation, or what the checker has against it; None if in nothing."""
    if recheck:
        try:
            failure = check(json.loads(json.dumps(valley_certificate(found))))
        except NotChecked as gave_up:
            failure = str(gave_up)
        if failure is not None:
            return f"DIFFERS: the checker says {failure}"
    if expected.outcome in {"does not converge", "not settled"}:
        return None
    if answer["regime"] != expected.outcome:
        return f"DIFFERS: {answer['regime']}, and the simulation shows {expected.outcome}"
    off = max(abs(float(a) - c) for a, (c, _) in zip(expected.point, answer["minimizer"], strict=True))
    turned = 0.0
    if expected.vector is not None:
        turned = max(abs(a - b) for a, b in zip(expected.vector, answer["limit"]["vector"], strict=True))
    return f"DIFFERS: point {off:.3g}, vector {turned:.3g}" if off > 1e-10 or turned > 1e-9 else None


def _cause(reason: str) -> str:
    return re.sub(r"[-+]?\d[\d.e/+-]*", "#", reason)[:120]


def run(
    problems: Annotated[int, typer.Option(min=1, help="problems")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="the seed of all problems")] = 0,
    every: Annotated[int, typer.Option(min=1, help="recheck one certificate in so many")] = 10,
    out: Annotated[Path | None, typer.Option(help="the file of counts, and where a run goes on from")] = None,
) -> int:
    """Hold answers on random valley problems against a simulation in 300 bits."""
    found = begun(out, seed, every)
    saved = time.monotonic()
    with progress_bar(problems, "valleys") as tell:
        try:
            while found["problems"] < problems:
                add(found)
                tell(found["problems"])
                if out is not None and time.monotonic() > saved + 2:
                    write_text_atomically(out, as_json(found))
                    saved = time.monotonic()
        except KeyboardInterrupt:
            Console(stderr=True).print("interrupted; what was done is kept")
    if out is not None:
        write_text_atomically(out, as_json(found))
    show(found)
    return int(bool(found["differing"]))


def begun(out: Path | None, seed: int, every: int) -> dict[str, Any]:
    """The counts so far: those of the file, if it is of the same run."""
    blank: dict[str, Any] = {
        "schema": FORMAT,
        "seed": seed,
        "every": every,
        "problems": 0,
        "counts": {},
        "causes": {},
        "differing": [],
        "slowest": [],
    }
    if out is None or not out.exists():
        return blank
    found: dict[str, Any] = json.loads(out.read_text())
    if any(found.get(key) != blank[key] for key in ("schema", "seed", "every")):
        raise typer.BadParameter(f"{out} is another run; name another file, or its --seed and --every")
    return found


def add(found: dict[str, Any]) -> None:
    """Examine the next problem, and add to the counts."""
    index = found["problems"]
    case = draw(found["seed"], index)
    count(found, case.data(), *examine(case, recheck=index % found["every"] == 0))


def count(found: dict[str, Any], data: dict[str, object], word: str, said: str | None, seconds: float) -> None:
    """Add what was found of a problem to the counts."""
    index = found["problems"]
    found["counts"][word] = found["counts"].get(word, 0) + 1
    if said is not None and said.startswith("DIFFERS"):
        found["differing"].append({"index": index, "is": said, "problem": data})
    elif said is not None:
        cause = found["causes"].setdefault(said, {"count": 0, "indices": []})
        cause["count"] += 1
        cause["indices"] = [*cause["indices"], index][:20]
    found["slowest"] = sorted([*found["slowest"], [round(seconds, 3), index]], reverse=True)[:10]
    found["problems"] = index + 1


def show(found: dict[str, Any]) -> None:
    """Print the counts."""
    console = Console(width=160)
    for word, count in sorted(found["counts"].items()):
        console.print(f"{count:6} {word}")
    for cause, seen in sorted(found["causes"].items()):
        console.print(f"{seen['count']:6} unresolved though it converges: {cause} {seen['indices'][:5]}")
    console.print("slowest (seconds, index):", found["slowest"][:5])
    console.print(f"{found['problems']:,} problems, of which {len(found['differing'])} differ")
    for each in found["differing"][:10]:
        console.print(each)


if __name__ == "__main__":
    command = typer.Typer(add_completion=False)
    command.command()(run)
    sys.exit(command(standalone_mode=False))
