"""The bar of a recheck: shown where it takes long and somebody sees it; and what it is told."""

import io
import sys

import pytest

from gdcheck.terminal import late
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_where_nobody_looks_there_is_nothing_to_tell(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with late.late_bar("rechecking") as watch:
        assert watch is None


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, True), (1e9, False)])
def test_the_bar_comes_late(monkeypatch, seconds, shown):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(late, "LATE", seconds)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with late.late_bar("rechecking") as watch:
        watch(64, 1000)
    assert ("rechecking" in terminal.getvalue()) is shown


def test_the_checker_tells_how_far_it_is():
    problem = Problem(
        "5*(y - x**2)**2 + (1 - x)**2", step_size="0.02", start={"x": "0.9", "y": "0.8"}, minimizer={"x": 1, "y": 1}
    )
    told = []
    decision = decide(problem)
    assert check(certificate(decision), watch=lambda done, total: told.append((done, total))) is None
    step = decision.amplitude.step
    assert told == [(k, step) for k in range(0, step + 1, 64)]
    before = len(told)
    assert check(certificate(decision)) is None and len(told) == before
