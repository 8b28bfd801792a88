"""Two thousand random problems: none unresolved, every certificate accepted by the independent checker."""

import json

import pytest

from gdcheck.properties.strategies.random_problems import random_problem
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.checker.amplitude import check
from gdcheck.theorem.decision.decide import Verdict, decide

SEED = 2026
SHARDS = 16
PROBLEMS = 2000


@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_problem_is_proved_and_rechecked(shard):
    for index in range(shard, PROBLEMS, SHARDS):
        problem = random_problem(SEED, index)
        decision = decide(problem)
        where = f"random_problem({SEED}, {index}) = {problem.to_json()}"
        assert decision.verdict is Verdict.PROVED, f"{where}: {decision.verdict.value}, {decision.reason}"
        failure = check(json.loads(json.dumps(certificate(decision))))
        assert failure is None, f"{where}: {failure}"
