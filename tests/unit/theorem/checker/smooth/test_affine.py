"""Many sums at once: each enclosure holds the exact sum, at the ends of its intervals too, and is not much wider."""

from fractions import Fraction as Q
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.checker.smooth.affine import Affine, Coefficients, Fields
from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.checker.smooth.intervals import Interval

BITS = 64
UNIT = Q(1, 1 << BITS)
DYADIC = st.integers(-40, 40).map(lambda k: Q(k, 8))
RATIONAL = st.builds(Q, st.integers(-50, 50), st.sampled_from([1, 3, 7, 1000]))
WIDTHS = st.sampled_from([Q(0), UNIT, Q(1, 1 << 30), Q(1, 16), Q(3)])


def interval(low, width):
    """The least interval that holds these numbers."""
    return Interval.of(low, low + width, BITS)


def ends(x):
    return x.low * UNIT, x.high * UNIT


def holds(x, number):
    return ends(x)[0] <= number <= ends(x)[1]


@st.composite
def dots(draw):
    n = draw(st.integers(1, 4))
    numbers = draw(st.sampled_from([DYADIC, RATIONAL]))
    row = st.lists(numbers, min_size=n, max_size=n)
    low = draw(st.lists(RATIONAL, min_size=n, max_size=n))
    return draw(st.lists(row, min_size=1, max_size=3)), [interval(x, draw(WIDTHS)) for x in low]


@given(dots())
def test_sums_of_products_lie_in_their_intervals(given_dots):
    rows, xs = given_dots
    for row, found in zip(rows, Coefficients.of(rows).dots(BITS).of(xs), strict=True):
        sums = [sum(c * x for c, x in zip(row, corner, strict=True)) for corner in product(*map(ends, xs))]
        assert holds(found, min(sums)) and holds(found, max(sums))
        size = sum(abs(c) for c in row)
        widest = max(x.high - x.low for x in xs) * UNIT
        room = UNIT * (6 + 2 * size + 2 * sum(max(map(abs, ends(x))) for x in xs))
        assert ends(found)[1] - ends(found)[0] <= size * widest + room


def plain(rows, factors):
    return [sum(c * x for c, x in zip(row, factors, strict=True)) for row in rows]


@given(st.data())
def test_fields_give_the_sums_of_products(data):
    """Up to the largest that a field of two bytes holds, with neighbours of either sign."""
    n = data.draw(st.integers(1, 4))
    entry = st.sampled_from([-181, -180, -1, 0, 1, 180, 181])
    rows = data.draw(st.lists(st.lists(entry, min_size=n, max_size=n), min_size=1, max_size=6))
    most = 32767 // max(1, *(sum(map(abs, row)) for row in rows))
    factors = [data.draw(st.sampled_from([-most, -1, 0, most])) for _ in range(n)]
    assert Fields(list(zip(*rows, strict=True)), 2).products(factors) == plain(rows, factors)


@pytest.mark.parametrize("rows", [[[1], [-1]], [[-32767], [32767]], [[1, 32766], [-32767, 0], [0, -32767]]])
def test_a_full_field_does_not_reach_into_its_neighbour(rows):
    ones = [1] * len(rows[0])
    assert Fields(list(zip(*rows, strict=True)), 2).products(ones) == plain(rows, ones)


@pytest.mark.parametrize("size", range(1, 70))
def test_fields_are_as_wide_as_the_sums(size):
    """Coefficients and factors of all sizes, each as large as its number of bits allows."""
    most = (1 << size) - 1
    rows = [[most, most, -1], [-most, -most, 1], [0, 1, most]]
    dots = Coefficients.of([[Q(c) for c in row] for row in rows]).dots(BITS)
    for factors in ([most, most, 1], [-most, -most, -1], [1, -most, most]):
        assert dots.products(factors) == plain(rows, factors)


LOSSES = {
    "dyadic": [[Q((7 * i + 3 * j) % 23 - 11, 4) for j in range(4)] for i in range(20)],
    "rounded": [[Q((7 * i + 3 * j) % 23 - 11, 3) for j in range(4)] for i in range(20)],
    "of one sign": [[Q(i + j * j + 1, 7) for j in range(4)] for i in range(20)],
}


def many(rows):
    """The sums of a loss with one exp of an affine form a row."""
    forms = ["".join(f" + {c}*x{j}" for j, c in enumerate(row)) for row in rows]
    loss = " + ".join(f"exp({form.removeprefix(' + ')})" for form in forms)
    return Affine(read_expression(loss, ("x0", "x1", "x2", "x3"), {}), BITS)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("width", [Q(0), Q(1, 1 << 20), Q(1, 2)])
def test_weighted_sums_of_squares_lie_in_their_intervals(name, width):
    """AᵀWA with every weight at its lower end, at its upper one, and at either in turn."""
    rows = LOSSES[name]
    found = many(rows)
    assert len(found.rows) == len(rows)
    low = [Q((5 * i) % 7 + 1, 9) for i in range(len(rows))]
    table = found.weighted([interval(x, width) for x in low])
    for corner in ((0,), (1,), (0, 1)):
        weights = [x + width * corner[i % len(corner)] for i, x in enumerate(low)]
        for j, k in product(range(4), repeat=2):
            exact = sum(w * row[j] * row[k] for w, row in zip(weights, rows, strict=True))
            assert holds(table[j][k], exact), f"entry {j}, {k}"
            # Lengths are rounded up to whole numbers, generously.
            lengths = [float(sum(row[i] ** 2 for row in rows)) ** 0.5 + 2 for i in (j, k)]
            spread = ends(table[j][k])[1] - ends(table[j][k])[0]
            assert float(spread) <= float(width) * lengths[0] * lengths[1] * 1.001 + 2.0**-40


@pytest.mark.parametrize("name", LOSSES)
def test_values_and_what_comes_back_lie_in_their_intervals(name):
    rows = LOSSES[name]
    found = many(rows)
    point = [Q(1, 3), Q(-2, 7), Q(5), Q(1, 1000)]
    values = found.values([interval(x, Q(0)) for x in point])
    for row, value, length in zip(rows, values, found.lengths, strict=True):
        assert holds(value, sum(c * x for c, x in zip(row, point, strict=True)))
        assert (length * UNIT) ** 2 >= sum(c**2 for c in row)
    slots = [interval(Q(j), Q(0)) for j in range(4)]
    slots += [interval(Q(i, 9), Q(0)) for i in range(max(found.rows) + 1)]
    back = found.collected(slots, 4)
    for j, x in enumerate(back):
        assert holds(x, j + sum(Q(i, 9) * rows[k][j] for i, k in found.rows.items()))
