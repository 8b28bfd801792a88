"""Orbit certificates: accepted where the orbit attracts, rejected when anything is altered."""

import copy
from fractions import Fraction
from math import dist
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.properties.ablation.rows import ABLATIONS
from gdcheck.theorem.certificate.kinds.orbit import orbit_certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.checker.kinds.orbit import verify_contraction
from gdcheck.theorem.checker.outcome import BadCertificate, ClaimError
from gdcheck.theorem.descent.float_map import FloatMap
from gdcheck.theorem.descent.problem import Problem

LOSS = "1/2*x**2 + y**2 - y**4 + 1/8*x*y**2"
(ORBIT,) = (a for a in ABLATIONS if a.name == "stable-step-orbit")


@pytest.fixture(scope="module")
def certificate():
    return orbit_certificate(Problem(LOSS, step_size="11/10", start=["0", "1/8"]))


def test_it_is_found_and_accepted(certificate):
    assert check(certificate) is None


def test_none_is_found_where_the_minimizer_attracts():
    assert orbit_certificate(Problem(LOSS, step_size="9/10", start=["0", "1/8"])) is None


def test_none_is_found_where_everything_leaves():
    assert orbit_certificate(Problem("1/2*x**2 + y**2 - y**4", step_size="3", start=["0", "1/8"])) is None


def test_a_fixed_point_is_no_orbit_of_period_two(certificate):
    stays = copy.deepcopy(certificate) | {"point": ["0", "0"], "norms": ["1/2", "1/2"]}
    stays["problem"] |= {"loss": "1/2*x**2 + y**2", "step_size": "1/2", "start": ["0", "0"]}
    assert "period two" in check(stays)


def test_a_map_that_keeps_distances_contracts_nothing():
    """Not even where F(F(p)) is p itself."""
    stated = SimpleNamespace(point=(Fraction(1),), radius=Fraction(1))
    verify_contraction(stated, Fraction(2), Fraction(49, 100), (Fraction(1),))
    with pytest.raises(ClaimError, match="contracts fails: the factor may be 1"):
        verify_contraction(stated, Fraction(2), Fraction(1, 2), (Fraction(1),))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("radius", "1"),
        ("radius", "1/1000000000000000000000000"),
        ("norms", ["1/100", "1/100"]),
        ("norms", ["-1", "9/10"]),
        ("point", ["0", "1/8"]),
    ],
)
def test_what_is_altered_is_rejected(certificate, field, value):
    assert check(copy.deepcopy(certificate) | {field: value}) is not None


@pytest.mark.parametrize(
    ("field", "value"), [("loss", "1/2*x**2 + y**2"), ("step_size", "9/10"), ("start", ["0", "0"])]
)
def test_another_problem_is_rejected(certificate, field, value):
    altered = copy.deepcopy(certificate)
    altered["problem"][field] = value
    assert check(altered) is not None


@pytest.mark.parametrize(
    ("field", "value"), [("radius", "x"), ("norms", ["1"]), ("point", None), ("verdict", "proved"), ("problem", 3)]
)
def test_what_is_malformed_is_named(certificate, field, value):
    with pytest.raises(BadCertificate, match=field):
        check(copy.deepcopy(certificate) | {field: value})


@given(ORBIT.instances, st.integers(0, 3))
def test_starts_in_the_ball_stay_in_it(problem, corner):
    certificate = orbit_certificate(problem)
    if certificate is None:
        return
    point = [number(x) for x in certificate["point"]]
    radius = number(certificate["radius"])
    x = [p + (1 if corner >> i & 1 else -1) * radius * 0.99 / len(point) ** 0.5 for i, p in enumerate(point)]
    descend = FloatMap(problem.loss, problem.step_size)
    for _ in range(20):
        x = descend.step(descend.step(x))
        assert dist(x, point) <= radius


def number(text):
    from fractions import Fraction

    return float(Fraction(text))
