"""``gdcheck replay`` of a stored counterexample: the failure comes back as long as its cause is there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gdcheck.cli import run
from gdcheck.properties.claims import invariance, rate
from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.registry import CLAIMS
from gdcheck.properties.runner import counterexamples
from gdcheck.properties.runner.counterexamples import FORMS, as_run, store
from gdcheck.properties.runner.trial import CounterexampleError, Trial, attack
from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.theorem.loss.errors import InputError

Replay = Callable[[Path], tuple[int, list[str], str]]


@pytest.fixture
def replay(capsys: pytest.CaptureFixture[str]) -> Replay:
    def call(path: Path) -> tuple[int, list[str], str]:
        code = run(["replay", str(path)])
        out, err = capsys.readouterr()
        return code, out.splitlines(), err

    return call


def stored(claim: Claim, root: Path) -> list[Path]:
    """The files of a claim that fails."""
    with pytest.raises(CounterexampleError) as caught:
        attack(Trial(claim, claim.regimes[0], (2, 3), 30), 0, None, lambda _: None)
    folder = store(caught.value, root).folder
    return [root / folder / f"{form}.json" for form in FORMS]


def plant_wrong_rate(patch: pytest.MonkeyPatch) -> str:
    honest = rate.rate
    patch.setattr(rate, "rate", lambda decision: 1.01 * (honest(decision) or 0))
    return "rate"


def plant_growth(patch: pytest.MonkeyPatch) -> str:
    honest = invariance.image
    patch.setattr(invariance, "image", lambda i, h: tuple(5 * x for x in honest(i, h)))
    return "invariance"


@pytest.mark.parametrize("plant", [plant_wrong_rate, plant_growth])
def test_a_failure_comes_back_until_its_cause_is_gone(
    plant: Callable[[pytest.MonkeyPatch], str], tmp_path: Path, replay: Replay
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        name = plant(patch)
        files = stored(CLAIMS[name], tmp_path)
        for path in files:
            code, lines, err = replay(path)
            assert (code, lines[0], err) == (1, "SAME: proved", "")
            assert lines[-1] == f"FAILED: {name}: {json.loads(path.read_text(encoding='utf-8'))['note']}"
    for path in files:
        code, lines, err = replay(path)
        assert (code, lines[0], err) == (0, "SAME: proved", "")
        assert lines[-1].startswith(f"FIXED: {name}: ")


@pytest.fixture(scope="module")
def simplest(tmp_path_factory: pytest.TempPathFactory) -> str:
    with pytest.MonkeyPatch.context() as patch:
        return stored(CLAIMS[plant_wrong_rate(patch)], tmp_path_factory.mktemp("stored"))[1].read_text(encoding="utf-8")


@pytest.fixture
def record(simplest: str) -> Any:
    """A counterexample whose cause is gone."""
    return json.loads(simplest)


def write(root: Path, record: object) -> Path:
    path = root / "record.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    return path


def test_an_error_inside_the_claim_is_a_failure(
    record: dict[str, Any], tmp_path: Path, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(rate, "second_modulus", crash)
    code, lines, _ = replay(write(tmp_path, record))
    assert (code, lines[-1]) == (1, "FAILED: rate: ZeroDivisionError: planted")


def test_another_verdict_is_no_success_even_where_the_claim_holds(
    record: dict[str, Any], tmp_path: Path, replay: Replay
) -> None:
    code, lines, _ = replay(write(tmp_path, record | {"verdict": "refuted"}))
    assert (code, lines[0]) == (1, "DIFFERENT: stored refuted, now proved")
    assert lines[-1].startswith("FIXED: rate: ")


@pytest.mark.parametrize(
    ("place", "expected"), [(StartPlace.OUTSIDE, (3, "UNRESOLVED")), (StartPlace.BALL, (1, "FAILED"))]
)
def test_unresolved_is_neither_fixed_nor_always_failed(
    place: StartPlace,
    expected: tuple[int, str],
    record: dict[str, Any],
    tmp_path: Path,
    replay: Replay,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rate, "settled_walk", lambda *_: None)
    code, lines, _ = replay(write(tmp_path, record | {"made": record["made"] | {"place": place.value}}))
    assert (code, lines[-1].split(":")[0]) == expected


def test_a_note_cannot_drive_the_terminal(
    record: dict[str, Any], tmp_path: Path, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> Finding:
        raise ValueError("\x1b[31m\nred")

    monkeypatch.setattr(rate, "second_modulus", crash)
    _, lines, _ = replay(write(tmp_path, record))
    assert lines[-1] == r"FAILED: rate: ValueError: \x1b[31m red"


# Bad input ------------------------------------------------------------------------------------------------------------


def expect_sentence(result: tuple[int, list[str], str], part: str) -> None:
    code, out, err = result
    assert (code, out) == (2, [])
    assert err.startswith("error: ") and err.count("\n") == 1
    assert part in err, err
    assert len(err) < 500


@pytest.mark.parametrize("claim", ["nonsense", "", None, 3, ["rate"], {"rate": 1}, "\x1b[31m" + "x" * 1000])
def test_an_unknown_claim_is_one_sentence(
    claim: object, record: dict[str, Any], tmp_path: Path, replay: Replay
) -> None:
    expect_sentence(replay(write(tmp_path, record | {"claim": claim})), "the claims are direction, ")


def test_a_claim_that_needs_torch_says_so_where_it_is_missing(
    record: dict[str, Any], tmp_path: Path, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counterexamples, "find_spec", lambda _: None)
    expect_sentence(replay(write(tmp_path, record | {"claim": "torch-sgd"})), "gdcheck[torch]")


def test_a_claim_is_only_examined_in_its_regimes(record: dict[str, Any], tmp_path: Path, replay: Replay) -> None:
    expect_sentence(replay(write(tmp_path, record | {"claim": "alternation"})), "small-step")


BAD_MADE = {
    "no object": ([], "made"),
    "null": (None, "made"),
    "empty": ({}, "made"),
    "its own problem": ({"problem": {}}, "made"),
}
BAD_FIELDS: dict[str, tuple[str, object]] = {
    "a number for a spectrum": ("spectrum", 3),
    "a text for a spectrum": ("spectrum", "12"),
    "numbers in a spectrum": ("spectrum", [1, 2]),
    "a spectrum that is too short": ("spectrum", ["1"]),
    "a spectrum that is too long": ("spectrum", ["1", "2", "3"]),
    "a spectrum of words": ("spectrum", ["one", "two"]),
    "a descending spectrum": ("spectrum", ["2", "1"]),
    "equal ends": ("spectrum", ["1", "1"]),
    "a negative spectrum": ("spectrum", ["-1", "1"]),
    "a division by zero": ("spectrum", ["1", "2/0"]),
    "no rotation": ("rotation", None),
    "a flat rotation": ("rotation", ["1", "0"]),
    "a ragged rotation": ("rotation", [["1", "0"], ["0"]]),
    "a rotation that is too small": ("rotation", [["1"]]),
    "a rotation of numbers": ("rotation", [[1, 0], [0, 1]]),
    "no rotation at all": ("rotation", [["1", "1"], ["0", "1"]]),
    "a singular rotation": ("rotation", [["0", "0"], ["0", "0"]]),
    "an unknown regime": ("regime", "middling"),
    "a list for a regime": ("regime", ["small-step"]),
    "an unknown place": ("place", "somewhere"),
    "an object for a place": ("place", {}),
}


@pytest.mark.parametrize("case", BAD_MADE)
def test_how_a_problem_was_made_must_be_there(
    case: str, record: dict[str, Any], tmp_path: Path, replay: Replay
) -> None:
    made, part = BAD_MADE[case]
    expect_sentence(replay(write(tmp_path, record | {"made": made})), part)
    del record["made"]
    expect_sentence(replay(write(tmp_path, record)), "made")


@pytest.mark.parametrize("field", ["spectrum", "rotation", "regime", "place"])
def test_a_missing_or_unknown_field_is_named(
    field: str, record: dict[str, Any], tmp_path: Path, replay: Replay
) -> None:
    made = {key: value for key, value in record["made"].items() if key != field}
    expect_sentence(replay(write(tmp_path, record | {"made": made})), field)
    expect_sentence(replay(write(tmp_path, record | {"made": record["made"] | {"surplus": 1}})), "nothing else")


@pytest.mark.parametrize("case", BAD_FIELDS)
def test_a_malformed_field_is_named(case: str, record: dict[str, Any], tmp_path: Path, replay: Replay) -> None:
    field, value = BAD_FIELDS[case]
    assert len(record["made"]["spectrum"]) == 2
    expect_sentence(replay(write(tmp_path, record | {"made": record["made"] | {field: value}})), field)


@pytest.mark.parametrize("data", [None, [], "x", 3, {}, {"problem": None}])
def test_an_instance_is_not_made_of_something_else(data: object) -> None:
    with pytest.raises(InputError):
        Instance.from_json(data)


# Start-up -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_claim", [False, True])
def test_hypothesis_is_loaded_for_a_claim_alone(with_claim: bool, record: dict[str, Any], tmp_path: Path) -> None:
    if not with_claim:
        del record["claim"]
    script = (
        "import sys; from gdcheck.cli import run; "
        f"assert run(['replay', {str(write(tmp_path, record))!r}]) == 0; "
        f"assert ('hypothesis' in sys.modules) is {with_claim}"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# As a run, for a report -----------------------------------------------------------------------------------------------


def test_a_stored_form_is_a_run_of_one_problem_that_failed(record: dict[str, Any]) -> None:
    found = as_run(record, "reports/out/counterexamples/rate-1/simplest.json")
    assert (found.problems, list(found.claims), found.claims["rate"].holds) == (1, ["rate"], {"fails": 1})
    (broken,) = found.counterexamples
    assert broken.simplest.file == "reports/out/counterexamples/rate-1/simplest.json"
    assert (broken.simplest.found, broken.simplest.margin) == (record["note"], record["margin"])
    assert broken.simplest.instance.problem.loss == record["problem"]["loss"]


@pytest.mark.parametrize(
    "change",
    [
        {"holds": "holds"},
        {"holds": None},
        {"note": 3},
        {"margin": "1"},
        {"verdict": "nonsense"},
        {"made": {}},
        {"problem": None},
        {"claim": "nonsense"},
    ],
)
def test_a_malformed_form_is_no_run(record: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        as_run(record | change, "simplest.json")
