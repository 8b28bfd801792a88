"""What is called an approach to 1, what only a level, and what neither: on made-up runs whose truth is known."""

from dataclasses import replace
from math import exp, inf

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from gdcheck.networks.approach import Track, approach, loss_change, settled  # noqa: E402
from gdcheck.networks.measurements import band, cosine, flow_deficit  # noqa: E402

N = 200
SETTLING = [1 + exp(-k / 10) for k in range(N)]


def track(cosine_of=lambda k: 1 - exp(-3 - k / 20), *, losses=SETTLING, size=lambda k: 0.1, count=N, **changes):
    cosines = [(k, cosine_of(k), size(k)) for k in range(count)]
    gradients = [exp(-k / 20) for k in range(N)]
    return replace(Track(cosines, losses, gradients, flow=[1e-9] * 20, distance=1e-4), **changes)


def test_a_settled_run_whose_deficit_falls_approaches():
    found = approach([track(), track()])
    assert (found.verdict, found.measured) == ("approaching", True)
    assert found.rate == pytest.approx(-1 / 20)
    assert found.distance == 1e-4
    assert found.deficit == pytest.approx(exp(-3 - (N - 5.5) / 20), rel=0.1)
    assert found.excess == pytest.approx(found.deficit - 1e-9)


def test_a_falling_line_of_high_cosines_is_a_level():
    found = approach([track(lambda k: 1 - 0.009 * k / N)])
    assert found.verdict == "level"
    assert found.trend < 0
    assert found.reason == "in 1 of 1 seed 1 − cos does not halve over the second half"


def test_a_small_step_anywhere_is_a_level():
    losses = [2 - 0.5 * k / N for k in range(N)]
    found = approach([track(lambda k: 1 - 1e-9, losses=losses, gradients=[1.0] * N, distance=None)])
    assert found.verdict == "level"
    assert "the loss still changes" in found.reason
    assert "the gradient is not below" in found.reason
    assert found.excess == pytest.approx(0, abs=1e-15)


def test_a_step_size_that_goes_to_zero_is_no_approach():
    fading = track(lambda k: 1 - 0.01 * (1 - k / N) ** 2, size=lambda k: 0.1 * (1 - k / N))
    assert approach([fading]).verdict == "level"


CHANGES = {
    "no minimum close by": ({"distance": 0.5}, "the minimum is not within 0.01"),
    "no minimum found": ({"distance": inf}, "the minimum is not within 0.01"),
    "not looked for": ({"distance": None}, "the minimum was not looked for"),
    "rising loss": ({"losses": [*SETTLING[:-1], SETTLING[-2] + 1e-4]}, "the loss rises in the second half"),
    "large gradient": ({"gradients": [1.0, 0.002]}, "the gradient is not below 0.001 of the first"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_each_criterion_alone_makes_it_a_level(case):
    changes, words = CHANGES[case]
    found = approach([track(), track(**changes)])
    assert found.verdict == "level"
    assert found.reason.startswith("in 1 of 2 seeds ")
    assert words in found.reason


def test_batches_may_raise_the_loss():
    bumpy = [x * (1 + 1e-5 * (k % 2)) for k, x in enumerate(SETTLING)]
    assert approach([track(losses=bumpy, whole=False)]).measured
    assert not approach([track(losses=bumpy)]).measured
    assert settled(track(losses=bumpy, whole=False)) != settled(track(losses=bumpy))


def test_one_dip_in_the_tail_counts():
    found = approach([track(lambda k: 0.783 if k == N - 2 else 1 - 1e-6)])
    assert found.verdict == "below"
    assert found.worst == 0.783


@pytest.mark.parametrize(
    ("tracks", "diverged", "reason"),
    [
        ([track(count=5)], 0, "1 of 1 seed gave fewer than 20 cosines"),
        ([track(count=5)] * 2, 1, "2 of 3 seeds gave fewer than 20 cosines, 1 of 3 diverged"),
        ([], 1, "1 of 1 diverged"),
        ([], 0, "there are no seeds"),
        ([track(), track(lambda k: 0.5)], 0, "1 of 2 seeds falls below 0.99 over the last 5%"),
        ([track(lambda k: 0.5)] * 2, 0, "2 of 2 seeds fall below 0.99 over the last 5%"),
        (
            [track(lambda k: 0.9 - k / 1000)],
            0,
            "1 of 1 seed falls below 0.99 over the last 5%, 1 of them with a falling trend",
        ),
        ([track(losses=[1.0, 0.991])], 0, "in 1 of 1 seed the loss fell by less than 1%"),
        ([track(losses=[0.0, 0.0])], 0, "in 1 of 1 seed the loss fell by less than 1%"),
        ([track(losses=[1.0])], 0, "1 of 1 seed has fewer than two losses over all images"),
    ],
)
def test_the_reasons_for_less_than_a_level(tracks, diverged, reason):
    found = approach(tracks, diverged)
    assert (found.verdict, found.reason) == ("below", reason)


def test_the_loss_change_is_that_of_the_last_tenth():
    assert loss_change([2.0] * 90 + [1.0] * 10) == pytest.approx(-0.5)
    assert loss_change([2.0] * 80 + [1.0] * 20) == 0
    assert loss_change([1.0]) is None
    assert loss_change([0.0] * 20) is None


@given(seed=st.integers(0, 10**6), n=st.integers(2, 12), time=st.sampled_from([1e-4, 1e-3, 1e-2]))
def test_the_flows_deficit_is_that_of_gradient_descent_with_a_small_step(seed, n, time):
    generator = torch.Generator().manual_seed(seed)
    half = torch.randn(n, n, generator=generator, dtype=torch.float64)
    hessian, g = half @ half.T / n, torch.randn(n, generator=generator, dtype=torch.float64)
    expected = 1 - cosine(g, g - time * hessian @ g)
    found = flow_deficit(lambda v: hessian @ v, g, None, time)
    assert found == pytest.approx(expected, rel=40 * time, abs=1e-15)
    p = torch.rand(n, generator=generator, dtype=torch.float64) + 0.5
    expected = 1 - cosine(g / p, g / p - time * hessian @ (g / p) / p)
    assert flow_deficit(lambda v: hessian @ v, g, p, time) == pytest.approx(expected, rel=80 * time, abs=1e-15)


def test_an_eigenvector_does_not_turn():
    hessian = torch.diag(torch.tensor([1.0, 4.0], dtype=torch.float64))
    for g in (torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.0]), torch.tensor([0.0, 0.0])):
        assert flow_deficit(lambda v: hessian @ v, g.double(), None, 0.1) == 0


@given(st.integers(1, 700), st.integers(0, 10**6), st.integers(1, 3))
def test_a_band_hides_no_value(count, seed, runs):
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(runs, count, generator=generator, dtype=torch.float64)
    found = band([[(k, float(v)) for k, v in enumerate(row)] for row in values])
    assert min(found.low) == pytest.approx(float(values.min()), rel=1e-6)
    assert max(found.high) == pytest.approx(float(values.max()), rel=1e-6)
    assert len(found.steps) == min(count, 150)
    assert found.steps[-1] == count - 1
    if count <= 150:
        assert found.mean == pytest.approx(values.mean(dim=0).tolist(), rel=1e-6)
