"""Regimes and thresholds of methods: the figures of docs/methods.md, both sides of every threshold, and properties."""

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from typing import ClassVar

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.augmented.modes import classify_motion
from gdcheck.theorem.augmented.signs import Spectrum, X, Y
from gdcheck.theorem.augmented.thresholds import thresholds
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.methods.method import PLAIN, Adam, HeavyBall, Method, Nesterov
from gdcheck.theorem.methods.statement import Regime


def q(x):
    value = Fraction(x)
    return fmpq(value.numerator, value.denominator)


def spectrum(*values):
    n = len(values)
    return Spectrum(Pencil(fmpq_mat(n, n, [q(values[i]) if i == j else q(0) for i in range(n) for j in range(n)])), 192)


def regime(method, step_size, *values):
    return classify_motion(spectrum(*values), method, q(step_size)).regime.value


FIGURES = [
    (HeavyBall(q("1/20")), {"0.189": "small-step", "0.193": "large-step", "21/110": "boundary", "0.21": "unstable"}),
    (HeavyBall(q("1/2")), {"0.05": "small-step", "0.2": "rotating", "0.28": "rotating"}),
    (HeavyBall(q("9/10")), {"0.001": "small-step", "0.002": "small-step", "0.01": "rotating", "0.37": "rotating"}),
    (Nesterov(q("1/20")), {"0.15": "small-step", "0.18": "large-step", "0.19": "large-step"}),
    (Nesterov(q("1/2")), {"0.05": "small-step", "0.1": "small-step", "0.12": "rotating", "0.13": "large-step"}),
]


@pytest.mark.parametrize(("method", "figures"), FIGURES)
def test_the_figures(method, figures):
    for step_size, name in figures.items():
        assert regime(method, step_size, 1, 2, 4, 10) == name, step_size


def test_the_switch_of_adam():
    adam = Adam(q("1/20"), q("9/10"), q(1))
    assert thresholds(spectrum(1, 10), adam).boundary.exact == q("42/209")
    for step_size, name in {"0.2005": "small-step", "0.203": "large-step"}.items():
        assert regime(adam, step_size, 1, 10) == name


@pytest.mark.parametrize("method", [PLAIN, HeavyBall(q("1/20")), Nesterov(q("1/20")), Nesterov(q("1/2"))])
@pytest.mark.parametrize("digits", [3, 12, 30])
def test_both_sides_of_every_threshold(method, digits):
    found = thresholds(spectrum(1, 2, 10), method)
    near = [found.stability_limit, *([found.boundary] if found.boundary else found.window)]
    after = ["unstable", "large-step"] if found.boundary else ["unstable", "rotating", "large-step"]
    before = ["large-step", "small-step"] if found.boundary else ["large-step", "small-step", "rotating"]
    for threshold, low, high in zip(near, before, after, strict=True):
        value = Fraction(str(threshold.value.str(45, radius=False))) if threshold.exact is None else None
        value = Fraction(str(threshold.exact)) if value is None else value
        assert regime(method, value * (1 - Fraction(1, 10**digits)), 1, 2, 10) == low
        assert regime(method, value * (1 + Fraction(1, 10**digits)), 1, 2, 10) == high


def test_a_window_of_heavy_ball():
    found = thresholds(spectrum(1, 2, 4, 10), HeavyBall(q("1/2")))
    low, high = found.window
    assert found.boundary is None
    assert float(low.value) == pytest.approx((1 - sqrt(0.5)) ** 2)
    assert float(high.value) == pytest.approx((1 + sqrt(0.5)) ** 2 / 10)


def test_double_multipliers_are_on_the_boundary():
    assert regime(HeavyBall(q("1/4")), "1/4", 1, 4) == "boundary"
    assert regime(HeavyBall(q("1/4")), "1/4", 1, 9) == "boundary"
    assert regime(Nesterov(q("1/2")), "1/9", 1, 4) == "boundary"


def test_irrational_ends_on_the_boundary():
    form = Pencil(fmpq_mat(2, 2, [2, 1, 1, 3]))
    found = classify_motion(Spectrum(form, 192), HeavyBall(q("1/100")), q("101/250"))
    assert found.regime is Regime.BOUNDARY and found.dominant == (0, 1)


@given(
    st.sampled_from(["heavy-ball", "nesterov"]),
    st.fractions(0, Fraction(95, 100), max_denominator=50),
    st.fractions(Fraction(1, 100), Fraction(39, 10), max_denominator=200),
    st.lists(st.fractions(Fraction(1, 20), 1, max_denominator=30), min_size=1, max_size=4, unique=True),
)
def test_the_largest_multiplier_is_that_of_the_jacobian(name, beta, top, shares):
    """Against the eigenvalues of the 2n × 2n Jacobian in floats, wherever these can tell."""
    values = [top * s for s in shares]
    method = HeavyBall(q(beta)) if name == "heavy-ball" else Nesterov(q(beta))
    found = classify_motion(spectrum(*values), method, q(1)).regime
    b, n = float(beta), len(values)
    a = np.diag([float(v) for v in values])
    one = np.eye(n)
    lead, carry = (1 + b, b * b) if name == "nesterov" else (1.0, b)
    multipliers = np.linalg.eigvals(np.block([[one - lead * a, -carry * one], [a, b * one]]))
    largest = max(abs(multipliers))
    if abs(largest - 1) < 1e-6:
        return
    assert (found is Regime.UNSTABLE) == (largest > 1)
    if largest > 1:
        return
    dominant = [m for m in multipliers if abs(m) > largest - 1e-6]
    others = [m for m in multipliers if abs(m) < largest - 1e-3]
    if len(dominant) + len(others) < 2 * n or any(1e-12 < abs(m.imag) < 1e-3 for m in dominant):
        return
    if all(abs(m.imag) > 1e-3 for m in dominant):
        assert found is Regime.ROTATING
    elif len(dominant) == 1:
        assert found is (Regime.SMALL_STEP if dominant[0].real > 0 else Regime.LARGE_STEP)


def test_signs_of_polynomials_in_irrational_numbers():
    """√2 is not 3/2, but the product of both roots of t² − 3t + 1 is exactly 1."""
    form = Spectrum(Pencil(fmpq_mat(2, 2, [1, 1, 1, 2])), 64)
    assert form.sign(X * Y - 1, 0, 1) == 0
    assert form.sign(X * Y - 1 + fmpq(1, 10**60), 0, 1) == 1
    assert form.sign(X * X - 3 * X + 1, 0) == 0 == form.sign(Y * Y - 3 * Y + 1, 0, 1)


@dataclass(frozen=True)
class HalfNesterov(Method):
    """A method from outside: it looks half as far ahead."""

    name: ClassVar[str] = "half-nesterov"
    beta: fmpq

    @property
    def momentum(self):
        return self.beta

    @property
    def lead(self):
        return 1 + self.beta / 2

    @property
    def carry(self):
        return self.beta / 2 + self.beta * self.beta / 2

    def to_json(self):
        return {"name": self.name, "momentum": str(self.beta)}


@pytest.mark.parametrize(("step_size", "kind"), [("1/20", "fixed"), ("0.19", "alternating")])
def test_a_method_from_outside(step_size, kind):
    problem = Problem(
        "x**2/2 + 5*y**2 + x*y**2", step_size=step_size, start=["1/10", "1/10"], method=HalfNesterov(q("1/20"))
    )
    decision = decide(problem)
    assert decision.verdict.value == "proved" and decision.limit.kind.value == kind
