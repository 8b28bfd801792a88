"""Classic test functions from their classic starts: the answers of an independent simulation, proved and rechecked.

benchmarks/classic.jsonl holds the problems; those that take longer are run by ``tox -e bench``.
"""

import json
from pathlib import Path

import pytest

from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem

FILE = Path(__file__).parents[4] / "benchmarks" / "classic.jsonl"
CASES = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
QUICK = [case for case in CASES if case["quick"]]


def test_the_list_is_there():
    assert len(CASES) > 90 and len(QUICK) > 60
    assert {case["verdict"] for case in QUICK} >= {"proved", "not-applicable"}
    assert {case["kind"] for case in QUICK} >= {"fixed", "alternating"}


@pytest.mark.parametrize("case", QUICK, ids=lambda case: f"{case['name']}, {case['problem']['step_size']}")
def test_a_classic_problem_gets_its_known_answer(case):
    decision = decide(Problem.from_json(case["problem"]))
    assert decision.verdict.value == case["verdict"], decision.reason
    if case["kind"] is not None:
        assert decision.limit.kind.value == case["kind"]
    if case["vector"] is not None:
        assert [float(x.mid()) for x in decision.limit.vectors[0]] == pytest.approx(case["vector"], abs=1e-6)
    assert check(certificate(decision)) is None
