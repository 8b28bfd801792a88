"""Methods in words, with their numbers in common notation."""

from __future__ import annotations

from typing import Any

_METHODS = {
    "gradient-descent": "gradient descent",
    "heavy-ball": "heavy ball",
    "nesterov": "Nesterov",
    "adam": "Adam",
    "rmsprop": "RMSprop",
}
_PARAMETERS = {"momentum": "β", "beta1": "β₁", "beta2": "β₂", "epsilon": "ε"}


def method_words(method: dict[str, Any] | None) -> str:
    """Return a method's name and its numbers in common notation: heavy ball, β = 9/10.

    Args:
        method: Its JSON form; None for gradient descent.
    """
    given = method or {"name": "gradient-descent"}
    words = [_METHODS.get(given["name"], given["name"])]
    words += [
        f"{_PARAMETERS.get(key, key)} = {value}"
        for key, value in given.items()
        if key != "name" and isinstance(value, str)
    ]
    return ", ".join(words) + (", preconditioned" if given.get("preconditioner") else "")
