"""Every claim against random problems, shard by shard so that the cores share the work."""

import pytest

from gdcheck.properties.lemmas.shards import Task
from gdcheck.pytest_plugin import WORST_FROM, Attack, run_of


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    run = run_of(metafunc.config)
    if "trial" in metafunc.fixturenames:
        trials = run.trials()
        metafunc.parametrize("trial", trials, ids=[f"{t.source.name}-{t.shard.number}" for t in trials])
    if "search" in metafunc.fixturenames:
        searches = [pytest.param(t, id=f"{t.source.name}-{t.shard.number}") for t in run.searches()]
        reason = f"the search for the smallest margins takes --examples {WORST_FROM} or more, or the profile thorough"
        none = [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="none")]
        metafunc.parametrize("search", searches or none)


def test_claim_holds(trial: Task, attack: Attack) -> None:
    attack(trial)


def test_smallest_margin(search: Task, attack: Attack) -> None:
    attack(search)
