"""What the verifiers of further certificates read alike: the problem, and lists of fractions."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any, NoReturn

from gdcheck.theorem.checker.recheck import BadCertificate, Poly, _loss, _translated

__all__ = ["Vector", "bad", "read_loss", "read_rationals"]

Vector = list[Fraction]


def bad(path: str, must: str) -> NoReturn:
    """Refuse a field."""
    raise BadCertificate(f"{path} must be {must}")


def read_loss(value: Any) -> tuple[Poly, list[SimpleNamespace], SimpleNamespace]:
    """Read a problem: the polynomial and the truncated powers of its loss, and its other fields as numbers."""
    problem: Any = _translated(value, "problem") if type(value) is dict else bad("problem", "an object")
    fields = vars(problem)
    if "loss" not in fields or type(problem.loss) is not str:
        bad("problem", "an object with loss, variables, minimizer, step_size and start")
    names = problem.variables
    if type(names) is not list or not 1 <= len(names) <= 32 or len({*names}) != len(names):
        bad("problem.variables", "1 to 32 distinct names")
    for field in ("minimizer", "start"):
        vector = fields[field]
        if type(vector) is not list or len(vector) != len(names) or any(type(x) is not Fraction for x in vector):
            bad(f"problem.{field}", f"a list of {len(names)} numbers")
    if type(problem.step_size) is not Fraction or problem.step_size <= 0:
        bad("problem.step_size", "a positive number")
    return *_loss(problem.loss, names), problem


def read_rationals(value: Any, size: int, path: str) -> list[Fraction]:
    """Read a list of fractions of a given length."""
    numbers = _translated(value, path) if type(value) is list and len(value) == size else None
    if numbers is None or any(type(x) is not Fraction for x in numbers):
        bad(path, f"a list of {size} numbers such as '-3/7'")
    return list(numbers)
