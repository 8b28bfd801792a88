"""Adam and RMSprop far down: states that shrink by thousands of orders are enclosed with the bits of the first ones."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from itertools import islice

import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.properties.strategies.methods import Family, method_problems
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.checker.descent import Descent
from gdcheck.theorem.checker.methods import claims
from gdcheck.theorem.checker.methods.adaptive import enclose_adaptive
from gdcheck.theorem.checker.methods.adaptive_step import Units
from gdcheck.theorem.checker.methods.states import StateMap
from gdcheck.theorem.checker.reading.fields import read_as
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.methods.method import RMSprop
from gdcheck.theorem.reference.trajectory import iterates


def rmsprop(loss, step_size, start, beta2="9/10"):
    p, q = map(int, beta2.split("/"))
    return Problem(loss, step_size=step_size, start=start, method=RMSprop(fmpq(0), fmpq(p, q), fmpq(1)))


def proof(problem):
    decision = decide(problem)
    assert decision.limit is not None
    return json.loads(json.dumps(certificate(decision)))


def far_down(problem, step, bits):
    """Enclose a step of a problem with the checker, as it does in a check."""
    data = proof(problem)
    c = read_as(claims.MethodCertificate, data, "", problem.dimension)
    u = c.problem.step_size * c.linear.gain
    descent = Descent.at_critical_point(replace(c.problem, step_size=u))
    operator = claims.Operator.of(c.linear.preconditioned(descent.hessian))
    blocks = claims.blocks_of(c.linear, u, c.eigenvalues)
    _, modes = claims.regime_of(c.linear, u, operator, c.eigenvalues, c.dominant)
    rho = max(blocks[i].modulus(mode)[1] for i, mode in modes.items())
    states = StateMap(c.linear, claims._expansion(c, descent), rho, c.powers)
    centre, error, average, _ = enclose_adaptive(states, u * c.eigenvalues[-1].high, step, bits)
    return centre[: problem.dimension], error, average


def seen(problem, step, digits):
    (x,) = islice(iterates(problem, digits), step, step + 1)
    return x


@pytest.mark.parametrize("step", [1, 7, 40, 120])
def test_an_iterate_at_a_tiny_multiplier_is_enclosed_to_thirty_digits(step):
    problem = rmsprop("x**2/2 + x**3 + y**2/2*(1 + 1/10**9) + x*y**2", "999999999/1000000000", ["1/100", "1/70"])
    centre, error, average = far_down(problem, step, 256)
    with mp.workdps(1200):
        at = seen(problem, step, 1200)
        apart = mp.sqrt(sum((x - mp.mpf(c.numerator) / c.denominator) ** 2 for x, c in zip(at, centre, strict=True)))
        size = mp.sqrt(mp.fdot(at, at))
        allowed = mp.mpf(error.numerator) / error.denominator
        assert apart <= allowed < size * mp.mpf(10) ** -30
        # s shrinks like √β₂ a step, far more slowly than the state.
        assert step < 40 or mp.mpf(average.numerator) / average.denominator > size * mp.mpf(10) ** 20


@given(method_problems(family=Family.ADAPTIVE, dimensions=(2, 2), near=0), st.sampled_from([1, 3, 20, 60]))
@settings(max_examples=8)
def test_iterates_of_random_problems_are_enclosed(instance, step):
    decision = decide(instance.problem, max_steps=300)
    if decision.verdict is not Verdict.PROVED:
        return
    centre, error, _ = far_down(instance.problem, step, 128)
    with mp.workdps(120):
        at = seen(instance.problem, step, 120)
        apart = mp.sqrt(sum((x - mp.mpf(c.numerator) / c.denominator) ** 2 for x, c in zip(at, centre, strict=True)))
        assert apart <= mp.mpf(error.numerator) / error.denominator


def test_proofs_at_states_below_the_smallest_unit_of_the_checker_are_accepted():
    """The state of the deciding step is below 2⁻¹⁶³⁸⁴, and the certificate's decimals have exponents of five digits."""
    problem = rmsprop("x**2/2 + x**3", f"{10**18 - 1}/{10**18}", ["1/100"], "93/100")
    data = proof(problem)
    assert Fraction(data["bounds"]["radius"]) < Fraction(1, 10**10_000)
    assert claims.check(data) is None
    data["amplitudes"][0] = data["bounds"]["tail"]
    assert "amplitude" in claims.check(data)


@given(st.lists(st.integers(-(2**300), 2**300), min_size=1), st.integers(0, 2**40), st.integers(0, 2**40))
def test_units_only_become_finer_and_those_of_roots_never_finer_than_the_others(numbers, error, roots):
    before = Units(256, 200)
    units = before.finer((numbers, Fraction(error)), ([roots], Fraction(1)), 256)
    assert before.coarse <= units.coarse <= units.fine and before.fine <= units.fine
    finer = units.fine - before.fine
    assert not finer or max(map(abs, numbers)) << finer < 1 << 256
