"""What a certificate's fields may hold, and the sentence that names the one that holds something else."""

from dataclasses import dataclass
from fractions import Fraction as Q
from typing import Annotated, Literal

import pytest

from gdcheck.theorem.checker.outcome import BadCertificate
from gdcheck.theorem.checker.reading.fields import (
    ANY,
    Names,
    PerVariable,
    Point,
    Positive,
    Step,
    distinct_names,
    read_as,
    read_fields,
    read_list,
    size_of,
    stated,
)


@dataclass(frozen=True)
class Own:
    """A type that reads itself."""

    what: tuple[object, str, int]

    @classmethod
    def read(cls, value: object, path: str, n: int) -> "Own":
        return cls((value, path, n))


@dataclass(frozen=True)
class Pair:
    ratio: Positive
    done: bool


def said(kind, value, n=2):
    with pytest.raises(BadCertificate) as caught:
        read_as(kind, value, "here", n)
    return str(caught.value)


def test_a_type_reads_itself_with_its_path_and_size():
    assert read_as(Own, "x", "here", 7) == Own(("x", "here", 7))
    assert read_as(tuple[Own, ...], ["x", "y"], "here", 7) == (Own(("x", "here[0]", 7)), Own(("y", "here[1]", 7)))
    assert read_as(Pair, {"ratio": "1/2", "done": True}, "here", 7) == Pair(Q(1, 2), True)
    assert read_as(Annotated[Own | None, stated], "x", "here", 7) == Own(("x", "here", 7))


@pytest.mark.parametrize(
    ("kind", "value", "sentence"),
    [
        (bool, 1, "here must be true or false"),
        (Pair, {"ratio": "1/2", "done": 0}, "here.done must be true or false"),
        (Pair, {"ratio": "0", "done": True}, "here.ratio must be positive"),
        (Pair, {"ratio": "1/2"}, "here must have the fields ratio, done and no other; it lacks done"),
        (Pair, {"ratio": "1", "done": True, "x": 1}, "here must have the fields ratio, done and no other; it has"),
        (Pair, [], "here must be an object"),
        (Point, ["1"], "here must be a list of 2 entries"),
        (Point, ["1", 2], "here[1] must be a number such as '-3/7', of at most 4000 characters"),
        (tuple[Q, ...], ["1"] * 301, "here must be a list of at most 300 entries"),
        (tuple[Q, Q], ["1"], "here must be a list of 2 entries"),
        (int, -1, "here must be a whole number from 0 to 1000000"),
        (int, True, "here must be a whole number from 0 to 1000000"),
        (Step, 10**38 + 1, f"here must be a whole number from 0 to {10**38}"),
        (str, "", "here must be text"),
        (Literal["a", "b"], "c", "here must be 'a' or 'b'"),
        (Literal[1, -1], True, "here must be 1 or -1"),
        (Annotated[str | None, stated], None, "here must be text"),
    ],
)
def test_what_a_field_must_be(kind, value, sentence):
    assert said(kind, value).startswith(sentence)


def test_the_edges_of_what_a_field_may_be():
    assert read_as(tuple[Q, ...], ["1"] * 300, "here", 2) == (Q(1),) * 300
    assert (read_as(int, 0, "", 2), read_as(int, 10**6, "", 2), read_as(Step, 10**38, "", 2)) == (0, 10**6, 10**38)
    assert read_as(Point, ["1", "2"], "", 2) == (Q(1), Q(2)) and read_as(Q | None, None, "", 2) is None
    assert read_as(Q, "9" * 4000, "", 2) and said(Q, "9" * 4001).startswith("here must be a number")
    assert read_list(Q, [], "here", 2, ANY) == ()
    assert read_fields({"a": Own}, {"a": 1}, "", 3) == {"a": Own((1, "a", 3))}
    assert read_fields({"a": Own}, {"a": 1}, "x", 3) == {"a": Own((1, "x.a", 3))}
    assert read_fields({"X": Own}, {"X": 1}, "", 3) == {"X": Own((1, "X", 3))}
    assert read_as(PerVariable[Own], ["x"], "here", 1) == (Own(("x", "here[0]", 1)),)
    with pytest.raises(BadCertificate, match=r"^certificate must be an object"):
        read_fields({}, [], "", 3)


@pytest.mark.parametrize(
    ("names", "good"),
    [
        (["x"], True),
        (["x", "y", "z"], True),
        (["x", "y", "z", "w"], False),
        ([], False),
        (["x", "x"], False),
        (["x", "2"], False),
        (["max"], False),
        ("xyz", False),
        (None, False),
        (["x", 1], False),
    ],
)
def test_names_are_few_and_distinct(names, good):
    """Three at most; a text is no list of its letters."""
    kind = Annotated[tuple[str, ...], distinct_names(3)]
    if good:
        assert read_as(kind, names, "here", 0) == tuple(names)
    else:
        assert said(kind, names).startswith(
            ("here must be 1 to 3 distinct names", "here must be a list", "here[1] must")
        )


def test_as_many_variables_as_a_problem_may_have():
    assert said(Annotated[tuple[str, ...], distinct_names(3)], list("xyzw")) == "here must be 1 to 3 distinct names"
    many = [f"x{i}" for i in range(1000)]
    assert read_as(Annotated[tuple[str, ...], distinct_names(1000)], many, "here", 0) == tuple(many)
    assert len(read_as(Names, [f"x{i}" for i in range(32)], "here", 0)) == 32
    assert said(Names, [f"x{i}" for i in range(33)]) == "here must be 1 to 32 distinct names"


def test_the_number_of_variables_is_found_wherever_a_certificate_has_them():
    two = {"variables": ["x", "y"]}
    assert size_of(two) == size_of({"problem": two}) == size_of({"theorem": two}) == 2
    assert size_of({"theorem": {"problem": two}}) == 2
    assert size_of({"variables": "xy"}) == size_of({}) == size_of(None) == size_of({"problem": 3}) == 0
