"""Residuals that depend on each other: a matrix of rank 2 as a product, and what excludes a common zero."""

import json
from copy import deepcopy
from fractions import Fraction

import numpy as np
import pytest

from gdcheck.theorem.certificate.kinds.valley import valley_answer, valley_certificate
from gdcheck.theorem.certificate.rechecking import BadCertificate, check, require_shape
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.smooth.reading import read_smooth
from gdcheck.theorem.valleys.decide import decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem
from gdcheck.theorem.valleys.relations import Excluded, relations

NAMES = [f"{a}{i}{j}" for a in "uv" for i in (1, 2, 3) for j in (1, 2)]
MATRIX = [[1, 0, 1], [0, 1, 1], [1, 1, 2]]
"""Of rank 2."""
START = ["1.3", "0.2", "-0.4", "1.6", "0.7", "1.1", "0.9", "0.1", "0.3", "0.5", "0.8", "1.2"]


def factorization(matrix):
    """The residuals of U Vᵀ = matrix with two columns each."""
    return [f"u{i + 1}1*v{j + 1}1 + u{i + 1}2*v{j + 1}2 - ({matrix[i][j]})" for i in range(3) for j in range(3)]


def found_in(texts, names):
    return relations([read_smooth(text, names) for text in texts])


def followed(eta, steps):
    """U and V by NumPy, in float64."""
    x = np.array([float(Fraction(q)) for q in START])
    seen = [x]
    for _ in range(steps):
        u, v = x[:6].reshape(3, 2), x[6:].reshape(3, 2)
        error = u @ v.T - np.array(MATRIX)
        x = x - eta * np.concatenate([(error @ v).ravel(), (error.T @ u).ravel()])
        seen.append(x)
    return seen


@pytest.fixture(scope="module")
def decisions():
    texts = factorization(MATRIX)
    return {
        eta: decide_valley(ValleyProblem.of(texts, step_size=eta, start=START, variables=NAMES))
        for eta in ("1/4", "3/10")
    }


@pytest.mark.parametrize(("eta", "kind"), [("1/4", "fixed"), ("3/10", "alternating")])
def test_a_product_of_rank_two_is_decided_in_both_regimes(decisions, eta, kind):
    found = decisions[eta]
    assert found.verdict is Verdict.PROVED, found.reason
    answer = valley_answer(found)
    assert answer["limit"]["kind"] == kind and len(answer["eigenvalues"]) == 8
    certificate = json.loads(json.dumps(valley_certificate(found)))
    require_shape(certificate)
    assert check(certificate) is None
    seen = followed(float(Fraction(eta)), 4000)
    assert max(abs(a - b) for a, (b, _) in zip(seen[-1], answer["minimizer"], strict=True)) < 1e-10
    lengths = [np.linalg.norm(x - seen[-1]) for x in seen]
    k = max(k for k, length in enumerate(lengths) if length > 1e-6)
    k -= k % 2
    direction = (seen[k] - seen[-1]) / lengths[k]
    assert direction @ np.array(answer["limit"]["vector"]) > 0.999


TAMPERED = {
    "another equation": lambda c: c["relations"]["equations"].__setitem__(0, "u1 + u2"),
    "no linear part": lambda c: c["relations"]["equations"].__setitem__(0, "u1*u2"),
    "a constant": lambda c: c["relations"]["equations"].__setitem__(0, c["relations"]["equations"][0] + " + 1"),
    "another tangent vector": lambda c: c["relations"]["tangent"].__setitem__(0, ["1"] + ["0"] * 8),
    "a tangent vector twice": lambda c: c["relations"]["tangent"].__setitem__(0, c["relations"]["tangent"][1]),
    "no relations": lambda c: c.update(relations=None),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampered_relations_are_rejected(decisions, what):
    tampered = deepcopy(valley_certificate(decisions["1/4"]))
    TAMPERED[what](tampered)
    if what == "no relations":
        with pytest.raises(BadCertificate, match=r"spectrum\.vectors"):
            check(tampered)
    else:
        assert check(tampered) is not None


def test_dependent_residuals_are_recognized():
    assert found_in(["x*y - 1", "x**2 + y"], ["x", "y"]) is None
    twice = found_in(["x*y - 1", "2*x*y - 2"], ["x", "y"])
    assert len(twice.equations) == 1 and len(twice.tangent) == 1
    curved = found_in(["x*y - 1", "(x*y)**2 - 1"], ["x", "y"])
    assert {sum(alpha) for alpha in curved.equations[0]} == {1, 2}
    assert found_in(["tanh(x*y)", "2*tanh(x*y)"], ["x", "y"]) is None


def test_an_equation_can_forbid_a_common_zero():
    assert isinstance(found_in(["x - 1", "x + 1"], ["x", "y"]), Excluded)
    regular = [[1, 0, 1], [0, 1, 1], [1, 1, 3]]
    found = decide_valley(ValleyProblem.of(factorization(regular), step_size="1/10", start=START, variables=NAMES))
    assert found.verdict is Verdict.UNRESOLVED and "forbids a common zero" in found.reason
