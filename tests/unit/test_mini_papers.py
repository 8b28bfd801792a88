"""The mini-papers of docs/examples run, and each computed value is the theoretical one."""

import importlib
import re
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "examples"
NAMES = sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))
# The same code with less work.
SMALLER = {"logistic_regression": {"features": 3}, "every_start": {"size": 60}}


@pytest.fixture
def load(monkeypatch):
    """Import a script of the folder as it is imported when it is run."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module
    for name in (*NAMES, "_paper"):
        sys.modules.pop(name, None)


def test_there_are_twelve_and_the_gallery_lists_each():
    assert len(NAMES) == 12
    listed = re.findall(r"\]\((\w+)\.py\)", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_mini_paper_computes_what_its_theory_says(name, load):
    module, shared = load(name), load("_paper")
    for part in ("Statement", "Proof idea", "Reference", "Guarantee"):
        assert module.__doc__.count(f"**{part}.**") == 1
    paper = getattr(module, name)(**SMALLER.get(name, {}))
    text = shared.table(paper.lines)
    assert len(paper.lines) >= 4 and all(line.agrees for line in paper.lines), text
    assert "DIFFER" not in text and text.count("\n") == len(paper.lines)
    ending, content = shared.draw(paper)
    assert content.startswith({"svg": b"<svg", "png": b"\x89PNG"}[ending])


def test_a_value_that_differs_is_shown_and_ends_with_1(load, monkeypatch, capsys, tmp_path):
    shared = load("_paper")
    kept = FOLDER.parent / "phase.svg"

    def paper():
        """Differ."""
        return shared.Paper([shared.Line("a", 1.0, 1.0), shared.Line("b", 1.0, 1.1, 0.05)], kept, "a picture")

    monkeypatch.setattr(sys, "argv", ["paper", "--out", str(tmp_path / "drawn")])
    with pytest.raises(SystemExit) as end:
        shared.main(paper)
    assert end.value.code == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[1].split() == ["a", "1", "1"] and shown[2].endswith("within 0.05  DIFFER")
    assert (tmp_path / "drawn.svg").read_bytes() == kept.read_bytes()
    # A place that cannot be written is bad input, and no difference.
    monkeypatch.setattr(sys, "argv", ["paper", "--out", str(tmp_path / "nowhere" / "drawn")])
    with pytest.raises(SystemExit) as end:
        shared.main(paper)
    assert end.value.code == 2 and "out: " in capsys.readouterr().err
