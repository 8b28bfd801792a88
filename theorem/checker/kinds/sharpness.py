r"""Sharpness certificates: the largest Hessian eigenvalue along a trajectory. Claims H1 to H6, and ``check``.

A sharpness certificate holds a certificate of the theorem, and says of the same trajectory how :math:`\lambda_n(x_k)`
approaches :math:`\lambda_n` (``pattern``, Claims H7 to H12) and at which steps it exceeds 2/eta (``crossings``).
docs/certificate.md, *Sharpness certificates*.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gdcheck.theorem.checker import outcome
from gdcheck.theorem.checker.amplitude import Space, verify_theorem
from gdcheck.theorem.checker.document import (
    Certificate,
    Interval,
    read_certificate,
    read_interval,
    read_object,
    read_or_null,
    refuse,
)
from gdcheck.theorem.checker.exact import norm_above
from gdcheck.theorem.checker.kinds.pattern import Pattern, read_pattern, verify_pattern
from gdcheck.theorem.checker.kinds.top_eigenvalue import Curvature, Curvatures, read_far_step, read_steps
from gdcheck.theorem.checker.outcome import TIME_LIMIT, ClaimError, claim, show
from gdcheck.theorem.checker.trajectory import Expansion, follow

FORMAT = "gdcheck-sharpness/1"
PRECISIONS = (256, 1024, 4096)
MOST_EXAMINED = 20_000
NARROW = Fraction(1, 10**9)


@dataclass(frozen=True)
class Crossings:
    """The steps with λ_n(x_k) > 2/eta.

    Attributes:
        steps: Those among the steps 0, …, examined - 1, in ascending order.
        examined: How many steps are looked at one by one.
        complete: Whether from then on λ_n(x_k) < 2/eta for ever.
        rose: Those of the steps at which f(x_{k+1}) > f(x_k), while it falls at the others; None if nothing is said.
        peak: An interval of the largest λ_n(x_k) at these steps; None exactly if there are none.
    """

    steps: tuple[int, ...]
    examined: int
    complete: bool
    rose: tuple[int, ...] | None
    peak: Interval | None


@dataclass(frozen=True)
class Sharpness:
    """All fields of a sharpness certificate but its format."""

    theorem: Certificate
    pattern: Pattern | None
    crossings: Crossings | None


def check(certificate: object, time_limit: float = TIME_LIMIT) -> str | None:
    """Verify a sharpness certificate.

    Args:
        certificate: The parsed JSON object.
        time_limit: The seconds that it may take.

    Returns:
        None if every claim has been verified, else a sentence that names the first claim that fails.

    Raises:
        BadCertificate: If it is malformed.
        NotChecked: If the checker gives up at one of its limits.
    """
    with outcome.time_limit(time_limit):
        try:
            _verify(_read(certificate))
        except ClaimError as failure:
            return str(failure)
    return None


def _read(value: object) -> Sharpness:
    c = read_object(value, "certificate", "schema theorem pattern crossings")
    if c["schema"] != FORMAT:
        refuse("schema", repr(FORMAT))
    theorem = read_certificate(c["theorem"])
    pattern = read_or_null(c["pattern"], "pattern", lambda x, at: read_pattern(x, at, len(theorem.problem.variables)))
    return Sharpness(theorem, pattern, read_or_null(c["crossings"], "crossings", _read_crossings))


def _read_crossings(value: object, path: str) -> Crossings:
    c = read_object(value, path, "steps examined complete rose peak")
    if type(c["complete"]) is not bool:
        refuse(f"{path}.complete", "true or false")
    examined = read_far_step(c["examined"], f"{path}.examined")
    if examined > MOST_EXAMINED:
        refuse(f"{path}.examined", f"{MOST_EXAMINED} at most")
    return Crossings(
        read_steps(c["steps"], f"{path}.steps"),
        examined,
        c["complete"],
        read_or_null(c["rose"], f"{path}.rose", read_steps),
        read_or_null(c["peak"], f"{path}.peak", read_interval),
    )


def _verify(c: Sharpness) -> None:
    """Verify all claims, in the order of the specification."""
    expansion, space = verify_trajectory(c)
    if c.crossings is not None:
        _with_enough_bits(c.theorem, c.crossings, expansion)
    if c.pattern is not None:
        verify_pattern(c.theorem, c.pattern, expansion, space)


def verify_trajectory(c: Sharpness) -> tuple[Expansion, Space]:
    """Claim H1 (trajectory): ``theorem`` is a certificate of the theorem, and something is said of its trajectory."""
    verified = verify_theorem(c.theorem)
    claim(verified is not None, "all eigenvalues at the minimizer are positive fails")
    claim(c.pattern is not None or c.crossings is not None, "a pattern or crossings are stated fails")
    assert verified is not None
    return verified


def _with_enough_bits(c: Certificate, crossings: Crossings, expansion: Expansion) -> None:
    """Verify the crossings with so many bits that every comparison is decided."""
    for bits in PRECISIONS:
        try:
            return verify_crossings(c, crossings, expansion, bits)
        except ClaimError as failure:
            failed = failure
    raise failed


def verify_crossings(c: Certificate, crossings: Crossings, expansion: Expansion, bits: int) -> None:
    """Claim H3 (crossings): of the steps that are examined, λ_n(x_k) > 2/eta at those that are stated, else below.

    Args:
        c: The certificate of the theorem.
        crossings: What is stated.
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
    stays = expansion.linear + remainder.push(r)
    claim(stays <= 1, f"no later iterate leaves the ball fails at step {step}: the factor may be {show(stays)}")
    met = [k for k in remainder.kinks if k.power == 2 and abs(k.offset) <= k.length * r]
    claim(not met, f"no square has its kink in the ball fails at step {step}")
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
    value = Fraction(0)
    for alpha, k in descent.polynomial.terms.items():
        term = Fraction(k, descent.polynomial.denominator)
        for x, e in zip(centre, alpha, strict=True):
            term *= x**e
        value += term
    for kink in descent.kinks:
        argument = sum((s * x for s, x in zip(kink.slope, centre, strict=True)), Fraction(kink.offset))
        value += kink.factor * max(argument, Fraction(0)) ** kink.power
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
