"""Claim M6 (states): the balls on which the remainder is bounded hold the states and their errors, to the last bit."""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import isqrt
from typing import Any

import pytest

from gdcheck.theorem.checker.descent import Descent
from gdcheck.theorem.checker.methods.adaptive import enclose_adaptive
from gdcheck.theorem.checker.methods.linear import MethodProblem
from gdcheck.theorem.checker.methods.modes import Powers
from gdcheck.theorem.checker.methods.states import StateMap, enclose
from gdcheck.theorem.checker.trajectory import Expansion, Remainder

ONE = 1 << 64
POWERS = Powers(Fraction(3, 2), Fraction(3, 2), Fraction(3, 2))


@dataclass
class Watched:
    """A remainder that notes the radii it is asked for."""

    remainder: Remainder
    radii: list[Fraction] = field(default_factory=list)

    def lipschitz(self, r):
        self.radii.append(r)
        return self.remainder.lipschitz(r)

    def __getattr__(self, name):
        return getattr(self.remainder, name)


HEAVY_BALL = {"name": "heavy-ball", "momentum": "1/2"}
RMSPROP = {"name": "rmsprop", "beta2": "3/4", "epsilon": "1"}


def states_of(start, rho, method=None):
    """Heavy ball on x², at a step size at which the states grow; or another method."""
    value: dict[str, Any] = {
        "loss": "x**2",
        "variables": ["x"],
        "minimizer": ["0"],
        "step_size": "3/2",
        "start": [str(start)],
        "method": method or HEAVY_BALL,
    }
    problem = MethodProblem.read(value, "problem", 1)
    descent = Descent.at_critical_point(problem)
    watched = Watched(Remainder.of(descent))
    return StateMap(problem.linear, Expansion(descent, watched, Fraction(3)), rho, POWERS), watched


@pytest.mark.parametrize("power", range(6, 60))
def test_the_balls_hold_the_states_and_their_errors(power):
    """States that grow, so that the last ball is the largest; after a step they are next to a power of two.

    That step takes (h, 0) to (−2h, 3h), of length √13 |h|.
    """
    near = isqrt(4**power // 13)
    for units in range(near - 8, near + 2):
        states, watched = states_of(Fraction(units, ONE), Fraction(31, 10))
        (h, c), error = enclose(states, 1, 64)
        assert (h, c) == (Fraction(-2 * units, ONE), Fraction(3 * units, ONE))
        watched.radii.clear()
        enclose(states, 2, 64)
        room = max(watched.radii) - error
        assert room >= 0 and room**2 >= h**2 + c**2, f"{units} units"


def test_a_state_that_is_lost_decides_nothing():
    states, _ = states_of(Fraction(1, 3), Fraction(101, 100))
    far = replace(states, powers=Powers(Fraction(2**300), Fraction(2**300), Fraction(2**300)))
    centre, error = enclose(far, 3000, 64)
    assert error > 1 or centre == [0, 0]


@pytest.mark.parametrize("size", [2**k for k in (30, 35, 40)])
def test_what_the_factors_differ_by_enters_the_error(size):
    """With RMSprop a gradient's error m becomes γm, and γ differs from one by s/ε: Claim M9."""
    start = Fraction(1, 1024)
    states, _ = states_of(start, Fraction(1, 2), RMSPROP)
    _, error, average, _ = enclose_adaptive(states, Fraction(size), 1, 64)
    assert average >= start  # √(1 − β₂) = 1/2 times the gradient 2h
    rounding = Fraction(2, ONE)  # of the start, which the gradient multiplies with ``size`` at most
    assert POWERS.error * start * size * rounding <= error < 4 * POWERS.error * start * size * rounding
