"""The parameters of a sweep's problems: a small JSON object, every field with a default."""

from __future__ import annotations

from math import comb
from typing import Annotated, Literal, get_args

from msgspec import Meta
from msgspec.structs import fields

from gdcheck.theorem.batch.columns import MAX_DEGREE, MAX_TERMS
from gdcheck.theorem.certificate.shapes import Shape, ShapeError, Share, read_as
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import quoted

Steps = Annotated[int, Meta(ge=1, le=10**6)]
Eigenvalue = Annotated[float, Meta(ge=2.0**-20, le=2.0**20)]
Condition = Annotated[float, Meta(ge=1.01, le=2.0**10)]
Beta = Annotated[float, Meta(ge=2.0**-10, le=0.999)]
Distance = Annotated[float, Meta(ge=2.0**-40, le=16)]

MethodName = Literal["gradient-descent", "heavy-ball", "nesterov"]
METHODS: tuple[str, ...] = get_args(MethodName)
"""The methods with a float64 batch."""


class Spec(Shape, frozen=True):
    """The parameters of the problems.

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
        method: Which method descends.
        momentum: Smallest and largest β of heavy ball and Nesterov.
    """

    variables: Annotated[int, Meta(ge=2, le=16)] = 5
    degree: Annotated[int, Meta(ge=3, le=MAX_DEGREE)] = 4
    terms: Annotated[int, Meta(ge=1, le=MAX_TERMS)] = 20
    small_step_share: Share = 0.5
    near_share: Share = 0.5
    closest_bits: Annotated[int, Meta(ge=1, le=44)] = 40
    farthest: Annotated[float, Meta(ge=0.01, le=0.99)] = 0.9
    lowest: tuple[Eigenvalue, Eigenvalue] = (0.25, 1.0)
    condition: tuple[Condition, Condition] = (1.5, 10.0)
    coefficient: Annotated[float, Meta(ge=0, le=2.0**20)] = 2.0
    start: tuple[Distance, Distance] = (0.05, 2.0)
    dominant_bits: Annotated[int, Meta(ge=0, le=60)] = 20
    batch: Annotated[int, Meta(ge=16, le=2**22)] = 131072
    sample: Annotated[int, Meta(ge=0)] = 8
    max_steps: Steps = 2048
    exact_steps: Steps = 20000
    method: MethodName = "gradient-descent"
    momentum: tuple[Beta, Beta] = (0.01, 0.5)

    @classmethod
    def from_json(cls, data: object) -> Spec:
        """Read a spec, already parsed; what it does not name keeps its default.

        Args:
            data: What ``json.loads`` returned.

        Returns:
            The spec.

        Raises:
            InputError: If a field is unknown, of the wrong type, or out of range.
        """
        if isinstance(data, dict) and isinstance(data.get("method"), str) and data["method"] not in METHODS:
            names = ", ".join(METHODS[:-1])
            said = f"a sweep has no {quoted(data['method'])}; it has {names} and {METHODS[-1]}"
            if data["method"] in {"adam", "rmsprop"}:
                # There is no float64 batch of these.
                said += "; gdcheck claim adaptive examines random problems of Adam and RMSprop"
            raise InputError("method", said)
        try:
            spec = read_as(data, cls)
        except ShapeError as error:
            if error.field == "$":
                names = ", ".join(field.name for field in fields(cls))
                raise InputError("spec", f"{error.said}; give an object with some of {names}") from None
            raise InputError(error.field.removeprefix("$."), error.said) from None
        n, degree = spec.variables, spec.degree
        # There are only so many exponents of order three and more.
        most = comb(n + degree, n) - comb(n + 2, n)
        for name, value, limit in (("terms", spec.terms, most), ("sample", spec.sample, spec.batch)):
            if value > limit:
                raise InputError(name, f"{value} is out of range here; give at most {limit}")
        pairs = {name: getattr(spec, name) for name in ("lowest", "condition", "start", "momentum")}
        for name, (low, high) in pairs.items():
            if low > high:
                raise InputError(name, f"{low} is above {high}; give the smaller number first")
        return spec
