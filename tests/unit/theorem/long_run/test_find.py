"""Where a trajectory ends, where floats do not reach."""

import gdcheck
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.long_run.find import long_run
from gdcheck.theorem.long_run.outcome import LongRun


def test_numbers_beyond_floats_are_not_examined():
    problem = Problem("x**2 + y**2/2 + 1e310*x**3", step_size="0.1", start=["0.1", "0.1"])
    found = long_run(problem)
    assert found.kind is LongRun.UNKNOWN
    assert "beyond all floats" in found.sentence
    assert gdcheck.decide(problem).verdict is gdcheck.Verdict.UNRESOLVED
