"""Methods as users write them: the JSON object of a problem's field ``method``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flint import fmpq

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import quoted, to_fmpq
from gdcheck.theorem.methods.method import PLAIN, Adam, GradientDescent, HeavyBall, Method, Nesterov, RMSprop

POLYNOMIALS_ONLY = "Adam, RMSprop and preconditioners are decided for polynomial losses so far; leave it out here"
"""Why a method is refused where a loss has other functions."""
DESCENT_ONLY = "is gradient descent here where the loss is no polynomial; leave it out, or ask gdcheck check"
"""Why momentum is refused where a loss has other functions and more than one trajectory is asked about."""
_DEFAULTS = {"beta1": "9/10", "beta2": "999/1000", "epsilon": "1e-8"}
"""The defaults of torch.optim.Adam."""
_REFUSED = {
    "weight_decay": "weight decay changes the loss; add its term to the loss",
    "dampening": "dampening is not covered; leave it out",
    "amsgrad": "amsgrad is not covered; leave it out",
    "nesterov": 'only the method "nesterov" looks ahead; Adam does not; leave it out',
    "centered": "a centered average is not covered; leave it out",
    "maximize": "only minimization is covered; change the sign of the loss",
}

METHOD_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "the method; gradient descent if not given. Rationals as for the step size.",
    "properties": {
        "name": {"enum": ["gradient-descent", "heavy-ball", "nesterov", "adam", "rmsprop"]},
        "momentum": {"description": "β of heavy ball and Nesterov, in [0, 1)"},
        "beta1": {"description": "β₁ of Adam; 0.9 if not given"},
        "beta2": {"description": "β₂ of Adam, 0.999 if not given; of RMSprop, where it is alpha, 0.99"},
        "epsilon": {"description": "ε of Adam and RMSprop; 1e-8 if not given"},
        "preconditioner": {
            "type": "array",
            "description": "P of x − ηP∇f(x), symmetric positive definite, as rows of rationals",
        },
    },
    "required": ["name"],
    "additionalProperties": False,
}


def _number(fields: Mapping[str, Any], name: str, default: str | None = None) -> fmpq:
    value = fields.get(name, default)
    if value is None:
        raise InputError(name, "is missing; this method needs it: give a rational such as 9/10")
    return to_fmpq(value, name)


def _descent(fields: Mapping[str, Any]) -> Method:
    rows = fields.get("preconditioner")
    return PLAIN if rows is None else GradientDescent(_matrix(rows))


def _matrix(rows: object) -> tuple[tuple[fmpq, ...], ...]:
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
        raise InputError("preconditioner", 'expected rows of numbers, such as [["2", "0"], ["0", "1/2"]]')
    found = []
    for row in rows:
        if not isinstance(row, Sequence) or isinstance(row, str):
            raise InputError("preconditioner", 'expected rows of numbers, such as [["2", "0"], ["0", "1/2"]]')
        found.append(tuple(to_fmpq(x, "preconditioner") for x in row))
    return tuple(found)


def _adam(fields: Mapping[str, Any]) -> Method:
    return Adam(*(_number(fields, name, default) for name, default in _DEFAULTS.items()))


def _rmsprop(fields: Mapping[str, Any]) -> Method:
    return RMSprop(fmpq(0), _number(fields, "beta2", "99/100"), _number(fields, "epsilon", "1e-8"))


_READERS: dict[str, tuple[Callable[[Mapping[str, Any]], Method], tuple[str, ...]]] = {
    "gradient-descent": (_descent, ("preconditioner",)),
    "heavy-ball": (lambda fields: HeavyBall(_number(fields, "momentum")), ("momentum",)),
    "nesterov": (lambda fields: Nesterov(_number(fields, "momentum")), ("momentum",)),
    "adam": (_adam, ("beta1", "beta2", "epsilon")),
    "rmsprop": (_rmsprop, ("beta2", "epsilon")),
}


def read_method(data: object, dimension: int | None = None) -> Method:
    """Read a method.

    Args:
        data: Its JSON object, already parsed; None means gradient descent.
        dimension: The number n of variables, which the preconditioner must fit.

    Returns:
        The method.

    Raises:
        InputError: If a field is missing, unknown or unusable; the sentence names it.
    """
    if data is None:
        return PLAIN
    if isinstance(data, str):
        data = {"name": data}
    if not isinstance(data, Mapping):
        raise InputError("method", 'expected an object such as {"name": "heavy-ball", "momentum": "9/10"}')
    name = data.get("name")
    if not isinstance(name, str) or name not in _READERS:
        shown = quoted(name) if isinstance(name, str) else "no name"
        raise InputError("method", f"{shown} is not known; the methods are {', '.join(_READERS)}")
    reader, known = _READERS[name]
    for field in data:
        if field in _REFUSED:
            raise InputError(str(field), _REFUSED[field])
        if field != "name" and field not in known:
            fields = ", ".join(known)
            raise InputError("method", f"{name} has no parameter {quoted(str(field))}; it has {fields}")
    method = reader(data)
    rows = method.preconditioner
    if rows is not None and dimension is not None and rows.nrows() != dimension:
        raise InputError("preconditioner", f"has {rows.nrows()} rows; give {dimension}, one for each variable")
    return method
