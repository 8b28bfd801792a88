"""What the verifiers of further certificates read alike: the problem, and lists of fractions."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from theorem.recheck_exact import Poly
from theorem.recheck_reading import NAME, RATIONAL, TEXT, BadCertificate, _loss, _read, bad

__all__ = ["BadCertificate", "bad", "read_loss", "read_rationals"]


def read_loss(value: Any) -> tuple[Poly, list[SimpleNamespace], SimpleNamespace]:
    """Read a problem: the polynomial and the truncated powers of its loss, and its other fields as numbers."""
    n = len(value["variables"]) if type(value) is dict and type(value.get("variables")) is list else 1
    vector = [RATIONAL, n, n]
    shape = {"loss": TEXT, "variables": [NAME, 1, 32], "minimizer": vector, "step_size": RATIONAL, "start": vector}
    problem: SimpleNamespace = _read(value, shape, "problem")
    if len(set(problem.variables)) != n:
        bad("problem.variables", "distinct")
    if problem.step_size <= 0:
        bad("problem.step_size", "positive")
    return *_loss(problem.loss, problem.variables), problem


def read_rationals(value: Any, size: int, path: str) -> list[Fraction]:
    """Read a list of fractions of a given length."""
    numbers: list[Fraction] = _read(value, [RATIONAL, size, size], path)
    return numbers
