"""docs/questions.md: every line runs, and its answer holds the words beside it."""

import re
import shlex
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "questions.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(gdcheck [^`]+)` \| (.+) \|$", PAGE, flags=re.MULTILINE)


def test_the_page_has_its_questions():
    assert len(ROWS) >= 25
    assert len({command for command, _ in ROWS}) == len(ROWS)


@pytest.mark.parametrize(("command", "words"), ROWS)
def test_an_answer_holds_its_words(gdcheck, command, words):
    code, out, err = gdcheck(*shlex.split(command)[1:])
    assert code in {0, 2, 3}
    # One stream holds the answer: an error is one sentence, and nothing else.
    assert (code == 2) == bool(err) and (code == 2) != bool(out)
    assert " ".join(words.split()) in " ".join((out + err).split())
