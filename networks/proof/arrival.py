r"""Where a network's trajectory arrives, decided at one iterate (docs/valleys.md has the argument).

The inequality is that of ``theorem.valleys``: on a ball of radius ϱ around the iterate the trajectory stays, tends to
a zero of the residuals, and u is a perturbed linear sequence there. Here the Jacobian has thousands of columns, so its
bounds come from float64 arrays with a proved error; the scalars of the inequality are Arb balls. The drift of the
iterate changes the amplitude by :math:`|\langle w, u(x) - u(\hat x)\rangle| \le (\|\hat J^Tw\| +
L\varepsilon)\varepsilon`, which is far less than :math:`\sigma_p\varepsilon` for the flattest direction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import arb, ctx, fmpq

from gdcheck.networks.proof.lipschitz import layer_norms, lipschitz
from gdcheck.networks.proof.network import Network
from gdcheck.networks.proof.passes import jacobian
from gdcheck.networks.proof.rounding import UNIT, Floats, Near, gamma, length, up
from gdcheck.networks.proof.spectrum import Eigenvalues, eigenvalues
from gdcheck.networks.proof.trajectory import Iterate, kernel
from gdcheck.theorem.limit.amplitude import bounds_from
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.methods.statement import Regime

_ROOM = fmpq(65, 64)
"""The factor by which the ball is enlarged, for a checker that bounds it a little less sharply."""


@dataclass(frozen=True, eq=False)
class Arrival:
    """A proved limit of direction.

    Attributes:
        step: The step at which the inequality holds.
        point: The float64 iterate, shape (n,).
        reach: ϱ: the limit point is within it of the iterate.
        drift: The distance of the float64 iterate from the exact one, bounded.
        sigma: σ₁ and σ_p, bounds of the singular values of J on the ball.
        turning: L on the ball, a Lipschitz constant of J.
        size: r, a bound of ‖u‖.
        contraction: q, the factor by which ‖u‖ shrinks at least in a step.
        remainder: C, of the remainder C‖u‖² of a step.
        amplitude: A lower bound of |⟨w, u⟩|.
        tail: An upper bound of the tail.
        regime: Small-step or large-step.
        spectrum: Enclosures of the nonzero Hessian eigenvalues at the limit point, ascending, shape (p, 2).
        rho: The modulus of the dominant multiplier, enclosed.
        vector: The limit of direction at even steps, approximately, shape (n,).
        tilt: A bound of the distance of ``vector`` from the exact limit.
        mode: The direction in the residuals along which they arrive, approximately, shape (p,).
    """

    step: int
    point: Floats
    reach: float
    drift: float
    sigma: tuple[float, float]
    turning: float
    size: float
    contraction: float
    remainder: float
    amplitude: float
    tail: float
    regime: Regime
    spectrum: Floats
    rho: tuple[float, float]
    vector: Floats
    tilt: float
    mode: Floats

    @property
    def boundary(self) -> tuple[float, float]:
        """2/(λ₁+λ_p) at the limit point, enclosed."""
        low, high = (float(x) for x in self.spectrum[0] + self.spectrum[-1])
        return 2 / high * (1 - 2.0**-50), 2 / low * (1 + 2.0**-50)

    @property
    def stability_limit(self) -> tuple[float, float]:
        """2/λ_p at the limit point, enclosed."""
        low, high = (float(x) for x in self.spectrum[-1])
        return 2 / high * (1 - 2.0**-50), 2 / low * (1 + 2.0**-50)


def arrival(network: Network, rate: fmpq, iterate: Iterate) -> Arrival | str:
    """Decide at one iterate whether it proves the limit of direction.

    Args:
        network: The network.
        rate: The step size.
        iterate: The iterate.

    Returns:
        The limit; or what is lacking, a key of ``prove``'s reasons.
    """
    jac = jacobian(network, iterate.point, iterate.at)
    matrix = kernel(jac)
    here = eigenvalues(matrix)
    if here is None or not here.lower[0] > 0:
        return "rank"
    norms = layer_norms(network, iterate.point, iterate.at)
    with ctx.workprec(96):
        eta, drift, size = arb(rate), arb(iterate.drift), arb(iterate.size)
        low, high = arb(float(here.lower[0])).sqrt(), arb(float(here.upper[-1])).sqrt()
        first = _larger(abs(1 - eta * low * low), abs(1 - eta * high * high))
        if not surely_less(first, arb(1)):
            return "contraction"
        reach = (_ROOM * eta * high * size / (1 - first)).upper()
        for _ in range(8):
            around = (arb(reach) + drift).upper()
            turning = arb(lipschitz(network, norms, up(float(around))))
            sigma_1, sigma_p = low - turning * around, high + turning * around
            if not surely_less(arb(0), sigma_1):
                return "contraction"
            half = turning * (eta * sigma_p) ** 2 / 2
            q = _larger(abs(1 - eta * sigma_1**2), abs(1 - eta * sigma_p**2)) + half * size
            if not surely_less(q, arb(1)):
                return "contraction"
            needed = eta * sigma_p * size / (1 - q)
            if surely_less(needed, arb(reach)):
                c = _ROOM * (4 * half / (1 - q) + half)
                bounds = _Bounds(here, jac, reach, around, (sigma_1, sigma_p), turning, q, c)
                return _decided(network, rate, iterate, bounds, matrix)
            reach = (_ROOM * needed).upper()
        return "contraction"


@dataclass(frozen=True, eq=False)
class _Bounds:
    here: Eigenvalues
    jacobian: Near
    reach: arb
    around: arb
    sigma: tuple[arb, arb]
    turning: arb
    q: arb
    c: arb


def _decided(network: Network, rate: fmpq, iterate: Iterate, bounds: _Bounds, matrix: Near) -> Arrival | str:
    """Apply the amplitude lemma to the residuals, and carry its limit over to the weights."""
    eta, size, drift = arb(rate), arb(iterate.size), arb(iterate.drift)
    spread = up(float((2 * bounds.sigma[1] * bounds.turning * bounds.around).upper()))
    end = eigenvalues(Near(matrix.value, up(matrix.error + spread)))
    if end is None or not end.lower[0] > 0:
        return "rank"
    values = [arb(float(a)).union(arb(float(b))) for a, b in zip(end.lower, end.upper, strict=True)]
    regime = regime_of(eta, values)
    if isinstance(regime, str):
        return regime
    mode = dominant(eta, values, regime)
    if mode is None:
        return "neighbour"
    w = end.vectors[:, mode.index]
    # ‖(K∞ − s)w‖ ≤ the residue, and w has at least the length 1 − ε: Davis and Kahan. K∞'s own distance is in `end`.
    sine = arb(up(end.residue)) / (mode.gap * (1 - arb(end.skew))) if len(values) > 1 else arb(0)
    lemma = bounds_from(mode.rho, bounds.c, size)
    if lemma is None:
        return "inequality"
    tail = lemma.tail
    back, off = _pulled(bounds.jacobian, w)
    inner, rounded = _inner(w, iterate)
    blur = arb(2).sqrt() * sine * size + (arb(length(back)) + off + 2 * bounds.turning * drift) * drift + rounded
    amplitude = abs(arb(inner)) / (1 + arb(end.skew)) - blur / (1 - arb(end.skew))
    if not surely_less(tail, amplitude):
        return "inequality"
    tilt = _tilt(network, bounds, (values[mode.index], mode.gap), length(back), off)
    turn = (1.0 if inner > 0 else -1.0) * (mode.sign if iterate.step % 2 else 1)
    return Arrival(
        iterate.step,
        iterate.point,
        _above(bounds.reach),
        iterate.drift,
        (_below(bounds.sigma[0]), _above(bounds.sigma[1])),
        _above(bounds.turning),
        iterate.size,
        _above(bounds.q),
        _above(bounds.c),
        _below(amplitude),
        _above(tail),
        regime,
        np.stack([end.lower, end.upper], axis=1),
        (_below(mode.rho), _above(mode.rho)),
        turn * back / float(np.linalg.norm(back)),
        _above(tilt),
        w,
    )


def _tilt(network: Network, bounds: _Bounds, end: tuple[arb, arb], along: float, off: arb) -> arb:
    r"""Bound the distance of Ĵᵀŵ/‖Ĵᵀŵ‖ from the eigenvector of ∇²f(x_∞) = J_∞ᵀJ_∞: Davis and Kahan.

    :math:`(J_\infty^TJ_\infty - s)\hat v = J_\infty^T(J_\infty - \hat J)\hat v + (J_\infty - \hat J)^T\hat J\hat v +
    \hat J^T(\hat K - s)\hat w/\|\hat J^T\hat w\|`, and 0 is an eigenvalue too if n > p.
    """
    value, gap = end
    if network.parameters > network.residuals:
        gap = min(gap.lower(), value.lower())
    shortest = arb(along) * (1 - arb(2) ** -20)
    residue = arb(bounds.here.residue)
    mapped = arb(9) / 8 * (value.upper() + residue) / shortest
    moved = bounds.turning * bounds.around * (bounds.sigma[1] + mapped)
    left = bounds.sigma[1] * residue / shortest
    return arb(2).sqrt() * (moved + left) / gap + 2 * off / shortest + arb(2) ** -40


def regime_of(eta: arb, values: list[arb]) -> Regime | str:
    """Return the regime of a step size among positive eigenvalues.

    Args:
        eta: η.
        values: The eigenvalues, ascending.

    Returns:
        Small-step or large-step; or what is lacking, a key of ``prove``'s reasons.
    """
    low, high = values[0], values[-1]
    if surely_less(arb(2), eta * high):
        return "unstable"
    if not surely_less(eta * high, arb(2)):
        return "limit"
    if surely_less(eta * (low + high), arb(2)):
        return Regime.SMALL_STEP
    return Regime.LARGE_STEP if surely_less(arb(2), eta * (low + high)) else "boundary"


@dataclass(frozen=True)
class Dominant:
    """The dominant mode of a step size below the stability limit.

    Attributes:
        index: Its eigenvalue's index, 0 or the last.
        sign: The sign of its multiplier, 1 or −1.
        rho: The multiplier's modulus, in (0, 1) and above that of all others.
        gap: A positive lower bound of its eigenvalue's distance to the others; 1 if there are none.
    """

    index: int
    sign: int
    rho: arb
    gap: arb


def dominant(eta: arb, values: list[arb], regime: Regime) -> Dominant | None:
    """Return the mode that dominates in a regime.

    Args:
        eta: η.
        values: The eigenvalues, ascending.
        regime: The regime of η, as ``regime_of`` returns it.

    Returns:
        The mode; None if another one may be as large, or its eigenvalue double.
    """
    index, sign = (0, 1) if regime is Regime.SMALL_STEP else (len(values) - 1, -1)
    others = [v for i, v in enumerate(values) if i != index]
    rho = sign * (1 - eta * values[index])
    b = max((abs(1 - eta * v).upper() for v in others), default=arb(0))
    gap = min((abs(v - values[index]).lower() for v in others), default=arb(1))
    simple = surely_less(arb(0), rho) and surely_less(b, rho) and surely_less(rho, arb(1)) and gap > 0
    return Dominant(index, sign, rho, gap) if simple else None


def _pulled(jac: Near, w: Floats) -> tuple[Floats, arb]:
    """Return Jᵀw and a bound of its error, w having at most the length 1.12."""
    back = jac.value.T @ w
    rounding = gamma(len(w) + 1) * length(jac.value) * length(w)
    return back, arb(up(1.12 * jac.error + rounding))


def _inner(w: Floats, iterate: Iterate) -> tuple[float, arb]:
    """Return ⟨w, u⟩ at the float64 point and a bound of its error."""
    u = iterate.at.residuals
    value = float(w @ u.value.ravel())
    return value, arb(up(1.12 * u.error + gamma(len(w) + 1) * length(w) * length(u.value) + UNIT))


def _larger(a: arb, b: arb) -> arb:
    return max(a.upper(), b.upper())


def _above(x: arb) -> float:
    return up(float(x.upper()))


def _below(x: arb) -> float:
    return float(x.lower()) * (1 - 2.0**-40)
