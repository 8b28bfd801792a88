import itertools
import pickle
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
import sympy
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss, TruncatedPower

rationals = st.fractions(min_value=-5, max_value=5, max_denominator=9).map(lambda q: fmpq(q.numerator, q.denominator))
non_zero = rationals.filter(bool)


def points(n: int) -> st.SearchStrategy[tuple[fmpq, ...]]:
    return st.tuples(*[rationals] * n)


@st.composite
def truncated_powers(draw: st.DrawFn, n: int, min_power: int = 2) -> TruncatedPower:
    direction = draw(points(n).filter(any))
    return TruncatedPower(draw(non_zero), direction, draw(rationals), draw(st.integers(min_power, 5)))


@st.composite
def losses(draw: st.DrawFn, n: int | None = None, min_power: int = 2) -> Loss:
    n = n or draw(st.integers(1, 4))
    exponents = st.tuples(*[st.integers(0, 3)] * n)
    terms = draw(st.dictionaries(exponents, rationals, max_size=6))
    truncated = draw(st.lists(truncated_powers(n, min_power), max_size=2))
    return Loss.build([f"x{i}" for i in range(1, n + 1)], terms, truncated)


def rational(value: fmpq) -> sympy.Rational:
    return sympy.Rational(int(value.p), int(value.q))


# Text, SymPy, canonical form


@settings(deadline=None)
@given(losses())
def test_text_round_trip(loss: Loss) -> None:
    assert Loss.parse(loss.text(), loss.variables) == loss
    assert Loss.parse(loss.text(), loss.variables).text() == loss.text()


@settings(deadline=None)
@given(losses())
def test_sympy_round_trip(loss: Loss) -> None:
    expr = loss.to_sympy()
    again = Loss.from_sympy(expr, loss.variables)
    assert again.terms == loss.terms
    # SymPy may pull a common factor out of an argument, so truncated powers are compared by value.
    for point in itertools.product((fmpq(-2), fmpq(1, 3), fmpq(3)), repeat=loss.dimension):
        assert again.value(point) == loss.value(point)


@settings(deadline=None)
@given(losses(), st.randoms(use_true_random=False))
def test_the_order_of_the_parts_does_not_matter(loss: Loss, random) -> None:
    terms, truncated = list(loss.terms), list(loss.truncated)
    random.shuffle(terms)
    random.shuffle(truncated)
    halves = [(e, c / 2) for e, c in terms] + [(e, c / 2) for e, c in reversed(terms)]
    again = Loss.build(loss.variables, halves, truncated)
    assert again == loss
    assert hash(again) == hash(loss)
    assert pickle.loads(pickle.dumps(loss)) == loss  # noqa: S301


def test_the_documented_text() -> None:
    text = "1/2*x**2 + 2*y**2 - x*y**2 + 3/4*max(x - 2*y - 1/2, 0)**4"
    assert Loss.parse(text).text() == text
    assert Loss.parse("x*y**2 + y**3 + x**2/2 + 2*y**2 + 7 - x").text() == "7 - x + 1/2*x**2 + 2*y**2 + x*y**2 + y**3"
    assert Loss.parse("0", ["x"]).text() == "0"
    assert Loss.parse("-max(x, 0)**2").text() == "-max(x, 0)**2"


def test_equal_truncated_powers_merge_and_cancel() -> None:
    direction = (fmpq(1), fmpq(2))
    one = TruncatedPower(fmpq(1, 2), direction, fmpq(0), 3)
    assert Loss.build(["x", "y"], {}, [one, one]).truncated == (TruncatedPower(fmpq(1), direction, fmpq(0), 3),)
    minus = TruncatedPower(fmpq(-1, 2), direction, fmpq(0), 3)
    assert Loss.build(["x", "y"], {}, [one, minus]).text() == "0"
    doubled = Loss.parse("max(2*x, 0)**2")
    assert doubled != Loss.parse("4*max(x, 0)**2"), "truncated powers keep the scale in which they were given"


def test_a_truncated_power_without_direction_is_a_constant() -> None:
    zero = (fmpq(0),)
    powers = [TruncatedPower(fmpq(3), zero, fmpq(-2), 2), TruncatedPower(fmpq(3), zero, fmpq(2), 2)]
    loss = Loss.build(["x"], {(1,): 1}, powers)
    assert loss.text() == "12 + x"


def test_build_reads_every_form_of_a_number() -> None:
    loss = Loss.build(["x"], [((0,), "0.5"), ((1,), Fraction(1, 3)), ((2,), 2), ((3,), fmpq(1, 7))])
    assert loss.text() == "1/2 + 1/3*x + 2*x**2 + 1/7*x**3"


@pytest.mark.parametrize(
    ("terms", "truncated", "part"),
    [
        ({(1,): 1}, (), "exponents must be 2 whole numbers"),
        ({(1, -1): 1}, (), "exponents must be"),
        ({(True, 0): 1}, (), "exponents must be"),
        ({(17, 0): 1}, (), "exponents must be"),
        ({(9, 8): 1}, (), "total degree exceeds 16"),
        ({(1, 0): 0.5}, (), "is a float"),
        ({}, [TruncatedPower(fmpq(1), (fmpq(1), fmpq(1)), fmpq(0), 1)], "from 2 to 16"),
        ({}, [TruncatedPower(fmpq(1), (fmpq(1),), fmpq(0), 2)], "2 numbers are needed"),
        ({}, [TruncatedPower(0.5, (fmpq(1), fmpq(1)), fmpq(0), 2)], "is a float"),
    ],
)
def test_bad_parts_are_refused(terms, truncated, part: str) -> None:
    with pytest.raises(InputError) as caught:
        Loss.build(["x", "y"], terms, truncated)
    assert caught.value.field == "loss"
    assert part in caught.value.message


# Values and derivatives


@settings(deadline=None)
@given(st.data())
def test_derivatives_agree_with_sympy(data: st.DataObject) -> None:
    loss = data.draw(losses(n=data.draw(st.integers(1, 3))))
    point = data.draw(points(loss.dimension))
    if any(not power.argument(point) for power in loss.truncated):
        return
    symbols = sympy.symbols(loss.variables)
    # SymPy differentiates the branch that holds at the point.
    expr = Loss(loss.variables, loss.terms).to_sympy()
    for power in loss.truncated:
        affine = sum(rational(c) * s for c, s in zip(power.direction, symbols, strict=True)) - rational(power.threshold)
        if power.argument(point) > 0:
            expr += rational(power.coefficient) * affine**power.power
    at = dict(zip(symbols, map(rational, point), strict=True))

    def derivative(*order: int) -> sympy.Rational:
        return sympy.diff(expr, *[symbols[i] for i in order]).subs(at) if order else expr.subs(at)

    n = range(loss.dimension)
    assert rational(loss.value(point)) == derivative()
    gradient, hessian, third = loss.gradient(point), loss.hessian(point), loss.third_derivatives(point)
    assert [rational(g) for g in gradient] == [derivative(i) for i in n]
    assert [[rational(h) for h in row] for row in hessian] == [[derivative(i, j) for j in n] for i in n]
    for i, j, k in itertools.combinations_with_replacement(n, 3):
        expected = derivative(i, j, k)
        assert {rational(third[a][b][c]) for a, b, c in itertools.permutations((i, j, k))} == {expected}


@pytest.mark.parametrize("power", [2, 3, 4, 5])
def test_the_kink_has_exactly_the_derivatives_that_the_power_leaves(power: int) -> None:
    loss = Loss.parse(f"x**2 + y**2 + 3*max(x - 2*y - 1/2, 0)**{power}")
    kink = ("1/2", 0)
    assert loss.truncated[0].smoothness == power - 1
    assert loss.value(kink) == fmpq(1, 4)
    assert loss.gradient(kink) == (1, 0)
    if power == 2:
        with pytest.raises(InputError, match=r"point: there is no Hessian here, on the kink .* p = 2"):
            loss.hessian(kink)
    else:
        assert loss.hessian(kink) == ((2, 0), (0, 2))
    if power <= 3:
        with pytest.raises(InputError, match=f"no third derivative here, on the kink .* p = {power}; .* use p >= 4"):
            loss.third_derivatives(kink)
    else:
        assert not any(itertools.chain(*itertools.chain(*loss.third_derivatives(kink))))
    assert loss.hessian((0, 0)) == ((2, 0), (0, 2)), "off the kink, on the flat side"
    if power == 2:
        assert loss.hessian((1, 0)) == ((8, -12), (-12, 26)), "off the kink, on the curved side"
        assert not any(itertools.chain(*itertools.chain(*loss.third_derivatives((1, 0)))))


@pytest.mark.parametrize("method", ["value", "gradient", "hessian", "third_derivatives", "shifted"])
@pytest.mark.parametrize(
    ("point", "part"), [((1,), "2 numbers are needed"), ("12", "2 numbers are needed"), ((1, 0.5), "is a float")]
)
def test_bad_points_are_refused(method: str, point: object, part: str) -> None:
    with pytest.raises(InputError) as caught:
        getattr(Loss.parse("x*y"), method)(point)
    assert caught.value.field == "point"
    assert part in caught.value.message


def test_dimension_and_degree() -> None:
    assert Loss.parse("x**3*y**2 + x**4").degree == 5
    assert Loss.parse("x**2 + max(y, 0)**6").degree == 6
    assert Loss.parse("0", ["x", "y"]).degree == 0
    assert Loss.parse("0", ["x", "y"]).dimension == 2


# New losses from old


@settings(deadline=None)
@given(st.data())
def test_a_shifted_loss_has_the_shifted_values(data: st.DataObject) -> None:
    loss = data.draw(losses())
    origin, h = data.draw(points(loss.dimension)), data.draw(points(loss.dimension))
    shifted = loss.shifted(origin)
    assert shifted.value(h) == loss.value([a + b for a, b in zip(origin, h, strict=True)])
    assert shifted.shifted([-a for a in origin]) == loss
    assert shifted.variables == loss.variables
    assert loss.shifted([0] * loss.dimension) == loss
    assert Loss.build(shifted.variables, shifted.terms, shifted.truncated) == shifted, "it is canonical"


@settings(deadline=None)
@given(st.data())
def test_a_substituted_loss_has_the_values_on_the_subspace(data: st.DataObject) -> None:
    loss = data.draw(losses())
    w = data.draw(st.integers(1, 3))
    matrix = data.draw(st.tuples(*[points(w)] * loss.dimension))
    z = data.draw(points(w))
    substituted = loss.substituted(matrix, [f"z{i}" for i in range(w)])
    assert substituted.dimension == w
    x = [sum((m * c for m, c in zip(row, z, strict=True)), fmpq(0)) for row in matrix]
    assert substituted.value(z) == loss.value(x)
    assert Loss.build(substituted.variables, substituted.terms, substituted.truncated) == substituted, "it is canonical"


@settings(deadline=None)
@given(st.data())
def test_sums_and_multiples(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 3))
    one, two = data.draw(losses(n=n)), data.draw(losses(n=n))
    factor, point = data.draw(rationals), data.draw(points(n))
    assert (one + two).value(point) == one.value(point) + two.value(point)
    assert one.scaled(factor).value(point) == factor * one.value(point)
    assert one + two == two + one
    assert (one + one.scaled(-1)).text() == "0"
    assert one.scaled(1) == one


def test_shifting_a_large_loss_and_back_is_quick() -> None:
    n, degree = 6, 5
    exponents = [e for e in itertools.product(range(degree + 1), repeat=n) if sum(e) <= degree]
    loss = Loss.build([f"x{i}" for i in range(n)], [(e, fmpq(i % 17 - 8, i % 13 + 1)) for i, e in enumerate(exponents)])
    point = [fmpq(i + 1, 7) for i in range(n)]
    assert loss.shifted(point).shifted([-c for c in point]) == loss
    permutation = [[int(j == (i + 1) % n) for j in range(n)] for i in range(n)]
    turned = loss
    for _ in range(n):
        turned = turned.substituted(permutation, loss.variables)
    assert turned == loss


def test_expansions_that_would_blow_up_are_refused() -> None:
    names = [f"x{i}" for i in range(32)]
    ones = [[1] * 32] * 32
    with pytest.raises(InputError, match="more than 50000 terms"):
        Loss.parse("x0**16", names).substituted(ones, names)
    with pytest.raises(InputError, match="more than 50000 terms"):
        Loss.parse("*".join(names[:16]), names).shifted([1] * 32)


def test_substitutions_that_cost_too_much_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gdcheck.theorem.loss.polynomial.MAX_WORK", 500)
    with pytest.raises(InputError, match="too much work; write fewer products"):
        Loss.parse("x**8*y**8").substituted([[1, 1, 1], [1, 2, 3]], ["a", "b", "c"])


def test_shapes_that_do_not_fit_are_refused() -> None:
    loss = Loss.parse("x*y")
    with pytest.raises(InputError, match="matrix: 2 rows are needed"):
        loss.substituted([[1]], ["z"])
    with pytest.raises(InputError, match="matrix: 1 numbers are needed"):
        loss.substituted([[1], [1, 2]], ["z"])
    with pytest.raises(InputError, match="named twice"):
        loss.substituted([[1, 0], [0, 1]], ["z", "z"])
    with pytest.raises(InputError, match="different variables"):
        loss + Loss.parse("x*z")
    with pytest.raises(InputError, match=r"factor: 0.5 is a float"):
        loss.scaled(0.5)
    with pytest.raises(TypeError):
        loss + 1  # type: ignore[operator]


# SymPy


def test_sympy_expressions_are_read() -> None:
    x, y = sympy.symbols("x y")
    expr = x**2 / 2 + 3 * (x - y) ** 2 + sympy.Rational(3, 4) * sympy.Max(x - 2 * y - sympy.Rational(1, 2), 0) ** 4
    loss = Loss.from_sympy(expr)
    assert loss.text() == "7/2*x**2 - 6*x*y + 3*y**2 + 3/4*max(x - 2*y - 1/2, 0)**4"
    assert Loss.from_sympy(loss.to_sympy()) == loss
    assert Loss.from_sympy(y, [x, y]).variables == ("x", "y")
    assert Loss.from_sympy(sympy.symbols("x10") + sympy.symbols("x2")).variables == ("x2", "x10")


_x, _y = sympy.symbols("x y")


@pytest.mark.parametrize(
    ("expr", "part"),
    [
        (0.5 * _x, "the float '0.5"),
        (_x**0.5, "the float '0.5"),
        (sympy.sin(_x), "'sin(x)' is not a polynomial"),
        (sympy.sqrt(2) * _x, "not a whole number"),
        (sympy.pi * _x, "'pi' is not a polynomial"),
        (sympy.oo * _x, "not a polynomial"),
        (1 / _x, "negative power"),
        (_x**_y, "not a whole number"),
        (_x**17, "total degree exceeds 16"),
        ((_x + _y) ** 1000000, "total degree exceeds 16"),
        (sympy.Max(_x, 0), "it needs a power p >= 2"),
        (sympy.Max(_x, 0) * _x, "it needs a power p >= 2"),
        (sympy.Max(_x, 0) ** 2 * _x, "only constants may multiply it"),
        (sympy.Max(_x * _y, 0) ** 2, "not affine"),
        (sympy.Max(_x, _y) ** 2, "neither of which is 0"),
        (sympy.Max(_x, _y, 0) ** 2, "max with 3 argument(s)"),
        (sympy.Integer(3), "no variable"),
        ("x**2", "a str is not a SymPy expression"),
        (sympy.Symbol("x") + sympy.Symbol("x", positive=True), "two different symbols"),
        (_x * sympy.Integer(10) ** 10000, "more than 4000 digits"),
    ],
)
def test_other_sympy_expressions_are_refused(expr: object, part: str) -> None:
    with pytest.raises(InputError) as caught:
        Loss.from_sympy(expr)
    assert caught.value.field == "loss"
    assert part in caught.value.message


def test_sympy_variables_are_checked() -> None:
    with pytest.raises(InputError, match=r"unknown variable 'y'; .* known ones are x"):
        Loss.from_sympy(_x + _y, ["x"])
    with pytest.raises(InputError, match=r"variables: 'x_\{1\}' cannot name a variable"):
        Loss.from_sympy(sympy.Symbol("x_{1}"))


def test_losses_do_not_need_sympy() -> None:
    code = "import sys; from gdcheck.theorem.loss.loss import Loss; Loss.parse('x**2').text()"
    code += "; sys.exit('sympy' in sys.modules)"
    root = Path(__file__).parents[4]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
