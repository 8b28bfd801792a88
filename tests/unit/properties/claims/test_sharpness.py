"""The claim on the sharpness where its values are nearly equal."""

import pytest
from flint import fmpq, fmpq_mat

from gdcheck.properties.claims.sharpness import CLAIM
from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.methods.statement import Regime


@pytest.mark.parametrize("others", [1, 9])
def test_values_that_agree_to_thousands_of_bits_are_told_apart(others: int) -> None:
    """ρ = 1/10001 and b close to ρ: the pattern of order two is proved where λ_n(x_k) − λ_n is about 2⁻⁴³⁰⁰."""
    inner = [f"160001/320000*x{i}**2" for i in range(2, others + 2)]
    last = f"x{others + 2}"
    loss = " + ".join(["1/2*x1**2", *inner, f"10001/20000*{last}**2", "x1**3", f"64/101*x1**2*{last}**2"])
    problem = Problem(loss, step_size="10000/10001", start=["1/16"] + ["0"] * (others + 1))
    spectrum = (fmpq(1), *[fmpq(160001, 160000)] * others, fmpq(10001, 10000))
    n = len(spectrum)
    identity = fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
    finding = CLAIM.examine(Instance(problem, spectrum, identity, Regime.SMALL_STEP, StartPlace.BALL))
    assert finding.holds is True, finding.note
    assert finding.note == "C_η = 0, decided by the second order"
