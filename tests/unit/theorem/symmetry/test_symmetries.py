"""Symmetries of smooth losses: normal forms against values, fixed spaces against exact linear algebra, the search."""

import random
from fractions import Fraction

import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.checker.symmetry import isometry as checked
from gdcheck.theorem.checker.symmetry.normal_form import parts_of
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer, enclose_around
from gdcheck.theorem.smooth.reading import read_smooth
from gdcheck.theorem.symmetry.isometry import FixedSpace, Isometry
from gdcheck.theorem.symmetry.normal_form import NormalForms
from gdcheck.theorem.symmetry.search import symmetries
from tests.builders.smooth import compiled, random_smooth

NAMES = ["x1", "x2", "x3"]


def in_checker(isometry):
    shift = tuple(Fraction(int(t.p), int(t.q)) for t in isometry.shift)
    return checked.Isometry(isometry.places, isometry.signs, shift)


def kept(isometry, text, names):
    """Whether a loss is invariant; engine and checker agree."""
    found = isometry.keeps(read_smooth(text, names))
    assert in_checker(isometry).keeps(read_expression(text, tuple(names), {})) is found
    return found


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.data())
def test_a_reflection_that_keeps_a_loss_keeps_its_values(seed, data):
    """Random losses plus their image under a reflection are kept by it; what is said to be kept is."""
    text, names = random_smooth(seed, n=3)
    i, j = sorted(data.draw(st.permutations(range(3)))[:2])
    signs = data.draw(st.tuples(*[st.sampled_from((1, -1))] * 3))
    places = list(range(3))
    if data.draw(st.booleans()):
        places[i], places[j] = j, i
        signs = tuple(signs[i] if k == j else s for k, s in enumerate(signs))
    reflection = Isometry.linear(places, signs)
    image = text
    for k, name in enumerate(names):
        image = image.replace(name, f"({signs[k]}*z{places[k] + 1})")
    image = image.replace("z", "x")
    for whole in (text, f"{text} + {image}", f"({text})*({image})"):
        found = kept(reflection, whole, names)
        assert found or whole == text
        value, rng = compiled(whole, names), random.Random(seed)
        with mp.workdps(30):
            x = [mp.mpf(rng.randint(-64, 64)) / 64 for _ in names]
            same = abs(value(x) - value([signs[k] * x[places[k]] for k in range(3)])) < 1e-20
        assert same or not found


SWAP, TURN = Isometry.linear((1, 0), (1, 1)), Isometry.linear((0, 1), (-1, 1))


@pytest.mark.parametrize(
    ("isometry", "text", "keeps"),
    [
        (SWAP, "x**4 + 5*x + y**4 + 5*y", True),
        (SWAP, "x**4 + 5*x + y**4 + 6*y", False),
        (SWAP, "(x + y)**6/(1 + x*y) + exp(x)*exp(y)", True),
        (SWAP, "(x + 2*y)**2 - 3*y**2", True),
        (SWAP, "(x - y)**3", False),
        (SWAP, "sqrt(1 + x - y) + sqrt(1 - x + y)", True),
        (SWAP, "sqrt(1 + x - y)", False),
        (TURN, "log(1 + exp(x)) - x/2 + exp(y)", True),
        (TURN, "softplus(x + 3) + softplus(x - 3) - x + x*sin(x)", True),
        (TURN, "sigmoid(x)*sigmoid(-x) + y", True),
        (TURN, "sigmoid(x) + y", False),
        (TURN, "tanh(x)*erf(x)*y + atan(x)**2 + cosh(x)**3", True),
        (TURN, "exp(x) + y", False),
        (TURN.fixing([fmpq(1, 3), fmpq(5)]), "cosh(3*x - 1) + x**2 - 2/3*x + y", True),
        (TURN.fixing([fmpq(1, 3), fmpq(5)]), "cosh(3*x - 1) + x**2 + y", False),
        (SWAP.fixing([fmpq(1), fmpq(2)]), "exp(x) + exp(y - 1) + x*(y - 1)", True),
        (SWAP.fixing([fmpq(1), fmpq(2)]), "exp(x) + exp(y) + x*(y - 1)", False),
        (SWAP, "(x + y + 1)**12*(x*y + 2)**9 + 1/(1 + x + y)**3", True),
        (SWAP, "(x + y + 1)**12*(x*y + 2*y)**9", False),
        (SWAP, "1/(1 + x + 2*y) + 3/(3 + 3*y + 6*x)", True),
        (SWAP, "1/(1 + x + 2*y) + 2/(3 + 3*y + 6*x)", False),
    ],
)
def test_a_symmetry_is_told_from_what_is_none(isometry, text, keeps):
    assert kept(isometry, text, ["x", "y"]) is keeps


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("x1**2 + exp(x2)*x3", [[0], [1, 2]]),
        ("(x1 + x2)**2 - 2*x1*x2 + softplus(x3)", [[0], [1], [2]]),
        ("cos(x1 + x3) + x2", [[0, 2], [1]]),
        ("sqrt(1 + x1**2*x2)/(2 + x3)", [[0, 1, 2]]),
    ],
)
def test_a_sum_of_functions_of_separate_variables_is_split(text, groups):
    assert sorted(NormalForms(read_smooth(text, NAMES)).groups()) == groups
    assert sorted(sorted(part) for part in parts_of(read_expression(text, tuple(NAMES), {}))) == groups


@settings(max_examples=60)
@given(st.data())
def test_a_fixed_space_is_that_of_exact_linear_algebra(data):
    """Its dimension is the kernel's, its bases are orthogonal, and its points are fixed."""
    n = data.draw(st.integers(1, 5))
    signed = st.tuples(st.permutations(range(n)), st.tuples(*[st.sampled_from((1, -1))] * n))
    point = [fmpq(a, 3) for a in data.draw(st.lists(st.integers(-5, 5), min_size=n, max_size=n))]
    maps = [Isometry.linear(*x).fixing(point) for x in data.draw(st.lists(signed, min_size=1, max_size=3))]
    rows = [[int(j == x.places[i]) * x.signs[i] - int(i == j) for j in range(n)] for x in maps for i in range(n)]
    space = FixedSpace.of(maps, n)
    assert len(space.inside) == n - fmpq_mat(rows).rank()
    assert checked.fixed_dimension([(in_checker(x), 1) for x in maps], n) == len(space.inside)
    basis = [*space.inside, *space.outside]
    assert len(basis) == n and all(any(v) for v in basis)
    assert all(sum(a * b for a, b in zip(v, w, strict=True)) == 0 for i, v in enumerate(basis) for w in basis[:i])
    assert space.near(point) == tuple(point)
    somewhere = space.near([fmpq(i * i, 7) for i in range(n)])
    assert all(x.fixes(somewhere) and x.turned(v) == v for x in maps for v in space.inside)


def test_without_a_common_fixed_point_there_is_no_space():
    moved = Isometry((0,), (1,), (fmpq(1),))
    assert FixedSpace.of([moved], 1) is None
    ends = [Isometry((0,), (-1,), (fmpq(t),)) for t in (0, 1)]
    assert FixedSpace.of(ends, 1) is None
    assert FixedSpace.of(ends[:1], 1).point == (0,) and FixedSpace.of(ends[1:], 1).point == (fmpq(1, 2),)


@pytest.mark.parametrize(
    ("text", "centre", "start", "found"),
    [
        ("exp(x1) - x1 + exp(x2) - x2 + exp(x3) - x3", [0, 0, 0], [1, 1, 2], 2),  # Two swaps generate all of them.
        ("cosh(x1 - 1) + cosh(x2) + x3**2 + x1*x2*x3", [1, 0, 0], [1, 2, 3], 0),
        ("cosh(x1 - 1) + 2*cosh(x2) + 3*x3**2", [1, 0, 0], [1, 2, 3], 3),  # x1 around the start; x2, x3, both or all.
        ("cosh(x1 - x2) + cosh(x2 - x3)*2 + cosh(x3 - x1)*3 + x1**2 + x2**2 + x3**2", [0, 0, 0], [1, 2, 3], 1),
    ],
)
def test_the_search_finds_symmetries_of_the_minimizer(text, centre, start, found):
    loss = read_smooth(text, NAMES)
    minimizer = enclose_around(loss, [fmpq(x) for x in centre])
    assert isinstance(minimizer, EnclosedMinimizer)
    maps = symmetries(loss, minimizer, [fmpq(x) for x in start])
    assert len(maps) == found
    assert all(x.fixes(minimizer.centre) and x.keeps(loss) for x in maps)
