"""Adam's ε decides where Adam arrives.

**Statement.** Near a strict minimum the gradients vanish, so that √v̂ falls below ε and Adam becomes heavy ball with the
step size η(1−β₁)/ε. Its switch lies at η = 2(1+β₁)ε/((1−β₁)(λ₁+λₙ)), and it is unstable from
η = 2(1+β₁)ε/((1−β₁)λₙ) on. Both are proportional to ε: with the usual η = 0.001, β₁ = 0.9 and ε = 10⁻⁸ every minimum
with λₙ > 3.8·10⁻⁴ is unstable, and Adam cannot converge to it.

**Proof idea.** The bias corrections tend to 1 and √v̂/ε to 0, both summably; the amplitude certificate takes them as
drift, one small factor a step. The true square root is enclosed along the trajectory, never frozen.

**Reference.** D. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015 (the method); the argument is
section 6 of this project's methods page.

**Guarantee.** The limits on both sides of the switch are certified for ε = 1, and the checker accepts the certificates.
Thresholds are exact for every ε.
"""

from fractions import Fraction

from _paper import Line, Paper, main
from flint import fmpq

import gdcheck
from gdcheck.reports.charts import number
from gdcheck.reports.direction_chart import moduli_chart
from gdcheck.theorem.certificate.methods.line import method_step_line, moduli

LOSS, LOWEST, HIGHEST = "x**2/2 + 2*y**2 + x*y**2", 1, 4


def adam_epsilon() -> Paper:
    """Compare Adam's switch and stability limit with their formulas, and decide both sides of the switch."""
    lines = []
    for beta1, epsilon in ((Fraction(1, 20), Fraction(1)), (Fraction(9, 10), Fraction(1, 10**8))):
        scale = 2 * (1 + beta1) * epsilon / (1 - beta1)
        line = method_step_line(_problem("1/1000", beta1, epsilon))
        named = f"β₁ = {float(beta1):g}, ε = {float(epsilon):g}"
        if line["boundary"] is not None:
            switch, found = float(scale / (LOWEST + HIGHEST)), number(line["boundary"])
            lines.append(Line(f"{named}: switch", switch, found, 1e-12 * switch))
        stable = float(scale / HIGHEST)
        lines.append(Line(f"{named}: stable up to", stable, number(line["stability_limit"]), 1e-12 * stable))
    usual = gdcheck.decide(_problem("1/1000", beta1, epsilon))
    lines.append(Line("the usual η = 0.001, ε = 1e-08", "not-applicable", usual.verdict.value))
    for step_size, kind in (("44/100", "fixed"), ("445/1000", "alternating")):
        decision = gdcheck.decide(_problem(step_size, Fraction(1, 20), Fraction(1)))
        accepted = gdcheck.recheck(gdcheck.certify(decision))
        found = decision.limit.kind.value if accepted else "rejected"
        lines.append(Line(f"β₁ = 0.05, ε = 1, η = {float(Fraction(step_size)):g}", kind, found))
    line = method_step_line(decision.problem)
    steps = [(k + 1) / 400 * 1.15 * number(line["stability_limit"]) for k in range(400)]
    rows = moduli([fmpq(LOWEST), fmpq(HIGHEST)], decision.problem.method, steps)
    chart = moduli_chart(line, steps, {str(LOWEST): rows[0], str(HIGHEST): rows[1]})
    return Paper(lines, chart, "Moduli of Adam's multipliers near the minimum, with ε = 1")


def _problem(step_size: str, beta1: Fraction, epsilon: Fraction) -> gdcheck.Problem:
    method = {"name": "adam", "beta1": str(beta1), "beta2": "9/10", "epsilon": str(epsilon)}
    return gdcheck.Problem(LOSS, step_size=step_size, start=["1/100", "1/100"], method=method)


if __name__ == "__main__":
    main(adam_epsilon)
