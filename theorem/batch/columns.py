"""Many problems as columns of numbers, and the float64 result for each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from gdcheck.theorem.descent.expansion import Exponents
from gdcheck.theorem.loss.errors import InputError

Floats = npt.NDArray[np.float64]

MAX_DIMENSION, MAX_TERMS, MAX_DEGREE = 64, 256, 16
"""The limits of the proof."""

MOST_MAP_ERROR = 2.0**-46
"""The largest map error that the paddings of the proof cover."""


class State(IntEnum):
    """The result in float64, row by row."""

    PROVED = 0
    OUTSIDE = 1
    """The assumptions do not hold with the margin that float64 needs, or the scale is extreme."""
    LEFT = 2
    """The iterate left the ball on which bounds are kept."""
    PRECISION = 3
    """The dominant component is lost in the rounding error."""
    BUDGET = 4
    """The steps ran out, or too few other rows were left to continue."""


@dataclass(frozen=True, eq=False)
class Momentum:
    """Heavy ball or Nesterov in all rows of a batch.

    Attributes:
        beta: β, shape (rows,), each taken as an exact dyadic rational.
        looks_ahead: Whether it is Nesterov's method.
    """

    beta: Floats
    looks_ahead: bool


@dataclass(frozen=True, eq=False)
class Averages:
    """Adam or RMSprop in all rows of a batch; float64 has no bound for them, and leaves all of their rows to Arb.

    Attributes:
        beta1: β₁, shape (rows,); zero for RMSprop.
        beta2: β₂, shape (rows,).
        epsilon: ε, shape (rows,).
        corrects_bias: Whether it is Adam.
    """

    beta1: Floats
    beta2: Floats
    epsilon: Floats
    corrects_bias: bool


@dataclass(frozen=True, eq=False)
class Coordinates:
    r"""Coordinates x in which the problems of a batch are meant: x = L y, L = (I − 2ww^T/w^Tw) D.

    Descent of f(y) is :math:`x \mapsto x - \eta LL^T\nabla f` in them, exactly: with the preconditioner
    :math:`P = LL^T`, which is D² reflected. What is proved of y holds for x, with eigenvectors L e_i of P∇²f.

    Attributes:
        mirror: w, whole numbers that do not all vanish, shape (n, rows).
        scales: The diagonal of D, powers of two, shape (n, rows).
    """

    mirror: Floats
    scales: Floats


@dataclass(frozen=True, eq=False)
class Batch:
    """Problems in eigen-coordinates with common exponents; every number is taken as an exact dyadic rational.

    Attributes:
        exponents: α_t of the terms of order three and more, T of them.
        spectrum: λ, shape (n, rows); the first and the last row are the simple ends.
        coefficients: c, shape (T, rows).
        step_size: η, shape (rows,).
        start: y₀, shape (n, rows).
        map_error: A bound of the difference between the descent that is meant and the stated one, in the sense of
            ``batch``; 0 if the numbers are exact.
        momentum: Heavy ball or Nesterov; None for other methods.
        averages: Adam or RMSprop; None for other methods.
        coordinates: Those in which the problems are meant; None for these. Without momentum and averages descent has
            their preconditioner; with either they must be a reflection's, D = 1.
    """

    exponents: tuple[Exponents, ...]
    spectrum: Floats
    coefficients: Floats
    step_size: Floats
    start: Floats
    map_error: float = 0.0
    momentum: Momentum | None = None
    averages: Averages | None = None
    coordinates: Coordinates | None = None

    def __post_init__(self) -> None:
        n, rows = self.spectrum.shape
        if n > MAX_DIMENSION or len(self.exponents) > MAX_TERMS:
            raise InputError("batch", f"has {n} variables and {len(self.exponents)} terms; the most are 64 and 256")
        orders = [sum(alpha) for alpha in self.exponents]
        if any(not 3 <= order <= MAX_DEGREE for order in orders) or len(set(self.exponents)) < len(orders):
            raise InputError("exponents", "each term must have an order from 3 to 16 and occur once")
        if any(len(alpha) != n or min(alpha) < 0 for alpha in self.exponents):
            raise InputError("exponents", f"give {n} whole numbers from 0 on for each term")
        shapes = (self.coefficients.shape, self.step_size.shape, self.start.shape)
        if shapes != ((len(orders), rows), (rows,), (n, rows)):
            raise InputError("batch", f"the shapes {shapes} do not fit {n} variables, {len(orders)} terms, {rows} rows")
        if any(a.dtype != np.float64 for a in (self.spectrum, self.coefficients, self.step_size, self.start)):
            raise InputError("batch", "every array must be float64: other numbers would not be the ones stated")
        beta = self.step_size if self.momentum is None else self.momentum.beta
        if beta.shape != (rows,) or beta.dtype != np.float64:
            raise InputError("momentum", f"give one float64 for each of the {rows} rows")
        if not 0 <= self.map_error <= MOST_MAP_ERROR:
            raise InputError("map_error", f"{self.map_error!r} is out of range; give one from 0 to 2⁻⁴⁶")

    @property
    def beta(self) -> Floats | None:
        """β or β₁; None for gradient descent."""
        if self.averages is not None:
            return self.averages.beta1
        return None if self.momentum is None else self.momentum.beta

    @property
    def rows(self) -> int:
        """The number of problems."""
        return int(self.step_size.shape[0])

    @property
    def dimension(self) -> int:
        """The number n of variables."""
        return int(self.spectrum.shape[0])

    def columns(self, xp: Any, part: slice, device: Any) -> Columns:
        """Return some rows as columns of their own, one array for each number; nothing shares the batch's memory.

        Args:
            xp: The array namespace.
            part: The rows.
            device: Where the arrays are to be.

        Returns:
            The columns.
        """

        def column(numbers: Floats) -> Any:
            return xp.asarray(numbers[part].copy(), device=device)

        return Columns(
            spectrum=[column(x) for x in self.spectrum],
            coefficients=[column(x) for x in self.coefficients],
            step_size=column(self.step_size),
            start=[column(x) for x in self.start],
            beta=None if self.momentum is None else column(self.momentum.beta),
        )


@dataclass(frozen=True, eq=False)
class Columns:
    """Some rows of a batch in the array namespace that works on them.

    Attributes:
        spectrum: n arrays.
        coefficients: T arrays.
        step_size: One array.
        start: n arrays.
        beta: One array; None for gradient descent.
    """

    spectrum: list[Any]
    coefficients: list[Any]
    step_size: Any
    start: list[Any]
    beta: Any = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """The result in float64; all arrays have shape (rows,).

    Attributes:
        state: A ``State`` for each row.
        step: The step k at which the inequality holds, or at which the row was given up.
        large: Whether the regime is the large-step one, that is whether the limit alternates along eₙ; else it is
            fixed along e₁. Meaningful where proved.
        sign: ±1: the limit (of (−1)^k times the direction in the large regime) is sign·e_d; 0 where not proved.
        radius: R_k ≥ ‖y_k‖.
        error: e_k ≥ ‖ŷ_k − y_k‖.
        ratio: A lower bound of amplitude/tail; 0 where not proved.
        turning: Whether the direction rotates, with momentum: then there is no limit, and no sign.
    """

    state: npt.NDArray[np.uint8]
    step: npt.NDArray[np.int32]
    large: npt.NDArray[np.bool_]
    sign: npt.NDArray[np.int8]
    radius: Floats
    error: Floats
    ratio: Floats
    turning: npt.NDArray[np.bool_]

    @classmethod
    def blank(cls, rows: int) -> Outcome:
        """Return an outcome with all rows given up at step 0."""
        return cls(
            state=np.full(rows, State.BUDGET, np.uint8),
            step=np.zeros(rows, np.int32),
            large=np.zeros(rows, np.bool_),
            sign=np.zeros(rows, np.int8),
            radius=np.zeros(rows),
            error=np.zeros(rows),
            ratio=np.zeros(rows),
            turning=np.zeros(rows, np.bool_),
        )


def on_host(array: Any) -> Any:
    """Return an array of NumPy or torch as NumPy's."""
    return array.cpu().numpy() if hasattr(array, "cpu") else array
