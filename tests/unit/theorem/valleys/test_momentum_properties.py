"""Momentum on residuals with a prescribed Jacobian at every point of a flat valley: the regime is prescribed."""

import cmath
import json
from dataclasses import replace

from flint import fmpq
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from gdcheck.properties.strategies.valleys import valley_problems
from gdcheck.theorem.certificate.kinds.valley import valley_answer, valley_certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.methods.method import HeavyBall, Nesterov
from gdcheck.theorem.valleys.decide import decide_valley

CLEAR = 0.02
"""How far moduli are apart where the test knows which one dominates."""
SLOW = 0.97


def multipliers(name, beta, s):
    """The roots of r² − tr + d, the larger modulus first."""
    a, kappa = (1.0, beta) if name is HeavyBall else (1 + beta, beta * beta)
    t, d = 1 + beta - a * s, beta + (kappa - beta * a) * s
    root = cmath.sqrt(t * t - 4 * d)
    return sorted(((t + root) / 2, (t - root) / 2), key=abs, reverse=True)


def expected(name, beta, eta, spectrum, n):
    """The regime and the place of what dominates, where that is clear in floats; else None."""
    pairs = [multipliers(name, beta, eta * value) for value in spectrum]
    moduli = [abs(large) for large, _ in pairs]
    turning = [abs(large.imag) > 1e-3 for large, _ in pairs]
    if any(abs(large - small) < 0.05 for large, small in pairs) or max(moduli) > SLOW:
        return None
    along = beta if len(spectrum) < n else 0.0
    if name is HeavyBall and all(turning):
        return "rotating", None
    if max(moduli) < along - CLEAR:
        return "tangential", None
    index = moduli.index(max(moduli))
    if any(x > moduli[index] - CLEAR for x in [*moduli[:index], *moduli[index + 1 :], along]):
        return None
    if turning[index]:
        return "rotating", index
    return ("small-step" if pairs[index][0].real > 0 else "large-step"), index


@settings(max_examples=25)
@given(
    made=valley_problems(dimensions=(2, 4), affine=True),
    name=st.sampled_from([HeavyBall, Nesterov]),
    beta=st.sampled_from([fmpq(1, 20), fmpq(1, 4), fmpq(1, 2)]),
    share=st.integers(2, 19),
)
def test_the_regime_is_the_prescribed_one(made, name, beta, share):
    stable = 2 * (1 + beta) / (1 if name is HeavyBall else 1 + 2 * beta)
    eta = stable / made.spectrum[-1] * fmpq(share, 20)
    n = len(made.problem.start)
    spectrum = [float(int(x.p) / int(x.q)) for x in made.spectrum]
    regime = expected(name, float(int(beta.p) / int(beta.q)), float(int(eta.p) / int(eta.q)), spectrum, n)
    assume(regime is not None)
    event(f"{name.name}, {regime[0]}")
    found = decide_valley(replace(made.problem, step_size=eta, method=name(beta)), max_steps=3000)
    if found.cause == "absent":
        assume(False)
    assert found.verdict is Verdict.PROVED, found.reason
    answer = valley_answer(found)
    assert answer["regime"] == regime[0]
    assert check(json.loads(json.dumps(valley_certificate(found)))) is None
    if regime[0] in {"small-step", "large-step"}:
        column = [float(int(made.rotation[i, regime[1]].p) / int(made.rotation[i, regime[1]].q)) for i in range(n)]
        inner = sum(a * b for a, b in zip(column, answer["limit"]["vector"], strict=True))
        assert abs(abs(inner) - 1) < 1e-9
    if regime[0] == "tangential":
        across = [
            sum(
                float(int(made.rotation[i, k].p) / int(made.rotation[i, k].q)) * answer["limit"]["vector"][i]
                for i in range(n)
            )
            for k in range(len(spectrum))
        ]
        assert max(map(abs, across)) < 1e-9
