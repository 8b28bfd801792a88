"""Problems whose construction gives the expected answers."""

from flint import fmpq, fmpq_mat

from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.methods.statement import Regime

WORKED_INSTANCE = Instance(
    Problem("x**2 + y**2/2 + x**2*y + x**3", step_size="0.3", start=["1/64", "1/64"]),
    spectrum=(fmpq(1), fmpq(2)),
    rotation=fmpq_mat(2, 2, [0, 1, 1, 0]),
    regime=Regime.SMALL_STEP,
    place=StartPlace.BALL,
)
"""The paper's worked example, in the certified ball."""


def build(loss, step_size, start, minimizer=None, variables=None):
    """A problem from a row of a table: the constructor's fields by position."""
    return Problem(loss, step_size=step_size, start=start, minimizer=minimizer, variables=variables)
