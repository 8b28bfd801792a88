"""Where an iterate is, and from which step on a bound holds: beside a simulation written here."""

from fractions import Fraction as Q

import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from gdcheck.theorem.certificate.kinds.long_run import iterate_json, within_json
from gdcheck.theorem.descent.critical_points import minimizer_of_quadratic
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.long_run import fixed_point
from gdcheck.theorem.long_run.how_long import first_within, iterate_at
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss

WORKED = "x**2 + y**2/2 + x**2*y + x**3"


@pytest.fixture(scope="module")
def regression():
    """Half the mean squared error over x = 1, …, 100 of the line 0.75 x + 5."""
    text = "+".join(f"(a*{i}+b-{75 * i + 500}/100)**2/200" for i in range(1, 101))
    loss = Loss.parse(text, ["a", "b"])
    minimizer = minimizer_of_quadratic(loss, (fmpq(1), fmpq(1)))
    return Problem(loss, step_size="1e-5", start=["1", "1"], minimizer=minimizer)


def step_of_regression(a, b, eta):
    return (
        a - eta * sum(i * (a * i + b - (0.75 * i + 5)) for i in range(1, 101)) / 100,
        b - eta * sum(a * i + b - (0.75 * i + 5) for i in range(1, 101)) / 100,
    )


def test_the_line_after_200_steps(regression):
    assert regression.minimizer == (fmpq(3, 4), fmpq(5))
    found = iterate_json(regression, iterate_at(regression, 200))
    point = (1.0, 1.0)
    for _ in range(200):
        point = step_of_regression(*point, 1e-5)
    assert found["status"] == "proved"
    assert found["point"] == pytest.approx(point, abs=1e-12)
    assert found["point"] == pytest.approx((0.8099, 0.9991), abs=5e-5)


def test_the_line_needs_over_a_million_steps_which_nobody_walks(regression):
    found = within_json(regression, first_within(regression, "distance", fmpq(1, 10)))
    assert found["status"] == "proved"
    # The slow eigenvalue of [[Σx², Σx], [Σx, 100]]/100, by the quadratic formula; the fast part is long gone.
    with mp.workdps(40):
        squares, mean = mpf(338350) / 100, mpf(5050) / 100
        slow = (squares + 1 - mp.sqrt((squares - 1) ** 2 + 4 * mean**2)) / 2
        v = [mean, slow - squares]
        share = (v[0] * mpf("0.25") + v[1] * -4) / mp.sqrt(v[0] ** 2 + v[1] ** 2)
        exact = mp.log(mpf("0.1") / abs(share)) / mp.log(1 - mpf("1e-5") * slow)
        assert found["step"] == int(mp.ceil(exact))
        assert float(1 - mpf("1e-5") * slow) == pytest.approx(0.9999975, abs=1e-7)


@pytest.mark.parametrize(("measure", "bound"), [("distance", "1e-6"), ("distance", "1/20"), ("loss", "1e-6")])
def test_a_cubic_comes_within_a_bound_for_good(measure, bound):
    problem = Problem(WORKED, step_size="0.95", start=["0.1", "0.1"])
    found = within_json(problem, first_within(problem, measure, fmpq(*Q(bound).as_integer_ratio())))
    x, y, sizes = mpf("0.1"), mpf("0.1"), []
    for _ in range(400):
        loss = x**2 + y**2 / 2 + x**2 * y + x**3
        sizes.append(mp.sqrt(x * x + y * y) if measure == "distance" else loss)
        x, y = x - mpf("0.95") * (2 * x + 2 * x * y + 3 * x * x), y - mpf("0.95") * (y + x * x)
    limit = mpf(Q(bound).numerator) / Q(bound).denominator
    assert found["status"] == "proved"
    assert found["step"] == max(k for k, size in enumerate(sizes) if size > limit) + 1


@settings(max_examples=25)
@given(st.integers(1, 30), st.integers(1, 9), st.integers(1, 9), st.integers(0, 40))
def test_quadratics_beside_closed_forms(curvature, a, b, step):
    problem = Problem(f"x**2/2 + {curvature}*y**2/2", step_size="1/40", start=[str(a), str(b)])
    expected = [a * (1 - Q(1, 40)) ** step, b * (1 - Q(curvature, 40)) ** step]
    found = iterate_json(problem, iterate_at(problem, step))
    assert found["status"] == "proved"
    assert all(Q(lo) <= x <= Q(hi) for x, (lo, hi) in zip(expected, found["box"], strict=True))
    bound = sum(x * x for x in expected) * Q(101, 100)
    within = first_within(problem, "loss", fmpq(*bound.as_integer_ratio()))
    first = next(
        k
        for k in range(10**6)
        if (a * (1 - Q(1, 40)) ** k) ** 2 / 2 + curvature * (b * (1 - Q(curvature, 40)) ** k) ** 2 / 2 <= bound
    )
    assert within.step == first


def first_step_in_floats(bound):
    x, y = 0.02, 0.02
    for k in range(10**6):
        if x * x + y * y <= bound**2:
            return k
        x, y = x - (2 * x + 2 * x * y + 3 * x * x) / 5000, y - (y + x * x) / 5000
    raise AssertionError


def test_the_first_of_many_small_steps_on_a_cubic_is_proved():
    problem = Problem(WORKED, step_size="1/5000", start=["1/50", "1/50"])
    found = within_json(problem, first_within(problem, "distance", fmpq(1, 10**6)))
    assert found["status"] == "proved"
    assert found["sentence"].endswith("and not before")
    assert found["step"] == first_step_in_floats(1e-6) > 40_000


def test_a_small_step_on_a_cubic_is_bounded_without_walking_it_all(monkeypatch):
    monkeypatch.setattr(fixed_point, "_LONG_WALK", 10_000)
    problem = Problem(WORKED, step_size="1/5000", start=["1/50", "1/50"])
    found = within_json(problem, first_within(problem, "distance", fmpq(1, 10**6)))
    assert found["status"] == "proved"
    assert "at the latest" in found["sentence"]
    assert 0.9 * found["step"] < first_step_in_floats(1e-6) <= found["step"]


def test_what_never_comes_near():
    problem = Problem("x**2", step_size="1", start=["1"])
    assert first_within(problem, "distance", fmpq(1, 2)).step is None
    problem = Problem(WORKED, step_size="1", start=["-9", "0"])
    assert first_within(problem, "distance", fmpq(1, 2)).step is None


def test_bad_bounds_and_steps():
    problem = Problem(WORKED, step_size="0.1", start=["0.1", "0.1"])
    with pytest.raises(InputError, match="within"):
        first_within(problem, "distance", fmpq(0))
    with pytest.raises(InputError, match="iterate"):
        iterate_at(problem, 10**9)
