"""Critical points: exact for quadratic losses, reconstructed and verified otherwise."""

from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from gdcheck.theorem.descent.critical_points import critical_points, look_ahead, minimizer_of_quadratic
from gdcheck.theorem.loss.loss import Loss

rationals = st.builds(fmpq, st.integers(-50, 50), st.integers(1, 30))


def at(*values):
    return tuple(fmpq(v) for v in values)


def test_three_equations_in_two_unknowns():
    loss = Loss.parse("(w+b)**2+(5*w+b-16)**2+(6*w+b-20)**2", ["w", "b"])
    assert minimizer_of_quadratic(loss, at(0, 0)) == at(4, -4)


@given(st.lists(st.tuples(rationals, rationals), min_size=20, max_size=20), rationals, rationals)
def test_the_least_squares_of_twenty_points(points, a, b):
    text = " + ".join(f"(a*({x}) + b - ({y}))**2" for x, y in points)
    loss = Loss.parse(text, ["a", "b"])
    found = minimizer_of_quadratic(loss, (a, b))
    assert found is not None and not any(loss.gradient(found))
    n, sx, sy = len(points), sum(x for x, _ in points), sum(y for _, y in points)
    spread = n * sum(x * x for x, _ in points) - sx * sx
    if spread:
        slope = (n * sum(x * y for x, y in points) - sx * sy) / spread
        assert found == (slope, (sy - slope * sx) / n)


def test_on_a_line_of_minimizers_the_nearest_is_taken():
    loss = Loss.parse("(x + y)**2")
    assert minimizer_of_quadratic(loss, at(1, 0)) == (fmpq(1, 2), fmpq(-1, 2))


def test_a_drift_has_none():
    assert minimizer_of_quadratic(Loss.parse("w**2 + b", ["w", "b"]), at(1, 1)) is None
    assert critical_points(Loss.parse("x**3 + x"), at(0)).nearest == ()
    assert critical_points(Loss.parse("x**3 + x"), at(0)).complete


@given(rationals, rationals, st.integers(1, 5))
def test_a_rational_minimizer_is_reconstructed(a, b, c):
    loss = Loss.parse(f"(x - ({a}))**2 + {c}*(y - ({b}) - (x - ({a}))**2)**2", ["x", "y"])
    found = look_ahead(loss, fmpq(1, 100), (a + fmpq(1, 3), b))
    assert found is not None and found.exact and found.point == (a, b)


def test_irrational_ones_are_named_to_fifteen_digits_with_their_kinds():
    found = critical_points(Loss.parse("x**4 - 3*x**2 + 2"), (fmpq(-5, 2),))
    assert found.complete and found.found == 3
    assert [p.kind for p in found.nearest] == ["minimum", "maximum", "minimum"]
    assert [p.exact for p in found.nearest] == [False, True, False]
    assert float(found.nearest[0].point[0].p) / float(found.nearest[0].point[0].q) == approx(-(1.5**0.5), abs=1e-15)
    assert found.nearest[0].eigenvalues == approx((12.0,))


def test_saddles_and_minima_in_the_plane():
    found = critical_points(Loss.parse("x**4/4 - x**2/2 + y**2"), at(0, 1))
    assert [(p.point, p.kind) for p in found.nearest] == [
        (at(0, 0), "saddle"),
        *sorted([(at(1, 0), "minimum"), (at(-1, 0), "minimum")], key=lambda e: e[0] != found.nearest[1].point),
    ]


def test_of_thousands_only_the_nearest_are_named():
    text = " + ".join(f"x{i}**4/4 - x{i}**2/2" for i in range(8))
    found = critical_points(Loss.parse(text), at(*[1] * 8))
    assert len(found.nearest) == 5 < found.found
    assert found.nearest[0].point == at(*[1] * 8)


def test_a_trajectory_that_leaves_has_none():
    assert look_ahead(Loss.parse("x**4"), fmpq(1), at(2)) is None
