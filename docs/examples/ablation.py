"""An ablation: what happens on the boundary itself.

**Statement.** Theorem 1 leaves the step size 2/(λ₁+λₙ) out. Is that needed? Yes: there both ends of the spectrum have
multipliers of the same modulus, μ₁ = −μₙ, so both amplitudes ζ₁ and ζₙ persist for ever. Even steps tend to
ζ₁v₁ + ζₙvₙ and odd ones to ζ₁v₁ − ζₙvₙ, up to length: there are two limits, and no direction.

**Proof idea.** The amplitude certificate is applied to both ends at once: each component exceeds all that the remainder
can still add to it, so both amplitudes are proved not to be zero. For a quadratic loss the amplitudes are those of the
start; for other losses they are enclosed.

**Reference.** S. Chen, X. Li, J. Peng, Y. Zhao, On the Convergence Direction of Gradient Descent, ICLR 2026: Theorem 1,
assumption η ≠ 2/(λ₁+λₙ). ``gdcheck ablate --assumption off-boundary`` searches for such counterexamples on random
losses.

**Guarantee.** The two limits have a certificate that the independent checker accepts. On either side of the boundary,
at a relative distance of 10⁻⁹, there is one direction again.
"""

from fractions import Fraction
from math import hypot

from _paper import Line, Paper, main

import gdcheck

QUADRATIC, COUPLED = "x**2/2 + y**2", "x**2/2 + y**2 + x**2*y"
BOUNDARY, START = Fraction(2, 3), (Fraction(1, 8), Fraction(1, 16))


def ablation() -> Paper:
    """Decide the boundary, and what lies on either side of it."""
    lines = []
    for loss in (QUADRATIC, COUPLED):
        there = gdcheck.decide(gdcheck.Problem(loss, step_size=BOUNDARY, start=START))
        assert gdcheck.recheck(gdcheck.certify(there))
        even, odd = ([float(x.mid()) for x in vector] for vector in there.limit.vectors)
        lines += [
            Line(f"{loss}: limit", "two-cycle", there.limit.kind.value),
            Line(f"{loss}: odd limit along v₁, as even", even[0], odd[0], 1e-9),
            Line(f"{loss}: odd limit along vₙ, mirrored", -even[1], odd[1], 1e-9),
        ]
        if loss == QUADRATIC:
            x, y = map(float, START)
            lines.append(Line(f"{loss}: even limit along vₙ", y / hypot(x, y), even[1], 1e-9))
    for side, kind in ((-1, "fixed"), (1, "alternating")):
        step_size = BOUNDARY * (1 + Fraction(side, 10**9))
        beside = gdcheck.decide(gdcheck.Problem(COUPLED, step_size=step_size, start=START))
        lines.append(Line(f"at a relative distance of {side}e-9", kind, beside.limit.kind.value))
    return Paper(lines, there, "On the boundary: even and odd steps have two limits")


if __name__ == "__main__":
    main(ablation)
