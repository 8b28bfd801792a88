"""Problems with momentum exactly on the switch, where the multipliers of λ₁ and λₙ have one modulus and two signs."""

from __future__ import annotations

from flint import fmpq
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from gdcheck.properties.strategies.problems import losses, rotations
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.methods.method import HeavyBall, Method, Nesterov

_ROOTS = [fmpq(p, q) for p, q in ((1, 10), (1, 4), (1, 2), (2, 3), (1, 20))]
_SHARES = [fmpq(k, 8) for k in (4, 2, 6, 1, 7)]


@st.composite
def near_starts(draw: DrawFn, *, n: int) -> list[fmpq]:
    """Return starts near the origin, none of whose coordinates vanishes.

    Args:
        draw: Supplied by Hypothesis.
        n: The dimension.
    """
    size = fmpq(1, draw(st.sampled_from([256, 1024, 4096])))
    return [size * fmpq(draw(st.sampled_from([-1, 1])) * draw(st.integers(4, 16)), 16) for _ in range(n)]


def squares() -> SearchStrategy[tuple[fmpq, fmpq]]:
    """Return √β and β, both rational."""
    return st.sampled_from([(x, x * x) for x in _ROOTS])


@st.composite
def _ends(draw: DrawFn) -> tuple[Method, fmpq, fmpq]:
    """Return a method, and ηλ₁ and ηλₙ on its switch."""
    share = draw(st.sampled_from(_SHARES))
    if draw(st.booleans()):
        beta = draw(st.sampled_from([fmpq(1, 4), fmpq(1, 20), fmpq(1, 2), fmpq(1, 10)]))
        # The larger multiplier of λ₁ is ρ between 2β/(1+β) and 1, that of λₙ is −ρ.
        low = 2 * beta / (1 + beta)
        rho = low + (1 - low) * share
        below = rho * rho / ((1 + beta) * rho - beta)
        return Nesterov(beta), 1 - below, 1 + rho * rho / ((1 + beta) * rho + beta)
    root, beta = draw(squares())
    lowest = (1 - root) ** 2 * share
    return HeavyBall(beta), lowest, 2 * (1 + beta) - lowest


@st.composite
def at_the_switch(draw: DrawFn, *, dimensions: tuple[int, int] = (2, 4)) -> Problem:
    """Problems with heavy ball or Nesterov at the step size where fixed turns into alternating.

    Args:
        draw: Supplied by Hypothesis.
        dimensions: The least and the largest number of variables.

    Returns:
        The problem; its start is near the minimizer, and not proved to lie in the basin.
    """
    method, lowest, highest = draw(_ends())
    n = draw(st.integers(*dimensions))
    step_size = draw(st.sampled_from([fmpq(1), fmpq(1, 2), fmpq(1, 10)]))
    inside = sorted(fmpq(draw(st.integers(1, 7)), 8) for _ in range(n - 2))
    values = [lowest, *(lowest + (highest - lowest) * x for x in inside), highest]
    spectrum = [x / step_size for x in values]
    loss = draw(losses(spectrum=spectrum, rotation=draw(rotations(n=n)), degree=4, most_truncated=0))
    return Problem(loss, step_size=step_size, start=draw(near_starts(n=n)), method=method)
