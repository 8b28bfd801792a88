"""The spectrum at an irrational minimizer lies in its intervals."""

from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from gdcheck.theorem.certificate.step_sizes import step_line_near
from gdcheck.theorem.descent.critical_points import newton
from gdcheck.theorem.long_run.near_critical import near_critical
from gdcheck.theorem.loss.loss import Loss


@given(st.integers(2, 50), st.integers(1, 9))
def test_the_eigenvalues_at_a_square_root(a, b):
    loss = Loss.parse(f"x**4/4 - {a}*x**2/2 + {b}*(y - x)**2/2")
    with mp.workdps(100):
        root = mp.sqrt(a)
        point = newton(loss, [float(root)] * 2).point
        found = near_critical(loss, point)
        # The Hessian at (√a, √a) is [[2a + b, −b], [−b, b]].
        mean, spread = mpf(2 * a + 2 * b) / 2, mp.sqrt(mpf(a) ** 2 + mpf(b) ** 2)
        for e, exact in zip(found.eigenvalues, (mean - spread, mean + spread), strict=True):
            low, high = e.lo - found.shift, e.hi + found.shift
            assert mpf(int(low.p)) / int(low.q) <= exact <= mpf(int(high.p)) / int(high.q)
            assert high - low < fmpq(1, 10**30)
        off = max(abs(mpf(int(x.p)) / int(x.q) - root) for x in point)
        assert off <= mpf(int(found.distance.p)) / int(found.distance.q)


def test_a_point_that_is_only_near_proves_nothing_sharp():
    loss = Loss.parse("x**4 - 3*x**2 + 2")
    assert near_critical(loss, (fmpq(1),)) is None
    rough = near_critical(loss, (fmpq(12247449, 10**7),))
    assert rough is not None and rough.shift > fmpq(1, 10**8)


def test_no_minimum_no_line():
    assert step_line_near(Loss.parse("x**4 - 3*x**2 + 2"), (fmpq(0),)) is None
    assert step_line_near(Loss.parse("x**2 + max(x, 0)**4"), (fmpq(0),)) is None
    # At (√(3/2), √2) the eigenvalues are 12 and 12: which is the smaller cannot be told from intervals.
    twice = Loss.parse("x**4 - 3*x**2 + 3/4*y**4 - 3*y**2")
    point = newton(twice, [1.2247, 1.4142]).point
    assert [round(2 * float(int(x.p) / int(x.q)) ** 2) for x in point] == [3, 4]
    assert step_line_near(twice, point) is None
