"""Hypothesis profiles: `quick` unless HYPOTHESIS_PROFILE or --hypothesis-profile names another."""

import os

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["gdcheck.claims_plugin"]

_COMMON = {"deadline": None, "print_blob": True, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("quick", max_examples=20, derandomize=True, database=None, **_COMMON)
settings.register_profile("default", max_examples=100, **_COMMON)
settings.register_profile("thorough", max_examples=1000, **_COMMON)
# The plugin loads what --hypothesis-profile names after this file has been read.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_configure(config):
    """Give each claim 6 problems for an example of the Hypothesis profile, and keep what breaks one."""
    profile = config.getoption("--hypothesis-profile", None) or settings.get_current_profile_name()
    config.option.gdcheck_budget = config.option.gdcheck_budget or 6 * settings.get_profile(profile).max_examples
    config.option.gdcheck_time_limit = max(config.option.gdcheck_time_limit, 600.0)
    config.option.gdcheck_out = config.option.gdcheck_out or config.rootpath / "reports" / "out" / "counterexamples"


@pytest.fixture
def gdcheck(capsys):
    """Calls the command line in this process: its exit code, output and errors."""
    from gdcheck.cli import run

    def call(*words):
        code = run([str(w) for w in words])
        out, err = capsys.readouterr()
        return code, out, err

    return call
