"""The strict minimum, gradient descent around it, and both regimes, on a known objective and on a small network."""

import json
from math import ceil, log

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")


from gdcheck.networks.descent import descend, start_near  # noqa: E402
from gdcheck.networks.locking import locking  # noqa: E402
from gdcheck.networks.minimum import Minimum, find_minimum  # noqa: E402
from gdcheck.networks.network_experiment import (  # noqa: E402
    ExperimentConfig,
    ScanPoint,
    expected_slope,
    run_experiment,
    switch_of,
)
from gdcheck.networks.network_result import as_network_result  # noqa: E402
from gdcheck.networks.networks import Architecture, NetworkConfig  # noqa: E402
from gdcheck.networks.objective import Evaluation  # noqa: E402
from gdcheck.networks.shapes import NetworkResult, Surroundings  # noqa: E402
from gdcheck.properties.storage.files import as_json  # noqa: E402
from gdcheck.reports.measured_view import NetworkView  # noqa: E402
from gdcheck.theorem.certificate.shapes import read_as  # noqa: E402
from gdcheck.theorem.loss.errors import InputError  # noqa: E402

SURROUNDINGS = Surroundings(device="cpu (x)", threads=1, python="3", torch="2", deterministic=True, tf32=False)
SPECTRUM = torch.tensor([0.05, 0.2, 0.5, 3.0], dtype=torch.float64)


class Cubic:
    """Σ λᵢ yᵢ²/2 + c (y₁ yₙ² + yₙ³)/3 in rotated coordinates: everything about it is known."""

    def __init__(self, cubic=0.5):
        self.cubic = cubic
        generator = torch.Generator().manual_seed(0)
        self.q, _ = torch.linalg.qr(torch.randn(4, 4, generator=generator, dtype=torch.float64))

    def evaluate(self, theta, batch=None):
        y = self.q.T @ theta.detach()
        gradient = SPECTRUM * y
        gradient[0] += self.cubic * y[-1] ** 2 / 3
        gradient[-1] += self.cubic * (y[-1] ** 2 + 2 * y[0] * y[-1] / 3)
        loss = float((SPECTRUM * y**2).sum() / 2 + self.cubic * (y[0] + y[-1]) * y[-1] ** 2 / 3)
        return Evaluation(loss, 0.0, self.q @ gradient)

    def products(self, theta):
        hessian = self.hessian(theta)
        return lambda v: hessian @ v

    def hessian(self, theta):
        y = self.q.T @ theta
        inner = torch.diag(SPECTRUM)
        inner[-1, -1] += self.cubic * (2 * y[-1] + 2 * y[0] / 3)
        inner[0, -1] += 2 * self.cubic * y[-1] / 3
        inner[-1, 0] = inner[0, -1]
        return self.q @ inner @ self.q.T


class Quadratic:
    """Σ λᵢ yᵢ²/2 in its own coordinates."""

    def __init__(self, spectrum):
        self.spectrum = torch.tensor(spectrum, dtype=torch.float64)

    def evaluate(self, theta, batch=None):
        return Evaluation(float((self.spectrum * theta**2).sum() / 2), 0.0, self.spectrum * theta)

    def hessian(self, theta):
        return torch.diag(self.spectrum)


@pytest.fixture
def cubic():
    return Cubic()


def minimum_of(objective):
    return find_minimum(objective, torch.tensor([0.2, -0.1, 0.15, 0.1], dtype=torch.float64), 100)


def test_the_minimum_of_a_known_objective(cubic):
    found = minimum_of(cubic)
    assert found.strict
    assert float(torch.linalg.vector_norm(found.theta)) < 1e-12
    torch.testing.assert_close(found.spectrum, SPECTRUM, rtol=1e-12, atol=1e-12)
    assert found.boundary == pytest.approx(2 / 3.05)
    assert found.stability_limit == pytest.approx(2 / 3)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99, 1.01, 1.1])
def test_the_slope_is_the_logarithm_of_the_ratio_of_the_multipliers(cubic, share):
    found = minimum_of(cubic)
    eta = share * found.boundary
    path = descend(cubic, found, start_near(found, 1e-6, 3), eta, 40)
    expected = log(abs(1 - 3 * eta) / abs(1 - eta / 20))
    assert expected_slope(found, eta) == pytest.approx(expected, rel=1e-9)
    if path.log_ratio_slope is not None:
        assert path.log_ratio_slope == pytest.approx(expected, rel=5e-3, abs=1e-5)
    else:
        assert share == 0.5, "only far from the boundary one end sinks"


def test_both_regimes_of_a_known_objective(cubic):
    found = minimum_of(cubic)
    seen = run_experiment(cubic, found, ExperimentConfig(steps=600, scan_steps=40, distance=1e-2, below=0.8))
    assert all(found.holds for found in seen.findings.values()), seen.findings
    assert seen.switch == pytest.approx(found.boundary, rel=1e-5)
    assert "the growth rates of the components along v₁ and vₙ are equal at 2/(λ₁+λₙ)" in seen.findings
    assert [b.left for b in seen.scan] == [False] * len(seen.scan)


def test_the_cosine_fires_long_before_the_direction_locks_and_the_sound_signal_does_not():
    # x²/2 + 2y² from (10⁻⁶, 1) at η = 1/100: the updates go along y for hundreds of steps, with a cosine near 1.
    bowl = Quadratic([1.0, 4.0])
    found = find_minimum(bowl, torch.tensor([0.1, 0.1], dtype=torch.float64), 0)
    start = found.theta + found.vectors @ torch.tensor([1e-6, 1.0], dtype=torch.float64)
    path = descend(bowl, found, start, 0.01, 800, signals=True)
    said = locking(path.cosine, path.sine, path.sine_above, large=False)
    # |u_y/u_x| = 4·10⁶·(0.96/0.99)^(k−1) at step k is to be at most √(1 − 0.99²)/0.99.
    expected = 1 + ceil(log(4e6 * 0.99 / (1 - 0.99**2) ** 0.5) / log(0.99 / 0.96))
    assert (said.cosine, said.aligned, said.eigenvector) == (1, expected, "v₁")
    assert expected > 500
    assert expected <= said.sound <= expected + 20
    assert float(path.sine[0]) > 0.999999


@pytest.mark.parametrize("share", [0.5, 0.9, 1.01, 1.015])
@pytest.mark.parametrize("seed", range(3))
def test_the_angle_lies_between_its_bounds_at_every_step(cubic, share, seed):
    found = minimum_of(cubic)
    path = descend(cubic, found, start_near(found, 1e-2, seed), share * found.boundary, 200, signals=True)
    assert len(path.sine) == path.steps == 200
    assert bool((path.sine_below <= path.sine * (1 + 1e-9) + 1e-12).all())
    assert bool((path.sine * (1 - 1e-9) <= path.sine_above + 1e-12).all())
    assert float(path.sine_above.min()) < 1, "they say something"


def test_both_signals_fire_where_the_direction_locks(cubic):
    found = minimum_of(cubic)
    eta = found.boundary + 0.9 * (found.stability_limit - found.boundary)
    path = descend(cubic, found, start_near(found, 1e-2, 0), eta, 600, signals=True)
    said = locking(path.cosine, path.sine, path.sine_above, large=True)
    assert said.eigenvector == "vₙ"
    assert None not in {said.cosine, said.sound, said.aligned}
    assert "cos of consecutive updates ≤ −0.99 from step" in said.said
    never = locking(path.cosine, path.sine, path.sine_above, large=False)
    assert never.cosine is None
    assert "never to the end" in never.said


def test_what_holds_for_good_holds_to_the_end():
    def said(*cosines):
        given = torch.tensor(cosines, dtype=torch.float64)
        return locking(given, 0 * given, 0 * given, large=False).cosine

    assert [said(1, 1), said(1, 0, 1), said(0, 1, 0), said(0, 0, 1), said()] == [1, 3, None, 3, None]


def test_without_a_cubic_term_the_sharpness_is_not_said_to_oscillate():
    flat = Cubic(cubic=0.0)
    seen = run_experiment(flat, minimum_of(flat), ExperimentConfig(steps=600, scan_steps=40, below=0.8))
    missing = [sentence for sentence, found in seen.findings.items() if not found.holds]
    assert missing == [
        "below the boundary, the sharpness approaches its limit from one side",
        "above the boundary, the sharpness oscillates around its limit",
    ]


def test_swapped_regimes_are_not_measured(cubic):
    found = minimum_of(cubic)
    below = descend(cubic, found, start_near(found, 1e-2, 0), 0.8 * found.boundary, 200)
    assert not below.alternates
    assert abs(float(below.highest[-1])) < 0.01
    edge = 0.5 * (found.boundary + found.stability_limit)
    above = descend(cubic, found, start_near(found, 1e-2, 0), edge, 600)
    assert above.alternates
    assert abs(float(above.lowest[-1])) < 0.01


def test_a_run_that_leaves_is_said_to(cubic):
    found = minimum_of(cubic)
    path = descend(cubic, found, start_near(found, 1e-2, 0), 1.5 * found.stability_limit, 500)
    assert path.left
    assert path.steps < 500
    assert path.log_ratio_slope is None


def test_a_start_far_away_leaves_and_the_result_is_still_written(cubic, images):
    found = minimum_of(cubic)
    config = ExperimentConfig(steps=60, scan_steps=10, distance=1e3)
    seen = run_experiment(cubic, found, config)
    assert seen.above.left
    assert not all(found.holds for found in seen.findings.values())
    result = as_network_result(
        seen, config, images, NetworkConfig(Architecture.TINY), weight_decay=0.1, surroundings=SURROUNDINGS
    )
    assert read_as(json.loads(as_json(result)), NetworkResult) == result
    NetworkView(result).pictures()


def test_the_switch_is_between_neighbours_of_opposite_sign():
    def point(eta, slope):
        return ScanPoint(eta, eta, slope, 0.0, 0.0, left=False)

    assert switch_of([point(1.0, 5.0), point(2.0, None), point(3.0, -1.0), point(5.0, 3.0)]) == pytest.approx(3.5)
    assert switch_of([point(1.0, -1.0), point(2.0, None)]) is None


def test_a_network_is_brought_to_a_strict_minimum(objective):
    f = objective(weight_decay=0.02, width=4)
    found = find_minimum(f, f.start(), 3000)
    assert found.gradient_norm <= 1e-12
    gradient = f.evaluate(found.theta).gradient
    assert float(torch.linalg.vector_norm(gradient)) == found.gradient_norm
    dense = f.hessian(found.theta)
    residual = dense @ found.vectors - found.vectors * found.spectrum
    assert float(residual.abs().max()) < 1e-12
    assert found.lowest > 0


def test_float32_is_refused(objective):
    f = objective(dtype=torch.float32)
    with pytest.raises(InputError, match="float64"):
        find_minimum(f, f.start(), 10)


def test_saddles_are_left():
    class Saddle(Cubic):
        # (x² − y² + y⁴)/2 plus squares: a saddle at 0, minima at y = ±1/√2.
        def evaluate(self, theta, batch=None):
            theta = theta.detach()
            x, y = theta[0], theta[1]
            gradient = torch.stack([x, 2 * y**3 - y, theta[2], 3 * theta[3]])
            loss = (x**2 - y**2 + y**4 + theta[2] ** 2 + 3 * theta[3] ** 2) / 2
            return Evaluation(float(loss), 0.0, gradient)

        def hessian(self, theta):
            return torch.diag(torch.tensor([1.0, 6 * float(theta[1]) ** 2 - 1, 1.0, 3.0], dtype=torch.float64))

    found = find_minimum(Saddle(), torch.tensor([1e-3, 1e-7, 0.0, 0.0], dtype=torch.float64), 0)
    assert abs(float(found.theta[1])) == pytest.approx(0.5**0.5)
    assert found.gradient_norm <= 1e-12


def test_the_result_follows_its_schema_and_is_drawn(cubic, images):
    found = minimum_of(cubic)
    config = ExperimentConfig(steps=120, scan_steps=30, distance=1e-2)
    result = as_network_result(
        run_experiment(cubic, found, config),
        config,
        images,
        NetworkConfig(Architecture.TINY),
        weight_decay=0.1,
        surroundings=SURROUNDINGS,
    )
    assert read_as(json.loads(as_json(result)), NetworkResult) == result
    assert isinstance(found, Minimum)
    theta = torch.tensor(result.minimum.theta, dtype=torch.float64)
    assert torch.equal(theta, found.theta), "to the last bit"
    start = theta + config.distance * torch.tensor(result.minimum.start, dtype=torch.float64)
    again = descend(cubic, found, start, result.matched.step_size, config.steps)
    assert float(again.cosine[-1]) == pytest.approx(result.matched.last_cosine, rel=1e-9), "it can be run from the file"
    assert result.data.sha256 == images.digest
    picture = NetworkView(result).pictures()["network"]
    assert picture.startswith("<svg")
    assert "synthetic" in picture
