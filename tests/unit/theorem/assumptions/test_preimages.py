"""The technical assumption: evidence that it holds, or a vector that shows that it does not."""

from itertools import combinations

import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.assumptions.preimages import examine_preimages
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.checker.amplitude import check
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.prescribed import cayley, loss_with_spectrum
from gdcheck.theorem.methods.statement import Assumption
from tests.builders.strategies import critical_problems, dot, problems, rotations, vectors


def determinants(expansion, h):
    """det(I − η∇²f_S) at h for every set S of truncated powers, from the loss's own second differences of monomials."""
    n = expansion.dimension
    base = fmpq_mat(n, n)
    for e, c in expansion.terms:
        for i in range(n):
            for j in range(n):
                lowered = [a - (k == i) - (k == j) for k, a in enumerate(e)]
                if min(lowered) < 0:
                    continue
                factor = e[i] * (e[i] - 1) if i == j else e[i] * e[j]
                value = c * factor
                for x, a in zip(h, lowered, strict=True):
                    value *= x**a
                base[i, j] += value
    found = {}
    powers = expansion.truncated
    for size in range(len(powers) + 1):
        for piece in combinations(range(len(powers)), size):
            hessian = fmpq_mat(base)
            for k in piece:
                t = powers[k]
                reach = t.offset + dot(t.direction, h)
                for i in range(n):
                    for j in range(n):
                        hessian[i, j] += (
                            t.coefficient
                            * t.power
                            * (t.power - 1)
                            * reach ** (t.power - 2)
                            * t.direction[i]
                            * t.direction[j]
                        )
            matrix = fmpq_mat(n, n)
            for i in range(n):
                for j in range(n):
                    matrix[i, j] = (i == j) - expansion.step_size * hessian[i, j]
            found[piece] = matrix.det()
    return found


def check_evidence(problem):
    expansion = Expansion.of(problem)
    found = examine_preimages(expansion)
    zero = (fmpq(0),) * problem.dimension
    if found.holds:
        tables = [determinants(expansion, h) for h in found.points or [zero]]
        for piece in tables[0]:
            assert any(t[piece] != 0 for t in tables), f"det(I − η∇²f_S) vanishes at every point for S = {piece}"
        assert found.kernel is None, "evidence for both sides"
    elif found.holds is False:
        check_kernel(expansion, found)
    return found


def check_kernel(expansion, found):
    """Near the place, F is constant along u, exactly."""
    u, n, small = found.kernel, expansion.dimension, fmpq(1, 1000)
    (place,) = found.points or [(fmpq(0),) * n]
    assert any(u), "the kernel vector is zero"
    for k in range(8):
        near = tuple(x + small * fmpq((k + 1) * (3 * i + 1) - 5 * (k % 3), 30 * (k + 1)) for i, x in enumerate(place))
        moved = tuple(x + small * y / max(map(abs, u)) for x, y in zip(near, u, strict=True))
        assert expansion.exact_step(near) == expansion.exact_step(moved), f"F moves along {u} at {near}"


HOLDS = {
    "regular at the minimizer": ("x**2/2 + 2*y**2", "0.1"),
    "a cubic term rescues": ("x**2/2 + 2*y**2 + y**3", "1/4"),
    "a mixed term rescues": ("x**2/2 + 2*y**2 + x**2*y**2", "1/4"),
    "both multipliers vanish": ("2*x**2 + 2*y**2 + x**3 + y**3", "1/4"),
    "regular with and without the hinge": ("x**2/2 + 2*y**2 + max(y - 1, 0)**4", "0.1"),
    "the hinge's own null point": ("x**2/2 + 7/4*y**2 + x**3/3 + max(x - 1, 0)**4/12", "1/2"),
}
FAILS = {
    "a quadratic at 1/λ₂": ("x**2/2 + 2*y**2", "1/4"),
    "a quadratic at 1/λ₁": ("3/2*x**2 + 2*y**2", "1/3"),
    "the cubic term is elsewhere": ("x**2/2 + 2*y**2 + x**3", "1/4"),
    "the hinge is elsewhere": ("x**2/2 + 2*y**2 + max(x - 1, 0)**4", "1/4"),
    "rotated": ("5/2*(x + 2*y)**2/5 + (2*x - y)**2/10 + (2*x - y)**3", "1/5"),
}


@pytest.mark.parametrize("name", HOLDS)
def test_holds_with_points(name):
    loss, eta = HOLDS[name]
    found = check_evidence(Problem(loss, step_size=eta, start=["1/100", "1/20"]))
    assert found.holds is True, f"{name}: {found}"


@pytest.mark.parametrize("name", FAILS)
def test_fails_with_a_kernel(name):
    loss, eta = FAILS[name]
    problem = Problem(loss, step_size=eta, start=["1/100", "1/20"])
    found = check_evidence(problem)
    assert found.holds is False, f"{name}: {found}"
    assert decide(problem).verdict is Verdict.NOT_APPLICABLE, "the verdict must name it"


ONE_SIDED = {
    "the kink beside the minimizer": "max(y - 1, 0)**4",
    "aslant": "max(x + y - 1, 0)**4",
    "through the minimizer": "max(y, 0)**4",
    "through it, the other side": "max(-y, 0)**4",
    "two of them": "max(y, 0)**4 + max(x + y - 1, 0)**5",
    "two that leave a wedge": "max(y - x, 0)**4 + max(x + 2*y, 0)**4",
    "two that leave a strip": "max(x + y - 1, 0)**4 + max(-x - y - 1/2, 0)**4",
    "a kink along the null direction": "max(y, 0)**4 + max(x - 1, 0)**4 + max(-x, 0)**4",
}


@pytest.mark.parametrize("name", ONE_SIDED)
def test_it_is_enough_that_the_map_is_constant_on_one_side(name):
    """There an open set is mapped into a line."""
    loss = f"x**2/2 + 2*y**2 + {ONE_SIDED[name]}"
    problem = Problem(loss, step_size="1/4", start=["1/100", "1/20"])
    found = check_evidence(problem)
    assert found.holds is False, f"{name}: {found}"
    decision = decide(problem)
    assert decision.verdict is Verdict.NOT_APPLICABLE and Assumption.NULL_PREIMAGES in decision.fails
    assert check(certificate(decision)) is None


def test_between_opposite_kinks_nothing_is_left():
    """One of both is always met: without either, the map would be constant along y, but that is nowhere so."""
    problem = Problem("x**2/2 + 2*y**2 + max(y, 0)**4 + max(-y, 0)**4", step_size="1/4", start=["1/100", "1/20"])
    found = examine_preimages(Expansion.of(problem))
    assert found.holds is True and found.points, f"{found}"
    decision = decide(problem)
    assert decision.verdict is Verdict.PROVED, decision.reason
    assert check(certificate(decision)) is None


@given(st.one_of(problems(powers=(2 + 1, 4, 5)), critical_problems()))
def test_evidence_is_evidence(problem):
    check_evidence(problem)


@given(rotations(3), st.integers(0, 2), vectors(2, 2), st.booleans())
def test_rotated_null_steps(q, i, rest, coupled):
    """At η = 1/λᵢ, terms in the other eigen-coordinates do not help; a cube of the i-th does."""
    spectrum = [fmpq(2), fmpq(3), fmpq(5)]
    others = [j for j in range(3) if j != i]
    line = [q[k, i] if coupled else sum((rest[m] * q[k, j] for m, j in enumerate(others)), fmpq(0)) for k in range(3)]
    cube = loss_with_spectrum([0, 0, 0]) + loss_with_spectrum(spectrum, rotation=q)
    text = " + ".join(f"({c})*x{k + 1}" for k, c in enumerate(line))
    loss = cube + type(cube).parse(f"({text})**3", cube.variables)
    expansion = Expansion.of(Problem(loss, step_size=1 / spectrum[i], start=["1/100", "1/50", "1/30"]))
    found = examine_preimages(expansion)
    assert found.holds is coupled, f"η = 1/{spectrum[i]}, cube {'of' if coupled else 'off'} that direction: {found}"
    if not coupled:
        check_kernel(expansion, found)
        # The kernel is the eigenvector itself.
        assert fmpq_mat([list(found.kernel), [q[k, i] for k in range(3)]]).rank() == 1, f"{found.kernel}"


def test_points_serve_all_pieces_at_once():
    """One piece is regular at the minimizer but singular at the point that serves the other: both must be listed."""
    check_evidence(
        Problem("x**2/2 + 7/4*y**2 + x**3/3 + max(x - 1, 0)**4/12", step_size="1/2", start=["1/100", "1/20"])
    )


@pytest.mark.parametrize(("count", "holds"), [(1, True), (10, True), (11, None)])
def test_many_truncated_powers_are_undecided(count, holds):
    loss = "x**2/2 + 2*y**2 + " + " + ".join(f"max(x - {k}, 0)**4" for k in range(1, count + 1))
    found = examine_preimages(Expansion.of(Problem(loss, step_size="0.1", start=["0.1", "0.1"])))
    assert found.holds is holds, f"{count} truncated powers: {found.holds}"


def test_a_rotated_quadratic_at_its_own_null_step():
    loss = loss_with_spectrum([1, 4, 7], rotation=cayley(["1/2", "1/3", "1/5"], 3), minimizer=["1/3", "2", "-1"])
    found = check_evidence(Problem(loss, step_size="1/4", start=["1/2", "1", "1"], minimizer=["1/3", "2", "-1"]))
    assert found.holds is False, "4 is an eigenvalue and η = 1/4"
