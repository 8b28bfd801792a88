"""Assumptions dropped, with momentum: each row of docs/methods.md, section 9, certified and rechecked."""

from itertools import islice, pairwise

import pytest
from flint import fmpq_mpoly_ctx
from mpmath import mp

from gdcheck.theorem.certificate.answer import answer
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.reference.trajectory import iterates


def heavy(beta):
    return {"name": "heavy-ball", "momentum": beta}


def certified(loss, step_size, start, method):
    decision = decide(Problem(loss, step_size=step_size, start=start, method=method))
    assert check(certificate(decision)) is None
    return answer(decision)


QUADRATIC = "x**2/2 + 2*y**2"


def test_on_the_boundary_there_are_two_limits():
    found = certified(QUADRATIC, "21/50", ["1", "1"], heavy("1/20"))
    assert found["fails"] == ["off-boundary"] and found["limit"]["kind"] == "two-cycle"


def test_with_a_double_end_the_limit_depends_on_the_start():
    loss = "x**2/2 + y**2/2 + 2*z**2"
    limits = [
        certified(loss, "1/10", start, heavy("1/100"))["limit"]["vector"]
        for start in (["1", "1", "1"], ["1", "2", "1"])
    ]
    assert limits[0] == pytest.approx([0.5**0.5, 0.5**0.5, 0]) and limits[1] == pytest.approx([0.2**0.5, 0.8**0.5, 0])


def test_beyond_the_limit_the_minimum_is_unstable():
    assert certified(QUADRATIC, "9/10", ["1", "1"], heavy("1/20"))["regime"] == "unstable"


def test_a_pair_has_no_limit():
    found = certified(QUADRATIC, "1/5", ["1", "1"], heavy("1/2"))
    assert found["verdict"] == "proved" and found["limit"]["kind"] == "rotating"


def test_a_double_multiplier_still_has_a_limit():
    found = certified(QUADRATIC, "1/4", ["1", "1"], heavy("1/4"))
    assert found["fails"] == ["off-boundary"] and found["limit"]["vector"] == pytest.approx([1, 0])


def test_the_cosine_of_updates_does_not_tend_to_one_with_momentum():
    """The paper's quadratic at the usual η = 0.01 and β = 0.9: proved to rotate, and the cosines are seen to fall."""
    method = heavy("0.9")
    found = certified(QUADRATIC, "0.01", ["1", "1"], method)
    assert found["verdict"] == "proved" and found["limit"]["kind"] == "rotating"
    path = list(islice(iterates(Problem(QUADRATIC, step_size="0.01", start=["1", "1"], method=method), 60), 600))
    updates = [[b - a for a, b in zip(x, y, strict=True)] for x, y in pairwise(path)]
    cosines = [
        float(sum(a * b for a, b in zip(u, v, strict=True)) / mp.sqrt(sum(a * a for a in u) * sum(b * b for b in v)))
        for u, v in pairwise(updates[-200:])
    ]
    assert min(cosines) < 0


@pytest.mark.parametrize(("method", "fails"), [(None, ["null-preimages"]), (heavy("1/20"), [])])
def test_null_preimages_are_not_needed_with_momentum(method, fails):
    assert certified("x**2/2 + 5*y**2", "1/10", ["1", "1"], method)["fails"] == fails


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_determinant_of_the_map_of_states_is_a_power_of_beta(n):
    """As polynomials in the entries of H and β: docs/methods.md, section 3."""
    names = tuple(f"h{i}{j}" for i in range(n) for j in range(i, n))
    ring = fmpq_mpoly_ctx.get((*names, "b"), "lex")
    *entries, b = ring.gens()
    at = dict(zip(names, entries, strict=True))
    hessian = [[at[f"h{min(i, j)}{max(i, j)}"] for j in range(n)] for i in range(n)]
    one = [[b**0 * int(i == j) for j in range(n)] for i in range(n)]
    rows = [[*(o - h for o, h in zip(one[i], hessian[i], strict=True)), *(-b * o for o in one[i])] for i in range(n)]
    rows += [[*hessian[i], *(b * o for o in one[i])] for i in range(n)]
    assert _determinant(rows) == b**n


def _determinant(rows):
    if not rows:
        return 1
    first, *rest = rows
    minors = (_determinant([row[:j] + row[j + 1 :] for row in rest]) for j in range(len(first)))
    return sum((-1) ** j * x * minor for j, (x, minor) in enumerate(zip(first, minors, strict=True)))
