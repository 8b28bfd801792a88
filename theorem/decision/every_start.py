r"""Theorem 1 for every start at once: the exceptional set of one loss and one step size is a null set, with proof.

Write :math:`F(h) = Bh - g(h)` around the minimizer, B symmetric with the simple dominant multiplier μ, ρ = |μ| < 1, and
Π the projector onto its line. On the ball of radius r let :math:`\|g(h)\| \le C\|h\|^2` and
:math:`\|\partial g(h)\| \le \Lambda\|h\|` (Lemma 1), with σ = ρ + Cr < 1. Then, for every start in the ball:

1. :math:`\|h_j\| \le P\rho^j r` with :math:`P = \exp(Cr/(\rho(1-\sigma)))`, as in the amplitude lemma; so the ball lies in
   the basin, and :math:`\zeta(h) = \lim \mu^{-j}\Pi h_j` exists.
2. By the chain rule along the segment between two starts, :math:`F^j` has the Lipschitz constant
   :math:`\prod_{i<j}(\rho + \Lambda P\rho^i r) \le P'\rho^j` with :math:`P' = \exp(\Lambda P r/(\rho(1-\rho)))`.
3. :math:`\zeta - \Pi = -\sum_j \mu^{-(j+1)}\Pi g(h_j)`, so ζ − Π has the Lipschitz constant
   :math:`L = \Lambda P P' r/(\rho(1-\rho))` on the ball.
4. Where L < 1, t ↦ ζ(tv + w) is strictly monotone for every w ⊥ v: the starts with ζ = 0 are the graph of a function of w
   whose slope is at most :math:`L/\sqrt{1-L^2}`, a null set. Every other start of the ball has the theorem's limit.
5. Every start of the basin reaches the ball. Where preimages of null sets are null, those that reach the graph are a
   null set too: almost every start *of the whole basin* has the theorem's limit.

L tends to zero with r, so some ball always serves; the largest that is found is stated.
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb, ctx, fmpq, fmpz

from gdcheck.theorem.assumptions.preimages import Preimages, examine_preimages
from gdcheck.theorem.assumptions.regime import Classification, classify
from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.decision.decide import Verdict, _spectral_failures as spectral_failures
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.methods.statement import THEOREM_1, Assumption, End, Prediction, Regime

PRECISION = 256
_FARTHEST = 1 << 14
_REFINEMENTS = 6
_STEEPEST = arb(1) - arb(2) ** -16


@dataclass(frozen=True, eq=False)
class ExceptionalSet:
    """The starts of a ball that Theorem 1 leaves out: a Lipschitz graph over the hyperplane orthogonal to v.

    Attributes:
        radius: The ball's radius r; None if every ball serves, as for a quadratic loss.
        sigma: σ, an enclosure.
        lipschitz: L, an enclosure; zero for a quadratic loss, whose exceptional set is the hyperplane itself.
        slope: :math:`L/\\sqrt{1-L^2}`, an enclosure.
        vector: v, the unit eigenvector of the dominant eigenvalue, shape (n,).
    """

    radius: fmpq | None
    sigma: arb
    lipschitz: arb
    slope: arb
    vector: tuple[arb, ...]


@dataclass(frozen=True, eq=False)
class EveryStart:
    """The verdict of Theorem 1 on a loss and a step size, for almost every start of the basin.

    Attributes:
        problem: Loss, minimizer and step size; its start is the minimizer and means nothing.
        verdict: Proved, not applicable or unresolved.
        reason: One sentence.
        classification: Spectrum and regime; None if the Hessian does not exist.
        fails: The assumptions that are proved to fail.
        preimages: The finding on preimages of null sets; None if it was not examined.
        prediction: The limit that almost every start has; None unless the verdict is proved.
        exceptional: The exceptional set in a ball; None unless the verdict is proved.
    """

    problem: Problem
    verdict: Verdict
    reason: str
    classification: Classification | None
    fails: tuple[Assumption, ...]
    preimages: Preimages | None
    prediction: Prediction | None
    exceptional: ExceptionalSet | None


def decide_every_start(problem: Problem) -> EveryStart:
    """Decide Theorem 1 for almost every start of the basin of one minimizer.

    Args:
        problem: Loss, minimizer and step size; the start is not looked at.

    Returns:
        The verdict.

    Raises:
        InputError: If the minimizer is not a critical point.
    """
    expansion = Expansion.of(problem)
    rough = (Assumption.SMOOTHNESS,) if any(t.power <= 3 for t in expansion.truncated) else ()
    if expansion.hessian is None:
        return _open(problem, Verdict.NOT_APPLICABLE, "the loss has no Hessian at the minimizer", fails=rough)
    pencil = Pencil(expansion.hessian)
    found = classify(pencil, problem.step_size, PRECISION)
    fails = (*rough, *spectral_failures(found, expansion.dimension))
    preimages = None
    if found.regime in THEOREM_1.predictions or found.regime is Regime.BOUNDARY:
        preimages = examine_preimages(expansion)
        fails += (Assumption.NULL_PREIMAGES,) if preimages.holds is False else ()
    if fails:
        needs = "; ".join(f"it needs that {a.sentence}" for a in fails)
        reason = f"the theorem does not apply: {needs}"
        return _open(problem, Verdict.NOT_APPLICABLE, reason, found=found, fails=fails, preimages=preimages)
    assert found.regime is not None
    prediction = THEOREM_1.predictions[found.regime]
    if preimages is None or preimages.holds is None:
        reason = f"it was not decided whether {Assumption.NULL_PREIMAGES.sentence}"
        return _open(problem, Verdict.UNRESOLVED, reason, found=found, preimages=preimages)
    exceptional = exceptional_set(expansion, pencil, found, prediction)
    if exceptional is None:
        reason = "no ball was found on which the exceptional set is a graph: its radius would be below 2^-16384"
        return _open(problem, Verdict.UNRESOLVED, reason, found=found, preimages=preimages)
    which = "smallest" if prediction.end is End.LOWEST else "largest"
    return EveryStart(
        problem=problem,
        verdict=Verdict.PROVED,
        reason=f"from almost every start of the basin the direction is {prediction.kind.value} along the eigenvector of"
        f" the {which} Hessian eigenvalue, as predicted",
        classification=found,
        fails=(),
        preimages=preimages,
        prediction=prediction,
        exceptional=exceptional,
    )


def _open(
    problem: Problem,
    verdict: Verdict,
    reason: str,
    *,
    found: Classification | None = None,
    fails: tuple[Assumption, ...] = (),
    preimages: Preimages | None = None,
) -> EveryStart:
    return EveryStart(problem, verdict, reason, found, fails, preimages, None, None)


def exceptional_set(
    expansion: Expansion, pencil: Pencil, found: Classification, prediction: Prediction
) -> ExceptionalSet | None:
    """Find a ball on which the exceptional set is a Lipschitz graph.

    Args:
        expansion: The loss at its minimizer.
        pencil: Its Hessian.
        found: Spectrum and regime, small or large step with simple ends.
        prediction: What the theorem predicts there.

    Returns:
        The set, with the largest radius found; None if no ball of radius at least 2^-16384 serves.
    """
    eigenvalue = found.eigenvalues[found.index(prediction.end)]
    (coordinates,) = pencil.eigenvectors(eigenvalue, PRECISION)
    with ctx.workprec(PRECISION):
        rho = abs(1 - expansion.step_size * eigenvalue.ball())
        vector = tuple(arb(x, arb(2) ** -(PRECISION // 2)) for x in coordinates)
        bound = RemainderBound.of(expansion)
        if not expansion.higher_terms and not expansion.truncated:
            return ExceptionalSet(None, rho, arb(0), arb(0), vector)
        constants = _Constants(bound, rho, _lipschitz_factor(expansion))
        radius = _largest(constants)
        if radius is None:
            return None
        sigma, lipschitz = constants.at(radius)
        assert lipschitz is not None
        return ExceptionalSet(radius, sigma, lipschitz, lipschitz / (1 - lipschitz**2).sqrt(), vector)


def _lipschitz_factor(expansion: Expansion) -> int:
    """max(4, D) of docs/certificate.md, *Remainder*: ‖∂g(h)‖ ≤ max(4, D) C(r) ‖h‖ on the ball of radius r."""
    degree = max((sum(a) for a, _ in expansion.higher_terms), default=2)
    return max(4, degree - 1, *(t.power - 1 for t in expansion.truncated))


@dataclass(frozen=True, eq=False)
class _Constants:
    """σ and L as functions of the radius."""

    bound: RemainderBound
    rho: arb
    factor: int

    def at(self, radius: fmpq) -> tuple[arb, arb | None]:
        """σ and L; L is None where σ is not below one."""
        r, rho = arb(radius), self.rho
        c = self.bound.quadratic(r)
        sigma = rho + c * r
        if not surely_less(sigma, arb(1)):
            return sigma, None
        growth = (c * r / (rho * (1 - sigma))).exp()
        slopes = self.factor * c * growth * r / (rho * (1 - rho))
        return sigma, slopes * slopes.exp()

    def serve(self, radius: fmpq) -> bool:
        """Whether the exceptional set in the ball of this radius is proved to be a graph."""
        lipschitz = self.at(radius)[1]
        return lipschitz is not None and surely_less(lipschitz, _STEEPEST)


def _largest(constants: _Constants) -> fmpq | None:
    """The largest radius found, a dyadic number of few digits: L grows with r."""
    reach = 1
    if constants.serve(fmpq(1)):
        while constants.serve(_power(reach)) and reach < _FARTHEST:
            reach *= 2
        low, high = reach // 2, reach
    else:
        while not constants.serve(_power(-reach)):
            reach *= 2
            if reach > _FARTHEST:
                return None
        low, high = -reach, -(reach // 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if constants.serve(_power(middle)) else (low, middle)
    radius, part = _power(low), _power(low)
    for _ in range(_REFINEMENTS):
        part /= 2
        if constants.serve(radius + part):
            radius += part
    return radius


def _power(exponent: int) -> fmpq:
    return fmpq(fmpz(2) ** exponent) if exponent >= 0 else fmpq(1, fmpz(2) ** -exponent)
