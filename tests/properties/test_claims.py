"""Every claim against random problems, spread over regimes, dimensions and shards so that the cores share the work."""

import pytest

from gdcheck.properties.claims.registry import CLAIMS
from gdcheck.properties.runner.trial import Trial
from gdcheck.pytest_plugin import WORST_FROM, Attack, run_of


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    run = run_of(metafunc.config)
    if "trial" in metafunc.fixturenames:
        trials = run.trials(CLAIMS.values())
        metafunc.parametrize("trial", trials, ids=[t.name for t in trials])
    if "search" in metafunc.fixturenames:
        searches = run.searches(CLAIMS.values())
        reason = f"the search for the smallest margins takes --examples {WORST_FROM} or more, or the profile thorough"
        none = [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="none")]
        metafunc.parametrize("search", [pytest.param(t, id=t.name) for t in searches] or none)


def test_claim_holds(trial: Trial, attack: Attack) -> None:
    attack(trial)


def test_smallest_margin(search: Trial, attack: Attack) -> None:
    attack(search)
