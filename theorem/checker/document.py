"""A certificate of the theorem, read strictly into typed records: docs/certificate.md, *Fields*."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn, TypeVar

from gdcheck.theorem.checker.exact import Exponents, Vector
from gdcheck.theorem.checker.loss_text import Loss, read_loss
from gdcheck.theorem.checker.outcome import BadCertificate

FORMAT, WITH_CONE = "gdcheck-certificate/2", "gdcheck-certificate/3"
NUMBER = re.compile(r"-?[0-9]+(?:/[1-9][0-9]*|(?:[.][0-9]+)?(?:[eE][+-]?[0-9]{1,4})?)")
NAME = re.compile(r"(?!max$)[^\W\d]\w*")
MOST_CHARACTERS, MOST_STEPS, MOST_VARIABLES, MOST_ENTRIES, MOST_ORDER = 4000, 10**6, 32, 300, 16

Interval = tuple[Fraction, Fraction]
T = TypeVar("T")


@dataclass(frozen=True)
class Problem:
    """A loss, and what gradient descent does with it. All vectors have shape (n,)."""

    loss: Loss
    variables: tuple[str, ...]
    minimizer: Vector
    step_size: Fraction
    start: Vector


@dataclass(frozen=True)
class Eigenvalue:
    """An eigenvalue in the closed interval [low, high], equal to both if they are equal."""

    low: Fraction
    high: Fraction
    multiplicity: int


@dataclass(frozen=True)
class Spectrum:
    """The two ends of a spectrum."""

    lowest: Eigenvalue
    highest: Eigenvalue


@dataclass(frozen=True)
class Subspace:
    """A linear space that the trajectory lies in from a step on; regime and spectrum are those on it."""

    enters: int
    basis: tuple[Vector, ...]
    regime: str | None
    spectrum: Spectrum | None


@dataclass(frozen=True)
class Block:
    """Vectors that span the eigenspace of a dominant eigenvalue, up to an error."""

    gap: Fraction
    vectors: tuple[Vector, ...]
    amplitude: Fraction


@dataclass(frozen=True)
class Bounds:
    """Numbers of the inequality, which the checker computes for itself: they bind the certificate to its problem."""

    radius: Fraction
    sigma: Fraction
    tail: Fraction


@dataclass(frozen=True)
class Cone:
    """A cone that the trajectory never leaves, in coordinates after a reflection and a shear.

    Attributes:
        reflection: The vector p along which space is reflected, shape (n,).
        axis: Which coordinate is t then.
        shear: The polynomial phi in the other coordinates w, of degree two and more, by its exponents.
        order: From 2 to 16, the degree up to which what is left over by phi is computed.
        reach: A radius on which the rest of it is bounded.
        rest: b, a bound of all multipliers but one.
        ratio: kappa.
    """

    reflection: Vector
    axis: int
    shear: dict[Exponents, Fraction]
    order: int
    reach: Fraction
    rest: Fraction
    ratio: Fraction


@dataclass(frozen=True)
class Limit:
    """The limit of the direction: of all steps, or of even and of odd steps; a vector has an interval a component."""

    kind: str | None
    vectors: tuple[tuple[Interval, ...], ...]


@dataclass(frozen=True)
class Certificate:
    """All fields of a certificate but its format."""

    problem: Problem
    verdict: str
    regime: str | None
    spectrum: Spectrum | None
    fails: tuple[str, ...]
    points: tuple[Vector, ...]
    kernel: Vector | None
    subspace: Subspace | None
    blocks: tuple[Block, ...]
    step: int
    bounds: Bounds | None
    limit: Limit
    cone: Cone | None = None


def read_certificate(value: object) -> Certificate:
    """Read a certificate.

    Args:
        value: The parsed JSON.

    Returns:
        The certificate.

    Raises:
        BadCertificate: If a field is missing, unknown, or not of its type; the sentence names it.
    """
    names = "schema problem verdict regime fails spectrum points kernel subspace blocks step bounds limit"
    has_cone = type(value) is dict and value.get("schema") == WITH_CONE
    c = read_object(value, "certificate", f"{names} cone" if has_cone else names)
    if c["schema"] not in (FORMAT, WITH_CONE):
        refuse("schema", f"{FORMAT!r} or {WITH_CONE!r}")
    problem = read_problem(c["problem"])
    n = len(problem.variables)

    def vectors(entry: object, path: str) -> tuple[Vector, ...]:
        return read_list(entry, path, lambda vector, at: read_vector(vector, at, n))

    def subspace(entry: object, path: str) -> Subspace:
        s = read_object(entry, path, "enters basis regime spectrum")
        return Subspace(
            read_count(s["enters"], f"{path}.enters"),
            vectors(s["basis"], f"{path}.basis"),
            read_or_null(s["regime"], f"{path}.regime", read_text),
            read_or_null(s["spectrum"], f"{path}.spectrum", read_spectrum),
        )

    def block(entry: object, path: str) -> Block:
        b = read_object(entry, path, "gap vectors amplitude")
        return Block(
            read_number(b["gap"], f"{path}.gap"),
            vectors(b["vectors"], f"{path}.vectors"),
            read_number(b["amplitude"], f"{path}.amplitude"),
        )

    def intervals(entry: object, path: str) -> tuple[Interval, ...]:
        return read_list(entry, path, read_interval, n)

    limit = read_object(c["limit"], "limit", "kind vectors")
    return Certificate(
        problem,
        read_text(c["verdict"], "verdict"),
        read_or_null(c["regime"], "regime", read_text),
        read_or_null(c["spectrum"], "spectrum", read_spectrum),
        read_list(c["fails"], "fails", read_text),
        vectors(c["points"], "points"),
        read_or_null(c["kernel"], "kernel", lambda entry, path: read_vector(entry, path, n)),
        read_or_null(c["subspace"], "subspace", subspace),
        read_list(c["blocks"], "blocks", block),
        read_count(c["step"], "step"),
        read_or_null(c["bounds"], "bounds", _bounds),
        Limit(
            read_or_null(limit["kind"], "limit.kind", read_text),
            read_list(limit["vectors"], "limit.vectors", intervals),
        ),
        _cone(c["cone"], n) if has_cone else None,
    )


def read_problem(value: object, *, has_start: bool = True) -> Problem:
    """Read a problem, which all kinds of certificates have alike; without a start, it starts at the minimizer."""
    names = "loss variables minimizer step_size"
    p = read_object(value, "problem", f"{names} start" if has_start else names)
    variables = read_list(p["variables"], "problem.variables", read_text)
    n = len(variables)
    if not 1 <= n == len({*variables}) <= MOST_VARIABLES or not all(map(NAME.fullmatch, variables)):
        refuse("problem.variables", f"1 to {MOST_VARIABLES} distinct names")
    step_size = read_number(p["step_size"], "problem.step_size")
    if step_size <= 0:
        refuse("problem.step_size", "positive")
    minimizer = read_vector(p["minimizer"], "problem.minimizer", n)
    return Problem(
        read_loss(read_text(p["loss"], "problem.loss"), variables),
        variables,
        minimizer,
        step_size,
        read_vector(p["start"], "problem.start", n) if has_start else minimizer,
    )


def read_spectrum(value: object, path: str) -> Spectrum:
    """Read the two ends of a spectrum."""
    s = read_object(value, path, "lowest highest")
    return Spectrum(_eigenvalue(s["lowest"], f"{path}.lowest"), _eigenvalue(s["highest"], f"{path}.highest"))


def _eigenvalue(value: object, path: str) -> Eigenvalue:
    e = read_object(value, path, "interval multiplicity")
    low, high = read_interval(e["interval"], f"{path}.interval")
    return Eigenvalue(low, high, read_count(e["multiplicity"], f"{path}.multiplicity"))


def _bounds(value: object, path: str) -> Bounds:
    b = read_object(value, path, "radius sigma tail")
    return Bounds(*(read_number(b[name], f"{path}.{name}") for name in ("radius", "sigma", "tail")))


def _cone(value: object, n: int) -> Cone:
    c = read_object(value, "cone", "reflection axis shear order reach rest ratio")

    def term(entry: object, path: str) -> tuple[Exponents, Fraction]:
        e = read_object(entry, path, "exponents coefficient")
        exponents = read_list(e["exponents"], f"{path}.exponents", read_count, n - 1)
        if not 2 <= sum(exponents) <= MOST_ORDER:
            refuse(f"{path}.exponents", f"of a sum from 2 to {MOST_ORDER}")
        return exponents, read_number(e["coefficient"], f"{path}.coefficient")

    shear = dict(read_list(c["shear"], "cone.shear", term))
    axis, order = read_count(c["axis"], "cone.axis"), read_count(c["order"], "cone.order")
    if not 2 <= order <= MOST_ORDER:
        refuse("cone.order", f"from 2 to {MOST_ORDER}")
    numbers = [read_number(c[name], f"cone.{name}") for name in ("reach", "rest", "ratio")]
    if not all(x > 0 for x in numbers):
        refuse("cone", "positive in reach, rest and ratio")
    reflection = read_vector(c["reflection"], "cone.reflection", n)
    return Cone(reflection, axis, shear, order, *numbers)


# The parts that every certificate is made of. ``path`` names the field in the sentence of a refusal.


def refuse(path: str, must: str) -> NoReturn:
    """Refuse a field."""
    raise BadCertificate(f"{path} must be {must}")


def read_object(value: object, path: str, names: str) -> dict[str, object]:
    """Read an object that has exactly the fields with these names."""
    if type(value) is not dict:
        refuse(path, "an object")
    expected = names.split()
    if value.keys() != {*expected}:
        lacks = [name for name in expected if name not in value]
        more = f"lacks {lacks[0]}" if lacks else "has others too"
        raise BadCertificate(f"{path} must have the fields {', '.join(expected)} and no other; it {more}")
    return value


def read_list(value: object, path: str, entry: Callable[[object, str], T], size: int | None = None) -> tuple[T, ...]:
    """Read a list, of a given length if one is given."""
    if type(value) is not list or len(value) > MOST_ENTRIES or (size is not None and len(value) != size):
        refuse(path, f"a list of {f'at most {MOST_ENTRIES}' if size is None else size} entries")
    return tuple(entry(x, f"{path}[{i}]") for i, x in enumerate(value))


def read_or_null(value: object, path: str, read: Callable[[object, str], T]) -> T | None:
    """Read what may be null."""
    return None if value is None else read(value, path)


def read_text(value: object, path: str) -> str:
    """Read text that is not empty."""
    if type(value) is not str or not value:
        refuse(path, "text")
    return value


def read_count(value: object, path: str) -> int:
    """Read a whole number from 0 to 10^6."""
    if type(value) is not int or not 0 <= value <= MOST_STEPS:
        refuse(path, f"a whole number from 0 to {MOST_STEPS}")
    return value


def read_number(value: object, path: str) -> Fraction:
    """Read an exact number from its text."""
    if type(value) is not str or len(value) > MOST_CHARACTERS or not NUMBER.fullmatch(value):
        refuse(path, f"a number such as '-3/7', of at most {MOST_CHARACTERS} characters")
    return Fraction(value)


def read_vector(value: object, path: str, size: int) -> Vector:
    """Read a list of numbers of a given length."""
    return read_list(value, path, read_number, size)


def read_interval(value: object, path: str) -> Interval:
    """Read a pair of numbers."""
    low, high = read_vector(value, path, 2)
    return low, high
