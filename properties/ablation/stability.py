"""Step sizes at the stability limit 2/λₙ and beyond it."""

from __future__ import annotations

from fractions import Fraction

from flint import fmpq
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from gdcheck.properties.ablation.ablation import Ablation, Outcome
from gdcheck.properties.ablation.checked import shown_point
from gdcheck.properties.ablation.separable import Boxed, boxed, boxes, separable_ablation, several, sum_of
from gdcheck.properties.strategies.instance import SpectrumShape
from gdcheck.properties.strategies.problems import rotations, spectra
from gdcheck.theorem.certificate.kinds.orbit import orbit_certificate
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.prescribed import loss_with_spectrum

_BEYOND = [fmpq(1, 10), fmpq(1, 20), fmpq(1, 5), fmpq(1, 100), fmpq(1, 1000)]


@st.composite
def _near_the_limit(draw: DrawFn, *, beyond: bool) -> Boxed:
    parts = draw(several(least=2))
    step = 2 / parts[-1].curvature
    if beyond:
        step *= 1 + draw(st.sampled_from(_BEYOND))
    return boxed(sum_of(parts), step, draw(boxes(n=len(parts))))


@st.composite
def _softening(draw: DrawFn) -> Problem:
    """Return a loss that flattens along vₙ, a step a little beyond 2/λₙ, and a start along vₙ."""
    n = draw(st.integers(2, 3))
    spectrum = draw(spectra(n=n, shape=SpectrumShape.PLAIN))
    rotation = draw(rotations(n=n))
    # −c (vₙ·x)⁴ flattens; a small coupling makes the orbit leave the axis.
    v = [rotation[i, n - 1] for i in range(n)]
    strength = draw(st.sampled_from([fmpq(1), fmpq(2), fmpq(1, 2), fmpq(4)]))
    quartic = _fourth_power(v, -strength)
    cubic = {tuple(3 * (j == i) for j in range(n)): draw(st.sampled_from([fmpq(0), fmpq(1, 16)])) for i in range(n)}
    loss = loss_with_spectrum(spectrum, rotation=rotation, higher_terms=[*quartic.items(), *cubic.items()])
    excess = draw(st.sampled_from(_BEYOND[:3]))
    step = 2 / spectrum[-1] * (1 + excess)
    reach = fmpq(1, 8)
    return Problem(loss, minimizer=(fmpq(0),) * n, step_size=step, start=tuple(reach * x for x in v))


def _fourth_power(v: list[fmpq], factor: fmpq) -> dict[tuple[int, ...], fmpq]:
    """Return the terms of factor · (v·x)⁴."""
    n = len(v)
    terms: dict[tuple[int, ...], fmpq] = {(0,) * n: factor}
    for _ in range(4):
        grown: dict[tuple[int, ...], fmpq] = {}
        for exponents, c in terms.items():
            for i, x in enumerate(v):
                if x:
                    up = tuple(e + (j == i) for j, e in enumerate(exponents))
                    grown[up] = grown.get(up, fmpq(0)) + c * x
        terms = grown
    return terms


def _orbit(problem: Problem) -> Outcome:
    proof = orbit_certificate(problem)  # accepted by its checker, or None
    if proof is None:
        return Outcome(None, "proved", problem, "", "no attracting orbit was found")
    point = shown_point(f"{float(Fraction(x)):.4g}" for x in proof["point"])
    radius = float(Fraction(proof["radius"]))
    return Outcome(
        violated=True,
        evidence="proved",
        problem=_at(proof),
        predicted="tends to the minimizer, alternating along ±vₙ",
        happens=f"every start within {radius:.2g} of {point} tends to an orbit of period two",
        severity=radius,
        certificates=(proof,),
    )


def _at(proof: dict[str, object]) -> Problem:
    return Problem.from_json(proof["problem"])


NEUTRAL = separable_ablation(
    name="stable-step-neutral",
    assumption="stable-step",
    dropped="the step size is below 2/λₙ; it is 2/λₙ exactly, where the linear part decides nothing",
    claim="At η = 2/λₙ almost every start near the minimizer still arrives alternating along vₙ.",
    instances=_near_the_limit(beyond=False),
)

BEYOND = separable_ablation(
    name="stable-step-beyond",
    assumption="stable-step",
    dropped="the step size is below 2/λₙ; it is up to a fifth beyond",
    claim="Beyond 2/λₙ almost every start near the minimizer still arrives alternating along vₙ.",
    instances=_near_the_limit(beyond=True),
)

ORBIT = Ablation(
    name="stable-step-orbit",
    assumption="stable-step",
    dropped="the step size is below 2/λₙ; it is beyond, and the loss flattens along vₙ",
    claim="Beyond 2/λₙ almost every start near the minimizer still tends to it.",
    instances=_softening(),
    examine=_orbit,
    severity="radius of the ball of starts that tend to the orbit",
)
