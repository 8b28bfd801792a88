"""Verdicts on methods held against a simulation that shares no code with the engine.

Random losses, rotated and off the origin, with methods, parameters and step sizes in every regime and next to every
threshold. The expected answer comes of mpmath alone: the Jacobian of the method written out here, its eigenvalues, and
the amplitude that simulated iterates show.

    python -m tests.quality.method_agreement --problems 20000 --out docs/runs/methods.json

With ``--out`` a run that was interrupted goes on from the file; ``--again`` decides anew what differs or is open there.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import pairwise
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import mpmath
from mpmath import mp, mpf
from rich.console import Console

from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.theorem.certificate.answer import answer
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem

FORMAT = "gdcheck-method-agreement/1"
DIGITS = 70
SAME = mpf(10) ** -22
"""Moduli that agree to so many digits count as equal."""
NOUGHT = mpf(10) ** -50
"""A component that is smaller than the state by so much is zero."""
NEAR, FAR = mpf(10) ** -6, mpf(10) ** 6
"""How near to the minimizer a simulated trajectory has arrived, and how far off it has left."""


@dataclass(frozen=True)
class Case:
    """A problem in its eigenbasis: f = Σ λᵢyᵢ²/2 + Σ c y^α with y = Qᵀ(x − m), or a symmetric matrix in its place."""

    hessian: list[list[Fraction]]
    higher: list[tuple[Fraction, tuple[Fraction, ...], int]]
    minimizer: list[Fraction]
    start: list[Fraction]
    step_size: Fraction
    method: dict[str, Any]

    @property
    def dimension(self) -> int:
        """The number of variables."""
        return len(self.minimizer)

    def names(self) -> list[str]:
        """The variables."""
        return [f"x{i}" for i in range(self.dimension)]

    def problem(self) -> Problem:
        """The problem as gdcheck takes it."""
        n, names = self.dimension, self.names()
        moved = [f"({x}-({m}))" for x, m in zip(names, self.minimizer, strict=True)]
        terms = [
            f"({self.hessian[i][j]})/2*{moved[i]}*{moved[j]}" for i in range(n) for j in range(n) if self.hessian[i][j]
        ]
        for c, form, power in self.higher:
            linear = "+".join(f"({a})*{x}" for a, x in zip(form, moved, strict=True))
            terms.append(f"({c})*({linear})**{power}")
        return Problem(
            "+".join(terms),
            step_size=self.step_size,
            start=self.start,
            minimizer=self.minimizer,
            variables=names,
            method=self.method,
        )


def draw(rng: random.Random) -> Case:
    """Draw a case."""
    n = rng.choice([1, 2, 2, 3, 3, 4, 5])
    spectrum: list[Fraction] | None = None
    if rng.random() < 0.3:
        base = [[Fraction(rng.randint(-2, 2)) for _ in range(n)] for _ in range(n)]
        hessian = [
            [sum((base[k][i] * base[k][j] for k in range(n)), Fraction(0)) + (i == j) for j in range(n)]
            for i in range(n)
        ]
    else:
        spectrum = sorted(rng.sample([Fraction(k, rng.choice([1, 2, 3, 5])) for k in range(1, 41)], n))
        q = _rotation(rng, n)
        hessian = [
            [sum((q[i][k] * spectrum[k] * q[j][k] for k in range(n)), Fraction(0)) for j in range(n)] for i in range(n)
        ]
    higher = [
        (
            Fraction(rng.randint(-3, 3), rng.choice([1, 2, 7])),
            tuple(Fraction(rng.randint(-2, 2)) for _ in range(n)),
            rng.choice([3, 3, 4]),
        )
        for _ in range(rng.randint(0, 2))
    ]
    minimizer = [Fraction(rng.randint(-3, 3), rng.choice([1, 2, 3])) for _ in range(n)]
    size = Fraction(1, rng.choice([50, 100, 1000]))
    start = [m + size * rng.choice([-1, 1]) * Fraction(rng.randint(3, 19), 10) for m in minimizer]
    case = Case(hessian, higher, minimizer, start, Fraction(1), _method(rng, n))
    exact = _threshold(rng, spectrum, case.method) if spectrum is not None and rng.random() < 0.05 else None
    return replace(case, step_size=_step_size(rng, case) if exact is None else exact)


def _threshold(rng: random.Random, spectrum: list[Fraction], method: dict[str, Any]) -> Fraction | None:
    """A step size exactly on a threshold of heavy ball, Adam or RMSprop, where it is rational."""
    if method["name"] in {"nesterov", "gradient-descent"}:
        return None
    beta, gain = _numbers(method)
    p, q = math.isqrt(beta.numerator), math.isqrt(beta.denominator)
    options = [2 * (1 + beta) / (gain * (spectrum[0] + spectrum[-1]))]
    if p * p == beta.numerator and q * q == beta.denominator:
        root = Fraction(p, q)
        options += [(1 - root) ** 2 / (gain * spectrum[0]), (1 + root) ** 2 / (gain * spectrum[-1])]
    return rng.choice(options)


def _rotation(rng: random.Random, n: int) -> list[list[Fraction]]:
    v = [Fraction(rng.randint(-3, 3)) for _ in range(n)]
    if not any(v) or rng.random() < 0.3:
        return [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    length = sum(x * x for x in v)
    return [[Fraction(int(i == j)) - 2 * v[i] * v[j] / length for j in range(n)] for i in range(n)]


def _share(rng: random.Random) -> Fraction:
    return rng.choice(
        [
            Fraction(1, 20),
            Fraction(1, 100),
            Fraction(1, 4),
            Fraction(1, 2),
            Fraction(4, 9),
            Fraction(9, 10),
            Fraction(99, 100),
            Fraction(rng.randint(1, 90), 97),
        ]
    )


def _method(rng: random.Random, n: int) -> dict[str, Any]:
    name = rng.choice(["heavy-ball"] * 4 + ["nesterov"] * 4 + ["adam", "rmsprop", "gradient-descent"])
    if name in {"heavy-ball", "nesterov"}:
        return {"name": name, "momentum": str(_share(rng))}
    if name == "gradient-descent":
        base = [[Fraction(rng.randint(-2, 2)) for _ in range(n)] for _ in range(n)]
        rows = [
            [sum((base[k][i] * base[k][j] for k in range(n)), Fraction(0)) + (i == j) for j in range(n)]
            for i in range(n)
        ]
        return {"name": name, "preconditioner": [[str(x) for x in row] for row in rows]}
    squares = {"beta2": str(Fraction(rng.choice([5, 8, 9]), 10)), "epsilon": str(Fraction(rng.choice([1, 3]), 2))}
    return {"name": name, **squares} | ({"beta1": str(_share(rng))} if name == "adam" else {})


def _numbers(method: dict[str, Any]) -> tuple[Any, Any]:
    """β, and the factor between η and the step in the linear part."""
    name = method["name"]
    if name in {"heavy-ball", "nesterov"}:
        return Fraction(method["momentum"]), Fraction(1)
    if name == "gradient-descent":
        return Fraction(0), Fraction(1)
    beta = Fraction(method.get("beta1", 0))
    return beta, (1 - beta) / Fraction(method["epsilon"])


def _operator(case: Case) -> Any:
    a = mpmath.matrix([[_mpf(x) for x in row] for row in case.hessian])
    rows = case.method.get("preconditioner")
    return a if rows is None else mpmath.matrix([[_mpf(Fraction(x)) for x in row] for row in rows]) * a


def _mpf(x: Fraction) -> mpf:
    return mpf(x.numerator) / x.denominator


def _jacobian(case: Case, eta: mpf) -> Any:
    """The linear part on (h, c), written out from the update rules."""
    n, a = case.dimension, _operator(case)
    beta, gain = _numbers(case.method)
    b, u = _mpf(beta), eta * _mpf(gain)
    one = mpmath.eye(n)
    lead, carry = (1 + b, b * b) if case.method["name"] == "nesterov" else (mpf(1), b)
    top = (one - u * lead * a, -carry * one)
    bottom = (u * a, b * one)
    j = mpmath.zeros(2 * n)
    for block, (r, c) in zip((*top, *bottom), ((0, 0), (0, n), (n, 0), (n, n)), strict=True):
        for i in range(n):
            for k in range(n):
                j[r + i, c + k] = block[i, k]
    return j


def _kinds(case: Case) -> Callable[[mpf], str]:
    """What dominates at a step size: the name of the regime, as far as plain numbers tell, mode by mode."""
    values, _ = mpmath.eig(_operator(case))
    spectrum = [mpmath.re(v) for v in values]
    beta, gain = _numbers(case.method)
    b, u = _mpf(beta), _mpf(gain)
    lead, carry = (1 + b, b * b) if case.method["name"] == "nesterov" else (mpf(1), b)

    def multipliers(s: mpf) -> list[Any]:
        trace, product = 1 - lead * s + b, (1 - lead * s) * b + carry * s
        root = mp.sqrt(trace * trace - 4 * product)
        return [(trace + root) / 2, (trace - root) / 2]

    def kind(eta: mpf) -> str:
        found = [v for x in spectrum for v in multipliers(eta * u * x)]
        largest = max(abs(v) for v in found)
        if largest >= 1:
            return "unstable"
        dominant = [v for v in found if abs(abs(v) - largest) < SAME * largest]
        if any(abs(mpmath.im(v)) > mpf(10) ** -15 * largest for v in dominant):
            return "rotating"
        return "small-step" if all(mpmath.re(v) > 0 for v in dominant) else "large-step"

    return kind


def _step_size(rng: random.Random, case: Case) -> Fraction:
    """A step size somewhere, or next to a change of the regime found by bisection."""
    with mp.workdps(40):
        kind = _kinds(case)
        high = mpf(1)
        while kind(high) != "unstable":
            high *= 2
        while kind(high) == "unstable":
            high /= 2
        high *= 2
        if rng.random() < 0.5:
            return Fraction(int(high * mpf(rng.randint(1, 999)) / 1000 * 10**9) + 1, 10**9)
        low, steps = high * mpf(rng.randint(1, 999)) / 1000, high
        before = kind(low)
        if kind(steps) == before:
            return Fraction(int(low * 10**9) + 1, 10**9)
        for _ in range(60):
            middle = (low + steps) / 2
            low, steps = (middle, steps) if kind(middle) == before else (low, middle)
        distance = mpf(10) ** -rng.randint(1, 12) * rng.choice([-1, 1])
        near = low * (1 + distance / 4)
        return Fraction(int(near * mpf(10) ** 18), 10**18)


def simulate(case: Case) -> Any:
    """Yield the states (h, c) of the method, written out once more."""
    n, name = case.dimension, case.method["name"]
    eta = _mpf(case.step_size)
    h = [_mpf(x - m) for x, m in zip(case.start, case.minimizer, strict=True)]
    a = mpmath.matrix([[_mpf(x) for x in row] for row in case.hessian])
    rows = case.method.get("preconditioner")
    p = None if rows is None else mpmath.matrix([[_mpf(Fraction(x)) for x in row] for row in rows])
    forms = [(_mpf(c), [_mpf(x) for x in form], power) for c, form, power in case.higher]
    buffer, squares, t = [mpf(0)] * n, [mpf(0)] * n, 0
    beta, gain = _numbers(case.method)
    b, u = _mpf(beta), eta * _mpf(gain)
    while True:
        yield [*h, *buffer]
        t += 1
        g = list(a * mpmath.matrix(h))
        for c, form, power in forms:
            slope = c * power * sum(x * y for x, y in zip(form, h, strict=True)) ** (power - 1)
            g = [x + slope * y for x, y in zip(g, form, strict=True)]
        if p is not None:
            g = list(p * mpmath.matrix(g))
        buffer = [b * y + u * x for x, y in zip(g, buffer, strict=True)]
        if name in {"adam", "rmsprop"}:
            beta2, epsilon = _mpf(Fraction(case.method["beta2"])), _mpf(Fraction(case.method["epsilon"]))
            squares = [beta2 * v + (1 - beta2) * x * x for v, x in zip(squares, g, strict=True)]
            first, second = (1 - b**t, 1 - beta2**t) if name == "adam" else (mpf(1), mpf(1))
            # buffer = (η/ε) m, so that η m̂/(√v̂ + ε) is buffer ε/(first (√v̂ + ε)).
            h = [
                x - y * epsilon / (first * (mp.sqrt(v / second) + epsilon))
                for x, y, v in zip(h, buffer, squares, strict=True)
            ]
        elif name == "nesterov":
            h = [x - u * s - b * y for x, s, y in zip(h, g, buffer, strict=True)]
        else:
            h = [x - y for x, y in zip(h, buffer, strict=True)]


@dataclass(frozen=True)
class Expected:
    """What the simulation says; no kind where it says nothing."""

    regime: str
    kind: str | None
    vector: list[mpf] | None


def expected(case: Case, steps: int = 1500) -> Expected | None:
    """Work out the regime and the limit; None where numbers of this precision do not tell."""
    with mp.workdps(DIGITS):
        values, left, right = mpmath.eig(_jacobian(case, _mpf(case.step_size)), left=True, right=True)
        largest = max(abs(v) for v in values)
        if largest < SAME or abs(largest - 1) < SAME:
            return None
        if largest > 1:
            return Expected("unstable", None, None)
        ranks = [i for i, v in enumerate(values) if abs(abs(v) - largest) < SAME * largest]
        turning = [i for i in ranks if abs(mpmath.im(values[i])) > mpf(10) ** -20 * largest]
        if turning:
            if len(turning) < len(ranks):
                return None
            return Expected("rotating", "rotating" if _arrives(case, steps) else None, None)
        if len(ranks) > 1 and _has_multiple_eigenvalue(case):
            return None
        if len(ranks) > 1:
            signs = {mp.sign(mpmath.re(values[i])) for i in ranks}
            if len(ranks) == 2:
                kind = "two-cycle" if len(signs) == 2 else "fixed" if signs == {1} else "alternating"
                return Expected("boundary", kind, None)
            return Expected("boundary", None, None)
        (i,) = ranks
        mu = mpmath.re(values[i])
        row = [mpmath.re(left[i, k]) for k in range(2 * case.dimension)]
        column = [mpmath.re(right[k, i]) for k in range(2 * case.dimension)]
        regime, kind = ("small-step", "fixed") if mu > 0 else ("large-step", "alternating")
        amplitude = _amplitude(case, [x / sum(a * b for a, b in zip(row, column, strict=True)) for x in row], mu, steps)
        if amplitude is None:
            return Expected(regime, None, None)
        if amplitude == 0:
            return Expected(regime, "exceptional", None)
        h = column[: case.dimension]
        length = mp.sign(amplitude) * mp.sqrt(sum(x * x for x in h))
        return Expected(regime, kind, [x / length for x in h])


def _has_multiple_eigenvalue(case: Case) -> bool:
    values = sorted(mpmath.re(v) for v in mpmath.eig(_operator(case))[0])
    return any(abs(x - y) < SAME * y for x, y in pairwise(values))


def _arrives(case: Case, steps: int) -> bool:
    """Whether the simulated trajectory comes as near to the minimizer as is asked within so many steps."""
    for k, state in enumerate(simulate(case)):
        size = max(abs(x) for x in state)
        if size < NEAR or size > FAR or k > steps:
            return bool(size < NEAR)
    raise AssertionError("the simulation has no end")


def _amplitude(case: Case, row: list[mpf], mu: mpf, steps: int) -> mpf | None:
    """The limit of row·z_k/μᵏ, as the iterates show it; 0 where row·z_k is, to all digits but a few; else None."""
    before = None
    for k, state in enumerate(simulate(case)):
        size = max(abs(x) for x in state)
        if size > FAR or k > steps:
            return None
        if k % 20 == 0 and k:
            along = sum(x * y for x, y in zip(row, state, strict=True))
            if abs(along) < NOUGHT * size:
                return mpf(0)
            amplitude = along / mu**k
            if before is not None and abs(amplitude - before) < abs(amplitude) / 1000 and size < NEAR:
                return amplitude
            before = amplitude
    raise AssertionError("the simulation has no end")


def differences(case: Case) -> tuple[str, list[str]]:
    """Hold one verdict against the simulation.

    Returns:
        A word for the tally, and what differs.
    """
    told = expected(case)
    decision = decide(case.problem(), max_steps=6_000, max_precision=4096)
    found = answer(decision)
    if told is None:
        return f"not told, {found['regime']}", []
    wrong = []
    if found["regime"] != told.regime:
        wrong.append(f"regime {found['regime']}, expected {told.regime}")
    if told.kind == "exceptional":
        if found["verdict"] != told.kind:
            wrong.append(f"verdict {found['verdict']}, expected exceptional")
        return f"{case.method['name']} exceptional", wrong
    kind = found["limit"]["kind"]
    if kind is None and told.kind is not None:
        return f"open: {found['regime']}", wrong
    if told.kind is not None and kind != told.kind:
        wrong.append(f"kind {kind}, expected {told.kind}")
    if told.vector is not None and kind == told.kind:
        off = max(abs(mpf(x) - y) for x, y in zip(found["limit"]["vector"], told.vector, strict=True))
        if off > mpf(10) ** -9:
            wrong.append(f"vector off by {mp.nstr(off, 3)}")
    wrong += _thresholds(case, found)
    word = f"{case.method['name']} {found['regime']}"
    if told.kind is None and told.regime != "unstable":
        # The simulated trajectory leaves the basin, or has not settled in so many steps.
        word = f"regime alone, {'certified' if kind else 'open'}: {word}"
    return word, wrong


def _thresholds(case: Case, found: dict[str, Any]) -> list[str]:
    """The stated thresholds must separate what plain numbers show on both sides."""
    wrong = []
    if found["stability_limit"] is None:
        return wrong
    with mp.workdps(60):
        regime = _kinds(case)

        def at(text: str, side: int) -> str:
            value = mpf(1)
            p, _, q = text.partition("/")
            value = mpf(p) / mpf(q) if q else mpf(p)
            return regime(value * (1 + side * mpf(10) ** -13))

        pairs = [(found["stability_limit"], None, "unstable")]
        if found["boundary"] is not None:
            pairs.append((found["boundary"], "small-step", "large-step"))
        else:
            pairs += [(found["window"][0], "small-step", "rotating"), (found["window"][1], "rotating", "large-step")]
        for text, below, above in pairs:
            seen = at(text, -1), at(text, 1)
            good = (below is None or seen[0] == below) and seen[1] == above and seen[0] != above
            if not good and len(case.hessian) > 1:
                wrong.append(f"threshold {text}: {seen[0]} below, {seen[1]} above, expected {below}, {above}")
    return wrong


def examined(seed: int, index: int) -> tuple[str, str | None]:
    """Return the word for the tally, and what differs, of one problem."""
    try:
        case = draw(random.Random(f"{seed}:{index}"))
        word, wrong = differences(case)
    except RuntimeError:
        # mpmath's eigenvalue solver gives up on some matrices.
        return "not told, no eigenvalues", None
    line = f"{seed}:{index} {case.method} η={case.step_size}: "
    if wrong:
        return word, line + "; ".join(wrong)
    return word, None


def begun(out: Path | None, seed: int) -> dict[str, Any]:
    """The counts so far: those of the file, if it is of the same run."""
    blank: dict[str, Any] = {
        "schema": FORMAT,
        "seed": seed,
        "problems": 0,
        "tally": {},
        "differing": [],
        "open": [],
    }
    if out is None or not out.exists():
        return blank
    found: dict[str, Any] = json.loads(out.read_text())
    if (found["schema"], found["seed"]) != (FORMAT, seed):
        raise SystemExit(f"{out} is another run; name another file, or its --seed")
    return found


def again(found: dict[str, Any], seed: int) -> None:
    """Decide once more what differs or is open in a file, after a change of the engine; the counts follow."""
    differing = {int(line.split(" ")[0].partition(":")[2]) for line in found["differing"]}
    tally: Counter[str] = Counter(found["tally"])
    indices, found["differing"], found["open"] = sorted({*differing, *found["open"]}), [], []
    for index in indices:
        word, wrong = examined(seed, index)
        if index not in differing:
            # The regime is exact: it is the one that was counted.
            tally[f"open: {word.removeprefix('open: ').split(' ')[-1]}"] -= 1
            tally[word] += 1
        if wrong:
            found["differing"].append(wrong)
        if word.startswith("open"):
            found["open"].append(index)
    found["tally"] = dict(sorted((word, count) for word, count in tally.items() if count))


def main() -> int:
    """Run many problems and print what differs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--problems", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, help="the file of counts, and where a run goes on from")
    parser.add_argument("--again", action="store_true", help="first decide anew what differs or is open in the file")
    given = parser.parse_args()
    say = Console(highlight=False, soft_wrap=True).print
    found = begun(given.out, given.seed)
    if given.again and given.out is not None:
        again(found, given.seed)
        write_text_atomically(given.out, as_json(found))
    tally: Counter[str] = Counter(found["tally"])
    with Pool(given.workers) as pool:
        left = range(found["problems"], given.problems)
        for index, (word, wrong) in zip(left, pool.imap(partial(examined, given.seed), left), strict=True):
            tally[word] += 1
            if wrong:
                found["differing"].append(wrong)
                say(wrong)
            if word.startswith("open"):
                found["open"].append(index)
                say(f"{given.seed}:{index} {word}")
            found["problems"] = index + 1
            if given.out is not None and (index % 20 == 19 or index + 1 == given.problems):
                found["tally"] = dict(sorted(tally.items()))
                write_text_atomically(given.out, as_json(found))
    for word, count in sorted(tally.items()):
        say(f"{count:6d}  {word}")
    say(f"{found['problems']} problems, {len(found['differing'])} differ, {len(found['open'])} open")
    return 1 if found["differing"] else 0


if __name__ == "__main__":
    sys.exit(main())
