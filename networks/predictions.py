"""What the theorems on methods (docs/methods.md) predict at a minimum whose spectrum is known in floats."""

from __future__ import annotations

import cmath
from collections.abc import Callable, Sequence
from math import pi, sqrt

from gdcheck.networks.method_shapes import EndMotion, MethodPrediction
from gdcheck.theorem.augmented.thresholds import largest_stable
from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.methods.method import Method

_HALVINGS = 200
# Below this share of the modulus an imaginary part is rounding: a double root of floats splits by √ε.
_REAL = 1e-9


def multipliers(method: Method, s: float) -> tuple[complex, complex]:
    """Return both multipliers of the mode s = uλ, the one of the larger modulus first.

    Args:
        method: The method.
        s: uλ.
    """
    (t0, t1), (d0, d1) = method.trace_and_determinant()
    t, d = (to_float(a) + to_float(b) * s for a, b in ((t0, t1), (d0, d1)))
    root = cmath.sqrt(t * t - 4 * d)
    first = (t + root) / 2 if t >= 0 else (t - root) / 2
    return first, (d / first if first else 0j)


def largest_multiplier(method: Method, s: float) -> complex:
    """Return the multiplier of the larger modulus of the mode s = uλ; of a pair the one above the real axis."""
    first, _ = multipliers(method, s)
    return complex(first.real, abs(first.imag)) if abs(first.imag) > _REAL * abs(first) else complex(first.real, 0)


def predict(method: Method, step_size: float, spectrum: Sequence[float]) -> MethodPrediction:
    """Predict what a method does near a strict minimum.

    Args:
        method: The method; Adam and RMSprop as the heavy ball that they tend to.
        step_size: η.
        spectrum: The Hessian's eigenvalues, ascending, all positive.

    Returns:
        The prediction.
    """
    u = step_size * to_float(method.gain)
    found = [largest_multiplier(method, u * x) for x in spectrum]
    top = max(found, key=abs)
    boundary, window, limit = lines(method, spectrum[0], spectrum[-1])
    cosine: float | None = None
    if abs(top) >= 1:
        regime = "unstable"
    elif top.imag:
        regime = "rotating"
    else:
        regime, cosine = ("small-step", 1.0) if top.real > 0 else ("large-step", -1.0)
    ends = [EndMotion(abs(found[i]), cmath.phase(found[i])) for i in (0, -1)]
    return MethodPrediction(regime, cosine, ends[0], ends[1], boundary, window, limit)  # type: ignore[arg-type]


def lines(method: Method, lowest: float, highest: float) -> tuple[float | None, tuple[float, float] | None, float]:
    """Return the switch, or else the window, and the stability limit, as step sizes.

    Args:
        method: The method.
        lowest: λ₁ > 0.
        highest: λₙ > λ₁.
    """
    gain = to_float(method.gain)
    limit = to_float(largest_stable(method)) / (gain * highest)

    def modulus(eta: float, eigenvalue: float) -> float:
        return abs(largest_multiplier(method, eta * gain * eigenvalue))

    # The mode of λₙ has the smaller modulus up to this step size; beyond it, it overtakes that of λ₁.
    turn = _trace_vanishes(method) / (gain * highest)
    if method.momentum and method.trace_and_determinant()[1][1] == 0:
        # With a constant determinant all pairs have one modulus: the window ends where λₙ has a real root again.
        turn = (1 + sqrt(to_float(method.momentum))) ** 2 / (gain * highest)
    overtakes = _crossing(lambda eta: modulus(eta, highest) - modulus(eta, lowest), turn, limit)
    turns = _pair_begins(method) / (gain * lowest)
    if turns >= overtakes:
        return overtakes, None, limit
    return None, (turns, overtakes), limit


def _trace_vanishes(method: Method) -> float:
    t0, t1 = method.trace_and_determinant()[0]
    return -to_float(t0) / to_float(t1)


def _pair_begins(method: Method) -> float:
    """Return the smallest s > 0 at which both multipliers meet: (1 − √β)² for heavy ball."""
    (t0, t1), (d0, d1) = method.trace_and_determinant()
    a, b, c = to_float(t1) ** 2, 2 * to_float(t0 * t1) - 4 * to_float(d1), to_float(t0) ** 2 - 4 * to_float(d0)
    return (-b - sqrt(max(0.0, b * b - 4 * a * c))) / (2 * a)


def _crossing(difference: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function that rises through zero does so, by bisection."""
    if difference(low) >= 0:
        return low
    for _ in range(_HALVINGS):
        between = (low + high) / 2
        if not low < between < high:
            break
        low, high = (between, high) if difference(between) < 0 else (low, between)
    return high


def turned_apart(a: float, b: float) -> float:
    """Return the distance of two angles modulo a full turn."""
    return abs((a - b + pi) % (2 * pi) - pi)
