r"""Adam and RMSprop for all starts near a minimizer at once: the distance between trajectories, and their limits.

1. The linear part of step t depends on t: :math:`B_t z = Bz - (b_t c', 0)` with the linear part c' of the new buffer
   and
   :math:`b_t = \beta_1^t/(1-\beta_1^t)`.
2. Let :math:`\|z\|_{(t)} = \sup_{k\ge t}\rho^{t-k}\|B_k\cdots B_{t+1}z\|`. In these norms every linear part contracts
   by ρ, for all bias corrections.
3. The rest of a step is the remainder, and the effect of the roots s. Both have Lipschitz constants that vanish with
   the radius, since :math:`s' = \sqrt{\beta_2 s^2 + (1-\beta_2)g^2}` is a norm of (s, g).
4. So at step t, two trajectories from a ball of radius r are at most :math:`D_t\rho^t` times the distance of their
   starts apart, in the norm of step t. :math:`D_t` grows to a limit D.
5. The sum of that growth is a Lipschitz constant of ζ minus its linear part (docs/methods.md, *Every start of Adam*).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb, fmpq

from gdcheck.theorem.augmented.adaptive import Factors
from gdcheck.theorem.augmented.modes import Shape
from gdcheck.theorem.augmented.powers import ModeMatrix, Pair, Powers
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import norm, surely_less, upper
from gdcheck.theorem.methods.method import Adam

MOST_STEPS = 256
"""The most first steps: bounding all products of more would cost too much."""
_FEWEST = 16
_EIGHTH, _HALF, _SEVEN_TENTHS = arb(fmpq(1, 8)), arb(fmpq(499, 1000)), arb(fmpq(7, 10))
_NARROW = arb(2) ** -40
_ROOM = arb(1) + arb(2) ** -24


@dataclass(frozen=True, eq=False)
class FirstSteps:
    """The linear parts of the first m steps, taken together, and of all later ones.

    Attributes:
        factors: Those of the steps 1 to m + 1; the later ones are smaller.
        errors: Bounds of ‖(h, 0)‖ at step t, divided by ‖h‖, for t = 0 to m; the last one is for all later steps.
        gradients: Bounds of ‖(−(1 + b_t)g, g)‖ at step t, divided by ‖g‖, for the same steps.
        later: X: the norm of a step from m on is at most X‖·‖_*.
    """

    factors: tuple[Factors, ...]
    errors: tuple[arb, ...]
    gradients: tuple[arb, ...]
    later: arb

    @property
    def count(self) -> int:
        """Return m."""
        return len(self.factors) - 1

    @classmethod
    def of(cls, setting: Setting, steps: int) -> FirstSteps:
        """Bound the products of the first steps, in a setting in which these are enough."""
        powers, later, one, nothing = setting.powers, setting.later(steps), arb(1), arb(0)
        factors = setting.factors(steps)
        last = factors[-1].bias
        if not setting.method.momentum > 0:
            # No bias, and no norm contains the buffer.
            return cls(factors, (one,) * (steps + 2), (one,) * (steps + 2), one)
        errors = [_largest(setting, factors[t:-1], later, (one, nothing)) for t in range(steps + 1)]
        gradients = [
            _largest(setting, factors[t:-1], later, (-1 - factors[t - 1].bias, one)) for t in range(1, steps + 1)
        ]
        return cls(
            factors,
            (*errors, (later * powers.error).upper()),
            (nothing, *gradients, (later * (powers.gradient + last * powers.error)).upper()),
            later,
        )


@dataclass(frozen=True, eq=False)
class Setting:
    """A method at a minimizer, with its modes.

    Attributes:
        method: The method.
        matrices: The matrices of all modes.
        rho: ρ.
        powers: The bounds of the norm of ``powers.py``.
    """

    method: Adam
    matrices: Sequence[ModeMatrix]
    rho: arb
    powers: Powers

    def factors(self, steps: int) -> tuple[Factors, ...]:
        """Return the factors of the steps 1 to m + 1."""
        return tuple(Factors.at(self.method, t) for t in range(1, steps + 2))

    def later(self, steps: int) -> arb:
        """Return X; infinite if it is not close to one."""
        beta, last = arb(self.method.beta1), Factors.at(self.method, steps + 1).bias
        wide = norm((beta, self.matrices[-1].rows[1][0]))
        y = self.powers.error * wide * last / ((1 - beta) * self.rho)
        return (1 + y + y * y).upper() if surely_less(y, arb(1)) else arb("inf")

    def sight(self, matrix: ModeMatrix, steps: int) -> arb:
        """Enclose α: the linear part of ζ is α⟨v, h₀⟩.

        Args:
            matrix: The matrix of the real mode that dominates.
            steps: m.
        """
        y = (arb(1), arb(0))
        for factors in self.factors(steps)[:-1]:
            y = _after(matrix, self.rho, factors, y)
        a, b = matrix.functional()
        doubt = (self.later(steps) - 1) * (self.powers.error * abs(y[0]) + self.powers.buffer * abs(y[1]))
        sign = 1 if matrix.multiplier > 0 else (-1) ** steps
        return sign * (a * y[0] + b * y[1]) + doubt.union(-doubt)

    def count(self, matrix: ModeMatrix) -> int | None:
        """Return m, the number of first steps to take together; None if it would be too large.

        Args:
            matrix: The matrix of a mode that dominates.
        """
        if not self.method.corrects_bias:
            return 0
        for steps in range(_FEWEST, MOST_STEPS + 1, _FEWEST):
            rest = self.later(steps) - 1
            if matrix.mode.shape is Shape.PAIR:
                rest *= self.powers.state
            elif rest.is_finite():
                sight = self.sight(matrix, steps)
                rest = rest.max(sight.rad() / abs(sight.mid()))
            if surely_less(rest, _EIGHTH):
                return steps
        return None


def _after(matrix: ModeMatrix, rho: arb, factors: Factors, y: Pair) -> Pair:
    """Return B_t y/ρ on one mode."""
    h, c = matrix.minus(arb(0), y)
    return (h - factors.bias * c) / rho, c / rho


def _largest(setting: Setting, following: Sequence[Factors], later: arb, v: Pair) -> arb:
    """Bound ρ^(t−k)‖B_k … B_{t+1} v‖ for all k, on all modes, for v that is added after step t.

    The bound is infinite if the precision does not suffice.
    """
    most, last, powers = v[0] * v[0] + v[1] * v[1], arb(0), setting.powers
    for matrix in setting.matrices:
        h, c = v
        for step in following:
            h, c = _after(matrix, setting.rho, step, (h, c))
            most = most.max(h * h + c * c)
        last = last.max(powers.error * abs(h) + powers.buffer * abs(c))
    most = most.sqrt().max(later * last)
    return most.upper() if surely_less(most.rad(), most * _NARROW) else arb("inf")


@dataclass(frozen=True, eq=False)
class Spread:
    """The distance between trajectories from a ball, as a function of its radius.

    Attributes:
        method: The method.
        bound: The remainder bound C(r).
        factor: max(4, D): that many times C(r)r bounds the remainder's derivative.
        rho: ρ.
        steepest: uλₙ, an upper bound.
        scale: u.
        first: The first steps.
    """

    method: Adam
    bound: RemainderBound
    factor: int
    rho: arb
    steepest: arb
    scale: arb
    first: FirstSteps

    def growth(self, radius: fmpq) -> tuple[arb, arb] | None:
        """Return the limit of D_t, and its quotient by D_m; None if the argument does not apply."""
        r, first = arb(radius), self.first
        keep, take = arb(self.method.beta2).sqrt(), arb(1 - self.method.beta2).sqrt()
        spread, roots, faded = first.errors[0], arb(0), arb(1)
        for t in range(first.count):
            lipschitz, slope, wide = self._slopes(faded * spread * r)
            roots = upper(keep * roots + take * slope * faded * spread)
            added = first.gradients[t + 1] * lipschitz + self._roots(t, wide) * roots * r
            if not surely_less(added, self.rho):
                return None
            spread, faded = upper(spread * (1 + added / self.rho)), upper(faded * self.rho)
        # D_t stays below twice its present value: verified at the end.
        reach = 2 * faded * spread
        lipschitz, slope, wide = self._slopes(reach * r)
        roots = (keep * roots + take * slope * reach / (1 - self.rho)) / (1 - keep)
        x = first.gradients[-1] * lipschitz / (1 - self.rho) + self._roots(first.count, wide) * roots * r
        x /= self.rho
        if not surely_less(x, _HALF):
            return None
        factor = upper(1 + x + x * x)
        return spread * factor, factor

    def _slopes(self, radius: arb) -> tuple[arb, arb, arb]:
        """Bound the Lipschitz constants of uR, of ∇f, and of the buffer c' as functions of the state, on a ball."""
        lipschitz = self.factor * self.bound.quadratic(radius) * radius
        slope = self.steepest + lipschitz
        return lipschitz, slope / self.scale, norm((arb(self.method.beta1), slope))

    def _roots(self, t: int, wide: arb) -> arb:
        """Return the factor by which a root, or a difference of roots, enters the step after t."""
        factors = self.first.factors[t]
        return 2 * self.first.errors[t + 1] * (1 + factors.bias) * factors.per_root * wide

    def lipschitz(self, sight: arb, radius: fmpq) -> arb:
        """Return L, a Lipschitz constant of ζ/α − ⟨v, ·⟩ on the ball of starts; infinite if there is none."""
        found = self.growth(radius)
        # With room for a checker whose bounds are a little less sharp.
        return arb("inf") if found is None else _ROOM * (found[0] - self.first.errors[0]) / abs(sight).lower()

    def turns(self, powers: Powers, radius: fmpq) -> bool:
        """Whether every start of the ball but the minimizer has an amplitude, if all modes are dominant pairs."""
        found = self.growth(radius)
        return found is not None and surely_less(powers.state * (self.first.later * found[1] - 1), _SEVEN_TENTHS)
