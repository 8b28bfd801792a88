"""Which variables a loss is quadratic in, apart from all others: what the checker says is never too much."""

import pytest

from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.checker.smooth.kinds.blocks import varying

NAMES = ("x", "y", "z")
VARYING = {
    "x**2 + 2*y**2 + z**2": "",
    "x**2 + x*y + y + 3*z": "",
    "x**2*3 + exp(y) - y + z**2": "y",
    "x**2 + x*y + exp(y) + z**2": "xy",
    "x**2 + x*z + y*z + exp(y)": "xyz",
    "x**2 + y**3 + z**2": "y",
    "sqrt(x**2 + 1) + y**2 + z**2": "x",
    "(x**2 + 1)**(3/2) + y**2 + z**2": "x",
    "1/(x**2 + 1) + y**2 + z**2": "x",
    "(x**2 + 1)*(y**2 + 1) + z**2": "xy",
    "(x**2 + 1)*(y + 2)": "xy",
    "(x + z)*(y + 2)": "",
    "x**0 + y**2 + exp(z)": "z",
    "exp(x + y)": "xy",
    "(x + y)**2 + (x + z)**4": "xyz",
    "exp(2) * x**2 + y**2": "",
    "x*y*z + x**2": "xyz",
}


@pytest.mark.parametrize("loss", VARYING)
def test_a_variable_of_no_quadratic_term_varies_and_all_that_share_terms_with_it(loss):
    found = varying(read_expression(loss, NAMES, {}))
    assert "".join(NAMES[i] for i in found) == VARYING[loss]
