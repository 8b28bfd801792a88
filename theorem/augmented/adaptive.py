r"""Adam and RMSprop: heavy ball up to factors that tend to one, enclosed with their true square roots.

In each coordinate the step is :math:`h' = h - \gamma c'` with :math:`\gamma = 1/((1-\beta_1^t)(1 + \sqrt{\hat
v}/\varepsilon))`. The state keeps :math:`s = \sqrt v`, which is Lipschitz where v is not: :math:`s' = \sqrt{\beta_2 s^2
+
(1-\beta_2) g^2}` moves by at most :math:`\sqrt{\beta_2}\,|\Delta s| + \sqrt{1-\beta_2}\,|\Delta g|`. The difference to
heavy ball, :math:`|1-\gamma||c'|`, is the drift of the amplitude lemma: :math:`|1-\gamma| \le \beta_1^t/(1-\beta_1^t) +
\sqrt{\hat v}/\varepsilon`, both summable (docs/methods.md, *Adam and RMSprop*).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flint import arb

from gdcheck.theorem.augmented.enclosure import Growth, Norms, StateEnclosure
from gdcheck.theorem.augmented.powers import Powers
from gdcheck.theorem.descent.enclosure import DescentMap
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.limit.sequence import Drift, EnclosedIterate
from gdcheck.theorem.loss.balls import norm, surely_less, upper
from gdcheck.theorem.methods.method import Adam


@dataclass(frozen=True, eq=False)
class Factors:
    """The factors of one step, bounded.

    Attributes:
        bias: β₁ᵗ/(1 − β₁ᵗ): the bias correction of the first average, less one.
        per_root: 1/(ε√(1 − β₂ᵗ)): √v̂/ε divided by s.
    """

    bias: arb
    per_root: arb

    @classmethod
    def at(cls, method: Adam, step: int) -> Factors:
        """Return the factors of a step; the first step is 1."""
        if not method.corrects_bias:
            return cls(arb(0), 1 / arb(method.epsilon))
        fades = arb(method.beta1) ** step
        return cls(fades / (1 - fades), 1 / (arb(method.epsilon) * (1 - arb(method.beta2) ** step).sqrt()))


def adaptive_drift(
    method: Adam, bound: RemainderBound, norms: Norms, slopes: tuple[arb, arb], iterate: EnclosedIterate
) -> Drift:
    """Bound what the factors add from an iterate on.

    Args:
        method: The method.
        bound: The remainder bound.
        norms: The norms.
        slopes: uλₙ, an upper bound; and u.
        iterate: One of ``enclose_adaptive``.

    Returns:
        The bounds; ``fresh`` is the part due to later gradients.
    """
    assert isinstance(iterate, StateEnclosure)
    steepest, scale = slopes
    factors = Factors.at(method, iterate.step + 1)
    radius = iterate.radius
    slope = steepest + bound.quadratic(radius) * radius
    beta1, keep = arb(method.beta1), arb(method.beta2).sqrt()
    # |c'| ≤ √(β₁² + slope²)‖z‖, and the factors change h alone.
    weight = norms.powers.error * norm((beta1, slope))
    gradient = slope / scale * radius
    largest = iterate.average if surely_less(gradient, iterate.average) else iterate.average.max(gradient)
    fresh = arb(1 - method.beta2).sqrt() * gradient
    sum_of_roots = factors.per_root / (1 - keep)
    return Drift(
        largest=weight * (factors.bias + factors.per_root * largest),
        fixed=weight * (factors.bias / (1 - beta1) + sum_of_roots * keep * iterate.average),
        fresh=weight * sum_of_roots * fresh,
    )


def enclose_adaptive(
    method: Adam, expansion: Expansion, bound: RemainderBound, norms: Norms, steepest: arb
) -> Iterator[StateEnclosure]:
    """Enclose the states of Adam or RMSprop, step after step, without end.

    Args:
        method: The method.
        expansion: The loss at its minimizer, with the start and the step size u.
        bound: The remainder bound at the current precision.
        norms: The norms.
        steepest: uλₙ, an upper bound.

    Yields:
        The states.
    """
    descend = DescentMap(expansion)
    growth = Growth(expansion, bound, norms)
    n, u, powers = expansion.dimension, arb(expansion.step_size), norms.powers
    keep, take, beta1 = arb(method.beta2).sqrt(), arb(1 - method.beta2).sqrt(), arb(method.beta1)
    h, c, s = [arb(x) for x in expansion.displacement], [arb(0)] * n, [arb(0)] * n
    errors = _Errors(powers)
    doubt, step = arb(0), 0
    while True:
        errors.add(*(sum((x.rad() for x in part), arb(0)) for part in (h, c)))
        doubt = upper(doubt + sum((x.rad() for x in s), arb(0)))
        h, c, s = [x.mid() for x in h], [x.mid() for x in c], [x.mid() for x in s]
        size = powers.size(h, c)
        yield StateEnclosure(step, [*h, *c], errors.starred, size + errors.starred, size, upper(norm(s) + doubt))
        step += 1
        factors = Factors.at(method, step)
        pull = [x - y for x, y in zip(h, descend(h), strict=True)]
        buffer = [beta1 * y + p for y, p in zip(c, pull, strict=True)]
        s = method.root_mean_square(s, [p / u for p in pull], _root, arb)
        weights = method.weights(s, step, _root, arb)
        following = [x - g * y for x, g, y in zip(h, weights, buffer, strict=True)]
        if errors.starred > 0 or doubt > 0:
            reached = norm(h)
            lipschitz = bound.lipschitz(reached + errors.h)
            slope = steepest + lipschitz
            shrinks = norms.rho + powers.gradient * lipschitz
            near = surely_less(shrinks + powers.error * (factors.per_root * norm(s) + factors.bias), arb(1))
            if not near:
                local = (growth.expansion(h, reached, errors.h) - norms.still) / norms.pull
                slope = local if surely_less(local, slope) else slope
            moved = beta1 * errors.c + slope * errors.h
            doubt = keep * doubt + take * slope / u * errors.h
            # The slope of γ by s falls like 1/s².
            steep = factors.per_root * (1 + factors.bias)
            least = [(x - doubt).nonnegative_part() for x in s]
            bends = _largest(
                steep / (1 + factors.per_root * x) ** 2 * (abs(y) + moved) for x, y in zip(least, buffer, strict=True)
            )
            differs = _largest(abs(1 - g) for g in weights)
            errors.step(
                errors.h + _largest(weights) * moved + bends * doubt,
                moved if method.beta1 > 0 else arb(0),
                shrinks * errors.starred + powers.error * (differs * moved + bends * doubt),
            )
        # Without momentum the buffer is never used again: no norm contains it.
        h, c = following, buffer if method.beta1 > 0 else [arb(0)] * n


class _Errors:
    """Bounds of the distance to the state: of h and of c in the Euclidean norm, and of both in ‖·‖_*."""

    def __init__(self, powers: Powers) -> None:
        self._powers = powers
        self.h = self.c = self.starred = arb(0)

    def add(self, h: arb, c: arb) -> None:
        """Add rounding errors."""
        self.step(self.h + h, self.c + c, self.starred + self._powers.error * h + self._powers.buffer * c)

    def step(self, h: arb, c: arb, starred: arb) -> None:
        """Replace the bounds, and sharpen each by the others."""
        self.h, self.c, self.starred = upper(h), upper(c), upper(starred)
        both = upper(self._powers.error * self.h + self._powers.buffer * self.c)
        if surely_less(both, self.starred):
            self.starred = both
        self.h, self.c = (self.starred if surely_less(self.starred, x) else x for x in (self.h, self.c))


def _largest(values: Iterable[arb]) -> arb:
    """Return an upper bound of all values; infinite or NaN if one of them is."""
    most = arb(0)
    for x in values:
        most = most.max(upper(x))
    return most


def _root(x: arb) -> arb:
    return x.nonnegative_part().sqrt()
