"""The line of step sizes at an irrational minimizer: its spectrum is enclosed."""

from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from gdcheck.theorem.certificate.step_sizes import step_line_near
from gdcheck.theorem.descent.critical_points import newton
from gdcheck.theorem.loss.loss import Loss


@given(st.integers(2, 50), st.integers(1, 9))
def test_the_eigenvalues_at_a_square_root(a, b):
    loss = Loss.parse(f"x**4/4 - {a}*x**2/2 + {b}*(y - x)**2/2")
    with mp.workdps(50):
        root = mp.sqrt(a)
        line = step_line_near(loss, newton(loss, [float(root)] * 2).point)
        found = line["step_sizes"]
        # The Hessian at (√a, √a) is [[2a + b, −b], [−b, b]].
        mean, spread = mpf(2 * a + 2 * b) / 2, mp.sqrt(mpf(a) ** 2 + mpf(b) ** 2)
        for end, exact in (("lowest", mean - spread), ("highest", mean + spread)):
            assert abs(mpf(found[end]["value"]) - exact) < mpf(10) ** -18 * exact
            x, y = found[end]["vector"]
            assert abs((2 * a + b) * x - b * y - float(exact) * x) < 1e-12 * a
        assert abs(mpf(found["optimal"]) * mean - 1) < mpf(10) ** -18
    assert [part["direction"] for part in line["segments"]][:3] == ["fixed", "two-cycle", "alternating"]


def test_where_nothing_is_proved_there_is_no_line():
    loss = Loss.parse("x**4 - 3*x**2 + 2")
    assert step_line_near(loss, (fmpq(0),)) is None, "a maximum"
    assert step_line_near(Loss.parse("x**2 + max(x, 0)**4"), (fmpq(0),)) is None, "a truncated power"
    # At (√(3/2), √2) the eigenvalues are 12 and 12: which is the smaller cannot be told from intervals.
    twice = Loss.parse("x**4 - 3*x**2 + 3/4*y**4 - 3*y**2")
    point = newton(twice, [1.2247, 1.4142]).point
    assert [round(2 * float(int(x.p) / int(x.q)) ** 2) for x in point] == [3, 4]
    assert step_line_near(twice, point) is None


def test_in_one_variable_both_ends_are_one():
    loss = Loss.parse("x**4 - 3*x**2 + 2")
    line = step_line_near(loss, newton(loss, [1.2247]).point)
    found = line["step_sizes"]
    assert found["lowest"] == found["highest"] and abs(float(found["highest"]["value"]) - 12) < 1e-15
    assert found["optimal_rate"] == "0"
    assert [part["direction"] for part in line["segments"]][1] == "any", "no direction is turned"
