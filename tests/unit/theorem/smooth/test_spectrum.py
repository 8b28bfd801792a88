"""The enclosed spectrum of a symmetric matrix, also where eigenvalues are as near to each other as the bits tell."""

import pytest
from flint import arb, arb_mat, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gdcheck.properties.strategies.problems import rotations
from gdcheck.theorem.loss.balls import exact
from gdcheck.theorem.loss.prescribed import hessian_with_spectrum
from gdcheck.theorem.smooth.spectrum import Spectrum

GAPS = [fmpq(1, 10**k) for k in (0, 3, 9, 15, 16, 30, 60)] + [fmpq(0)]


@given(st.data(), st.lists(st.sampled_from(GAPS), min_size=1, max_size=6))
@settings(max_examples=60)
def test_eigenvalues_near_each_other_are_enclosed_narrowly(data, gaps):
    values = [fmpq(2)]
    for gap in gaps:
        values.append(values[-1] + gap)
    matrix = hessian_with_spectrum(values, data.draw(rotations(n=len(values))))
    with ctx.workprec(320):
        found = Spectrum.of(arb_mat(matrix), arb(0))
        assert found is not None
        for ball, value in zip(found.values, values, strict=True):
            assert ball.contains(value) and exact(arb(ball.rad())) < fmpq(1, 10**80)


@pytest.mark.parametrize("spread", [fmpq(0), fmpq(1, 10**6)])
def test_the_spread_widens_every_eigenvalue(spread):
    with ctx.workprec(128):
        found = Spectrum.of(arb_mat([[2, 0], [0, 3]]), arb(spread))
        for ball, value in zip(found.values, (2, 3), strict=True):
            assert ball.contains(value + spread) and ball.contains(value - spread)
