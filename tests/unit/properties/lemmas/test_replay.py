"""``gdcheck replay`` of a stored counterexample: the failure comes back as long as its cause is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gdcheck.cli import run
from gdcheck.properties.claims import invariance, rate
from gdcheck.properties.lemmas import built_in
from gdcheck.properties.lemmas.drawing import Shard
from gdcheck.properties.lemmas.loading import Source, load
from gdcheck.properties.lemmas.record import counterexample
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.lemmas.shards import examine_shard
from gdcheck.properties.lemmas.simplify import Shrinking
from gdcheck.properties.storage.files import as_json
from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.theorem.loss.errors import InputError

FORMS = ("simplest", "first", "worst")
Replay = Callable[[Path], tuple[int, list[str], str]]


@pytest.fixture
def replay(capsys: pytest.CaptureFixture[str]) -> Replay:
    def call(path: Path) -> tuple[int, list[str], str]:
        code = run(["replay", str(path)])
        out, err = capsys.readouterr()
        return code, out.splitlines(), err

    return call


def stored(name: str, root: Path) -> Path:
    """The file of a counterexample to a claim of the theorem that fails."""
    source, shard, result = Source(name, name), Shard(0, 0, 0, 20), ShardResult(name)
    examine_shard(load(source), shard, result)
    assert result.first is not None and result.worst is not None
    _, record = counterexample(Shrinking(source, load, shard, result.first, result.worst))
    path = root / f"{name}.json"
    path.write_text(as_json(record), encoding="utf-8")
    return path


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
        path = stored(name, tmp_path)
        record = json.loads(path.read_text(encoding="utf-8"))
        assert record["certificate"] is not None
        code, lines, err = replay(path)
        assert (code, err) == (1, "")
        for line, form in zip(lines, FORMS, strict=True):
            said = f"{name} on the {form} problem: {record[form]['found']} ({record[form]['evidence']})"
            assert line == f"VIOLATED AGAIN: {said}"
    code, lines, err = replay(path)
    assert (code, err) == (0, "")
    for line, form in zip(lines, FORMS, strict=True):
        assert line.startswith(f"FIXED: {name} on the {form} problem: ")


@pytest.fixture(scope="module")
def simplest(tmp_path_factory: pytest.TempPathFactory) -> str:
    with pytest.MonkeyPatch.context() as patch:
        return stored(plant_wrong_rate(patch), tmp_path_factory.mktemp("stored")).read_text(encoding="utf-8")


@pytest.fixture
def record(simplest: str) -> Any:
    """A counterexample whose cause is gone."""
    return json.loads(simplest)


def write(root: Path, record: object) -> Path:
    path = root / "record.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    return path


def test_an_error_inside_the_claim_is_no_answer(
    record: dict[str, Any], tmp_path: Path, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError("\x1b[31m\nplanted")

    monkeypatch.setattr(rate, "second_modulus", crash)
    result = replay(write(tmp_path, record))
    expect_sentence(result, "its examination raised ZeroDivisionError")
    assert "\x1b" not in result[2]


@pytest.mark.parametrize("place", [StartPlace.OUTSIDE, StartPlace.BALL])
def test_undecided_is_neither_fixed_nor_violated(
    place: StartPlace, record: dict[str, Any], tmp_path: Path, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate, "settled_walk", lambda *_: None)
    for form in FORMS:
        record[form]["made"]["place"] = place.value
    code, lines, _ = replay(write(tmp_path, record))
    assert (code, lines[0].split(":")[0]) == (3, "UNDECIDED")


def test_a_counterexample_of_an_earlier_version_is_refused(
    record: dict[str, Any], tmp_path: Path, replay: Replay
) -> None:
    form = record["simplest"]
    earlier = {"problem": form["problem"], "verdict": "proved", "claim": "rate", "made": form["made"], "note": "x"}
    expect_sentence(replay(write(tmp_path, earlier)), "gdcheck-counterexample/1")


# Bad input ------------------------------------------------------------------------------------------------------------


def expect_sentence(result: tuple[int, list[str], str], part: str) -> None:
    code, out, err = result
    assert (code, out) == (2, [])
    assert err.startswith("error: ") and err.count("\n") == 1
    assert part in err, err
    assert len(err) < 500


@pytest.mark.parametrize("claim", ["nonsense", "", "os:system", "\x1b[31m" + "x" * 1000])
def test_an_unknown_claim_is_one_sentence(
    claim: object, record: dict[str, Any], tmp_path: Path, replay: Replay
) -> None:
    expect_sentence(replay(write(tmp_path, record | {"claim": claim})), "those are direction, ")


@pytest.mark.parametrize("claim", [None, 3, ["rate"], {"rate": 1}])
def test_a_claim_that_is_no_text_is_one_sentence(
    claim: object, record: dict[str, Any], tmp_path: Path, replay: Replay
) -> None:
    expect_sentence(replay(write(tmp_path, record | {"claim": claim})), "claim")


def test_a_claim_that_needs_torch_says_so_where_it_is_missing(
    record: dict[str, Any], tmp_path: Path, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(built_in, "find_spec", lambda _: None)
    expect_sentence(replay(write(tmp_path, record | {"claim": "torch-sgd"})), "gdcheck[torch]")


BAD_MADE = {
    "no object": ([], "made"),
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
    expect_sentence(replay(write(tmp_path, made_of(record, made))), part)
    del record["simplest"]["made"]
    expect_sentence(replay(write(tmp_path, record)), "made")


def made_of(record: dict[str, Any], made: object) -> dict[str, Any]:
    return record | {"simplest": record["simplest"] | {"made": made}}


@pytest.mark.parametrize("field", ["spectrum", "rotation", "regime", "place"])
def test_a_missing_or_unknown_field_is_named(
    field: str, record: dict[str, Any], tmp_path: Path, replay: Replay
) -> None:
    whole = record["simplest"]["made"]
    made = {key: value for key, value in whole.items() if key != field}
    expect_sentence(replay(write(tmp_path, made_of(record, made))), field)
    expect_sentence(replay(write(tmp_path, made_of(record, whole | {"surplus": 1}))), "nothing else")


@pytest.mark.parametrize("case", BAD_FIELDS)
def test_a_malformed_field_is_named(case: str, record: dict[str, Any], tmp_path: Path, replay: Replay) -> None:
    field, value = BAD_FIELDS[case]
    made = record["simplest"]["made"]
    assert len(made["spectrum"]) == 2
    expect_sentence(replay(write(tmp_path, made_of(record, made | {field: value}))), field)


@pytest.mark.parametrize("data", [None, [], "x", 3, {}, {"problem": None}])
def test_an_instance_is_not_made_of_something_else(data: object) -> None:
    with pytest.raises(InputError):
        Instance.from_json(data)
