"""The checker bounds the third derivative on a ball as sharply as the engine, for every function of the grammar.

Where it did not, it would refuse steps at which the engine has seen the inequality hold.
"""

from fractions import Fraction
from random import Random

import pytest
from flint import arb, ctx, fmpq

from gdcheck.theorem.checker.smooth.derivatives import derivatives_above
from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.checker.smooth.intervals import UndefinedError, point
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.reading import read_smooth

ROOM = 1 + 1 / 128
"""Half of the room that the engine leaves."""

LOSSES = [
    *(f"{name}(x)" for name in ("exp", "sin", "cos", "sinh", "cosh", "tanh", "sigmoid", "softplus", "erf", "atan")),
    *("log(x + 5)", "log1p(x + 4)", "sqrt(x + 5)", "tan(x/3)", "1/(x + 5)", "(x + 5)**(2/3)", "(x + 5)**(-3/2)"),
    *("x**3", "x**6", "sinh(x)**2", "cosh(x)*x", "log(cosh(x))", "exp(sin(x))", "tanh(x)*sigmoid(y)", "erf(x*y)"),
    *("1/(1 + x**2 + y**2)", "exp(-x**2 - y**2)", "log(1 + x**2)", "log1p(y**2)", "sqrt(1 + x**2)", "sigmoid(x)**3"),
    *("log(exp(x) + exp(2*y) + exp(-x))", "x*tanh(softplus(x))", "log(1 - sigmoid(x + y))", "(2 + sin(x))**(-1/2)"),
    *("cos(x)**2*sin(y)", "tan(x/4)**2", "x**2/(1 + y**2)", "(x*y - 1)**2*exp(x)", "exp(x)*erf(y)", "atan(x)*y"),
]


@pytest.mark.parametrize("loss", LOSSES)
def test_the_bound_is_as_sharp_as_that_of_the_engine(loss):
    rng, text = Random(loss), f"{loss} + x**2 + y**2"
    read, own = read_smooth(text, ["x", "y"]), read_expression(text, ("x", "y"), {})
    for _ in range(25):
        centre = [Fraction(rng.randint(-40, 40), 16) for _ in range(2)]
        radius = Fraction(rng.choice([1, 4, 16, 40, 80]), 64)
        with ctx.workprec(128):
            balls = [arb(fmpq(q.numerator, q.denominator)) for q in centre]
            engine = bounds_on_ball(read, balls, arb(fmpq(radius.numerator, radius.denominator))).third
        if not engine.is_finite():
            continue
        try:
            checked = derivatives_above(own, point(centre, 64), radius)[1]
        except UndefinedError as error:
            pytest.fail(f"{error} on the ball of radius {radius} around {centre}")
        assert float(checked) <= float(engine) * ROOM, (centre, radius)
