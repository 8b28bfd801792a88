"""Certificates: their structure for each kind of verdict, the truth of every interval, and an independent verifier."""

import json
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from itertools import islice

import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, note
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.properties.strategies.random_problems import random_problem
from gdcheck.properties.verify.paper_examples import TABLE
from gdcheck.theorem.certificate.answer import answer
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.checker.amplitude import check
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.balls import decimal_ends, ends
from gdcheck.theorem.loss.prescribed import cayley, loss_with_spectrum
from gdcheck.theorem.methods.statement import End as EndOfSpectrum
from gdcheck.theorem.methods.statement import LimitKind, Prediction, Regime, Statement
from tests.builders.instances import build
from tests.builders.strategies import errors, length, matrix_mp, problems, rationals, real

FIELDS = [
    "schema", "problem", "verdict", "regime", "spectrum", "fails", "points", "kernel", "subspace",
    "blocks", "step", "bounds", "limit",
]  # fmt: skip
LIMITS = {"max_steps": 20_000, "max_precision": 1024}

# Loss, step size, start; verdict, kind of limit, names that fail.
SPECIAL = {
    "fixed": ("x**2/2 + 2*y**2 + x*y**2 + y**3", "0.1", ["0.1", "0.1"], "proved", "fixed"),
    "alternating": ("x**2/2 + 2*y**2 + x*y**2 + y**3", "0.42", ["0.1", "0.1"], "proved", "alternating"),
    "irrational": ("x**2 + x*y + 3*y**2 + x**3", "0.2", ["1/20", "1/30"], "proved", "fixed"),
    "irrational, large": ("x**2 + x*y + 3*y**2 + x**3", "0.3", ["1/20", "1/30"], "proved", "alternating"),
    "truncated": ("x**2/2 + 2*y**2 + max(x - y, 0)**4", "0.1", ["1/20", "1/30"], "proved", "fixed"),
    "truncated, active": (
        "x**2/2 + 2*y**2 - 4*x + max(x + 1, 0)**4",
        "0.05",
        ["1/200", "1/300"],
        "proved",
        "fixed",
    ),
    "points": ("x**2/2 + 2*y**2 + y**3", "1/4", ["0.1", "0.1"], "proved", "fixed"),
    "points for one piece": (
        "x**2/2 + 7/4*y**2 + x**3/3 + max(x - 1, 0)**4/12",
        "1/2",
        ["1/100", "1/20"],
        "proved",
        "alternating",
    ),
    "a tiny dominant component": ("x**2/2 + y**2 + 2*z**2", "0.1", ["1e-40", "1", "0"], "proved", "fixed"),
    "off the origin": ("(x - 1/3)**2 + (x - 1/3)*(y + 2) + 3*(y + 2)**2", "0.1", ["0", "0"], "proved", "fixed"),
    "1e-30 from the boundary": (
        "x**2/2 + 2*y**2 + x*y**2",
        fmpq(2, 5) + fmpq(1, 10**30),
        ["0.1", "0.1"],
        "proved",
        "alternating",
    ),
    "exceptional": ("x**2/2 + 2*y**2", "0.1", ["0", "1"], "exceptional", "fixed"),
    "exceptional, alternating": ("x**2/2 + 2*y**2 + y**3", "0.3", ["0", "1/50"], "exceptional", "alternating"),
    "exceptional, irrational": ("x**2 + x*y + 3*y**2 + z**2/2", "0.1", ["1/10", "1/9", "0"], "exceptional", "fixed"),
    "exceptional, at the minimizer": ("x**2/2 + 2*y**2", "0.1", ["0", "0"], "exceptional", None),
    "exceptional, reaching it": ("x**2/2 + 3/2*y**2 + 2*y**3", "1/5", ["0", "1/3"], "exceptional", None),
    "boundary": ("x**2/2 + 2*y**2 + x*y**2", "2/5", ["0.1", "0.1"], "not-applicable", "two-cycle"),
    "irrational boundary": ("x**2 + x*y + 3*y**2 + x**3", "1/4", ["1/50", "1/40"], "not-applicable", "two-cycle"),
    "boundary, on an axis": ("x**2/2 + 2*y**2", "2/5", ["1", "0"], "not-applicable", "fixed"),
    "repeated lowest": ("x**2/2 + y**2/2 + 2*z**2 + x**3", "0.1", ["0.1", "0.1", "0.1"], "not-applicable", "fixed"),
    "repeated highest": ("x**2/2 + 2*y**2 + 2*z**2", "0.42", ["0.1", "0.1", "0.1"], "not-applicable", "alternating"),
    "repeated irrational": (
        "x**2 + x*y + 3*y**2 + z**2 + z*z1 + 3*z1**2",
        "0.1",
        ["0.1", "0.2", "0.3", "0.1"],
        "not-applicable",
        "fixed",
    ),
    "repeated irrational boundary": (
        "x**2 + x*y + 3*y**2 + z**2 + z*z1 + 3*z1**2",
        "1/4",
        ["0.1", "0.2", "0.3", "0.1"],
        "not-applicable",
        "two-cycle",
    ),
    "one eigenvalue": ("x**2 + y**2", "0.1", ["0.1", "0.2"], "not-applicable", "fixed"),
    "one variable": ("x**2 + x**3", "0.1", ["0.1"], "not-applicable", "fixed"),
    "one variable, at its null step": ("x**2", "1/2", ["0.1"], "not-applicable", None),
    "unstable": ("x**2/2 + 2*y**2", "1/2", ["0.1", "0.1"], "not-applicable", None),
    "unstable, on the stable axis": ("x**2/2 + 2*y**2", "3/4", ["0.1", "0"], "not-applicable", "fixed"),
    "rough": ("x**2/2 + 2*y**2 + max(x - y, 0)**3", "0.1", ["1/50", "1/60"], "not-applicable", "fixed"),
    "very rough": ("x**2/2 + 2*y**2 + max(x - 1/2, 0)**2", "0.1", ["1/50", "1/60"], "not-applicable", "fixed"),
    "null step": ("x**2/2 + 2*y**2", "1/4", ["0.1", "0.1"], "not-applicable", "fixed"),
    "saddle": ("x**2/2 - y**2", "0.1", ["0.1", "0.1"], "not-applicable", None),
    "singular": ("x**2/2 + y**4", "0.1", ["0.1", "0.1"], "not-applicable", None),
    "irrational saddle": ("x**2 + 3*x*y + y**2/2", "0.1", ["0.1", "0.1"], "not-applicable", None),
}


def special(name):
    loss, eta, start, _, _ = SPECIAL[name]
    return decide(
        Problem(loss, step_size=eta, start=start, minimizer=["1/3", "-2"] if name == "off the origin" else None)
    )


def strings_only(value):
    """No floats anywhere: a certificate is exact."""
    if isinstance(value, dict):
        return all(isinstance(k, str) and strings_only(v) for k, v in value.items())
    if isinstance(value, list):
        return all(strings_only(v) for v in value)
    return value is None or isinstance(value, str | int)


@pytest.mark.parametrize("name", SPECIAL)
def test_structure(name):
    decision = special(name)
    found = certificate(decision)
    _, _, _, verdict, kind = SPECIAL[name]
    assert decision.verdict.value == verdict, f"{name}: {decision.reason}"
    assert list(found) == FIELDS, f"{name}: fields {list(found)}"
    assert strings_only(found) and json.loads(json.dumps(found)) == found, f"{name}: not exact JSON"
    assert (found["schema"], found["verdict"], found["limit"]["kind"]) == ("gdcheck-certificate/2", verdict, kind), name
    assert Problem.from_json(found["problem"]) == decision.problem, f"{name}: another problem"
    assert bool(found["blocks"]) == (found["bounds"] is not None) == (kind is not None), f"{name}: blocks and bounds"
    assert bool(found["fails"]) == (verdict == "not-applicable"), f"{name}: {found['fails']}"
    assert (verdict == "exceptional") <= (found["subspace"] is not None), f"{name}: a subspace is the proof"
    assert (verdict == "proved") <= (found["subspace"] is None), f"{name}: proved means proved in all of space"
    vectors = {None: 0, "fixed": 1, "alternating": 1, "two-cycle": 2}[kind]
    assert len(found["blocks"]) == len(found["limit"]["vectors"]) == vectors, f"{name}: blocks or limit"
    assert kind is not None or found["step"] == 0, f"{name}: {found['step']}"
    if "strict-minimum" in found["fails"]:
        assert found["regime"] is None and found["spectrum"] is None, f"{name}: nothing is examined without a minimum"


def fraction_interval(pair):
    lo, hi = (Fraction(Decimal(x)) for x in pair)
    return fmpq(lo.numerator, lo.denominator), fmpq(hi.numerator, hi.denominator)


def check_intervals(found, decision):
    """Every interval, against a computation in mpmath at 90 digits that shares only the expansion of the loss."""
    with mp.workdps(90):
        expansion = Expansion.of(decision.problem)
        eta = real(decision.problem.step_size)
        slack = mp.mpf(10) ** -60

        def holds(what, pair, value, width):
            lo, hi = map(real, fraction_interval(pair))
            margin = slack * (1 + abs(value))
            assert lo - margin <= value <= hi + margin, f"{what}: {mp.nstr(value, 25)} is not in {pair}"
            assert hi - lo <= width, f"{what}: {pair} is too wide"

        values, columns = mp.eigsy(matrix_mp(expansion.hessian))
        spectrum = sorted(values)
        for end, value in (("lowest", spectrum[0]), ("highest", spectrum[-1])):
            p, q = (Fraction(x) for x in found["spectrum"][end]["interval"])
            assert real(fmpq(p.numerator, p.denominator)) - slack <= value, f"{end}: {value} below {p}"
            assert value <= real(fmpq(q.numerator, q.denominator)) + slack, f"{end}: {value} above {q}"
            count = sum(abs(x - value) < mp.mpf(10) ** -40 for x in spectrum)
            assert found["spectrum"][end]["multiplicity"] == count, f"{end}: multiplicity"
        if not found["blocks"]:
            return
        h = next(islice(errors(decision.problem, 90), found["step"], None))
        bounds = found["bounds"]
        r = length(h)
        # Dominant eigenvalues on the subspace: the blocks say which.
        parts, rho = [], None
        here = found["subspace"] or found
        dominant = {"small-step": ["lowest"], "large-step": ["highest"], "boundary": ["lowest", "highest"]}
        for end in dominant[here["regime"]]:
            lo, hi = (Fraction(x) for x in here["spectrum"][end]["interval"])
            middle = real(fmpq((lo + hi).numerator, 2 * (lo + hi).denominator))
            rho = abs(1 - eta * middle)
            part = [mp.mpf(0)] * len(h)
            for j, value in enumerate(values):
                if abs(value - middle) < mp.mpf(10) ** -30:
                    c = sum(columns[i, j] * h[i] for i in range(len(h)))
                    part = [x + c * columns[i, j] for i, x in enumerate(part)]
            parts.append(part)
        c = big_c(expansion, r)
        sigma = rho + c * r
        x = c * r / (rho * (1 - sigma))
        p = 1 + x + x * x
        tail = c * p * p * r * r / (rho * (1 - rho))

        def equals(what, stated, value):
            assert abs(real(fraction_interval([stated] * 2)[0]) - value) <= value * mp.mpf(10) ** -15 + slack, what

        for name, value in {"radius": r, "sigma": sigma, "tail": tail}.items():
            equals(name, bounds[name], value)
        for k, part in enumerate(parts):
            value = length(part)
            assert value > tail, "the deciding inequality does not hold"
            equals(f"amplitude {k}", found["blocks"][k]["amplitude"], value)
        if len(parts) == len(found["blocks"][0]["vectors"]) == 1:
            flip = (-1) ** found["step"] if found["limit"]["kind"] == "alternating" else 1
            for pair, value in zip(found["limit"]["vectors"][0], parts[0], strict=True):
                holds("limit", pair, flip * value / length(parts[0]), mp.mpf(10) ** -9)


def big_c(expansion, r):
    """C(r) as docs/certificate.md states it."""
    eta = real(expansion.step_size)
    n = expansion.dimension
    rows = {}
    for alpha, c in expansion.higher_terms:
        row = rows.setdefault(sum(alpha) - 1, [mp.mpf(0)] * n)
        for i, e in enumerate(alpha):
            if e:
                beta = [a - (k == i) for k, a in enumerate(alpha)]
                kappa = mp.sqrt(mp.fprod(mp.mpf(b) ** b for b in beta) / mp.mpf(sum(beta)) ** sum(beta))
                row[i] += e * abs(real(c)) * kappa
    total = sum((eta * length(row) * r ** (q - 2) for q, row in rows.items()), mp.mpf(0))
    for t in expansion.truncated:
        size, reach = mp.sqrt(real(t.squared_length)), real(t.offset)
        if t.power == 2:
            total += 0 if size * r <= abs(reach) else eta * abs(real(t.coefficient)) * size**3 / (2 * abs(reach))
        elif reach + size * r > 0:
            p = t.power
            last = mp.mpf(1) if p == 3 else (reach + size * r) ** (p - 3)
            total += eta * abs(real(t.coefficient)) * p * size**3 * mp.mpf((p - 1) * (p - 2)) / 2 * last
    return total


@pytest.mark.parametrize("name", SPECIAL)
def test_intervals_contain_the_true_numbers(name):
    decision = special(name)
    if decision.classification.regime is not None:
        check_intervals(certificate(decision), decision)


@given(problems())
def test_intervals_contain_the_true_numbers_for_random_problems(problem):
    note(json.dumps(problem.to_json()))
    decision = decide(problem, **LIMITS)
    found = certificate(decision)
    if found is not None:
        check_intervals(found, decision)


@pytest.mark.parametrize("name", SPECIAL)
def test_the_verifier_accepts_special_kinds(name):
    refusal = check(certificate(special(name)))
    assert refusal is None, f"{name}: {refusal}"


@pytest.mark.parametrize("example", TABLE, ids=lambda e: e.title)
def test_the_verifier_accepts_the_papers_rows(example):
    assert check(certificate(decide(example.problem))) is None, example.title


@pytest.mark.parametrize("index", range(60))
def test_the_verifier_accepts_random_problems(index):
    problem = random_problem(13, index)
    found = certificate(decide(problem))
    assert found is not None, f"nothing was certified for {json.dumps(problem.to_json())}"
    refusal = check(found)
    assert refusal is None, f"{refusal}: {json.dumps(problem.to_json())}"


def tampered(found):
    """A certificate with one claim made false, and the claim's name."""
    flipped = deepcopy(found)
    flipped["limit"]["vectors"] = [[[neg(hi), neg(lo)] for lo, hi in flipped["limit"]["vectors"][0]]]
    yield "the sign of the limit", flipped
    for name, pick in {name: lambda c: c["bounds"] for name in found["bounds"]}.items() | {
        ("amplitude", lambda c: c["blocks"][0])
    }:
        moved = deepcopy(found)
        pick(moved)[name] = str(Decimal(pick(moved)[name]) * Decimal("1.001"))
        if Decimal(pick(moved)[name]) != 0:
            yield name, moved
    other = deepcopy(found)
    other["regime"] = "small-step" if found["regime"] == "large-step" else "large-step"
    yield "the regime", other
    start = deepcopy(found)
    start["problem"]["start"] = [neg(x) for x in found["problem"]["start"]]
    yield "the start", start


@given(rationals(1000, 10**6), st.integers(-80, 80), st.integers(0, 60))
def test_decimals_are_rounded_outwards(q, power, bits):
    value = q * fmpq(10) ** power if power >= 0 else q / fmpq(10) ** -power
    with ctx.workprec(80):
        ball = arb(value)
        if bits:
            ball = ball.union(ball * (1 + arb(2) ** -bits))
    lo, hi = ends(ball)
    low, high = fraction_interval(decimal_ends(ball))
    assert low <= lo and hi <= high, f"[{lo}, {hi}] was written as [{low}, {high}]"
    # Strictly outside, so that another enclosure of the same number fits in; zero is stated as it is.
    assert (low < lo or lo == 0) and (hi < high or hi == 0), f"[{low}, {high}] touches the ball [{lo}, {hi}]"
    # Two units of the twentieth digit at most.
    assert high - low <= (hi - lo) + max(abs(lo), abs(hi)) / fmpq(10) ** 18, "the decimals are poor"


def neg(text):
    if text.startswith("-"):
        return text[1:]
    return text if Fraction(text) == 0 else "-" + text


@pytest.mark.parametrize("example", TABLE, ids=lambda e: e.title)
def test_the_verifier_refuses_what_is_false(example):
    found = certificate(decide(example.problem))
    for what, false in tampered(found):
        assert check(false) is not None, f"{example.title}: accepted although {what} is false"


def test_what_has_no_certificate():
    low = Prediction(EndOfSpectrum.LOWEST, LimitKind.FIXED)
    wrong = Statement("wrong", {Regime.SMALL_STEP: low, Regime.LARGE_STEP: low})
    silent = Statement("silent", {Regime.SMALL_STEP: low})
    large = build("x**2/2 + 2*y**2", "0.42", ["0.1", "0.1"])
    cases = {
        "unresolved": decide(build("x**2/2 + 2*y**2 + x**3", "0.1", ["-10", "0.1"])),
        "refuted": decide(large, wrong),
        "no Hessian": decide(build("x**2/2 + 2*y**2 + max(y, 0)**2", "0.1", ["0.1", "0.1"])),
        # docs/certificate.md: `fails` is not empty for not-applicable, so silence cannot be certified.
        "silent": decide(large, silent),
    }
    for name, decision in cases.items():
        assert certificate(decision) is None, f"{name}: there is nothing to certify"


@pytest.mark.parametrize(("more", "exact"), [("", 2 / 3), (" + x**3", None)])
def test_the_rate_is_a_bound_and_for_a_quadratic_the_exact_factor_stands_beside_it(more, exact):
    """μ = 0.9 and 0.6: max(b/ρ, ρ) = 0.9, b/ρ = 2/3."""
    found = answer(decide(Problem("x**2/2 + 2*y**2" + more, step_size="0.1", start=["0.1", "0.1"])))
    assert found["rate"] == pytest.approx(0.9) and found["rate_exact"] == (exact and pytest.approx(exact))


def test_a_vector_that_is_rounded_stays_in_its_subspace():
    """The start lies in an invariant plane whose eigenvectors are irrational: rounding each entry would leave it."""
    loss = (
        "101/162*x1**2 + 31/162*x1*x2 - 26/81*x1*x3 + 1553/2592*x2**2 - 113/324*x2*x3 + 131/162*x3**2 - 1/729*x1**3"
        " + 8/243*x1**2*x2 + 4/243*x1**2*x3 - 64/243*x1*x2**2 - 64/243*x1*x2*x3 - 16/243*x1*x3**2 + 512/729*x2**3"
        " + 256/243*x2**2*x3 + 128/243*x2*x3**2 + 64/729*x3**3"
    )
    decision = decide(Problem(loss, step_size="5/6", start=["7/648", "7/648", "1/81"]))
    assert decision.subspace is not None and decision.amplitude is not None
    assert check(certificate(decision)) is None


@pytest.mark.parametrize("digits", [10, 20, 25, 30, 35, 38, 40, 42, 45])
@pytest.mark.parametrize("end", [0, 1])
def test_eigenvalues_near_the_dominant_one_do_not_blur_what_is_stated(digits, end):
    """The eigenvector's numbers are stated to as many bits more as the gap is small: the checker finds the limit."""
    near = fmpq(1, 10**digits)
    spectrum = [fmpq(1), 1 + near, fmpq(2), 3 - near, fmpq(3)]
    loss = loss_with_spectrum(spectrum, rotation=cayley([fmpq(k, 3) for k in range(10)], 5))
    step_size = ("1/4", "3/5")[end]
    decision = decide(Problem(loss, step_size=step_size, start=["1", "1/2", "-1/3", "1/5", "1/7"]))
    assert decision.verdict is Verdict.PROVED, decision.reason
    assert check(certificate(decision)) is None
