"""The checker's vectors and matrices: what it reads from data, and what it multiplies."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.checker.outcome import BadCertificate, NotChecked
from gdcheck.theorem.checker.smooth import arrays
from gdcheck.theorem.checker.smooth.arrays import Array, matrix_product, pairwise, read_data, single

SIZES = st.integers(1, 4)
NUMBERS = st.integers(-9, 9)
DOUBLES = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)


def made(shape: tuple[int, ...], numbers: list[int]) -> Array[int]:
    """Return an array of a shape."""
    return Array(*(*shape, None, None)[:2], numbers)


def as_numpy(array: Array[int]) -> np.ndarray:
    """Return the same array in NumPy."""
    return np.array(array.entries).reshape([size for size in (array.rows, array.columns) if size is not None])


def of_shape(*shape: int) -> st.SearchStrategy[Array[int]]:
    """Draw arrays of a shape."""
    size = math.prod(shape)
    return st.lists(NUMBERS, min_size=size, max_size=size).map(lambda numbers: made(shape, numbers))


@st.composite
def factors(draw):
    """Draw two arrays that have a product, each a vector or a matrix."""
    m, shared, k = draw(SIZES), draw(SIZES), draw(SIZES)
    left = draw(st.sampled_from([(shared,), (m, shared)]))
    right = draw(st.sampled_from([(shared,), (shared, k)]))
    return draw(of_shape(*left)), draw(of_shape(*right))


def inner(row, column):
    """Return the inner product, of as many numbers on both sides."""
    return sum(a * b for a, b in zip(row, column, strict=True))


@given(factors())
def test_a_product_has_numpys_shape_and_entries(pair):
    a, b = pair
    product = matrix_product(inner, a, b)
    expected = as_numpy(a) @ as_numpy(b)
    assert np.array_equal(as_numpy(product), expected) and as_numpy(product).shape == expected.shape
    assert len(product.entries) == expected.size


@pytest.mark.parametrize(("left", "right"), [((2,), (3,)), ((2, 3), (2,)), ((2, 3), (2, 3)), ((3,), (2, 3)), ((), ())])
def test_a_product_of_arrays_that_do_not_fit_is_refused(left, right):
    a, b = (made(shape, [1] * math.prod(shape)) for shape in (left, right))
    with pytest.raises(
        BadCertificate, match=r"problem\.loss: a product @ of arrays that do not fit; write a smooth loss"
    ):
        matrix_product(inner, a, b)


@given(
    st.sampled_from([(), (3,), (2, 3)]).flatmap(lambda shape: st.tuples(of_shape(*shape), of_shape(*shape))), NUMBERS
)
def test_arrays_are_joined_entry_by_entry(pair, number):
    a, b = pair
    assert np.array_equal(as_numpy(pairwise(int.__sub__, a, b)), as_numpy(a) - as_numpy(b))
    for joined, expected in (
        (pairwise(int.__sub__, a, single(number)), as_numpy(a) - number),
        (pairwise(int.__sub__, single(number), b), number - as_numpy(b)),
    ):
        assert np.array_equal(as_numpy(joined), expected) and as_numpy(joined).shape == expected.shape


@pytest.mark.parametrize(
    ("left", "right"), [((2,), (3,)), ((6,), (2, 3)), ((2, 3), (3, 2)), ((2, 1), (2,)), ((2, 1), (1, 2))]
)
def test_arrays_of_different_shapes_are_not_joined(left, right):
    a, b = (made(shape, [1] * math.prod(shape)) for shape in (left, right))
    with pytest.raises(BadCertificate, match=r"problem\.loss: arrays of different shapes are joined"):
        pairwise(int.__add__, a, b)


def test_only_a_single_entry_stands_where_a_number_belongs():
    assert single(7).entry() == 7 and single(7).rows is None and single(7).columns is None
    for array in (made((1,), [7]), made((1, 1), [7]), made((2,), [7, 8])):
        with pytest.raises(BadCertificate, match="an array stands where a number belongs"):
            array.entry()


@given(of_shape(2, 3))
def test_every_entry_is_changed_and_the_shape_is_kept(a):
    changed = a.each(lambda x: x + 1)
    assert np.array_equal(as_numpy(changed), as_numpy(a) + 1) and (changed.rows, changed.columns) == (2, 3)


@given(st.lists(DOUBLES, min_size=1, max_size=5))
def test_a_vector_is_read_as_the_doubles_that_it_holds(numbers):
    assert read_data({"v": numbers}) == {"v": Array(len(numbers), None, [Fraction(x) for x in numbers])}


@given(SIZES, SIZES, st.data())
def test_a_matrix_is_read_row_by_row(rows, columns, data):
    row = st.lists(DOUBLES, min_size=columns, max_size=columns)
    matrix = data.draw(st.lists(row, min_size=rows, max_size=rows))
    numbers = [Fraction(x) for row in matrix for x in row]
    assert read_data({"X": matrix, "y": [1]}) == {
        "X": Array(rows, columns, numbers),
        "y": Array(1, None, [Fraction(1)]),
    }


@pytest.mark.parametrize(
    ("data", "must"),
    [
        ([], "an object of arrays"),
        (None, "an object of arrays"),
        ({"2": [1]}, "names as keys"),
        ({"a b": [1]}, "names as keys"),
        ({"v": 1.0}, "arrays that are not empty"),
        ({"v": "12"}, "arrays that are not empty"),
        ({"v": []}, "arrays that are not empty"),
        ({"v": [[]]}, "rows of one length"),
        ({"v": [[], []]}, "rows of one length"),
        ({"v": [[1, 2], [3]]}, "rows of one length"),
        ({"v": [[1], 2]}, "rows of one length"),
        ({"v": [[1], "2"]}, "rows of one length"),
        ({"v": [1, [2]]}, "finite doubles in its arrays, or whole numbers up to 9007199254740992"),
        ({"v": [[[1]]]}, "finite doubles in its arrays"),
        ({"v": [math.nan]}, "finite doubles in its arrays"),
        ({"v": [math.inf]}, "finite doubles in its arrays"),
        ({"v": [1.0, -math.inf]}, "finite doubles in its arrays"),
        ({"v": [2**53 + 1]}, "finite doubles in its arrays"),
        ({"v": [-(2**53) - 1]}, "finite doubles in its arrays"),
        ({"v": [True]}, "finite doubles in its arrays"),
        ({"v": ["1"]}, "finite doubles in its arrays"),
        ({"v": [None]}, "finite doubles in its arrays"),
    ],
)
def test_data_that_is_not_arrays_of_doubles_is_refused(data, must):
    with pytest.raises(BadCertificate, match=rf"^problem\.data must be {must}"):
        read_data(data)


def test_arrays_beyond_the_limit_are_not_checked(monkeypatch):
    monkeypatch.setattr(arrays, "MOST_NUMBERS", 6)
    assert read_data({"v": [1] * 6, "X": [[1, 2, 3]] * 2})["X"].rows == 2
    for array in ([1] * 7, [[1, 2]] * 4):
        with pytest.raises(NotChecked, match="an array of more than 6 numbers"):
            read_data({"X": array})
