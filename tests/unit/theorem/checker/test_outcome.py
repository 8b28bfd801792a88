"""A check that is given up is neither accepted nor rejected, and says so."""

from itertools import count
from types import SimpleNamespace

import pytest

from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.checker import outcome
from gdcheck.theorem.checker.outcome import ClaimError, NotChecked, at_step, claim, look, required, time_limit, watched
from tests.builders.certificates import CERTIFICATES, CUBIC, ORBIT, SEPARABLE, replace

LONG = CUBIC + "".join(f" + 1/{10**i}*x**{3 + i % 5}*y**{1 + i % 7}" for i in range(1, 40))


@pytest.fixture
def slow_clock(monkeypatch):
    """A clock that goes on by a millisecond whenever it is looked at, so that limits do not depend on the machine."""
    ticks = count()
    monkeypatch.setattr(outcome, "time", SimpleNamespace(thread_time=lambda: next(ticks) / 1000))


@pytest.mark.parametrize("certificate", [CERTIFICATES["small_cubic"], SEPARABLE, ORBIT], ids=lambda c: c["schema"])
def test_every_kind_has_a_time_limit(certificate):
    assert check(certificate) is None
    with pytest.raises(NotChecked, match="more than 0 seconds; this says nothing about the proof"):
        check(certificate, time_limit=0)


def test_a_long_trajectory_is_given_up(slow_clock):
    """A million steps of forty terms; the sentence cannot be taken for a wrong proof."""
    certificate = CERTIFICATES["small_cubic"] | {"step": 10**6}
    with pytest.raises(NotChecked) as error:
        check(replace(certificate, ("problem", "loss"), LONG), time_limit=0.2)
    assert str(error.value) == (
        "not checked: the trajectory up to step 1000000 takes the checker more than 0.2 seconds;"
        " this says nothing about the proof"
    )
    assert "fails" not in str(error.value)


def test_many_pieces_of_large_matrices_are_given_up(slow_clock):
    """Ten truncated powers in sixteen variables make 1024 determinants at each of many points."""
    names = [f"v{i}" for i in range(16)]
    loss = " + ".join([f"{k + 1}/32*{v}**2" for k, v in enumerate(names)])
    loss += "".join(f" + max({v} - 1/{k + 3}, 0)**4" for k, v in enumerate(names[:10]))
    certificate = CERTIFICATES["small_bowl"] | {"points": [["1"] * 16] * 300}
    certificate["problem"] = {
        "loss": loss,
        "variables": names,
        "minimizer": ["0"] * 16,
        "step_size": "1",
        "start": ["1/100"] * 16,
    }
    certificate["spectrum"] = {
        "lowest": {"interval": ["1/16", "1/16"], "multiplicity": 1},
        "highest": {"interval": ["1", "1"], "multiplicity": 1},
    }
    certificate |= {"limit": {"kind": "fixed", "vectors": [[["0", "1"]] * 16]}}
    certificate["blocks"] = [{"gap": "1/20", "vectors": [["1"] + ["0"] * 15], "amplitude": "1"}]
    with pytest.raises(NotChecked, match="a determinant of F' takes the checker more than"):
        check(certificate, time_limit=0.3)


def test_a_limit_ends_with_its_check():
    with pytest.raises(NotChecked), time_limit(0):
        look("something")
    look("something else")
    with time_limit(1000):
        with pytest.raises(NotChecked), time_limit(0):
            look("something inside")
        look("something outside")


def test_the_default_is_a_minute():
    assert outcome.TIME_LIMIT == 60


def test_no_time_is_over_at_once(monkeypatch):
    monkeypatch.setattr(outcome, "time", SimpleNamespace(thread_time=lambda: 5.0))
    with pytest.raises(NotChecked), time_limit(0):
        look("something")


def test_who_watches_is_told_now_and_then():
    seen = []
    with watched(lambda done, total: seen.append((done, total))):
        for step in range(131):
            at_step(step, 130)
    at_step(0, 1)
    assert seen == [(0, 130), (64, 130), (128, 130)]


def test_a_claim_that_fails_is_said():
    claim(1, "never said")
    assert required(0, "never said") == 0
    with pytest.raises(ClaimError, match=r"^the sum is too large$"):
        claim([], "the sum is too large")
    with pytest.raises(ClaimError, match=r"^no vector is stated$"):
        required(None, "no vector is stated")
