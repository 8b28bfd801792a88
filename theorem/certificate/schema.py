"""The shape of a certificate: what is malformed is refused by field, before the checker reads it."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from gdcheck.theorem.certificate.shapes import Count, Shape, StoredProblem

Vector: TypeAlias = tuple[str, ...]
Interval: TypeAlias = tuple[str, str]


class End(Shape, frozen=True):
    """An end of a spectrum."""

    interval: Interval
    multiplicity: Count


class Spectrum(Shape, frozen=True):
    """The ends of a spectrum."""

    lowest: End
    highest: End


class Subspace(Shape, frozen=True):
    """An invariant subspace that the trajectory enters."""

    enters: Count
    basis: tuple[Vector, ...]
    regime: str | None
    spectrum: Spectrum | None


class Block(Shape, frozen=True):
    """A dominant eigenspace and the amplitude in it."""

    gap: str
    vectors: tuple[Vector, ...]
    amplitude: str


class Bounds(Shape, frozen=True):
    """The numbers of the inequality that decides the limit."""

    radius: str
    sigma: str
    tail: str


class Limit(Shape, frozen=True):
    """The limit, its unit vectors enclosed."""

    kind: str | None
    vectors: tuple[tuple[Interval, ...], ...]


class SmoothProblem(Shape, frozen=True):
    """A smooth loss with its step size and start.

    Attributes:
        loss: The loss.
        variables: The names of its n variables.
        step_size: η.
        start: The first iterate, shape (n,).
        data: The arrays that the loss names: IEEE doubles, in lists or in lists of rows.
    """

    loss: str
    variables: tuple[str, ...]
    step_size: str
    start: Vector
    data: dict[str, tuple[Any, ...]] | None = None


class Ball(Shape, frozen=True):
    """A ball that holds the minimizer."""

    centre: Vector
    radius: str


class SimpleEnds(Shape, frozen=True):
    """Intervals of the smallest and the largest eigenvalue."""

    lowest: Interval
    highest: Interval


class EnclosedLimit(Shape, frozen=True):
    """The limit of the even steps: an interval for each component."""

    kind: str
    vector: tuple[Interval, ...]


class Smooth(Shape, frozen=True, tag_field="schema", tag="gdcheck-smooth/1"):
    """A decision on a smooth loss with its proof; docs/certificate.md says what it means.

    Attributes:
        problem: The problem.
        verdict: proved, or not-applicable.
        regime: The regime.
        fails: The assumptions that fail.
        minimizer: Where the minimizer lies.
        eigenvectors: Vectors near the Hessian's eigenvectors, by ascending eigenvalue.
        spectrum: The ends of the Hessian's spectrum at the minimizer.
        regular_at: A point where I − η∇²f is regular; null if none is known.
        step: The step at which the inequality holds.
        limit: The limit, of a two-cycle the direction of even steps; null if none is certified.
    """

    problem: SmoothProblem
    verdict: str
    regime: str
    fails: tuple[str, ...]
    minimizer: Ball
    eigenvectors: tuple[Vector, ...]
    spectrum: SimpleEnds
    regular_at: Vector | None
    step: Count
    limit: EnclosedLimit | None


class Symmetry(Shape, frozen=True):
    """x ↦ Sx with (Sx)_i = signs_i · x_{places_i} + shift_i; places begin with 0."""

    places: tuple[Count, ...]
    signs: tuple[Literal[1, -1], ...]
    shift: Vector


class FixedSubspace(Shape, frozen=True):
    """The space that holds the trajectory.

    Attributes:
        basis: A basis of its directions; empty where the start is the minimizer.
        regime: The regime on it; null if no limit is certified.
    """

    basis: tuple[Vector, ...]
    regime: Literal["small-step", "large-step"] | None


class SmoothSymmetry(Smooth, frozen=True, tag_field="schema", tag="gdcheck-smooth-symmetry/1"):
    """A decision on a smooth loss with symmetries, and its proof; docs/certificate.md says what it means.

    Attributes:
        problem: The problem.
        verdict: exceptional, or not-applicable.
        regime: The regime.
        fails: The assumptions that fail.
        minimizer: Where the minimizer lies.
        eigenvectors: Vectors near the Hessian's eigenvectors, by ascending eigenvalue.
        spectrum: The ends of the Hessian's spectrum at the minimizer.
        regular_at: A point where I − η∇²f is regular; null if none is known.
        step: The step at which the inequality holds.
        limit: The limit; null if none is certified.
        symmetries: Symmetries of the loss that fix the minimizer.
        lines: Eigenvectors whose images under symmetries span the eigenspaces of multiple ends of the spectrum.
        subspace: The space that the symmetries keep the trajectory in; null if that is not needed.
    """

    symmetries: tuple[Symmetry, ...]
    lines: tuple[Vector, ...]
    subspace: FixedSubspace | None


class SmoothMethodProblem(SmoothProblem, frozen=True, kw_only=True):
    """A smooth loss, step size and start, and the method."""

    method: dict[str, Any]


class SmoothMethod(Shape, frozen=True, tag_field="schema", tag="gdcheck-smooth-method/1"):
    """A decision on momentum with a smooth loss and its proof; docs/certificate.md says what it means.

    Attributes:
        problem: The problem.
        verdict: proved, or not-applicable.
        regime: The regime.
        fails: The assumptions that fail.
        minimizer: Where the minimizer lies.
        eigenvectors: Vectors near the Hessian's eigenvectors, by ascending eigenvalue.
        spectrum: The ends of the Hessian's spectrum at the minimizer.
        regular_at: A point where I − η∇²f is regular; null if none is needed or known.
        powers: Bounds of the norm of states; null without a limit.
        step: The step at which the inequality holds.
        limit: The limit, without a vector where the direction rotates; null if none is certified.
    """

    problem: SmoothMethodProblem
    verdict: str
    regime: str
    fails: tuple[str, ...]
    minimizer: Ball
    eigenvectors: tuple[Vector, ...]
    spectrum: SimpleEnds
    regular_at: Vector | None
    powers: dict[str, str] | None
    step: Count
    limit: EnclosedLimit | None


class StartlessSmoothProblem(Shape, frozen=True):
    """A smooth loss and a step size; ``data`` as in a problem with a start."""

    loss: str
    variables: tuple[str, ...]
    step_size: str
    data: dict[str, tuple[Any, ...]] | None = None


class SmoothExceptionalSet(Shape, frozen=True):
    """The starts without the limit, near the minimizer: a graph over the plane that is orthogonal to a vector.

    Attributes:
        normal: Intervals of the components of the dominant unit eigenvector, shape (n,).
        radius: The radius of the ball; null for a quadratic loss, where it is every ball.
        slope: A bound of the graph's slope.
    """

    normal: tuple[Interval, ...]
    radius: str | None
    slope: str


class SmoothEveryStart(Shape, frozen=True, tag_field="schema", tag="gdcheck-smooth-every-start/1"):
    """A verdict on a smooth loss about almost every start at once; docs/certificate.md says what it means.

    Attributes:
        problem: The problem.
        verdict: proved, or not-applicable.
        regime: The regime.
        fails: The assumptions that fail.
        minimizer: Where the minimizer lies.
        eigenvectors: Vectors near the Hessian's eigenvectors, by ascending eigenvalue.
        spectrum: The ends of the Hessian's spectrum at the minimizer.
        regular_at: A point where I − η∇²f is regular; null if none is known.
        limit: The limit of almost every start; null if an assumption fails.
        exceptional: The other starts; null if an assumption fails.
    """

    problem: StartlessSmoothProblem
    verdict: str
    regime: str
    fails: tuple[str, ...]
    minimizer: Ball
    eigenvectors: tuple[Vector, ...]
    spectrum: SimpleEnds
    regular_at: Vector | None
    limit: str | None
    exceptional: SmoothExceptionalSet | None


class ValleyProblem(Shape, frozen=True):
    """Residuals, the factor of their sum of squares, step size and start."""

    residuals: tuple[str, ...]
    variables: tuple[str, ...]
    scale: str
    step_size: str
    start: Vector


class Arrival(Shape, frozen=True):
    """The ball around x_k that the trajectory stays in, by its radius; and a ball that holds the point of arrival."""

    reach: str
    centre: Vector
    radius: str


class ValleySpectrum(Shape, frozen=True):
    """Intervals of the ends of the spectrum of JJᵀ at the point of arrival, and vectors near its eigenvectors."""

    lowest: Interval
    highest: Interval
    vectors: tuple[Vector, ...]


class ValleyRelations(Shape, frozen=True):
    """Equations in u1, …, up that the residuals satisfy for every x, and vectors orthogonal to their linear parts."""

    equations: tuple[str, ...]
    tangent: tuple[Vector, ...]


class ValleyCrossings(Shape, frozen=True):
    """The steps at which the largest Hessian eigenvalue exceeds 2/η; at all others it does not."""

    above: tuple[Count, ...]


class Valley(Shape, frozen=True, tag_field="schema", tag="gdcheck-valley/1"):
    """A limit of direction in a valley with its proof; docs/certificate.md says what it means.

    Attributes:
        problem: The problem.
        verdict: proved.
        regime: The regime at the point of arrival.
        step: The step at which the inequality holds.
        arrival: Where the trajectory arrives.
        relations: Equations of residuals that depend on each other; null if they are independent.
        sharpness: What is said of the largest Hessian eigenvalue; null if nothing is.
        spectrum: The nonzero spectrum there.
        limit: The limit.
    """

    problem: ValleyProblem
    verdict: str
    regime: str
    step: Count
    arrival: Arrival
    relations: ValleyRelations | None
    sharpness: ValleyCrossings | None
    spectrum: ValleySpectrum
    limit: EnclosedLimit


class ValleyMethodProblem(ValleyProblem, frozen=True):
    """Residuals, the factor of their sum of squares, step size and start, and the method."""

    method: dict[str, Any]


class ValleyMethod(Shape, frozen=True, tag_field="schema", tag="gdcheck-valley-method/1"):
    """The behaviour of a method with momentum in a valley, with its proof; docs/certificate.md says what it means.

    Attributes:
        problem: The problem.
        verdict: proved.
        regime: The regime at the point of arrival.
        step: The step at which the inequality holds.
        arrival: Where the trajectory arrives.
        relations: Equations of residuals that depend on each other; null if they are independent.
        spectrum: The nonzero spectrum there.
        powers: K, a bound of the powers of the linear map there over those of its largest modulus.
        limit: The limit; without a vector where the direction rotates.
    """

    problem: ValleyMethodProblem
    verdict: str
    regime: str
    step: Count
    arrival: Arrival
    relations: ValleyRelations | None
    spectrum: ValleySpectrum
    powers: str
    limit: EnclosedLimit


class AnyValleyProblem(ValleyProblem, frozen=True):
    """Residuals, the factor of their sum of squares, step size and start; the method, if it is not plain."""

    method: dict[str, Any] | None = None


class AffineSpace(Shape, frozen=True):
    """A point and vectors: the space of all sums of the point and multiples of the vectors."""

    origin: Vector
    directions: tuple[Vector, ...]


class ValleyRank(Shape, frozen=True, tag_field="schema", tag="gdcheck-valley-rank/1"):
    """The proof that the theorem on valleys does not apply to a start; docs/certificate.md says what it means.

    Attributes:
        problem: The problem.
        verdict: not-applicable.
        fails: full-rank, or common-zero.
        space: A space that the trajectory stays in.
        power: N, the power of det JJᵀ.
        multipliers: h_i, polynomials in t1, t2, …, the coordinates of the space.
    """

    problem: AnyValleyProblem
    verdict: str
    fails: tuple[str, ...]
    space: AffineSpace
    power: Count
    multipliers: tuple[str, ...]


class Certificate(Shape, frozen=True, tag_field="schema", tag="gdcheck-certificate/2"):
    """A decision with its proof; docs/certificate.md says what it means.

    The independent checker reads the numbers and the loss itself.
    """

    problem: StoredProblem
    verdict: str
    regime: str | None
    fails: tuple[str, ...]
    spectrum: Spectrum | None
    points: tuple[Vector, ...]
    kernel: Vector | None
    subspace: Subspace | None
    blocks: tuple[Block, ...]
    step: Count
    bounds: Bounds | None
    limit: Limit


class ShearTerm(Shape, frozen=True):
    """A term of the shear, a polynomial in all coordinates but the dominant one."""

    exponents: tuple[Count, ...]
    coefficient: str


class Cone(Shape, frozen=True):
    """A cone that the trajectory never leaves, and the coordinates that it is stated in."""

    reflection: Vector
    axis: Count
    shear: tuple[ShearTerm, ...]
    order: Count
    reach: str
    rest: str
    ratio: str


class ConeCertificate(Certificate, frozen=True, tag_field="schema", tag="gdcheck-certificate/3"):
    """A decision whose limit is proved by a cone; docs/certificate.md says what it means.

    The independent checker reads the numbers and the loss itself.
    """

    cone: Cone


class ExceptionalSet(Shape, frozen=True):
    """The starts without the limit, near the minimizer: a graph over the plane that is orthogonal to a vector.

    Attributes:
        gap: No other eigenvalue is within this distance of the interval of the dominant one.
        vector: A vector near the dominant unit eigenvector, shape (n,).
        normal: Intervals of its components, shape (n,).
        radius: The radius of the ball; null for a quadratic loss, where it is every ball.
        slope: A bound of the graph's slope.
    """

    gap: str
    vector: Vector
    normal: tuple[Interval, ...]
    radius: str | None
    slope: str


class StartlessProblem(Shape, frozen=True):
    """A loss, its minimizer and a step size."""

    loss: str
    variables: tuple[str, ...]
    minimizer: Vector
    step_size: str


class EveryStart(Shape, frozen=True, tag_field="schema", tag="gdcheck-every-start/1"):
    """A verdict about almost every start at once, with its proof; docs/certificate.md says what it means.

    Attributes:
        limit: The limit of almost every start; null if an assumption fails.
        exceptional: The other starts; null if an assumption fails.
    """

    problem: StartlessProblem
    verdict: str
    regime: str | None
    spectrum: Spectrum | None
    fails: tuple[str, ...]
    points: tuple[Vector, ...]
    kernel: Vector | None
    limit: str | None
    exceptional: ExceptionalSet | None


class Constant(Shape, frozen=True, tag_field="kind", tag="constant"):
    """The largest eigenvalue does not change.

    Attributes:
        from_step: From this step on.
        vector: Its eigenvector, along which the loss is quadratic; null if the whole loss is quadratic.
    """

    from_step: Count
    vector: Vector | None


class Top(Shape, frozen=True):
    """The largest eigenvalue at the minimizer.

    Attributes:
        gap: No other eigenvalue is within this distance.
        vector: A vector near its unit eigenvector, shape (n,).
    """

    gap: str
    vector: Vector


class Approach(Shape, frozen=True):
    """How the largest eigenvalue approaches its limit, for all steps from one on.

    Attributes:
        kind: Monotone from above or from below, or oscillating.
        sign: The sign of its distance to the limit at even steps.
        from_step: The step.
        broken: Earlier steps at which it is not so.
        slope: An interval of the slope along the limit direction.
        step: The step at which the trajectory is enclosed.
        cone: The step from which the inequality holds for ever.
        others: A bound of all other multipliers' moduli; null if there is none.
        top: The largest eigenvalue at the minimizer.
    """

    sign: Literal[-1, 1]
    from_step: Count
    broken: tuple[Count, ...]
    slope: Interval
    step: Count
    cone: Count
    others: str | None
    top: Top


class FromAbove(Approach, frozen=True, tag_field="kind", tag="monotone-from-above"):
    """It falls to its limit."""


class FromBelow(Approach, frozen=True, tag_field="kind", tag="monotone-from-below"):
    """It rises to its limit."""


class Oscillating(Approach, frozen=True, tag_field="kind", tag="oscillating"):
    """It is above and below its limit in turn."""


class Crossings(Shape, frozen=True):
    """The steps at which the largest eigenvalue exceeds 2/η.

    Attributes:
        steps: Those among the steps examined.
        examined: How many first steps are examined.
        complete: Whether all later ones are below.
        rose: Those at which the loss rises, while it falls at the others; null if nothing is said.
        peak: An interval of the largest value at these steps; null if there are none.
    """

    steps: tuple[Count, ...]
    examined: Count
    complete: bool
    rose: tuple[Count, ...] | None
    peak: Interval | None


class Sharpness(Shape, frozen=True, tag_field="schema", tag="gdcheck-sharpness/1"):
    """How the largest Hessian eigenvalue behaves along a trajectory, with its proof; see docs/certificate.md.

    Attributes:
        theorem: The certificate of the trajectory.
        pattern: How the eigenvalue approaches its limit; null if nothing is said.
        crossings: The steps at which it exceeds 2/η; null if nothing is said.
    """

    theorem: Certificate
    pattern: Constant | FromAbove | FromBelow | Oscillating | None
    crossings: Crossings | None


class SmoothConstant(Shape, frozen=True, tag_field="kind", tag="constant"):
    """The largest eigenvalue does not change: the loss is quadratic.

    Attributes:
        from_step: From this step on.
    """

    from_step: Count


class SmoothApproach(Shape, frozen=True):
    """How the largest eigenvalue approaches its limit, for all steps from one on.

    Attributes:
        kind: Monotone from above or from below, or oscillating.
        sign: The sign of its distance to the limit at even steps.
        from_step: The step.
        broken: Earlier steps at which it is not so.
        slope: An interval of the slope along the limit direction.
        step: The step at which the trajectory is enclosed.
        cone: The step from which the inequality holds for ever.
        values: Intervals of the largest eigenvalue at the first steps, as far as they are compared.
    """

    sign: Literal[-1, 1]
    from_step: Count
    broken: tuple[Count, ...]
    slope: Interval
    step: Count
    cone: Count
    values: tuple[Interval, ...]


class SmoothFromAbove(SmoothApproach, frozen=True, tag_field="kind", tag="monotone-from-above"):
    """It falls to its limit."""


class SmoothFromBelow(SmoothApproach, frozen=True, tag_field="kind", tag="monotone-from-below"):
    """It rises to its limit."""


class SmoothOscillating(SmoothApproach, frozen=True, tag_field="kind", tag="oscillating"):
    """It is above and below its limit in turn."""


class SmoothSharpness(Shape, frozen=True, tag_field="schema", tag="gdcheck-smooth-sharpness/1"):
    """How the largest Hessian eigenvalue behaves along a smooth loss's trajectory; see docs/certificate.md.

    Attributes:
        theorem: The certificate of the trajectory.
        pattern: How the eigenvalue approaches its limit; null if nothing is said.
        crossings: The steps at which it exceeds 2/η; null if nothing is said.
    """

    theorem: Smooth
    pattern: SmoothConstant | SmoothFromAbove | SmoothFromBelow | SmoothOscillating | None
    crossings: Crossings | None


class SmoothSaddle(Shape, frozen=True, tag_field="kind", tag="saddle"):
    """A ball with one critical point, at which the Hessian has a negative eigenvalue.

    Attributes:
        centre: The ball's centre.
        radius: Its radius.
        eigenvectors: Vectors near those of the Hessian, by ascending eigenvalue.
        lowest: An interval of the lowest eigenvalue.
    """

    centre: Vector
    radius: str
    eigenvectors: tuple[Vector, ...]
    lowest: Interval


class SmoothFall(Shape, frozen=True, tag_field="kind", tag="no-critical-point"):
    """The loss falls everywhere along a direction.

    Attributes:
        direction: The direction, shape (n,).
    """

    direction: Vector


class SmoothEnd(Shape, frozen=True, tag_field="schema", tag="gdcheck-smooth-end/1"):
    """Why a trajectory of a smooth loss does not end at a strict minimum; see docs/certificate.md.

    Attributes:
        problem: The problem.
        verdict: not-applicable at a saddle; unresolved without a critical point.
        claim: What is proved.
    """

    problem: SmoothProblem
    verdict: str
    claim: SmoothSaddle | SmoothFall


class SmoothWithin(Shape, frozen=True, tag_field="kind", tag="within"):
    """The step from which on a measure stays within a bound.

    Attributes:
        measure: The distance to the minimizer, or the loss above that of the minimizer.
        bound: The bound.
        step: The first step from which on the measure is at most that, at every step.
        until: The last step that is enclosed.
    """

    measure: Literal["distance", "loss"]
    bound: str
    step: Count
    until: Count


class SmoothIterate(Shape, frozen=True, tag_field="kind", tag="iterate"):
    """Where the iterate of a step is.

    Attributes:
        step: The step.
        box: An interval for each coordinate.
    """

    step: Count
    box: tuple[Interval, ...]


class SmoothSteps(Shape, frozen=True, tag_field="schema", tag="gdcheck-smooth-steps/1"):
    """How long a trajectory of a smooth loss takes, or where it is at a step; see docs/certificate.md.

    Attributes:
        theorem: The certificate of the trajectory.
        claim: What is proved.
    """

    theorem: Smooth
    claim: SmoothWithin | SmoothIterate
