"""What the problems of a sweep look like: a small JSON object, every field with a default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import comb
from typing import Any

from gdcheck.theorem.batch.columns import MAX_DEGREE, MAX_TERMS
from gdcheck.theorem.loss.errors import InputError


@dataclass(frozen=True)
class Spec:
    """What the problems look like.

    Attributes:
        variables: n.
        degree: The largest order of a term; orders run from 3.
        terms: Terms of order three and more, the same exponents within a batch.
        small_step_share: The share of problems in the small-step regime.
        near_share: The share of problems whose step size is near the boundary.
        closest_bits: Those come within a relative distance of 2^−closest_bits of it, all magnitudes alike.
        farthest: The others are spread evenly over this part of the regime, counted from the boundary.
        lowest: Smallest and largest λ₁.
        condition: Smallest and largest λₙ/λ₁.
        coefficient: The largest modulus of a coefficient.
        start: Smallest and largest distance of a start, in units of a radius within which descent contracts.
        dominant_bits: The dominant component of a start is shrunk by up to 2^−dominant_bits, all magnitudes alike.
        batch: Problems a batch.
        sample: Problems of each batch that are decided again in Arb and rechecked.
        max_steps: Steps in float64 before a problem goes to Arb.
        exact_steps: Steps in Arb before it is left unresolved.
    """

    variables: int = 5
    degree: int = 4
    terms: int = 20
    small_step_share: float = 0.5
    near_share: float = 0.5
    closest_bits: int = 40
    farthest: float = 0.9
    lowest: tuple[float, float] = (0.25, 1.0)
    condition: tuple[float, float] = (1.5, 10.0)
    coefficient: float = 2.0
    start: tuple[float, float] = (0.05, 2.0)
    dominant_bits: int = 20
    batch: int = 131072
    sample: int = 8
    max_steps: int = 2048
    exact_steps: int = 20000

    def __post_init__(self) -> None:
        limits: dict[str, tuple[float, float]] = {
            "variables": (2, 16),
            "degree": (3, MAX_DEGREE),
            "terms": (1, min(MAX_TERMS, _monomials(self.variables, self.degree) if self._sized else 1)),
            "small_step_share": (0, 1),
            "near_share": (0, 1),
            "closest_bits": (1, 44),
            "farthest": (0.01, 0.99),
            "lowest": (2.0**-20, 2.0**20),
            "condition": (1.01, 2.0**10),
            "coefficient": (0, 2.0**20),
            "start": (2.0**-40, 16),
            "dominant_bits": (0, 60),
            "batch": (16, 2**22),
            "sample": (0, self.batch if type(self.batch) is int else 0),
            "max_steps": (1, 10**6),
            "exact_steps": (1, 10**6),
        }
        for field in fields(self):
            least, most = limits[field.name]
            _check(field.name, getattr(self, field.name), type(field.default), least, most)

    @property
    def _sized(self) -> bool:
        sizes = (self.variables, self.degree)
        return all(type(size) is int for size in sizes) and 2 <= sizes[0] <= 16 and 3 <= sizes[1] <= MAX_DEGREE

    @classmethod
    def from_json(cls, data: object) -> Spec:
        """Reads a spec, already parsed; what it does not name keeps its default.

        Args:
            data: What ``json.loads`` returned.

        Returns:
            The spec.

        Raises:
            InputError: If a field is unknown, of the wrong type, or out of range.
        """
        if not isinstance(data, Mapping):
            raise InputError("spec", 'expected a JSON object such as {"variables": 5, "degree": 4}')
        names = [field.name for field in fields(cls)]
        unknown = sorted(str(key) for key in set(data) - set(names))
        if unknown:
            raise InputError("spec", f"unknown field {unknown[0][:40]!r}; the fields are {', '.join(names)}")
        given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        """The spec with every field."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def _monomials(variables: int, degree: int) -> int:
    return comb(variables + degree, variables) - comb(variables + 2, variables)


def _check(name: str, value: object, kind: type, least: float, most: float) -> None:
    if kind is tuple:
        if not isinstance(value, tuple) or len(value) != 2:
            raise InputError(name, "give two numbers, such as [0.25, 1.0]")
        for part in value:
            _check(name, part, float, least, most)
        if value[0] > value[1]:
            raise InputError(name, f"{value[0]} is above {value[1]}; give the smaller number first")
        return
    wanted = (int,) if kind is int else (int, float)
    if isinstance(value, bool) or not isinstance(value, wanted):
        raise InputError(name, f"expected {'a whole number' if kind is int else 'a number'}")
    if not least <= value <= most:
        raise InputError(name, f"{value} is out of range; give one from {least:g} to {most:g}")
