"""The spectrum at a minimizer that isometries fix: on the space of their fixed directions, and on its complement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flint import arb, arb_mat, fmpq_mat

from gdcheck.theorem.loss.balls import exact
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer, enclose_around
from gdcheck.theorem.smooth.spectrum import Spectrum, sorted_ends
from gdcheck.theorem.symmetry.isometry import Direction, FixedSpace


@dataclass(frozen=True, eq=False)
class Split:
    """A minimizer in a space that the trajectory does not leave.

    Attributes:
        minimizer: The minimizer; its ball's centre lies in the space, each eigenvector in V or orthogonal to V.
        space: The space.
        inside: The Hessian's spectrum on V; None if V = {0}.
        outside: The spectrum on the orthogonal complement.
    """

    minimizer: EnclosedMinimizer
    space: FixedSpace
    inside: Spectrum | None
    outside: Spectrum

    @classmethod
    def of(cls, loss: SmoothLoss, near: EnclosedMinimizer, space: FixedSpace) -> Split | None:
        """Split the spectrum, at the current precision.

        Args:
            loss: The loss.
            near: The minimizer.
            space: The points that some symmetries of the loss fix, not all of ℝⁿ.

        Returns:
            The result; None if more precision is needed.
        """
        minimizer = enclose_around(loss, space.near(near.centre))
        if not isinstance(minimizer, EnclosedMinimizer):
            return None
        inside = _restricted(minimizer.spectrum, space.inside) if space.inside else None
        outside = _restricted(minimizer.spectrum, space.outside)
        if outside is None or (inside is None and space.inside):
            return None
        whole = outside if inside is None else _joined(inside, outside)
        return cls(replace(minimizer, spectrum=whole), space, inside, outside)


def _restricted(spectrum: Spectrum, basis: Sequence[Direction]) -> Spectrum | None:
    """Return the spectrum on an invariant space with an orthogonal basis; its vectors lie in the space exactly."""
    scales = [1 / arb(sum(x * x for x in v)).sqrt() for v in basis]
    q = arb_mat([[scale * x for x in v] for scale, v in zip(scales, basis, strict=True)])
    found = Spectrum.of(q * spectrum.matrix * q.transpose(), spectrum.spread)
    if found is None:
        return None
    shares = [
        [exact((arb(y) * scale).mid()) for y in row] for scale, row in zip(scales, found.vectors.tolist(), strict=True)
    ]
    vectors = fmpq_mat([list(v) for v in basis]).transpose() * fmpq_mat(shares)
    return Spectrum(found.values, vectors, spectrum.matrix, spectrum.spread)


def _joined(inside: Spectrum, outside: Spectrum) -> Spectrum:
    """Return the whole spectrum, from those on a space and on its complement."""
    values = [*inside.values, *outside.values]
    columns = [*inside.vectors.transpose().tolist(), *outside.vectors.transpose().tolist()]
    order = sorted(range(len(values)), key=lambda i: float(values[i].mid()))
    vectors = fmpq_mat([columns[i] for i in order]).transpose()
    return Spectrum(tuple(sorted_ends(values)), vectors, inside.matrix, inside.spread)
