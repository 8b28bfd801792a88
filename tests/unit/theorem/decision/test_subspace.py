"""Exceptional starts are found where they are, and the subspaces that prove them really are invariant."""

import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.decision.subspace import find_subspace as search
from gdcheck.theorem.decision.subspace import invariant_subspace
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.loss import Loss, TruncatedPower
from gdcheck.theorem.loss.prescribed import loss_with_spectrum
from tests.builders.strategies import dot, fractions_of_one, higher_terms, positive, problems, rationals, rotations

LIMITS = {"max_steps": 20_000, "max_precision": 512}


def find_subspace(expansion, *steps):
    """The search with the exact bound of all |1 − ηλ|."""
    spectrum = Pencil(expansion.hessian).eigenvalues(64)
    return search(expansion, max(abs(1 - expansion.step_size * e.ball()).upper() for e in spectrum), *steps)


def lies_in(h, basis):
    """Whether h is a combination of the basis, exactly."""
    rank = fmpq_mat([list(v) for v in basis]).rank() if basis else 0
    extended = fmpq_mat([*(list(v) for v in basis), list(h)]).rank()
    return extended == rank


def check_invariance(problem, subspace, steps=3):
    expansion = Expansion.of(problem)
    h = expansion.displacement
    for _ in range(subspace.enters):
        h = expansion.exact_step(h)
    for step in range(steps):
        assert lies_in(h, subspace.basis), f"the exact iterate {subspace.enters + step} is outside the subspace"
        h = expansion.exact_step(h)
        if max(int(x.q).bit_length() for x in h) > 20_000:
            return


@st.composite
def hidden_planes(draw):
    """A loss that leaves Q span(e₂, …) alone, Q a rotation, and a start in it."""
    n = draw(st.integers(2, 4))
    q = draw(rotations(n))
    spectrum = [fmpq(1), *(1 + draw(positive(3)) for _ in range(n - 1))]
    # Terms in z₂, …, and terms with at least z₁²: the hyperplane z₁ = 0 is invariant.
    terms = [(e, c) for e, c in draw(higher_terms(n)) if e[0] != 1]
    z = loss_with_spectrum(spectrum, higher_terms=terms)
    back = [[q[j, i] for j in range(n)] for i in range(n)]
    start = (fmpq(0), *draw(st.tuples(*[rationals(1, 4)] * (n - 1)).filter(any)))
    x = tuple(sum((q[i, j] * start[j] for j in range(n)), fmpq(0)) for i in range(n))
    eta = draw(fractions_of_one()) * 2 / (1 + max(spectrum))
    return Problem(z.substituted(back, z.variables), step_size=eta, start=x), [q[i, 0] for i in range(n)]


@given(hidden_planes())
def test_rotated_hyperplanes_are_found(case):
    problem, normal = case
    found = find_subspace(Expansion.of(problem))
    assert found is not None, "the start lies in an invariant hyperplane, and none was found"
    assert found.enters == 0, f"the start is in it already, not only the iterate {found.enters}"
    for v in found.basis:
        assert dot(v, normal) == 0, f"{v} is not in the invariant hyperplane; the space found is not the smallest"
    check_invariance(problem, found)


@given(hidden_planes(), fractions_of_one())
def test_exceptional_starts_in_rotated_hyperplanes_are_never_proved(case, share):
    problem, _ = case
    small = Problem(
        problem.loss,
        minimizer=problem.minimizer,
        step_size=problem.step_size,
        start=tuple(x * share / 20 for x in problem.start),
    )
    found = decide(small, **LIMITS)
    assert found.verdict in {Verdict.EXCEPTIONAL, Verdict.NOT_APPLICABLE, Verdict.UNRESOLVED}, found.reason


@given(problems())
def test_whatever_is_found_is_invariant(problem):
    found = find_subspace(Expansion.of(problem))
    if found is not None:
        assert found.dimension < problem.dimension, "a proper subspace is asked for"
        check_invariance(problem, found)


@given(st.integers(2, 5), st.integers(1, 97))
def test_generic_starts_lie_in_no_proper_subspace(n, seed):
    start = [fmpq((seed * (i + 3) ** 2) % 101 + 1, 200) for i in range(n)]
    loss = loss_with_spectrum(range(1, n + 1), higher_terms=[((3, *[0] * (n - 1)), 1)])
    assert find_subspace(Expansion.of(Problem(loss, step_size="1/40", start=start))) is None, (
        "no coordinate of the start is zero"
    )


AXES = {
    "quadratic, one axis": ("x**2/2 + 2*y**2", ["0", "1"], [("0", "1")]),
    "quadratic, a plane of three": ("x**2/2 + y**2 + 2*z**2", ["1", "0", "1"], [("1", "0", "0"), ("0", "0", "1")]),
    "y³ keeps the y-axis": ("x**2/2 + 2*y**2 + y**3 + x**2*y", ["0", "1/9"], [("0", "1")]),
    "x y² leaves the y-axis": ("x**2/2 + 2*y**2 + x*y**2", ["0", "1/9"], None),
    "x y² keeps the x-axis": ("x**2/2 + 2*y**2 + x*y**2", ["1/9", "0"], [("1", "0")]),
    "even in x − y": ("x**2 + x*y + y**2 + (x - y)**4", ["1/9", "1/9"], [("1", "1")]),
    "the diagonal of a repeated eigenvalue": ("x**2 + y**2 + 3*z**2", ["1", "2", "0"], [("1", "2", "0")]),
    "at the minimizer": ("x**2 + y**2 + y**3", ["0", "0"], []),
    "a ball in symmetric variables": (
        "(x**2 + y**2 + z**2)/2 + z**2 + (x**2 + y**2 + z**2)**2",
        ["1/9", "2/9", "0"],
        [("1", "2", "0")],
    ),
    "a hinge along the axis": ("x**2/2 + 2*y**2 + max(y - 1/9, 0)**4", ["0", "1"], [("0", "1")]),
    "a hinge across": ("x**2/2 + 2*y**2 + max(x - 1/9, 0)**4", ["0", "1"], [("0", "1")]),
    "a slanted hinge": ("x**2/2 + 2*y**2 + max(x + y, 0)**4", ["0", "1"], None),
    "a slanted hinge out of reach": ("x**2/2 + 2*y**2 + max(x + y - 3/2, 0)**4", ["0", "1"], [("0", "1")]),
    "a slanted hinge that is just touched": ("x**2/2 + 2*y**2 + max(3*x + 4*y - 5, 0)**4", ["0", "1"], [("0", "1")]),
    "a slanted hinge within reach": ("x**2/2 + 2*y**2 + max(3*x + 4*y - 1/2, 0)**4", ["0", "1"], None),
    "a slanted hinge, orthogonal": ("(x - y)**2 + 2*(x + y)**2 + max(x + y, 0)**4", ["1", "-1"], [("1", "-1")]),
}


@pytest.mark.parametrize("name", AXES)
def test_named_subspaces(name):
    loss, start, expected = AXES[name]
    problem = Problem(loss, step_size="0.01", start=start)
    found = find_subspace(Expansion.of(problem))
    if expected is None:
        assert found is None, f"{name}: {found}"
        return
    assert found is not None, f"{name}: not found"
    basis = [tuple(fmpq(int(x)) for x in v) for v in expected]
    assert list(found.basis) == basis, f"{name}: {found.basis}"
    check_invariance(problem, found)


@pytest.mark.parametrize(
    ("loss", "eta", "start", "enters", "dimension"),
    [
        ("x**2/2 + 2*y**2", "1/4", ["0", "1"], 1, 0),  # 1 − 4η = 0
        ("x**2/2 + 2*y**2", "1/4", ["1", "1"], 1, 1),  # y is gone after a step
        ("x**2/2 + 2/3*x**3", "1/2", ["1/2"], 1, 0),  # x' = x/2 − x²
        ("x**2/2 + 2/3*x**3 + 3*y**2", "1/3", ["1", "7"], 1, 0),  # x' = (2x − 2x²)/3, y' = −y
        ("x**2/2 + 2/3*x**3 + 3*y**2", "1/4", ["3/2", "0"], 1, 0),
        ("x**2/2 + x**3/3", "2", ["-3/2"], 2, 0),  # x' = −x − 2x²: −3/2 ↦ −3
        ("x**2 + x**3/3", "1", ["1"], None, None),
    ],
)
def test_exact_hits_after_some_steps(loss, eta, start, enters, dimension):
    problem = Problem(loss, step_size=eta, start=start)
    expansion = Expansion.of(problem)
    h, zero = expansion.displacement, None
    for step in range(9):
        if not any(h):
            zero = step
            break
        h = expansion.exact_step(h)
    found = find_subspace(expansion)
    if zero is not None:
        assert found is not None and (found.enters, found.dimension) == (zero, 0), f"{found}, but h_{zero} = 0"
    elif dimension:
        assert found is not None and (found.enters, found.dimension) == (enters, dimension), f"{found}"
        check_invariance(problem, found)
    else:
        assert found is None or found.dimension > 0, f"the iterates do not reach the minimizer: {found}"


@pytest.mark.parametrize(("distance", "enters"), [("1", 0), ("49/50", 1), ("47/50", 2), ("9/10", 3)])
def test_a_slanted_hinge_is_out_of_reach_after_some_steps(distance, enters):
    """y' = 24/25 y, and the kink is at that distance."""
    found = find_subspace(
        Expansion.of(
            Problem(f"x**2/2 + 2*y**2 + max(3/5*x + 4/5*y - {distance}, 0)**4", step_size="0.01", start=["0", "1"])
        )
    )
    assert (found.enters, found.basis) == (enters, ((0, 1),))


def test_out_of_reach_does_not_count_where_the_ball_may_grow():
    """From (0, 1) a large cubic term may lead anywhere, as far as the bound of the remainder knows."""
    loss = "x**2/2 + 2*y**2 + 40*y**3 + max(3/5*x + 4/5*y - 1, 0)**4"
    found = find_subspace(Expansion.of(Problem(loss, step_size="0.01", start=["0", "1"])))
    assert found is not None and len(found.sides) == 1, "that the kink stays out of reach is still to be shown"


@pytest.mark.parametrize("steps", range(1, 7))
def test_hits_of_the_minimizer_after_j_steps(steps):
    """A truncated square moves x by −1 far out, and x ↦ 0 at last: 0 is reached after as many steps as x says.

    f = x²/2 − max(x − 1, 0)²/2 has f' = min(x, 1), so that x' = x − min(x, 1) at η = 1.
    """
    problem = Problem("x**2/2 - max(x - 1, 0)**2/2", step_size=1, start=[steps])
    found = find_subspace(Expansion.of(problem))
    assert found is not None and (found.enters, found.dimension) == (steps, 0), f"{found}"
    assert find_subspace(Expansion.of(problem), steps - 1) is None, "fewer steps do not reach the minimizer"


def test_a_start_that_reaches_the_minimizer_is_exceptional():
    """y' = y − (3y + 6y²)/5 vanishes at y = 1/3."""
    problem = Problem("x**2/2 + 3/2*y**2 + 2*y**3", step_size="1/5", start=["0", "1/3"])
    assert Expansion.of(problem).exact_step((fmpq(0), fmpq(1, 3))) == (0, 0), "the example must reach the minimizer"
    found = decide(problem)
    assert found.verdict is Verdict.EXCEPTIONAL and "exactly, at step 1" in found.reason, found.reason


def test_the_restricted_pencil_is_that_of_the_basis():
    loss = Loss.parse("x**2 + x*y + y**2 + (x - y)**4 + 3*z**2")
    found = find_subspace(Expansion.of(Problem(loss, step_size="0.1", start=["1", "1", "0"])))
    spectrum = found.pencil(fmpq_mat([[2, 1, 0], [1, 2, 0], [0, 0, 6]])).eigenvalues(64)
    assert [(e.lo, e.multiplicity) for e in spectrum] == [(3, 1)], f"along (1, 1, 0) the eigenvalue is 3: {spectrum}"


def test_truncated_directions_are_added_to_the_space():
    """ℓ is not orthogonal to the start: the space must hold ℓ, although the kink is out of reach."""
    hinge = TruncatedPower(fmpq(1), (fmpq(1), fmpq(1), fmpq(0)), fmpq(100), 4)
    loss = loss_with_spectrum([1, 1, 3], truncated=[hinge])
    expansion = Expansion.of(Problem(loss, step_size="0.1", start=["1", "0", "0"]))
    basis = invariant_subspace(expansion, expansion.displacement)
    assert basis == ((1, 0, 0), (0, 1, 0)), f"{basis}"


def test_the_whole_space_is_no_proper_subspace():
    expansion = Expansion.of(Problem("x**2 + 2*y**2", step_size="0.1", start=["1", "1"]))
    assert invariant_subspace(expansion, expansion.displacement) is None, "(1, 1) generates the plane"
    assert Pencil(expansion.hessian).dimension == 2, "the plane"
