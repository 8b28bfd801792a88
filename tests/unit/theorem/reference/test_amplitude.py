"""The second engine: what it sees of closed forms, that it says so when it sees nothing, and that it stands alone."""

from __future__ import annotations

import ast
from itertools import islice
from pathlib import Path

import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from gdcheck.theorem import reference
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.reference.amplitude import NotSettled, follow, second_opinion
from gdcheck.theorem.reference.spectrum import ReferenceSpectrum
from gdcheck.theorem.reference.trajectory import ReferenceMap, iterates, norm
from tests.builders.instances import build
from tests.builders.strategies import problems

WORKED = "x**2 + y**2/2 + x**2*y + x**3"


def test_it_shares_no_code_of_the_decision() -> None:
    """Only the loss and the problem as data, and the names of regimes; no FLINT but its rationals."""
    allowed = {f"gdcheck.theorem.{name}" for name in ("descent.problem", "methods.statement")}
    allowed |= {f"gdcheck.theorem.smooth.{name}" for name in ("graph", "problem")}
    for path in Path(reference.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Import), path.name
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gdcheck"):
                own = (node.module or "").startswith("gdcheck.theorem.reference.")
                assert own or node.module in allowed, f"{path.name} imports {node.module}"
            if isinstance(node, ast.ImportFrom) and node.module == "flint":
                assert [alias.name for alias in node.names] == ["fmpq"], path.name


@given(problems(1, 4))
def test_its_gradient_and_hessian_are_the_exact_ones(problem: Problem) -> None:
    with mp.workdps(50):
        descend = ReferenceMap(problem)
        for seen, exact in zip(descend.gradient(descend.start), problem.loss.gradient(problem.start), strict=True):
            assert abs(seen - mpf(int(exact.p)) / int(exact.q)) < mpf(10) ** -40
        rows = problem.loss.hessian(problem.start)
        for row, exact_row in zip(descend.hessian(descend.start), rows, strict=True):
            for seen, exact in zip(row, exact_row, strict=True):
                assert abs(seen - mpf(int(exact.p)) / int(exact.q)) < mpf(10) ** -40


@pytest.mark.parametrize(
    ("step_size", "regime"),
    [
        ("2/3", Regime.BOUNDARY),
        ("66666666666666/100000000000000", Regime.SMALL_STEP),
        ("66666666666667/100000000000000", Regime.LARGE_STEP),
        ("1", Regime.UNSTABLE),
        ("9/10", Regime.LARGE_STEP),
    ],
)
def test_its_own_threshold(step_size: str, regime: Regime) -> None:
    seen = second_opinion(build(WORKED, step_size, ("1/1000", "1/1000")))
    assert seen.spectrum.regime is regime
    assert len(seen.amplitudes) == {Regime.BOUNDARY: 2, Regime.UNSTABLE: 0}.get(regime, 1)


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from(["1/10", "1/2", "7/10", "9/10"]))
def test_the_amplitude_of_a_quadratic_is_its_component(p: int, q: int, step_size: str) -> None:
    problem = build("x**2 + y**2/2", step_size, (fmpq(p, 7), fmpq(-q, 7)))
    (part,) = second_opinion(problem).amplitudes
    along = fmpq(-q, 7) if part.multiplier > 0 else fmpq(p, 7)
    with mp.workdps(60):
        assert abs(abs(part.value) - abs(mpf(int(along.p)) / int(along.q))) < mpf(10) ** -50
        assert part.error < mpf(10) ** -50


def test_the_amplitude_settles_next_to_the_boundary_where_the_direction_does_not() -> None:
    problem = build(WORKED, "666666666666/1000000000000", ("1/1000", "1/1000"))
    seen = second_opinion(problem)
    (part,) = seen.amplitudes
    assert len(seen.errors) < 20
    with mp.workdps(100):
        late = next(islice(iterates(problem, 100), 100, None))
        assert abs(mp.fdot(part.vector, late) / part.multiplier**100 - part.value) <= part.error
        # Both coordinates are still about as large.
        assert 0.1 < abs(late[0] / late[1]) < 10


def test_a_start_without_the_dominant_component_has_no_amplitude() -> None:
    (part,) = second_opinion(build("x**2 + y**2/2 + x**2*y**2", "1/10", ("1/10", "0"))).amplitudes
    assert part.value == 0
    # One that the remainder pushes off the plane has.
    (pushed,) = second_opinion(build("x**2 + y**2/2 + x**2*y", "1/10", ("1/10", "0"))).amplitudes
    assert pushed.value != 0


def test_it_says_that_nothing_settled() -> None:
    with pytest.raises(NotSettled, match="did not settle within"):
        second_opinion(build("x**2/2 + y**2 + x**3", "1/1000000", ("1/10", "1/10")))


def test_follow_begins_where_it_is_told() -> None:
    problem = build(WORKED, "1/10", ("1/10", "1/20"))
    digits, spectrum, errors = follow(problem, 3, 7)
    assert len(errors) == 5
    with mp.workdps(digits):
        expected = list(islice(iterates(problem, digits), 3, 8))
        assert errors == expected
        (low, high) = spectrum.eigenvalues
        assert abs(low - 1) + abs(high - 2) < mpf(10) ** -90


def test_an_eigenvector_is_found_or_not_claimed() -> None:
    with mp.workdps(60):
        matrix = [[mpf(2), mpf(1), mpf(0)], [mpf(1), mpf(2), mpf(0)], [mpf(0), mpf(0), mpf(7)]]
        seen = ReferenceSpectrum.of(matrix, mpf(1) / 10)
        assert [mp.nint(x) for x in seen.eigenvalues] == [1, 3, 7]
        for x in seen.eigenvalues:
            v = seen.eigenvector(x)
            assert v is not None
            assert abs(norm(v) - 1) < mpf(10) ** -50
        assert seen.eigenvector(mpf(2)) is None
