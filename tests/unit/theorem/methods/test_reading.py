"""Methods from JSON: what is read, and what is refused by name."""

import pytest
from flint import fmpq

from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.method import PLAIN, Adam, HeavyBall, Nesterov, RMSprop
from gdcheck.theorem.methods.reading import read_method


@pytest.mark.parametrize(
    ("data", "method"),
    [
        (None, PLAIN),
        ("gradient-descent", PLAIN),
        ({"name": "heavy-ball", "momentum": "0.9"}, HeavyBall(fmpq(9, 10))),
        ({"name": "nesterov", "momentum": "1/3"}, Nesterov(fmpq(1, 3))),
        ({"name": "adam"}, Adam(fmpq(9, 10), fmpq(999, 1000), fmpq(1, 10**8))),
        ({"name": "rmsprop", "epsilon": "1"}, RMSprop(fmpq(0), fmpq(99, 100), fmpq(1))),
    ],
)
def test_what_is_read(data, method):
    found = read_method(data)
    assert found == method and type(found) is type(method)
    assert read_method(found.to_json()) == found


@pytest.mark.parametrize(
    ("data", "field", "said"),
    [
        ({"name": "sgd"}, "method", "is not known"),
        ({"momentum": "1"}, "method", "no name"),
        (["heavy-ball"], "method", "expected an object"),
        ({"name": "heavy-ball"}, "momentum", "is missing"),
        ({"name": "heavy-ball", "momentum": "1"}, "momentum", "not in [0, 1)"),
        ({"name": "heavy-ball", "momentum": "-1/10"}, "momentum", "not in [0, 1)"),
        ({"name": "heavy-ball", "momentum": "0.9", "dampening": "0"}, "dampening", "not covered"),
        ({"name": "adam", "weight_decay": "0.1"}, "weight_decay", "changes the loss"),
        ({"name": "adam", "amsgrad": True}, "amsgrad", "not covered"),
        ({"name": "adam", "nesterov": True}, "nesterov", "does not"),
        ({"name": "adam", "epsilon": "0"}, "epsilon", "not positive"),
        ({"name": "adam", "momentum": "0.9"}, "method", "has no parameter 'momentum'"),
        ({"name": "gradient-descent", "preconditioner": [["1", "2"], ["2", "1"]]}, "preconditioner", "not positive"),
        ({"name": "gradient-descent", "preconditioner": [["1", "2"], ["1", "5"]]}, "preconditioner", "not symmetric"),
        ({"name": "gradient-descent", "preconditioner": [["1"]]}, "preconditioner", "has 1 rows; give 2"),
        ({"name": "gradient-descent", "preconditioner": "1,0"}, "preconditioner", "expected rows"),
    ],
)
def test_what_is_refused(data, field, said):
    with pytest.raises(InputError, match=field) as caught:
        read_method(data, 2)
    assert caught.value.field == field and said in str(caught.value)


def test_a_problem_keeps_its_method():
    given = {"name": "nesterov", "momentum": "9/10"}
    problem = Problem("x**2 + y**2", step_size="1/10", start=["1", "1"], method=given)
    assert problem.to_json()["method"] == given and Problem.from_json(problem.to_json()) == problem
    assert "method" not in Problem("x**2", step_size="1/10", start=["1"]).to_json()
