"""A loss in approximate eigen-coordinates: the bound on what this makes wrong is a bound, and not a poor one."""

import mpmath
import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.batch.eigenbasis import exact, turn
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_float

NUMBERS = st.builds(fmpq, st.integers(-60, 60), st.integers(1, 60))


@st.composite
def preconditioners(draw):
    """A preconditioner, a little away from round, or none."""
    if draw(st.booleans()):
        return None
    a, c = (fmpq(draw(st.integers(20, 60)), 40) for _ in range(2))
    b = fmpq(draw(st.integers(-9, 9)), 40)
    return [[str(a), str(b)], [str(b), str(c)]]


@st.composite
def turned_problems(draw):
    """A x² + 2B xy + C y² with its terms of order three and four, at a minimizer anywhere, and a stable step size."""
    a, c = (draw(NUMBERS.filter(lambda x: x > 0)) for _ in range(2))
    share = fmpq(draw(st.integers(-9, 9)), 10)
    b = share * min(a, c)
    m = [draw(NUMBERS) for _ in range(2)]
    x, y = (f"({v} - ({q}))" for v, q in zip("xy", m, strict=True))
    text = f"({a})*{x}**2/2 + ({b})*{x}*{y} + ({c})*{y}**2/2"
    for power in ("{x}**3", "{x}**2*{y}", "{x}*{y}**2", "{y}**4"):
        text += f" + ({draw(NUMBERS)})*" + power.format(x=x, y=y)
    eta = fmpq(draw(st.integers(1, 99)), 100) / (a + c) * 2
    rows = draw(preconditioners())
    method = None if rows is None else {"name": "gradient-descent", "preconditioner": rows}
    return Problem(text, step_size=eta / 2, start=[m[0] + 1, m[1]], minimizer=m, variables=["x", "y"], method=method)


def length(v):
    return mpmath.sqrt(sum(mpmath.mpf(int(x.p)) ** 2 / mpmath.mpf(int(x.q)) ** 2 for x in v))


def real(q):
    return mpmath.mpf(int(q.p)) / int(q.q)


def directions(hessian, m):
    """λ and M⁻¹v of MA, ascending, with ⟨v, M⁻¹v⟩ = 1: what the amplitude is the inner product with."""
    a, p = (mpmath.matrix([[real(x) for x in row] for row in matrix.tolist()]) for matrix in (hessian, m))
    root = mpmath.cholesky(p)
    values, vectors = mpmath.eigsy(root.T * a * root)
    duals = mpmath.inverse(root).T * vectors
    return values, [[duals[i, d] for i in range(2)] for d in range(2)]


def worst(problem, turned, y):
    """How far the two maps and the two functionals are apart at y, as shares of what a map error of 1 allows."""
    q = fmpq_mat([[exact(x) for x in row] for row in turned.basis.tolist()])
    m = problem.method.preconditioner or fmpq_mat([[1, 0], [0, 1]])
    expansion = Expansion.around(problem, problem.step_size)
    h = (q * fmpq_mat([[x] for x in y])).entries()
    pull = [x - z for x, z in zip(h, expansion.exact_step(tuple(h)), strict=True)]
    moved = [x - z for x, z in zip(h, (m * fmpq_mat([[x] for x in pull])).entries(), strict=True)]
    meant = (q.inv() * fmpq_mat([[x] for x in moved])).entries()
    eta = exact(turned.step_size)
    stated = [x - eta * exact(s) * x for x, s in zip(y, turned.spectrum.tolist(), strict=True)]
    absolute = fmpq(0)
    for alpha, c in zip(turned.exponents, turned.coefficients.tolist(), strict=True):
        for i, e in enumerate(alpha):
            if e:
                product = eta * exact(c) * e
                for j, k in enumerate(alpha):
                    product *= y[j] ** (k - (i == j))
                stated[i] -= product
                absolute += abs(product)
    size = length(y)
    apart = length([x - z for x, z in zip(meant, stated, strict=True)])
    shares = [apart / (3 * size + real(absolute))]
    values, duals = directions(expansion.hessian, m)
    assert values[0] < values[1]
    for d, dual in enumerate(duals):
        here = sum(dual[i] * real(h[i]) for i in range(2))
        lead = sum(dual[i] * float(turned.basis[i, d]) for i in range(2))
        shares.append(abs(here * mpmath.sign(lead) - real(y[d])) / size)
    # A start is turned in float64.
    started = turned.inverse @ np.array([float(x) for x in map(to_float, h)])
    held = (q.inv() * fmpq_mat([[exact(float(to_float(x)))] for x in h])).entries()
    off = length([exact(x) - z for x, z in zip(started.tolist(), held, strict=True)])
    shares.append(off / length(held))
    return shares


@given(turned_problems(), st.tuples(NUMBERS, NUMBERS).filter(any))
def test_the_defect_bounds_what_is_wrong(problem, y):
    turned = turn(problem)
    if turned.map_error is None:
        hessian = Expansion.around(problem, problem.step_size).hessian
        p = problem.method.preconditioner
        operator = hessian if p is None else p * hessian
        values = sorted(np.linalg.eigvals([[to_float(x) for x in row] for row in operator.tolist()]).real)
        assert values[1] - values[0] < values[1] / 16, "only eigenvectors that are hard to tell may be refused"
        return
    with mpmath.workdps(80):
        shares = worst(problem, turned, y)
    assert max(shares) <= turned.map_error, f"{[mpmath.nstr(x) for x in shares]} and {turned.map_error}"


@pytest.mark.parametrize("rows", [None, [["2", "1/3"], ["1/3", "1"]]])
def test_the_defect_is_not_far_above_what_is_wrong(rows):
    """The largest share over many points is within a factor of thirty."""
    loss, method = "x**2 + x*y + 5/3*y**2 + x**3/7 + x*y**2/3", {"name": "gradient-descent", "preconditioner": rows}
    problem = Problem(loss, step_size="1/10", start=["1", "1"], method=method if rows else None)
    turned, seen = turn(problem), []
    with mpmath.workdps(80):
        for k in range(24):
            seen += worst(problem, turned, (fmpq(k - 12, 7), fmpq(3 * k % 11 + 1, 5)))
    assert max(seen) <= turned.map_error <= 30 * max(seen)


@pytest.mark.parametrize(
    ("loss", "eta", "exactly"),
    [
        ("x**2 + y**2/2 + x**2*y + x**3", "61/64", True),
        ("x**2/2 + y**2 + x**2*y", "1/4", True),
        ("x**2 + y**2/2 + x**2*y + x**3", "19/20", False),
        ("x**2 + y**2/3 + x**2*y", "1/4", False),
        ("x**2 + y**2/2 + x**2*y/3", "1/4", False),
        ("x**2 + x*y + y**2", "1/4", False),
    ],
)
def test_what_float64_holds_has_no_map_error(loss, eta, exactly):
    turned = turn(Problem(loss, step_size=eta, start=["1", "1"]))
    assert (turned.map_error == 0) is exactly
    assert turned.spectrum[0] < turned.spectrum[1]


SMALL = "/1" + "0" * 320


@pytest.mark.parametrize(
    ("loss", "eta", "match"),
    [
        ("x**2 + y**2 + x*y/1000000 + x**3", "1/4", "eigenvectors are too uncertain"),
        ("x**2 + y**2 + x**3", "1/4", "eigenvalues are equal"),
        ("x**2 + y**2/2 + x**3" + SMALL, "1/4", "too small for float64"),
        (f"x**2{SMALL} + y**2/2{SMALL}", "1/4", "too small for float64"),
        ("x**2 + y**2/2", "1" + SMALL, "too small for float64"),
    ],
)
def test_what_has_no_small_defect_is_refused_with_a_reason(loss, eta, match):
    turned = turn(Problem(loss, step_size=eta, start=["1", "1"]))
    assert turned.map_error is None and match in turned.obstacle
    assert turn(Problem("x**2 + y**2/2", step_size="1/4", start=["1", "1"])).obstacle == ""


@pytest.mark.parametrize(
    ("loss", "match"),
    [
        ("x**2 + y**2 + z**2", "3 variables"),
        ("x**2 + y**2 + max(x, 0)**4", "powers of max"),
        ("x**2 + 2*x*y + y**2 + x**4", "not a strict minimum"),
        ("x**2 - y**2", "not a strict minimum"),
        ("x**2 + y**2 + 1" + "0" * 400 + "*x**3", "exceeds every float64"),
    ],
)
def test_bad_input(loss, match):
    with pytest.raises(InputError, match=match):
        turn(Problem(loss, step_size="1/4", start=["1"] * (3 if "z" in loss else 2)))
