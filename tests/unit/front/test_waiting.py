"""A sign of life appears only after a while, only on a terminal, and goes away."""

import io
import sys
from contextlib import contextmanager
from time import sleep

import pytest

import gdcheck
from gdcheck.terminal import progress, waiting
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("terminal", "seconds", "shown"), [(True, 0.001, ["deciding", "gone"]), (True, 60, []), (False, 0.001, [])]
)
def test_when_it_appears(monkeypatch, terminal, seconds, shown):
    seen = []

    @contextmanager
    def bar(total, what):
        seen.append(what)
        yield
        seen.append("gone")

    monkeypatch.setattr(progress, "progress_bar", bar)
    monkeypatch.setattr(waiting, "LATE", seconds)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    with waiting.waiting("deciding"):
        for _ in range(100):
            if len(seen) == min(1, len(shown)) and (shown or seconds > 1 or not terminal):
                break
            sleep(0.02)
    assert seen == shown


def test_where_nobody_looks_there_is_nothing_to_tell(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with waiting.waiting("rechecking") as watch:
        assert watch is None


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, True), (60, False)])
def test_it_says_how_far_it_is(monkeypatch, seconds, shown):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(waiting, "LATE", seconds)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with waiting.waiting("rechecking") as watch:
        for _ in range(200 if shown else 1):
            watch(64, 1000)
            if "64 of 1,000" in terminal.getvalue():
                break
            sleep(0.05)
    assert ("rechecking" in terminal.getvalue()) is shown
    assert ("64 of 1,000" in terminal.getvalue()) is shown


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


@pytest.mark.parametrize(
    "problem",
    [
        gdcheck.Problem("exp(x) - x + y**2 + x*y**2", step_size="0.1", start=["1/2", "1/2"], minimizer=["0", "0"]),
        gdcheck.Problem.residuals(["x*y - 1"], step_size="1/4", start=["3", "2/5"]),
        *(
            gdcheck.Problem("x**2/2 + y**2 + x**3", step_size=eta, start=["1/20", "1/20"], method=method)
            for eta, method in (
                ("1/10", {"name": "heavy-ball", "momentum": "1/20"}),
                ("1/1000", {"name": "rmsprop", "beta2": "9/10", "epsilon": "1"}),
            )
        ),
    ],
    ids=["smooth", "valley", "heavy-ball", "rmsprop"],
)
def test_every_kind_of_trajectory_tells_how_far_its_check_is(problem):
    told = []
    certified = gdcheck.certify(gdcheck.decide(problem))
    assert check(certified, watch=lambda done, total: told.append((done, total))) is None
    (last,) = {total for _, total in told}
    assert [done for done, _ in told] == [*range(0, last + 1, 64)]
