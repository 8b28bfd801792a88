"""A sign of life appears only after a while, only on a terminal, and goes away."""

import sys
from contextlib import contextmanager
from time import sleep

import pytest

from gdcheck.terminal import progress, waiting


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
    monkeypatch.setattr(waiting, "_SECONDS", seconds)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    with waiting.waiting("deciding"):
        for _ in range(100):
            if len(seen) == min(1, len(shown)) and (shown or seconds > 1 or not terminal):
                break
            sleep(0.02)
    assert seen == shown
