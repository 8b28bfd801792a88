"""The bound of a symmetric matrix's spectral norm."""

import pytest
from flint import arb, arb_mat, ctx
from hypothesis import given

from gdcheck.theorem.descent.hessian_map import norm_bound
from tests.builders.strategies import symmetric_matrices


@given(symmetric_matrices(1, 5))
def test_the_norm_is_bounded_and_nearly_attained(matrix):
    """Both N − A and N + A have no negative eigenvalue; below N by one part in a thousand, one of them has."""
    n = matrix.nrows()
    with ctx.workprec(64):
        bound = norm_bound(arb_mat(matrix).tolist())
    with ctx.workprec(256):
        values = [x.real for x in arb_mat(matrix).eig(algorithm="approx")]
        norm = max(abs(x.mid()) for x in values)
        assert norm <= bound * (1 + arb(2) ** -60), f"{norm} > {bound}"
        assert bound <= norm * (1 + arb(n).log() / 1000) + arb(2) ** -50, f"{bound} is far above {norm}"


@pytest.mark.parametrize("n", [1, 2, 3])
def test_of_balls_the_bound_is_of_the_largest(n):
    wide = [[arb(0, 1) if i == j else arb(0) for j in range(n)] for i in range(n)]
    assert norm_bound(wide) >= 1
