"""Claim M6 (states): the balls on which the remainder is bounded hold the states and their errors, to the last bit."""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import isqrt
from typing import Any

import pytest

from gdcheck.theorem.checker.descent import Descent
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


def states_of(start, rho):
    """Heavy ball on x², at a step size at which the states grow."""
    value: dict[str, Any] = {
        "loss": "x**2",
        "variables": ["x"],
        "minimizer": ["0"],
        "step_size": "3/2",
        "start": [str(start)],
        "method": {"name": "heavy-ball", "momentum": "1/2"},
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
