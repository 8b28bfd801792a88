r"""Sharpness certificates: the largest Hessian eigenvalue along a trajectory. Claims H1 to H6, and ``check``.

A sharpness certificate contains a certificate of the theorem. For the same trajectory it states how
:math:`\lambda_n(x_k)` approaches :math:`\lambda_n` (``pattern``, Claims H7 to H12) and at which steps it exceeds 2/eta
(``crossings``).
docs/certificate.md, *Sharpness certificates*.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Annotated, Literal

from gdcheck.theorem.checker.amplitude import Space, verify_theorem
from gdcheck.theorem.checker.exact import dot, norm_above
from gdcheck.theorem.checker.kinds.pattern import NARROW, PRECISIONS, Pattern, read_pattern, verify_pattern
from gdcheck.theorem.checker.kinds.top_eigenvalue import MOST_LISTED, Curvature, Curvatures, Steps
from gdcheck.theorem.checker.outcome import claim, required, show
from gdcheck.theorem.checker.reading.checking import Check, with_enough_bits
from gdcheck.theorem.checker.reading.document import Certificate
from gdcheck.theorem.checker.reading.fields import Interval, whole
from gdcheck.theorem.checker.trajectory import Expansion, follow


@dataclass(frozen=True)
class Crossings:
    """The steps with λ_n(x_k) > 2/eta.

    Attributes:
        steps: Those among the steps 0, …, examined - 1, in ascending order.
        examined: The number of steps that are examined one by one.
        complete: Whether λ_n(x_k) < 2/eta at all later steps.
        rose: Those of the steps at which f(x_{k+1}) > f(x_k), while it falls at the others; None if not stated.
        peak: An interval of the largest λ_n(x_k) at these steps; None exactly if there are none.
    """

    steps: Steps
    examined: Annotated[int, whole(0, MOST_LISTED)]
    complete: bool
    rose: Steps | None
    peak: Interval | None


@dataclass(frozen=True)
class Sharpness:
    """A sharpness certificate."""

    schema: Literal["gdcheck-sharpness/1"]
    theorem: Certificate
    pattern: Annotated[Pattern | None, read_pattern]
    crossings: Crossings | None


def _verify(c: Sharpness) -> None:
    """Verify all claims, in the order of the specification."""
    expansion, space = verify_trajectory(c)
    if c.crossings is not None:
        with_enough_bits(PRECISIONS, partial(verify_crossings, c.theorem, c.crossings, expansion))
    if c.pattern is not None:
        verify_pattern(c.theorem, c.pattern, expansion, space)


def verify_trajectory(c: Sharpness) -> tuple[Expansion, Space]:
    """Claim H1 (trajectory): ``theorem`` is a valid certificate, and a pattern or crossings are stated."""
    claim(c.pattern is not None or c.crossings is not None, "a pattern or crossings are stated fails")
    return required(verify_theorem(c.theorem), "all eigenvalues at the minimizer are positive fails")


def verify_crossings(c: Certificate, crossings: Crossings, expansion: Expansion, bits: int) -> None:
    """Claim H3 (crossings): λ_n(x_k) > 2/eta at the stated steps, and < 2/eta at all others examined.

    Args:
        c: The certificate of the theorem.
        crossings: The crossings as they are stated.
        expansion: Gradient descent around the minimizer, with its bounds.
        bits: The bits after the point with which the iterates are enclosed.
    """
    last = crossings.examined
    claim(all(k < last for k in crossings.steps), "the steps above 2/eta are among those examined fails")
    claim((crossings.peak is None) == (not crossings.steps), "a peak is stated exactly if there are steps fails")
    stated, two = {*crossings.steps}, Fraction(2)
    curvatures = Curvatures(expansion, bits)
    above: list[Curvature] = []
    losses: dict[int, Interval] = {}
    step = -1
    for step, (centre, error) in enumerate(follow(expansion, 0, last, bits)):
        if crossings.rose is not None and not {step, step - 1}.isdisjoint(stated):
            losses[step] = loss_between(c, expansion, centre, error)
        if step == last:
            break
        here = curvatures.at(centre, error)
        found = here.compare(two)
        claim(
            found == (1 if step in stated else -1),
            f"λ_n(x_k) {'>' if step in stated else '<'} 2/eta fails at step {step}",
        )
        if step in stated:
            above.append(here)
    claim(step == last, f"the iterates up to step {last} are enclosed fails")
    if crossings.complete:
        verify_later_steps(c, expansion, norm_above(centre) + error, last)
    if crossings.rose is not None:
        verify_loss(crossings, losses)
    if crossings.peak is not None:
        verify_peak(crossings.peak, expansion.descent.step_size, above)


def verify_later_steps(c: Certificate, expansion: Expansion, r: Fraction, step: int) -> None:
    """Claim H4 (later steps): no later iterate leaves the ball of radius r, and λ_n < 2/eta on all of it.

    Args:
        c: The certificate of the theorem.
        expansion: Gradient descent around the minimizer, with its bounds.
        r: A bound of |h| at the step.
        step: The step.
    """
    assert c.spectrum is not None
    remainder = expansion.remainder
    expansion.verify_stays(r, f"at step {step}")
    remainder.verify_no_kink(2, r)
    most = remainder.step_size * c.spectrum.highest.high + r * remainder.hessian_lipschitz(r)
    claim(most < 2, f"λ_n < 2/eta on the ball fails at step {step}: eta λ_n may be {show(most)}")


def verify_loss(crossings: Crossings, losses: dict[int, Interval]) -> None:
    """Claim H5 (loss): from a step above 2/eta to the next the loss rises if the step is in ``rose``, else it falls."""
    assert crossings.rose is not None
    claim({*crossings.rose} <= {*crossings.steps}, "the loss rises at steps above 2/eta only fails")
    for k in crossings.steps:
        (low, high), (after_low, after_high) = losses[k], losses[k + 1]
        rises = k in crossings.rose
        holds, word = (after_low > high, "rises") if rises else (after_high < low, "falls")
        claim(holds, f"the loss {word} fails at step {k}")


def loss_between(c: Certificate, expansion: Expansion, centre: list[Fraction], error: Fraction) -> Interval:
    """Enclose f(m + h) for |h - centre| <= error.

    With r = |centre| + error, the gradient on the way is at most (eta λ_n + r C(r)) r / eta.
    """
    assert c.spectrum is not None
    descent, r = expansion.descent, norm_above(centre) + error
    value = descent.polynomial.at(centre)
    for kink in descent.kinks:
        value += kink.factor * max(dot(kink.slope, centre) + kink.offset, Fraction(0)) ** kink.power
    eta = descent.step_size
    steepest = (eta * c.spectrum.highest.high + expansion.remainder.push(r)) * r / eta
    return value - steepest * error, value + steepest * error


def verify_peak(peak: Interval, eta: Fraction, above: list[Curvature]) -> None:
    """Claim H6 (peak): no λ_n(x_k) exceeds the narrow interval, and one of them is not below it."""
    low, high = peak
    claim(low <= high <= low + NARROW * high, f"the peak is in a narrow interval fails: [{show(low, high)}]")
    below = all(here.compare(eta * high) == -1 for here in above)
    reached = any(here.compare(eta * low) == 1 for here in above)
    claim(below and reached, f"the largest λ_n(x_k) is in [{show(low, high)}] fails")


check = Check(Sharpness, _verify)
"""Verifies a sharpness certificate."""
