"""A method's iterates with any numbers: floats, mpmath's, or arrays of many problems at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flint import fmpq

from gdcheck.theorem.methods.method import Adam, Method

Number = Callable[[fmpq], Any]
Root = Callable[[Any], Any]


def iterates_of(
    method: Method,
    step_size: fmpq,
    start: Sequence[Any],
    gradient: Callable[[list[Any]], Sequence[Any]],
    *,
    number: Number,
    root: Root,
) -> Iterator[list[Any]]:
    """Yield x₀, x₁, … without end.

    Args:
        method: The method.
        step_size: η.
        start: x₀, a list of coordinates.
        gradient: ∇f, from coordinates to coordinates.
        number: Converts a rational to a number.
        root: The square root of a number.

    Yields:
        The iterates, lists of coordinates.
    """
    u = number(step_size * method.gain)
    p = method.preconditioner
    rows = None if p is None else [[number(x) for x in row] for row in p.tolist()]
    x, c = list(start), [0 * a for a in start]
    s, step = list(c), 0
    while True:
        yield x
        step += 1
        slopes = list(gradient(x))
        if rows is not None:
            slopes = [sum(a * g for a, g in zip(row, slopes, strict=True)) for row in rows]
        pull = [u * g for g in slopes]
        if isinstance(method, Adam):
            s = method.root_mean_square(s, slopes, root, number)
            beta = number(method.beta1)
            c = [beta * y + q for y, q in zip(c, pull, strict=True)]
            weights = method.weights(s, step, root, number)
            x = [a - w * y for a, w, y in zip(x, weights, c, strict=True)]
        else:
            x, c = method.advance(x, c, pull, number)
