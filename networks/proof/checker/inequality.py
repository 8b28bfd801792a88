"""The inequality at one iterate, claims N4 to N10 of docs/certificate.md, from the checker's own bounds alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import arb, ctx, fmpq

from gdcheck.networks.proof.checker.bounds import Ends, ends, norms, turning
from gdcheck.networks.proof.checker.document import Stated
from gdcheck.networks.proof.checker.following import Here, gram
from gdcheck.networks.proof.checker.passes import Network, jacobian
from gdcheck.networks.proof.checker.wide import Array, size

BITS = 128


@dataclass(frozen=True, eq=False)
class Ball:
    """The ball of the stated reach around x_k, with what holds on it.

    Attributes:
        eta: η.
        around: The radius of a ball around the pair that contains it: the reach plus the drift.
        lipschitz: L on it.
        sigma: σ₁ and σ_p on it.
        residual: r.
        contraction: q.
        remainder: C.
    """

    eta: arb
    around: arb
    lipschitz: arb
    sigma: tuple[arb, arb]
    residual: arb
    contraction: arb
    remainder: arb


@dataclass(frozen=True, eq=False)
class Matrices:
    """K and J at the pair, in float64, with bounds of their distances from the exact ones and from K at the limit.

    Attributes:
        kernel: K, shape (p, p).
        blur: A bound of its distance from the exact K.
        spread: A bound of the distance from the exact K to K∞.
        jacobian: J, shape (p, n).
        off: A bound of its distance from the exact J.
    """

    kernel: Array
    blur: float
    spread: float
    jacobian: Array
    off: float


class Refused(Exception):  # noqa: N818 - it is an answer, not an error
    """A claim does not hold; the message names it."""


class NotChecked(Exception):  # noqa: N818 - it is an answer, not an error
    """The time allowed did not suffice."""


def require(holds: bool, claim: str) -> None:
    """Refuse the certificate unless a comparison is decided in its favour."""
    if not holds:
        raise Refused(claim)


def check_inequality(network: Network, stated: Stated, here: Here) -> None:
    """Check claims N4 to N10 at the iterate of the stated step.

    Raises:
        Refused: If one does not hold.
    """
    weights = network.weights(here.point)
    j, off = jacobian(network, weights, here.at)
    kernel, blur = gram(j, off)
    found = ends(kernel, blur)
    require(found is not None, "N5: the spectrum of JJᵀ cannot be enclosed")
    if found is None:
        return
    with ctx.workprec(BITS):
        reach = arb(stated.ball["reach"])
        around = reach + arb(here.drift)
        steep = arb(turning(network, norms(network, weights, here.at.patches), _above(around)))
        ball = _ball(stated, here, found, around, steep)
        _turning(stated, ball)
        _singular_values(stated, ball)
        _stays(stated, ball, reach)
        spread = _above(2 * ball.sigma[1] * steep * around)
        arriving = ends(kernel, (blur + spread) * (1 + 2.0**-40))
        require(arriving is not None, "N7: the spectrum at the point of arrival cannot be enclosed")
        if arriving is not None:
            _spectrum(stated, arriving)
            at = Matrices(kernel, blur, spread, j, off)
            mode = _regime(stated, ball, arriving, at)
            _amplitude(stated, here, ball, mode, at)
            _vector(stated, here, ball, mode, at)


def _ball(stated: Stated, here: Here, found: Ends, around: arb, steep: arb) -> Ball:
    eta = arb(fmpq(stated.step_size.numerator, stated.step_size.denominator))
    require(found.lowest[0] > 0, "N5: the Jacobian may lose rank")
    sigma_1 = arb(found.lowest[0]).sqrt() - steep * around
    sigma_p = arb(found.highest[1]).sqrt() + steep * around
    require(sigma_1 > 0, "N5: the Jacobian may lose rank on the ball")
    r = arb(here.residual)
    half = steep * (eta * sigma_p) ** 2 / 2
    q = larger(abs(1 - eta * sigma_1**2), abs(1 - eta * sigma_p**2)) + half * r
    require(q < 1, "N6: the residuals need not shrink")
    return Ball(eta, around, steep, (sigma_1, sigma_p), r, q, 4 * half / (1 - q) + half)


def _turning(stated: Stated, ball: Ball) -> None:
    """Check the stated Lipschitz constant of J.

    Claim N4 (turning).
    """
    require(ball.lipschitz <= stated.ball["lipschitz"], "N4: the Jacobian may turn faster than stated")


def _singular_values(stated: Stated, ball: Ball) -> None:
    """Check the stated bounds of the singular values of J.

    Claim N5 (singular values).
    """
    require(ball.sigma[0] >= stated.ball["sigma_1"], "N5: σ₁ is stated too large")
    require(ball.sigma[1] <= stated.ball["sigma_p"], "N5: σ_p is stated too small")


def _stays(stated: Stated, ball: Ball, reach: arb) -> None:
    """Check that the trajectory stays in the ball and arrives.

    Claim N6 (ball).
    """
    said = stated.ball
    require(ball.residual <= said["residual"], "N6: the residuals may be larger than stated")
    require(ball.contraction <= said["contraction"] and said["contraction"] < 1, "N6: q is stated too small")
    require(ball.eta * ball.sigma[1] * ball.residual / (1 - ball.contraction) <= reach, "N6: the ball may be left")
    require(ball.remainder <= said["remainder"], "N6: C is stated too small")


@dataclass(frozen=True, eq=False)
class Mode:
    """The dominant eigenvalue at the point of arrival and what belongs to it.

    Attributes:
        value: The eigenvalue, enclosed.
        rho: The modulus of its multiplier.
        gap: A lower bound of its distance to the other eigenvalues of K∞; None if there are none.
        vector: A unit vector near its eigenvector, shape (p,).
        back: Jᵀ times that, shape (n,).
        residue: A bound of ‖(K − s)w‖ at the pair, s the centre of the enclosure.
    """

    value: arb
    rho: arb
    gap: arb | None
    vector: Array
    back: Array
    residue: arb


def _spectrum(stated: Stated, end: Ends) -> None:
    """Check the ends of the spectrum at the point of arrival.

    Claim N7 (spectrum).
    """
    for name, own, said in (("λ₁", end.lowest, stated.spectrum[0]), ("λ_p", end.highest, stated.spectrum[1])):
        require(said[0] <= own[0] and own[1] <= said[1], f"N7: {name} may lie outside what is stated")


def _regime(stated: Stated, ball: Ball, end: Ends, at: Matrices) -> Mode:
    """Check which end of the spectrum dominates, and that it is simple.

    Claim N8 (regime).
    """
    eta, low, high = ball.eta, between(end.lowest), between(end.highest)
    require(eta * high < 2, "N8: the step size may be above 2/λ_p")
    small = stated.regime == "small-step"
    require(eta * (low + high) < 2 if small else eta * (low + high) > 2, "N8: the regime is another, or undecided")
    value = low if small else high
    rho = 1 - eta * value if small else eta * value - 1
    require(rho > 0, "N8: the dominant multiplier may vanish")
    gap = None
    if len(at.kernel) > 1:
        nearest, furthest = (arb(end.second), high) if small else (low, arb(end.last_but_one))
        require(larger(abs(1 - eta * nearest), abs(1 - eta * furthest)) < rho, "N8: another multiplier may be as large")
        gap = arb((nearest - value if small else value - furthest).lower())
        require(gap > 0, "N8: the end of the spectrum may be double")
    w = end.vectors[:, 0 if small else 1]
    return Mode(value, rho, gap, w, at.jacobian.T @ w, _residue(at.kernel, at.blur, w, value))


def _amplitude(stated: Stated, here: Here, ball: Ball, mode: Mode, at: Matrices) -> None:
    """Check that the amplitude of the residuals along w exceeds the tail.

    Claim N9 (inequality).
    """
    rho, w = mode.rho, mode.vector
    sine = arb(0) if mode.gap is None else (mode.residue + arb(at.spread)) / mode.gap
    sigma = rho + ball.remainder * ball.residual
    require(sigma < 1, "N9: σ is not below 1")
    x = ball.remainder * ball.residual / (rho * (1 - sigma))
    tail = ball.remainder * (x.exp() * ball.residual) ** 2 / (rho * (1 - rho))
    require(tail <= stated.tail, "N9: the tail is stated too small")
    u = here.at.residuals
    inner = float(w @ u.high.ravel())
    # w has the length 1 within 2⁻⁴⁰, and the product of p terms is off by at most p·2⁻⁵² of the lengths.
    slip = arb((len(w) + 8) * 2.0**-40 * size(u.high)) + arb(u.error)
    moved = (_pulled(mode, at) + 2 * ball.lipschitz * here.drift) * here.drift
    amplitude = abs(arb(inner)) - slip - moved - arb(2).sqrt() * sine * ball.residual
    require(amplitude >= stated.amplitude, "N9: the amplitude is stated too large")
    require(stated.amplitude > stated.tail, "N9: the amplitude does not exceed the tail")


def _vector(stated: Stated, here: Here, ball: Ball, mode: Mode, at: Matrices) -> None:
    """Check that the stated vector is near the eigenvector of ∇²f(x_∞), with the sign of the amplitude.

    Claim N10 (vector).
    """
    gap = mode.value.lower() if mode.gap is None else mode.gap
    if at.jacobian.shape[1] > len(at.kernel):
        gap = min(gap, mode.value.lower())
    length = arb(size(mode.back)) * (1 - arb(2) ** -20)
    mapped = (mode.value + mode.residue) / length
    moved = ball.lipschitz * ball.around * (ball.sigma[1] + mapped)
    own = arb(2).sqrt() * (moved + ball.sigma[1] * mode.residue / length) / gap
    own += 2 * (_pulled(mode, at) - arb(size(mode.back))) / length
    inner = float(mode.vector @ here.at.residuals.high.ravel())
    turn = (1.0 if inner > 0 else -1.0) * (-1.0 if stated.regime == "large-step" and stated.step % 2 else 1.0)
    unit = turn * mode.back / float(np.sqrt(mode.back @ mode.back))
    distance = size(unit - stated.vector) + 2.0**-30
    require(own + distance <= stated.tilt, "N10: the vector may be further from the limit than stated")
    require(stated.tilt < 1, "N10: a vector known no better than 1 says nothing")


def _pulled(mode: Mode, at: Matrices) -> arb:
    """Bound ‖Jᵀw‖ for the exact J and the exact product."""
    return arb(size(mode.back)) + 2 * at.off + arb((len(mode.vector) + 8) * 2.0**-40 * size(at.jacobian))


def _residue(kernel: Array, blur: float, w: Array, value: arb) -> arb:
    """Bound ‖(K − s)w‖ for the centre s of an enclosure, K at the pair."""
    s = float(value.mid())
    left = kernel @ w - s * w
    p = len(w)
    return arb(size(left) + blur + (p + 8) * 2.0**-50 * (size(kernel) + abs(s))) * (1 + arb(2) ** -30)


def between(pair: tuple[float, float]) -> arb:
    """Return the ball between two ends."""
    return arb(pair[0]).union(arb(pair[1]))


def larger(a: arb, b: arb) -> arb:
    """Return the larger upper end of two balls."""
    return max(a.upper(), b.upper())


def _above(x: arb) -> float:
    return float(x.upper()) * (1 + 2.0**-40)
