"""The generator: reproducible, wide, and always within the theorem's assumptions."""

from functools import cache

import pytest
from flint import arb, ctx, fmpq

from gdcheck.properties.strategies.random_problems import DEFAULT, Recipe, random_problem
from gdcheck.theorem.assumptions.preimages import examine_preimages
from gdcheck.theorem.assumptions.regime import classify
from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.invariant_ball import invariant_radius
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.methods.statement import Regime

COUNT = 200


@cache
def sample() -> tuple[Problem, ...]:
    return tuple(random_problem(7, i) for i in range(COUNT))


@cache
def expansions() -> tuple[Expansion, ...]:
    return tuple(Expansion.of(p) for p in sample())


def hessian(expansion: Expansion):
    assert expansion.hessian is not None
    return expansion.hessian


def relative_distance(expansion: Expansion) -> fmpq:
    values = Pencil(hessian(expansion)).eigenvalues(64)
    assert values[0].is_rational and values[-1].is_rational, "the ends of a prescribed spectrum are rational"
    return expansion.step_size * (values[0].lo + values[-1].lo) / 2 - 1


def test_the_same_seed_and_index_give_the_same_problem() -> None:
    for i in (0, 1, 17, 123456):
        assert random_problem(3, i) == random_problem(3, i)


def test_a_problem_does_not_depend_on_the_ones_before_it() -> None:
    alone = random_problem(11, 5)
    assert [random_problem(11, i) for i in range(6)][5] == alone


def test_other_seeds_and_indices_give_other_problems() -> None:
    texts = {str(random_problem(seed, i).to_json()) for seed in range(4) for i in range(10)}
    assert len(texts) == 40


def test_a_known_problem_stays_what_it_is() -> None:
    # A seed in an old report must still mean the same problem.
    assert random_problem(0, 279).to_json() == {
        "loss": "3/40*x1**2 + 19/20*x2**2 + 13/8*x1**3 + 37/8*x1**2*x2 + 15/4*x1*x2**2 + 11/4*x2**3",
        "variables": ["x1", "x2"],
        "minimizer": ["0", "0"],
        "step_size": "1006/1025",
        "start": ["375/65536", "0"],
    }


def test_it_reaches_every_dimension() -> None:
    assert {p.dimension for p in sample()} == set(range(2, 9))


def test_it_reaches_every_degree() -> None:
    polynomial = {p.loss.degree for p in sample() if not p.loss.truncated}
    assert polynomial == {3, 4, 5, 6}


def test_it_reaches_rotated_and_diagonal_hessians() -> None:
    rotated = sum(any(hessian(e)[i, j] for i in range(e.dimension) for j in range(i)) for e in expansions())
    assert COUNT / 2 < rotated < COUNT, f"{rotated} of {COUNT} are rotated"


def test_it_reaches_minimizers_on_and_off_the_origin() -> None:
    off = sum(any(p.minimizer) for p in sample())
    assert COUNT / 4 < off < 3 * COUNT / 4, f"{off} of {COUNT} are off the origin"


def test_it_reaches_truncated_powers_with_kinks_at_the_minimizer_and_beside_it() -> None:
    offsets = [t.offset for e in expansions() for t in e.truncated]
    assert 0 in offsets
    assert any(offsets)
    assert {t.power for e in expansions() for t in e.truncated} == {4, 5}


def test_even_indices_take_small_steps_and_odd_ones_large_steps() -> None:
    for i, e in enumerate(expansions()):
        regime = classify(Pencil(hessian(e)), e.step_size, 64).regime
        assert regime is (Regime.LARGE_STEP if i % 2 else Regime.SMALL_STEP), f"problem {i} is {regime}"


def test_it_reaches_the_boundary_from_both_sides_down_to_the_recipes_distance() -> None:
    problems = [random_problem(0, i) for i in range(300)]
    distances = [relative_distance(Expansion.of(p)) for p in problems]
    bound = fmpq(1, 10 ** (DEFAULT.closest - 1))
    assert any(0 < d < bound for d in distances)
    assert any(0 < -d < bound for d in distances)
    assert max(distances) > fmpq(1, 10)
    assert min(distances) < -fmpq(1, 2)
    assert min(abs(d) for d in distances) >= fmpq(1, 10**DEFAULT.closest)


def test_every_assumption_holds() -> None:
    for i, (p, e) in enumerate(zip(sample(), expansions(), strict=True)):
        values = Pencil(hessian(e)).eigenvalues(64)
        assert values[0].lo > 0, f"problem {i}: the minimum is not strict"
        assert values[0].multiplicity == values[-1].multiplicity == 1, f"problem {i}: an end is not simple"
        assert len(values) > 1, f"problem {i}: the ends coincide"
        assert p.step_size * values[-1].hi < 2, f"problem {i}: the step is not stable"
        assert all(t.power >= 4 for t in p.loss.truncated), f"problem {i}: the loss is not C³"
        assert examine_preimages(e).holds is True, f"problem {i}: the null-set assumption is not proved"


def test_interior_eigenvalues_may_repeat() -> None:
    repeated = [v for e in expansions() for v in Pencil(hessian(e)).eigenvalues(64)[1:-1] if v.multiplicity > 1]
    assert repeated


def test_starts_lie_inside_the_certified_ball_and_off_the_minimizer() -> None:
    for i, e in enumerate(expansions()):
        values = Pencil(hessian(e)).eigenvalues(64)
        rho = max(abs(1 - e.step_size * values[0].lo), abs(1 - e.step_size * values[-1].lo))
        with ctx.workprec(64):
            radius = invariant_radius(RemainderBound.of(e), arb(rho))
        squared = sum((x * x for x in e.displacement), fmpq(0))
        assert squared > 0, f"problem {i} starts at the minimizer"
        assert radius is None or squared < radius * radius, f"problem {i} starts outside the certified ball"


def test_no_problem_lies_outside_the_theorem() -> None:
    found = [decide(p).verdict for p in sample()]
    assert Verdict.REFUTED not in found
    assert Verdict.NOT_APPLICABLE not in found


@pytest.mark.parametrize("n", [2, 5, 12])
def test_a_recipe_narrows_the_search(n: int) -> None:
    recipe = Recipe(dimensions=(n, n), degrees=(3, 3), terms=(1, 1), closest=4)
    for i in range(10):
        problem = random_problem(1, i, recipe)
        assert problem.dimension == n
        assert abs(relative_distance(Expansion.of(problem))) >= fmpq(1, 10**4)
