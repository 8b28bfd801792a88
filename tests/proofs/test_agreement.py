"""The checker in Coq against the Python checker and against the decision."""

from copy import deepcopy
from fractions import Fraction
from random import Random

import pytest

from gdcheck.theorem.certificate.kinds.coq import coq_instance
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.problem import Problem
from tests.proofs.bulk import proved_certificates, verdicts

COUNT = 300


@pytest.fixture(scope="module")
def certificates():
    return proved_certificates(COUNT, 15)


def test_both_checkers_accept_random_problems(library, certificates, tmp_path):
    found = verdicts(library, tmp_path, [coq_instance(c) for c in certificates])
    assert [check(c) for c in certificates] == [None] * COUNT
    assert found == ["accepted"] * COUNT


def _scaled(text, random):
    return str(
        Fraction(text)
        * random.choice([-1, Fraction(1, 2), 2, Fraction(99, 100), Fraction(101, 100), Fraction(1001, 1000)])
    )


def _tampered(certificate, random):
    """One thing changed: a number, the regime or the signs of the limit."""
    data = deepcopy(certificate)
    problem, block, limit = data["problem"], data["blocks"][0], data["limit"]
    i = random.randrange(len(problem["variables"]))
    what = random.choice(
        [
            "start",
            "minimizer",
            "step_size",
            "gap",
            "vector",
            "amplitude",
            "step",
            "bound",
            "kind",
            "sign",
            "entry",
            "end",
        ]
    )
    if what == "minimizer" and len(problem["variables"]) > 3:
        # Away from a minimizer nothing cancels: the expansion in many variables is long.
        what = "start"
    if what in {"start", "minimizer"}:
        problem[what][i] = str(
            Fraction(problem[what][i]) + Fraction(random.choice([-1, 1]), 10 ** random.randint(1, 9))
        )
    elif what == "step_size":
        problem[what] = _scaled(problem[what], random).removeprefix("-")
    elif what in {"gap", "amplitude"}:
        block[what] = _scaled(block[what], random)
    elif what == "vector":
        block["vectors"][0][i] = _scaled(block["vectors"][0][i], random)
    elif what == "step":
        data["step"] = max(0, data["step"] + random.choice([-3, -1, 1, 5]))
    elif what == "bound":
        name = random.choice(["radius", "sigma", "tail"])
        data["bounds"][name] = _scaled(data["bounds"][name], random)
    elif what == "kind":
        limit["kind"] = "fixed" if limit["kind"] == "alternating" else "alternating"
    elif what == "sign":
        limit["vectors"][0] = [[str(-Fraction(high)), str(-Fraction(low))] for low, high in limit["vectors"][0]]
    elif what == "entry":
        limit["vectors"][0][i] = [_scaled(x, random) for x in limit["vectors"][0][i]]
    else:
        end = data["spectrum"][random.choice(["lowest", "highest"])]
        end["interval"] = [_scaled(x, random).removeprefix("-") for x in end["interval"]]
    return data


def test_what_coq_accepts_of_tampered_certificates_agrees_with_the_decision(library, certificates, tmp_path):
    random = Random(15)
    tampered = [_tampered(c, random) for c in certificates]
    found = verdicts(library, tmp_path, [coq_instance(c) for c in tampered])
    for data, outcome in zip(tampered, found, strict=True):
        if outcome != "accepted":
            continue
        decision = decide(Problem.from_json(data["problem"]))
        assert decision.verdict is Verdict.PROVED
        assert decision.limit is not None
        assert decision.limit.kind.value == data["limit"]["kind"]
        for value, (low, high) in zip(decision.limit.vectors[0], data["limit"]["vectors"][0], strict=True):
            assert float(Fraction(low)) - 1e-9 <= float(value.mid()) <= float(Fraction(high)) + 1e-9
    # Most changes are seen; those that are not, such as a smaller gap, leave a true claim.
    assert found.count("accepted") < COUNT // 2
