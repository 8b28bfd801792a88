"""How far the map of a smooth loss may move points apart, near points that are far from the minimizer: Claim G7."""

import random
from fractions import Fraction

import numpy as np
import pytest

from gdcheck.theorem.checker.smooth.intervals import Interval
from gdcheck.theorem.checker.smooth.minimizer import Problem, _Nearby, _Slow

BITS = 256
ETA = 0.3
NEVER = _Slow(Fraction(1), 1, BITS)
"""No factor above one is good enough."""
ALWAYS = _Slow(Fraction(0), 1, BITS)


def bowl(x, y):
    """The Hessian of log(cosh(3x)) + xy/4 + exp(y)/2."""
    return np.array([[9 / np.cosh(3 * x) ** 2, 0.25], [0.25, np.exp(y) / 2]])


def wave(x, y):
    """The Hessian of cos(5x)/5 + sin(x + 2y) + y²."""
    inner = -np.sin(x + 2 * y)
    return np.array([[-5 * np.cos(5 * x) + inner, 2 * inner], [2 * inner, 4 * inner + 2]])


LOSSES = {"log(cosh(3*x)) + x*y/4 + exp(y)/2": bowl, "cos(5*x)/5 + sin(x + 2*y) + y**2": wave}


def nearby(loss):
    value = {"loss": loss, "variables": ["x", "y"], "start": ["0", "0"], "step_size": str(ETA), "data": {}}
    return _Nearby(Problem.read(value, "problem", 2))


def middle(point):
    return [Interval.exactly(Fraction(x), BITS) for x in point]


def norm_around(hessian, point, drift, rng):
    """The largest norm of I − η∇²f that random points of the ball show."""
    found = 0.0
    for _ in range(40):
        way = np.array([rng.gauss(0, 1), rng.gauss(0, 1)])
        moved = np.array(point) + drift * way / np.linalg.norm(way)
        found = max(found, np.linalg.norm(np.eye(2) - ETA * hessian(*moved), 2))
    return found


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("slow", [NEVER, ALWAYS], ids=["sharp", "kept"])
@pytest.mark.parametrize("drift", [Fraction(1, 2**40), Fraction(1, 100), Fraction(1, 3)])
def test_the_growth_holds_on_the_whole_ball(loss, slow, drift):
    """Along walks of small and large steps, so that what is kept of an earlier point is used, and is not."""
    rng, here = random.Random(7), nearby(loss)
    point = [0.4, -0.3]
    for step in range(40):
        growth = float(here.growth(middle(point), drift, slow, (Fraction(9), None)))
        truth = norm_around(LOSSES[loss], point, float(drift), rng)
        assert growth >= truth * (1 - 1e-12), f"step {step}, {point}"
        if slow is NEVER and drift < Fraction(1, 2**30):
            assert growth <= truth * 1.2, f"step {step}, {point}"
        length = 0.4 if step % 5 == 0 else 0.004
        point = [x + length * rng.uniform(-1, 1) for x in point]
