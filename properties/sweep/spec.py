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
Epsilon = Annotated[float, Meta(ge=2.0**-40, le=2.0**20)]

MethodName = Literal["gradient-descent", "preconditioned", "heavy-ball", "nesterov", "adam", "rmsprop"]
METHODS: tuple[str, ...] = get_args(MethodName)
PARAMETERS = {
    "heavy-ball": ("momentum",),
    "nesterov": ("momentum",),
    "adam": ("beta1", "beta2", "epsilon"),
    "rmsprop": ("beta2", "epsilon"),
}
"""The parameters that are drawn for a method's problems; gradient descent has none, preconditioned or not."""
FEW = {"adam": 2000, "rmsprop": 2000}
"""The default number of problems, by method, where every problem goes to Arb and to the checker."""
_FEW_A_BATCH = 50


_PAIRS = ("lowest", "condition", "start", "momentum", "beta1", "beta2", "epsilon")


class Spec(Shape, frozen=True):
    """The parameters of the problems.

    Attributes:
        variables: n.
        degree: The largest order of a term; orders run from 3.
        terms: Terms of order three and more, the same exponents within a batch.
        small_step_share: The share of problems in the small-step regime.
        near_share: The share of problems whose step size is near the boundary.
        closest_bits: The near ones come within a relative distance of 2^−closest_bits, all magnitudes equally often.
        farthest: The others are spread evenly over this share of the regime, measured from the boundary.
        lowest: Smallest and largest λ₁.
        condition: Smallest and largest λₙ/λ₁.
        coefficient: The largest modulus of a coefficient.
        start: Smallest and largest distance of a start, in units of a radius within which descent contracts.
        dominant_bits: A start's dominant component is shrunk by up to 2^−dominant_bits, all magnitudes equally often.
        batch: Problems a batch.
        sample: Problems of each batch that are decided again in Arb and rechecked; with Adam and RMSprop, all are
            decided once, in Arb, and each certificate is rechecked.
        max_steps: Steps in float64 before a problem goes to Arb.
        exact_steps: Steps in Arb before it is left unresolved.
        method: Which method descends; ``preconditioned`` is gradient descent with a random preconditioner.
        momentum: Smallest and largest β of heavy ball and Nesterov.
        beta1: Smallest and largest β₁ of Adam.
        beta2: Smallest and largest β₂ of Adam and RMSprop.
        epsilon: Smallest and largest ε of Adam and RMSprop.
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
    beta1: tuple[Beta, Beta] = (0.01, 0.5)
    beta2: tuple[Beta, Beta] = (0.5, 0.9)
    epsilon: tuple[Epsilon, Epsilon] = (0.5, 2.0)

    @property
    def is_plain(self) -> bool:
        """Whether the regimes are those of gradient descent: also with a preconditioner."""
        return self.method in {"gradient-descent", "preconditioned"}

    @property
    def beta_ends(self) -> tuple[float, float]:
        """The ends of β, or of Adam's β₁; zero where there is none."""
        return {"heavy-ball": self.momentum, "nesterov": self.momentum, "adam": self.beta1}.get(self.method, (0.0, 0.0))

    @property
    def is_adaptive(self) -> bool:
        """Whether the method is Adam or RMSprop; float64 decides none of their problems."""
        return self.method in FEW

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
            raise InputError("method", f"{quoted(data['method'])} is unknown; give {names} or {METHODS[-1]}")
        if isinstance(data, dict) and data.get("method") in FEW:
            # A batch is the unit of storage and of work: fifty of these problems take as long as millions of others.
            data = {"batch": _FEW_A_BATCH} | data
        try:
            spec = read_as(data, cls)
        except ShapeError as error:
            if error.field == "$":
                names = ", ".join(field.name for field in fields(cls))
                raise InputError("spec", f"{error.said}; give an object with some of {names}") from None
            raise InputError(error.field.removeprefix("$."), error.said) from None
        n, degree = spec.variables, spec.degree
        # The number of distinct exponents of order three and more.
        most = comb(n + degree, n) - comb(n + 2, n)
        for name, value, limit in (("terms", spec.terms, most), ("sample", spec.sample, spec.batch)):
            if value > limit:
                raise InputError(name, f"{value} is out of range here; give at most {limit}")
        pairs = {name: getattr(spec, name) for name in _PAIRS}
        for name, (low, high) in pairs.items():
            if low > high:
                raise InputError(name, f"{low} is above {high}; give the smaller number first")
        return spec
