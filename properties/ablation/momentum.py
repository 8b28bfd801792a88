"""The assumptions of the theorems on momentum, each dropped (docs/methods.md, *Which assumptions matter*)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from flint import fmpq
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from gdcheck.properties.ablation.ablation import Ablation, Outcome
from gdcheck.properties.ablation.checked import accepted, decided, sine, words
from gdcheck.properties.ablation.smoothness import flattening
from gdcheck.properties.ablation.spectral import Pair, depends_on_start
from gdcheck.properties.strategies.instance import Instance, SpectrumShape
from gdcheck.properties.strategies.methods import Family, method_problems
from gdcheck.properties.strategies.problems import higher_order_terms, rotations, spectra
from gdcheck.properties.strategies.switches import at_the_switch, near_starts, squares
from gdcheck.theorem.certificate.answer import answer
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.decision.decide import Decision, Verdict, decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.prescribed import loss_with_spectrum
from gdcheck.theorem.methods.method import HeavyBall
from gdcheck.theorem.methods.statement import End, LimitKind, Regime

_SHARES = [fmpq(k, 8) for k in (4, 6, 5, 7)]
_EXCESS = [fmpq(1, 10), fmpq(1, 20), fmpq(1, 5), fmpq(1, 100), fmpq(1, 1000)]
_USUAL = HeavyBall(fmpq(9, 10)), fmpq(1, 100)
_PAPER = (fmpq(1), fmpq(4))
"""The spectrum of the paper's quadratic x²/2 + 2y²."""
_MOMENTUM = "momentum"
_ONE_LIMIT = "one limit, fixed or alternating"


def _switch(problem: Problem) -> Outcome:
    decision, proof = decided(problem)
    broken, severity = None, 0.0
    # Within an invariant subspace one amplitude vanishes: the start is exceptional.
    if proof is not None and decision.limit is not None and decision.subspace is None:
        broken = decision.limit.kind is LimitKind.TWO_CYCLE
        severity = sine(*decision.limit.vectors) if broken else 0.0
    return Outcome(broken, "proved", problem, _ONE_LIMIT, words(decision.limit), severity, (proof,) if proof else ())


@st.composite
def _repeated(draw: DrawFn, *, end: End) -> Pair:
    """Return two problems that differ only in their start; one end of the spectrum is repeated, and it dominates."""
    root, beta = draw(squares())
    plain = draw(spectra(n=3, shape=SpectrumShape.PLAIN))
    low = end is End.LOWEST
    spectrum = (plain[0], plain[0], plain[2]) if low else (plain[0], plain[2], plain[2])
    switch = 2 * (1 + beta) / (spectrum[0] + spectrum[-1])
    if low:
        begins, ends = fmpq(0), min(switch, (1 - root) ** 2 / spectrum[0])
    else:
        begins, ends = max(switch, (1 + root) ** 2 / spectrum[-1]), 2 * (1 + beta) / spectrum[-1]
    step_size = begins + (ends - begins) * draw(st.sampled_from(_SHARES))
    loss = loss_with_spectrum(
        spectrum, rotation=draw(rotations(n=3)), higher_terms=draw(higher_order_terms(n=3, degree=4, most=3))
    )
    one = Problem(loss, step_size=step_size, start=draw(near_starts(n=3)), method=HeavyBall(beta))
    return one, replace(one, start=tuple(draw(near_starts(n=3))))


def _same_line(pair: Pair, kind: LimitKind) -> Outcome:
    predicted = f"{kind.value} along one line, the same from almost every start"
    return depends_on_start(pair, predicted=predicted, weaker=lambda d: d.limit is not None and d.limit.kind is kind)


@st.composite
def _unstable(draw: DrawFn) -> Problem:
    """Return a quadratic loss with a step size beyond 2(1+β)/λₙ, and a start with a part along vₙ."""
    _, beta = draw(squares())
    n = draw(st.integers(2, 4))
    spectrum = draw(spectra(n=n, shape=SpectrumShape.PLAIN))
    rotation = draw(rotations(n=n))
    step_size = 2 * (1 + beta) / spectrum[-1] * (1 + draw(st.sampled_from(_EXCESS)))
    parts = draw(near_starts(n=n))
    start = [sum((rotation[i, j] * parts[j] for j in range(n)), fmpq(0)) for i in range(n)]
    return Problem(
        loss_with_spectrum(spectrum, rotation=rotation), step_size=step_size, start=start, method=HeavyBall(beta)
    )


def _leaves(problem: Problem) -> Outcome:
    decision = decide(problem)
    proof = certificate(decision)
    known = decision.classification is not None and decision.classification.regime is Regime.UNSTABLE
    modulus = float(answer(decision)["rate_per_step"])
    broken = known and accepted(proof) and modulus > 1
    return Outcome(
        violated=True if broken else None,
        evidence="proved",
        problem=problem,
        predicted="tends to the minimizer, alternating along ±vₙ",
        happens=f"on a quadratic loss the part along vₙ grows by {modulus:.6g} a step in the long run",
        severity=modulus,
        certificates=(proof,) if proof else (),
    )


def _turns(problem: Problem, predicted: str, follows: str) -> Outcome:
    decision, proof = decided(problem)
    broken, severity = None, 0.0
    if proof is not None and decision.limit is not None and decision.verdict is Verdict.PROVED:
        broken = decision.limit.kind is LimitKind.ROTATING
        severity = max(answer(decision)["limit"].get("angles", [0.0]))
    return Outcome(
        broken, "proved", problem, predicted, words(decision.limit) + follows, severity, (proof,) if proof else ()
    )


@st.composite
def _in_the_window(draw: DrawFn) -> Problem:
    """Return a problem with heavy ball, all of whose multipliers are pairs, or with Nesterov, where that of λ₁ is."""
    if draw(st.integers(0, 3)) == 3:
        ahead: Instance = draw(method_problems(regime=Regime.ROTATING, family=Family.NESTEROV))
        return ahead.problem
    root, beta = draw(squares())
    return draw(_with_values((1 - root) ** 2, 4 * root, beta, ()))


@st.composite
def _with_values(draw: DrawFn, low: fmpq, width: fmpq, beta: fmpq, ends: tuple[fmpq, ...]) -> Problem:
    """Return a problem with heavy ball whose values of ηλ are some given ones and others within a width above."""
    n = draw(st.integers(2, 3))
    count = n - len(ends)
    parts = draw(st.lists(st.integers(1, 15), min_size=count, max_size=count, unique=True))
    values = sorted([*ends, *(low + width * fmpq(k, 16) for k in parts)])
    step_size = draw(st.sampled_from([fmpq(1), fmpq(1, 2), fmpq(1, 10)]))
    terms = draw(higher_order_terms(n=n, degree=4, most=3))
    loss = loss_with_spectrum([x / step_size for x in values], rotation=draw(rotations(n=n)), higher_terms=terms)
    return Problem(loss, step_size=step_size, start=draw(near_starts(n=n)), method=HeavyBall(beta))


@st.composite
def _usual(draw: DrawFn) -> Problem:
    """Return the paper's quadratic, or a loss with other terms or another spectrum, at η = 0.01 and β = 0.9."""
    method, step_size = _USUAL
    spectrum = draw(st.sampled_from([_PAPER, (fmpq(1, 2), fmpq(2)), (fmpq(1), fmpq(100)), (fmpq(3), fmpq(30))]))
    terms = draw(higher_order_terms(n=2, degree=4, most=2)) if draw(st.booleans()) else ()
    loss = loss_with_spectrum(spectrum, rotation=draw(rotations(n=2)), higher_terms=terms)
    return Problem(loss, step_size=step_size, start=draw(near_starts(n=2)), method=method)


@st.composite
def _double(draw: DrawFn) -> Problem:
    """Return a problem with heavy ball at s₁ = (1−√β)², where no other multiplier is as large."""
    root, beta = draw(squares())
    lowest = (1 - root) ** 2
    return draw(_with_values(lowest, 4 * root, beta, (lowest,)))


def _still(problem: Problem, holds: Callable[[Decision], bool], predicted: str) -> Outcome:
    decision, proof = decided(problem)
    broken = None
    if proof is not None and decision.subspace is None:
        broken = not holds(decision)
    return Outcome(broken, "proved", problem, predicted, words(decision.limit), certificates=(proof,) if proof else ())


def _along_v1(decision: Decision) -> bool:
    kind = decision.limit.kind if decision.limit is not None else None
    return kind is LimitKind.FIXED and [b.end for b in decision.blocks] == [End.LOWEST]


def _as_proved(decision: Decision) -> bool:
    return decision.verdict is Verdict.PROVED and not decision.fails


@st.composite
def _onto_a_plane(draw: DrawFn) -> Problem:
    """Return a loss on which gradient descent takes a box of starts onto a plane, with momentum instead."""
    _, beta = draw(squares())
    return replace(draw(flattening()).problem, method=HeavyBall(beta))


OFF_BOUNDARY = Ablation(
    name="momentum-off-boundary",
    assumption=_MOMENTUM,
    dropped="with momentum, the multipliers of λ₁ and λₙ have different moduli",
    claim="Where they agree, at 2(1+β)/(λ₁+λₙ) for heavy ball, the direction still has a limit, fixed or alternating.",
    instances=at_the_switch(),
    examine=_switch,
    severity="sine of the angle between the limits of even and odd steps",
    cost=2,
)

SIMPLE_LOWEST = Ablation(
    name="momentum-simple-lowest",
    assumption=_MOMENTUM,
    dropped="with heavy ball, the smallest Hessian eigenvalue is simple",
    claim="With heavy ball and a small step, almost every start arrives along one line, that of v₁.",
    instances=_repeated(end=End.LOWEST),
    examine=partial(_same_line, kind=LimitKind.FIXED),
    severity="sine of the angle between the limits of two starts",
    weaker="the direction has a limit, fixed; it depends on the start",
    cost=8,
)

SIMPLE_HIGHEST = Ablation(
    name="momentum-simple-highest",
    assumption=_MOMENTUM,
    dropped="with heavy ball, the largest Hessian eigenvalue is simple",
    claim="With heavy ball and a large step, almost every start arrives alternating along one line, that of vₙ.",
    instances=_repeated(end=End.HIGHEST),
    examine=partial(_same_line, kind=LimitKind.ALTERNATING),
    severity="sine of the angle between the limits of two starts",
    weaker="the direction has a limit, alternating; it depends on the start",
    cost=8,
)

STABLE = Ablation(
    name="momentum-stable-step",
    assumption=_MOMENTUM,
    dropped="with heavy ball, ηλₙ is below 2(1+β); it is up to a fifth beyond",
    claim="Beyond 2(1+β)/λₙ almost every start still tends to the minimizer, alternating along vₙ.",
    instances=_unstable(),
    examine=_leaves,
    severity="the modulus of the multiplier",
)

REAL = Ablation(
    name="momentum-real-multiplier",
    assumption=_MOMENTUM,
    dropped="with momentum, the dominant multiplier is real; it is a pair of conjugates",
    claim="Where the dominant multipliers are pairs, the direction still has a limit, fixed or alternating.",
    instances=_in_the_window(),
    examine=partial(_turns, predicted=_ONE_LIMIT, follows=""),
    severity="the largest angle per step of a dominant pair, in radians",
    cost=2,
)

COSINE = Ablation(
    name="momentum-cosine",
    assumption=_MOMENTUM,
    dropped="the step size is below the window without a limit; it is the usual one, η = 0.01 with β = 0.9",
    claim="With momentum the cosine of consecutive updates tends to 1.",
    instances=_usual(),
    examine=partial(
        _turns,
        predicted="the cosine of consecutive updates tends to 1",
        follows=", so that the cosine of consecutive updates tends neither to 1 nor to −1 (docs/methods.md, 9)",
    ),
    severity="the largest angle per step of a dominant pair, in radians",
)

SIMPLE_MULTIPLIER = Ablation(
    name="momentum-simple-multiplier",
    assumption=_MOMENTUM,
    dropped="with heavy ball, the dominant multiplier is simple; at ηλ₁ = (1−√β)² it is double",
    claim="At ηλ₁ = (1−√β)² the direction still tends to ±v₁.",
    instances=_double(),
    examine=partial(_still, holds=_along_v1, predicted="fixed along ±v₁"),
    severity="none",
    cost=2,
)

PREIMAGES = Ablation(
    name="momentum-null-preimages",
    assumption=_MOMENTUM,
    dropped="gradient descent takes no set of positive measure into a null set; with heavy ball that is never needed,"
    " for the derivative of its map of states has the determinant βⁿ",
    claim="Where gradient descent takes a box of starts into a null set, heavy ball still arrives as its theorem says.",
    instances=_onto_a_plane(),
    examine=partial(_still, holds=_as_proved, predicted="as the theorem on heavy ball says"),
    severity="none",
    cost=2,
)

ABLATIONS = (OFF_BOUNDARY, SIMPLE_LOWEST, SIMPLE_HIGHEST, STABLE, REAL, COSINE, SIMPLE_MULTIPLIER, PREIMAGES)
