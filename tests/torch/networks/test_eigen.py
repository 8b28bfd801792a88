"""The top eigenpairs against dense decompositions: random matrices, and the Hessians of small networks."""

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from gdcheck.networks.eigen import NotFiniteError, top_eigenpairs  # noqa: E402
from gdcheck.networks.measurements import Spectroscope  # noqa: E402


def symmetric(n, seed, spectrum=None):
    generator = torch.Generator().manual_seed(seed)
    q, _ = torch.linalg.qr(torch.randn(n, n, generator=generator, dtype=torch.float64))
    values = torch.randn(n, generator=generator, dtype=torch.float64) if spectrum is None else spectrum
    return q @ torch.diag(values) @ q.T


def nothing(n):
    return torch.zeros(n, 0, dtype=torch.float64)


@given(n=st.integers(1, 60), count=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_values_vectors_and_residuals_of_random_matrices(n, count, seed):
    matrix = symmetric(n, seed)
    found = top_eigenpairs(lambda v: matrix @ v, nothing(n), count, tolerance=1e-8, most_products=4000)
    expected = torch.linalg.eigvalsh(matrix).flip(0)[: min(count, n)]
    assert all(found.converged)
    torch.testing.assert_close(torch.tensor(found.values, dtype=torch.float64), expected, rtol=1e-7, atol=1e-9)
    gram = found.vectors.T @ found.vectors
    torch.testing.assert_close(gram, torch.eye(len(expected), dtype=torch.float64), rtol=0, atol=1e-9)
    residuals = matrix @ found.vectors - found.vectors * expected
    norms = torch.linalg.vector_norm(residuals, dim=0)
    torch.testing.assert_close(torch.tensor(found.residuals, dtype=torch.float64), norms, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("spectrum", [[2.0] * 12, [0.0] * 12, [-1.0] * 6 + [3.0] * 6, [-5.0] * 11 + [-4.0]])
def test_repeated_zero_and_negative_values(spectrum):
    matrix = symmetric(12, 7, torch.tensor(spectrum, dtype=torch.float64))
    found = top_eigenpairs(lambda v: matrix @ v, nothing(12), 3, tolerance=1e-9)
    assert list(found.values) == pytest.approx(sorted(spectrum)[::-1][:3], abs=1e-9)


def test_too_few_products_are_said_not_to_converge():
    matrix = symmetric(200, 1, torch.linspace(0, 1, 200, dtype=torch.float64))
    found = top_eigenpairs(lambda v: matrix @ v, nothing(200), 2, tolerance=1e-10, most_products=12)
    assert not all(found.converged)
    assert found.products <= 13


def test_a_start_with_dependent_columns_is_made_orthonormal():
    matrix = symmetric(20, 5)
    v = torch.randn(20, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = top_eigenpairs(lambda x: matrix @ x, torch.cat([v, v, -3 * v], dim=1), 3, tolerance=1e-9)
    gram = found.vectors.T @ found.vectors
    torch.testing.assert_close(gram, torch.eye(3, dtype=torch.float64), rtol=0, atol=1e-10)
    assert list(found.values) == pytest.approx(torch.linalg.eigvalsh(matrix).flip(0)[:3].tolist(), rel=1e-9)


def test_products_that_are_not_finite_are_refused():
    with pytest.raises(NotFiniteError):
        top_eigenpairs(lambda v: v * float("inf"), nothing(5), 2)


def test_a_warm_start_needs_fewer_products():
    matrix = symmetric(300, 2)
    drift = 1e-3 * symmetric(300, 3)
    cold = top_eigenpairs(lambda v: matrix @ v, nothing(300), 3, tolerance=1e-4, most_products=1000)
    warm = top_eigenpairs(lambda v: (matrix + drift) @ v, cold.vectors, 3, tolerance=1e-4, most_products=1000)
    assert all(warm.converged)
    assert warm.products < cold.products / 2, f"{warm.products} against {cold.products}"


def test_a_look_begins_anew_every_tenth_time_and_finds_what_the_warm_start_hides():
    matrix = torch.diag(torch.tensor([9.0, 2.9, 2.0, *(0.02 * i for i in range(28))], dtype=torch.float64))
    hiding = torch.zeros(31, 2, dtype=torch.float64)
    hiding[1, 0] = hiding[2, 1] = 1
    # Nothing of the first vector, and enough of the others for a whole basis without it.
    hiding[3:, 0] = 1e-3
    scope = Spectroscope(2, 1e-6, torch.zeros(31, dtype=torch.float64))
    seen = []
    for index in range(9, 12):
        scope.warm = hiding if index == 9 else scope.warm
        seen.append(scope.look(lambda v: matrix @ v, None, index).pairs)
    assert [top.values[0] for top in seen] == pytest.approx([2.9, 9, 9])
    assert seen[2].products < seen[1].products


@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
@pytest.mark.parametrize("architecture", ["tiny", "cnn"])
def test_top_of_a_networks_hessian(objective, architecture, loss):
    f = objective(architecture, loss=loss, width=2)
    theta = f.start()
    spectrum = torch.linalg.eigvalsh(f.hessian(theta))
    found = top_eigenpairs(f.products(theta), nothing(len(theta)), 3, tolerance=1e-7)
    assert all(found.converged)
    assert list(found.values) == pytest.approx(spectrum.flip(0)[:3].tolist(), rel=1e-9)


def test_float32_reaches_the_default_tolerance(objective):
    f = objective(dtype=torch.float32)
    theta = f.start()
    found = top_eigenpairs(f.products(theta), torch.zeros(len(theta), 0), 3)
    spectrum = torch.linalg.eigvalsh(f.hessian(theta).double())
    assert all(found.converged)
    assert list(found.values) == pytest.approx(spectrum.flip(0)[:3].tolist(), rel=1e-4)
