"""The JSON form of a problem: round trip, schema, and a sentence for each bad input."""

import json

import pytest
from flint import fmpq
from hypothesis import given
from jsonschema import Draft202012Validator

from gdcheck.properties.strategies.random_problems import random_problem
from gdcheck.theorem.descent.problem import PROBLEM_SCHEMA, Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from tests.builders.strategies import critical_problems, problems

VALIDATOR = Draft202012Validator(PROBLEM_SCHEMA)
GOOD = {"loss": "x**2 + y**2/2", "step_size": "0.1", "start": ["1/10", "0.1"]}


@given(problems() | critical_problems())
def test_round_trip(problem):
    text = json.dumps(problem.to_json())
    assert Problem.from_json(json.loads(text)) == problem, f"{text} reads back as another problem"
    VALIDATOR.validate(json.loads(text))


@pytest.mark.parametrize("index", range(20))
def test_round_trip_of_random_problems(index):
    problem = random_problem(2, index)
    assert Problem.from_json(problem.to_json()) == problem, "a random problem reads back as another"


def test_the_schema_is_a_schema_and_accepts_what_people_write():
    Draft202012Validator.check_schema(PROBLEM_SCHEMA)
    for number in ("1", "-1", "+1", "1/3", "-2/7", "0.5", ".5", "5.", "1e-12", "2.5E+3", ".5e1", "0"):
        data = {**GOOD, "start": [number, number], "minimizer": ["0", "0"], "variables": ["x", "y"]}
        VALIDATOR.validate(data)
        assert Problem.from_json(data).start[0] == Problem.from_json({**GOOD, "start": [number, "0"]}).start[0], number


def test_defaults():
    problem = Problem.from_json(GOOD)
    assert problem.minimizer == (0, 0), "the minimizer is the origin unless given"
    assert problem.loss.variables == ("x", "y"), "variables are those of the text"
    assert problem.step_size == fmpq(1, 10) and problem.start == (fmpq(1, 10), fmpq(1, 10)), "numbers are exact"
    assert problem.to_json() == {
        "loss": "x**2 + 1/2*y**2",
        "variables": ["x", "y"],
        "minimizer": ["0", "0"],
        "step_size": "1/10",
        "start": ["1/10", "1/10"],
    }, f"{problem.to_json()}"


def test_displacement_and_dimension():
    problem = Problem("(x - 1)**2 + (y + 2)**2/2", step_size="0.1", start=["3/2", "0"], minimizer=["1", "-2"])
    assert problem.displacement == (fmpq(1, 2), 2) and problem.dimension == 2, f"{problem.displacement}"


BAD = {
    "no object": ([GOOD], "problem", "expected a JSON object"),
    "null": (None, "problem", "expected a JSON object"),
    "unknown field": ({**GOOD, "steps": 3}, "problem", "unknown field 'steps'"),
    "no loss": ({"step_size": "0.1", "start": ["0"]}, "loss", "is missing"),
    "no step size": ({"loss": "x**2", "start": ["0"]}, "step_size", "is missing"),
    "no start": ({"loss": "x**2", "step_size": "0.1"}, "start", "is missing"),
    "loss a number": ({**GOOD, "loss": 3}, "loss", "expected a text"),
    "loss unreadable": ({**GOOD, "loss": "x**2 +"}, "loss", "number, a variable"),
    "step size a float": ({**GOOD, "step_size": 0.1}, "step_size", "is a float"),
    "step size zero": ({**GOOD, "step_size": "0"}, "step_size", "not positive"),
    "step size negative": ({**GOOD, "step_size": "-1/10"}, "step_size", "-1/10 is not positive"),
    "step size unreadable": ({**GOOD, "step_size": "a tenth"}, "step_size", "not a rational number"),
    "step size 1/0": ({**GOOD, "step_size": "1/0"}, "step_size", "divides by zero"),
    "step size nan": ({**GOOD, "step_size": "nan"}, "step_size", "not a rational number"),
    "start a text": ({**GOOD, "start": "1, 2"}, "start", "expected a list"),
    "start of floats": ({**GOOD, "start": [0.1, 0.1]}, "start", "is a float"),
    "start too short": ({**GOOD, "start": ["1"]}, "start", "has 1 coordinates; give 2, for x, y"),
    "start too long": ({**GOOD, "start": ["1", "2", "3"]}, "start", "has 3 coordinates; give 2"),
    "start unreadable": ({**GOOD, "start": ["1", "one"]}, "start", "not a rational number"),
    "minimizer null": ({**GOOD, "minimizer": None}, "minimizer", "expected a list"),
    "minimizer too short": ({**GOOD, "minimizer": []}, "minimizer", "has 0 coordinates"),
    "variables a text": ({**GOOD, "variables": "xy"}, "variables", "expected a list of texts"),
    "variables repeated": ({**GOOD, "variables": ["x", "y", "x"]}, "variables", "named twice"),
    "variables lacking": ({**GOOD, "variables": ["x"]}, "loss", "unknown variable 'y'"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_names_the_field_and_the_fix(name):
    data, field, phrase = BAD[name]
    with pytest.raises(InputError) as error:
        Problem.from_json(data)
    assert error.value.field == field, f"{name}: blamed {error.value.field}: {error.value}"
    assert phrase in error.value.message, f"{name}: {error.value}"
    assert str(error.value).startswith(f"{field}: "), "the text must begin with the field"


SHAPE = {
    "no object", "null", "unknown field", "no loss", "no step size", "loss a number",
    "step size unreadable", "step size nan", "start a text", "start unreadable", "minimizer null",
    "variables a text", "variables repeated",
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_has_the_wrong_shape_fails_the_schema_too(name):
    expected = name not in SHAPE
    assert VALIDATOR.is_valid(BAD[name][0]) is expected, f"{name}: the schema should {'pass' if expected else 'fail'}"


@pytest.mark.parametrize("number", ["١", "１/２", "1\u0660"])
def test_the_schema_takes_ascii_digits_only(number):
    data = {**GOOD, "step_size": number}
    with pytest.raises(InputError):
        Problem.from_json(data)
    assert not VALIDATOR.is_valid(data), f"{number!r} passes the schema but not the reader"


def test_build_refuses_floats_and_truth_values():
    for bad in (0.1, True, None, 1j):
        with pytest.raises(InputError, match="step_size: "):
            Problem("x**2", step_size=bad, start=["1"])
    assert Problem(Loss.parse("x**2"), step_size=1, start=[2]).start == (2,), "a loss may be given as it is"


def test_a_null_for_variables_is_like_the_schema_says():
    data = {**GOOD, "variables": None}
    accepted = True
    try:
        Problem.from_json(data)
    except InputError:
        accepted = False
    assert accepted is VALIDATOR.is_valid(data), "the reader and the schema disagree about variables: null"


def test_points_are_read_by_name_or_by_position():
    from gdcheck.theorem.descent.points import read_point

    for text in ("6,6", "[6, 6]", "(6,6)", "6 6", "6  6"):
        assert read_point(text, "start") == ["6", "6"]
    for text in ("w=1,b=0", "w = 1, b = 0", "(w=1, b=0)", "b=0 w=1"):
        assert read_point(text, "start") == {"w": "1", "b": "0"}
    for text in ("(1, 2", "w=1,0", "w=1,w=2"):
        with pytest.raises(InputError):
            read_point(text, "start")


def test_a_position_with_two_readings_is_refused_with_both():
    with pytest.raises(InputError, match=r"two readings: w=1,b=0 or b=1,w=0"):
        Problem("w**2 + 10*b**2", step_size="0.1", start=["1", "0"])
    by_name = Problem("w**2 + 10*b**2", step_size="0.1", start={"w": "1", "b": "0"})
    assert (by_name.loss.variables, by_name.start) == (("b", "w"), (0, 1))
    ordered = Problem("w**2 + 10*b**2", step_size="0.1", start=["1", "0"], variables=["w", "b"])
    assert (ordered.loss.variables, ordered.start) == (("w", "b"), (1, 0))
    assert Problem("w**2 + 10*b**2", step_size="0.1", start=["6", "6"]).start == (6, 6), "both readings are the same"
    assert Problem("x2**2 + x10**2", step_size="0.1", start=["1", "0"]).start == (1, 0), "x2 comes before x10"


def test_a_name_must_be_a_variable_and_every_variable_needs_one():
    for start, part in (({"x": 1}, "lacks 'y'"), ({"x": 1, "y": 1, "z": 1}, "'z'")):
        with pytest.raises(InputError, match=part):
            Problem("x**2 + y**2", step_size="0.1", start=start)


def test_json_takes_names_and_exact_numbers(tmp_path):
    from gdcheck.properties.storage.reading import stored_problem

    path = tmp_path / "problem.json"
    path.write_text('{"loss": "w**2 + 10*b**2", "step_size": 0.1000000000000000000001, "start": {"w": 1, "b": 2.5e-1}}')
    problem = stored_problem(path)
    assert str(problem.step_size) == "1000000000000000000001/10000000000000000000000"
    assert [str(x) for x in problem.start] == ["1/4", "1"]
