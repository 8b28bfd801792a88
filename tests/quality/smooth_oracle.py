"""Natural smooth losses asked of ``gdcheck check --problem``, held against SymPy derivatives and mpmath iterates.

Run it as ``python -m tests.quality.smooth_oracle --problems 200``. Each loss is what people write: logistic regression
with L2, log-sum-exp, ridge, factorization, classical test functions. SymPy differentiates it, mpmath follows gradient
descent in 60 digits and finds the minimizer, the spectrum and the sign of the limit: nothing is shared with gdcheck but
the text. Minimizers must agree to 1e-12, limits to 1e-9; where the oracle is sure, *unresolved* is counted apart.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import mpmath
import sympy

from gdcheck.cli import run as gdcheck

DIGITS = 60
MOST_STEPS = 20_000
FAR = 1e8


@dataclass
class Drawn:
    """A loss as text for gdcheck, and as a SymPy expression in the variables."""

    family: str
    text: str
    names: list[str]
    expression: sympy.Expr
    data: dict = field(default_factory=dict)
    vector: str | None = None


LOCALS = {
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "log1p": lambda x: sympy.log(1 + x),
}


def written(family: str, text: str) -> Drawn:
    """A loss in scalars; SymPy reads the same text."""
    expression = sympy.sympify(text, locals=LOCALS, rational=True)
    return Drawn(family, text, sorted(map(str, expression.free_symbols)), expression)


def number(rng: random.Random, low: float, high: float) -> str:
    """A short decimal."""
    return f"{rng.uniform(low, high):.2f}"


CLASSICAL = {
    "himmelblau": "(x**2 + y - 11)**2 + (x + y**2 - 7)**2",
    "dixon-price": "(x - 1)**2 + 2*(2*y**2 - x)**2",
    "six-hump": "(4 - 2.1*x**2 + x**4/3)*x**2 + x*y + (-4 + 4*y**2)*y**2",
    "styblinski": "(x**4 - 16*x**2 + 5*x)/2 + (y**4 - 16*y**2 + 5*y)/2 + x*y/10",
    "three-hump": "2*x**2 - 1.05*x**4 + x**6/6 + x*y + y**2 - x/3",
    "quartic": "x**4 - 3*x**2 + 2 + y**2 + x*y/3",
    "mccormick": "sin(x + y) + (x - y)**2 - 1.5*x + 2.5*y + 1",
    "booth-exp": "(x + 2*y - 7)**2 + (2*x + y - 5)**2 + exp(x/4)",
    "rosenbrock-exp": "(1 - x)**2 + 5*(y - x**2)**2 + exp(-x**2)",
    "beale-like": "(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + x**2/10 + y**2/10",
    "wave": "x**2/2 + y**2 + sin(2*x)*cos(y) + x/5",
    "bump": "x**2 + y**2/3 - exp(-(x - 1)**2 - (y + 1/2)**2)",
    "rational": "(x**2 + y**2 + 1)/(2 + sin(x)) + (y - 1)**2/4",
    "barrier": "x + 2*y - log(x) - log(y) - log(5 - x - y)",
    "entropy": "x*log(x) + y*log(y) + (1 - x - y)**2",
    "gauss-newton": "(exp(-x) - 0.3)**2 + (exp(-2*x)*y - 0.2)**2 + (y - 1)**2/5",
    "huber": "sqrt(1 + (x - 1)**2) + sqrt(1 + (y + 2)**2) + sqrt(1 + (x + y)**2)",
    "log-cosh": "log(cosh(x - 1)) + log(cosh(2*x + y)) + y**2/3",
    "cauchy": "log(1 + (x - 1)**2) + log(1 + (x - y)**2/4) + y**2/4",
    "erf": "erf(x - y) + x**2 + y**2/2",
    "atan": "atan(x)**2 + (x - y)**2 + y/3 + x**2/5",
    "tan": "tan(x)**2 + (y - x)**2 + x/2",
    "logsumexp": "log(exp(x) + exp(-2*x + y) + exp(-y)) + x**2/10",
    "log-sum": "log(exp(x + y) + exp(x - y) + exp(-x)) + (x - 2*y)**2/8",
    "power": "(1 + x**2)**(3/4) + (2 + y**2)**(5/4) + x*y/3 + x/2",
    "division": "x**2/(1 + y**2) + y**2 + (x - 1)**2/2 + y/7",
    "zero": "exp(x) - x + y**2 + x*y**2",
    "goldstein": "log(1 + (x + y + 1)**2*(19 - 14*x + 3*x**2 - 14*y + 6*x*y + 3*y**2)) + x**2/5 + y**2/9",
    "rastrigin": "(x**2 + 1.1*y**2)/2 - 2*cos(3*x) - 2*cos(3*y + x)",
    "levy": "sin(3*x)**2 + (x - 1)**2*(1 + sin(3*y)**2) + (y - 1)**2*(1 + sin(2*y)**2) + x/10",
    "gauss-mix": "-exp(-(x - 1)**2 - y**2) - 2*exp(-(x + 1)**2/2 - (y - 1)**2) + 0.1*x**2 + 0.1*y**2",
    "morse": "(1 - exp(1 - x))**2 + (x - y)**2/2 + (1 - exp(-2*(y + 1)))**2/5",
    "student": "log(1 + (x - 1)**2) + log(1 + (x + y)**2/2) + log(1 + (y - 3)**2/5) + x**2/20",
    "probit": "-log((1 + erf(x + y))/2) - log((1 + erf(y - 2*x))/2) + x**2/10 + y**2/5",
    "tanh-net": "(tanh(x/2 + y)*z - 0.4)**2 + (tanh(y - x)*z + 0.3)**2 + 0.05*(x**2 + y**2 + z**2) + x/9",
    "pendulum": "1 - cos(x) + (1 - cos(y - x))/2 + y**2/10 - x*y/15",
    "hyperbolic": "sinh(x)**2 + sinh(y - 1)**2/3 + x*y/5",
    "welsch": "2 - exp(-(x - 1)**2/2) - exp(-(x + y)**2/8) + 0.05*x**2 + 0.1*y**2",
    "swish": "x*sigmoid(x) + (x - y)**2 + y**2/5",
    "gelu": "x*(1 + erf(x/sqrt(2)))/2 + (x - 2*y)**2/3 + y**2/9",
    "mish": "x*tanh(softplus(x)) + (x - y)**2/2 + y**2/10 + y/4",
    "log-loss": "-log(sigmoid(x + 2*y)) - log(1 - sigmoid(x - y)) + x**2/9 + y**2/7",
    "well": "1/x**2 - 2/x + y**2*x/3 + 0.1*(x - 2)**2 + (y - 1)**2",
    "lennard-jones": "1/x**12 - 2/x**6 + (x - 1.2)**2 + (y - x)**2",
    "geometric": "x*y + 1/x + 2/y + x**2/5",
    "rational-powers": "x**(3/2) + y**(5/2) + 1/(x*y) + x*y",
    "negative-powers": "x**(-1/2) + y**(-3/2) + x + 2*y + x*y/3",
    "kullback": "x*log(x/2) + y*log(y/3) + (x + y - 1)**2",
}
POSITIVE = frozenset(
    ("barrier", "entropy", "well", "lennard-jones", "geometric", "rational-powers", "negative-powers", "kullback")
)
"""Losses that are defined, or tamed, where all variables are positive."""


def softplus_sum(rng: random.Random) -> Drawn:
    """A quadratic plus softplus and tanh of affine forms."""
    names = ["x", "y", "z"][: rng.randint(2, 3)]
    parts = [f"{number(rng, 0.2, 2)}*({v} - {number(rng, 0, 2)})**2" for v in names]
    for _ in range(rng.randint(1, 3)):
        form = " + ".join([*(f"({number(rng, -2, 2)})*{v}" for v in names), f"({number(rng, -1, 1)})"])
        parts.append(rng.choice(["softplus({a})", "tanh({a})", "exp(({a})/4)", "sigmoid({a})"]).format(a=form))
    return written("softplus-sum", " + ".join(parts))


def design(rng: random.Random, m: int, k: int) -> list[list[float]]:
    """A matrix of short floats."""
    scales = [rng.choice([0.5, 1, 2]) for _ in range(k)]
    return [[round(rng.gauss(0, s), 3) for s in scales] for _ in range(m)]


def over_data(rng: random.Random) -> Drawn:
    """Regression over a small table."""
    m, k = rng.randint(6, 20), rng.randint(2, 4)
    x = design(rng, m, k)
    w = [sympy.Symbol(f"w{i + 1}") for i in range(k)]
    rows = [[sympy.Rational(*a.as_integer_ratio()) for a in row] for row in x]
    inner = [sum((a * b for a, b in zip(row, w, strict=True)), sympy.Integer(0)) for row in rows]
    l2 = rng.choice(["0.01", "0.1", "0.5"])
    squares = sympy.Rational(l2) * sum(a**2 for a in w)
    which = rng.choice(["logistic", "ridge", "poisson", "huber"])
    if which == "logistic":
        y = [rng.choice([-1, 1]) for _ in range(m)]
        text = f"mean(softplus(-y*(X@w))) + {l2}*dot(w,w)"
        terms = [sympy.log(1 + sympy.exp(-b * a)) for a, b in zip(inner, y, strict=True)]
    elif which == "ridge":
        y = [round(rng.gauss(0, 1), 2) for _ in range(m)]
        text = f"mean((X@w - y)**2) + {l2}*sum(w**2)"
        terms = [(a - sympy.Rational(*b.as_integer_ratio())) ** 2 for a, b in zip(inner, y, strict=True)]
    elif which == "poisson":
        y = [rng.randint(0, 3) for _ in range(m)]
        text = f"mean(exp(X@w) - y*(X@w)) + {l2}*dot(w,w)"
        terms = [sympy.exp(a) - b * a for a, b in zip(inner, y, strict=True)]
    else:
        y = [round(rng.gauss(0, 2), 2) for _ in range(m)]
        text = f"mean(sqrt(1 + (X@w - y)**2)) + {l2}*dot(w,w)"
        terms = [
            sympy.sqrt(1 + (a - sympy.Rational(*b.as_integer_ratio())) ** 2) for a, b in zip(inner, y, strict=True)
        ]
    return Drawn(which, text, [str(a) for a in w], sum(terms) / m + squares, {"X": x, "y": y}, "w")


def drawn(rng: random.Random) -> Drawn:
    """A natural loss."""
    kind = rng.random()
    if kind < 0.6:
        name = rng.choice(sorted(CLASSICAL))
        return written(name, CLASSICAL[name])
    return softplus_sum(rng) if kind < 0.75 else over_data(rng)


@dataclass
class Oracle:
    """What is known of a problem without gdcheck."""

    minimizer: list | None
    regime: str | None = None
    values: list = field(default_factory=list)
    vector: list | None = None
    why: str = ""


class Simulation:
    """Gradient and Hessian in mpmath."""

    def __init__(self, loss: Drawn) -> None:
        symbols = [sympy.Symbol(v) for v in loss.names]
        slopes = [sympy.diff(loss.expression, s) for s in symbols]
        curves = [[sympy.diff(g, s) for s in symbols] for g in slopes]
        self.gradient = sympy.lambdify([symbols], slopes, "mpmath", cse=True)
        self.hessian = sympy.lambdify([symbols], curves, "mpmath", cse=True)
        self.floats = sympy.lambdify([symbols], slopes, "math", cse=True)

    def limit(self, eta: float, start: list[float], steps: int) -> list[float] | str:
        """Where descent in floats ends, or how."""
        x, small = list(start), 0
        try:
            for _ in range(steps):
                g = self.floats(x)
                x = [a - eta * b for a, b in zip(x, g, strict=True)]
                if not max(map(abs, x)) < FAR:
                    return "left"
                small = small + 1 if max(map(abs, g)) < 1e-12 else 0
                if small > 30:
                    return x
        except (ValueError, ArithmeticError, TypeError):
            return "domain"
        return "no limit"

    def newton(self, x: list) -> list | None:
        """The critical point next to a point."""
        for _ in range(12):
            try:
                step = mpmath.lu_solve(mpmath.matrix(self.hessian(x)), mpmath.matrix(self.gradient(x)))
            except ZeroDivisionError:
                return None
            x = [a - b for a, b in zip(x, step, strict=True)]
            if mpmath.norm(step) < mpmath.mpf(10) ** (-mpmath.mp.dps + 8):
                return x
        return None


def oracle(simulation: Simulation, eta: str, start: list[str]) -> Oracle:
    """Simulate one problem."""
    end = simulation.limit(float(eta), [float(a) for a in start], MOST_STEPS)
    if isinstance(end, str):
        return Oracle(None, why=end)
    with mpmath.workdps(DIGITS):
        minimizer = simulation.newton([mpmath.mpf(a) for a in end])
        if minimizer is None or max(abs(a - b) for a, b in zip(minimizer, end, strict=True)) > 1e-6:
            return Oracle(None, why="no critical point")
        values, vectors = mpmath.eigsy(mpmath.matrix(simulation.hessian(minimizer)))
        step = mpmath.mpf(eta)
        if values[0] <= 1e-9:
            return Oracle(minimizer, values=list(values), why="not a strict minimum")
        if abs(step * (values[0] + values[len(values) - 1]) - 2) < 1e-6:
            return Oracle(minimizer, values=list(values), why="boundary")
        small = step * (values[0] + values[len(values) - 1]) < 2
        found = Oracle(minimizer, "small-step" if small else "large-step", list(values))
        column = 0 if small else len(values) - 1
        v = [vectors[i, column] for i in range(len(values))]
    found.vector = _signed(simulation, found, step, start, v, small=small)
    return found


def _signed(simulation: Simulation, found: Oracle, eta, start: list[str], v: list, *, small: bool) -> list | None:
    """The eigenvector with the sign that the iterates take; None if they do not show it."""
    with mpmath.workdps(3 * DIGITS):
        minimizer = simulation.newton(list(found.minimizer))
        x, turn, sure = [mpmath.mpf(a) for a in start], 1, 0
        if minimizer is None:
            return None
        for _ in range(4000):
            h = [a - b for a, b in zip(x, minimizer, strict=True)]
            size = mpmath.norm(h)
            if size < mpmath.mpf(10) ** (-2 * DIGITS):
                return None
            along = turn * sum(a * b for a, b in zip(h, v, strict=True)) / size
            sure = sure + 1 if abs(along) > 0.999 and size < 1e-3 else 0
            if sure > 20:
                return [a if along > 0 else -a for a in v]
            x = [a - eta * b for a, b in zip(x, simulation.gradient(x), strict=True)]
            turn = turn if small else -turn
    return None


def posed(rng: random.Random, loss: Drawn, simulation: Simulation) -> tuple[str, list[str]] | None:
    """A step size and a start; a share of the stability limit where small steps end, or a round number."""
    wide = rng.choice([1, 3, 6])
    positive = loss.family in POSITIVE
    start = [number(rng, 0.2, 2) if positive else number(rng, -wide, wide) for _ in loss.names]
    for eta in (0.005, 0.0005):
        end = simulation.limit(eta, [float(a) for a in start], MOST_STEPS)
        if not isinstance(end, str):
            break
    else:
        return None
    with mpmath.workdps(20):
        values = mpmath.eigsy(mpmath.matrix(simulation.hessian([mpmath.mpf(a) for a in end])))[0]
    top = float(values[len(values) - 1])
    if top <= 0:
        return None
    eta = rng.choice([0.1, 0.3, 0.5, 0.7, 0.85, 0.95]) * 2 / top
    return f"{eta:.3g}", start


def differs(answer: dict, truth: Oracle) -> str | None:
    """What an answer says otherwise than the oracle; None if nothing."""
    said = answer["minimizer"]
    if said is None:
        return None
    point = said["point"] if isinstance(said, dict) else [x for x, _ in said]
    apart = max(abs(a - float(b)) / max(1, abs(float(b))) for a, b in zip(point, truth.minimizer, strict=True))
    if apart > 1e-12:
        return f"minimizer off by {apart:.3g}"
    if answer["verdict"] == "refuted":
        return "refuted"
    if truth.regime and answer["regime"] and answer["regime"] != truth.regime:
        return f"regime {answer['regime']}, not {truth.regime}"
    vector = answer["limit"]["vector"]
    if vector is not None and truth.vector is not None:
        off = max(abs(a - float(b)) for a, b in zip(vector, truth.vector, strict=True))
        return f"limit off by {off:.3g}" if off > 1e-9 else None
    return None


def main() -> int:
    """Draw, ask, simulate, compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--problems", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--recheck", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    slow = []
    for seed in range(options.first, options.first + options.problems):
        rng = random.Random(seed)
        loss = drawn(rng)
        simulation = Simulation(loss)
        asked = posed(rng, loss, simulation)
        if asked is None:
            counts["not posed"] += 1
            continue
        eta, start = asked
        line: dict = {"loss": loss.text, "step_size": eta, "variables": loss.names, "start": start}
        line |= {"data": loss.data} if loss.data else {}
        truth = oracle(simulation, eta, start)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "problem.jsonl"
            path.write_text(json.dumps(line) + "\n")
            caught, began = StringIO(), time.process_time()
            words = ["check", "--problem", str(path), "--json", *([] if options.recheck else ["--no-recheck"])]
            with redirect_stdout(caught):
                gdcheck(words)
        answer = json.loads(caught.getvalue())
        slow.append((time.process_time() - began, seed, loss.family))
        where = f"seed {seed} ({loss.family}) eta {eta} start {start}: {loss.text[:150]}"
        if "error" in answer:
            counts["error"] += 1
            say(f"ERROR {answer['error']}: {where}")
            continue
        sure = truth.vector is not None
        counts[f"{'sure' if sure else truth.why or 'open'}: {answer['verdict']} {answer['regime'] or ''}"] += 1
        if sure and answer["limit"]["vector"] is None:
            say(f"UNDECIDED {answer['reason'][:300]}: {where}")
        wrong = differs(answer, truth) if truth.minimizer is not None else None
        if truth.minimizer is None and truth.why != "no limit" and answer["verdict"] == "proved":
            wrong = f"proved, but the oracle says {truth.why}"
        if wrong:
            counts["DISAGREES"] += 1
            say(f"DISAGREES {wrong}: {where}")
        if not sure and answer["verdict"] != "unresolved":
            say(f"note {answer['verdict']}, oracle: {truth.why or 'not sure'}: {where}")
        if not sure and answer["verdict"] == "unresolved":
            say(f"open ({truth.why}) {answer['reason'][:200]}: {where}")
    for name, count in sorted(counts.items()):
        say(f"{count:6} {name}")
    for seconds, seed, family in sorted(slow, reverse=True)[:8]:
        say(f"{seconds:.2f} s seed {seed} ({family})")
    return int(counts["DISAGREES"] > 0)


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
