"""The simplest problem on which a claim fails: Hypothesis shrinks the problem that was found, part by part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from flint import fmpq, fmpq_mat
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from hypothesis.strategies import DrawFn

from gdcheck.properties.lemmas.declare import OwnClaim
from gdcheck.properties.lemmas.examine import ClaimError, examine
from gdcheck.properties.lemmas.results import Violation
from gdcheck.properties.strategies.instance import Instance
from gdcheck.properties.strategies.random_problems import ball_radius
from gdcheck.theorem.descent.expansion import Expansion, Exponents
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import TruncatedPower
from gdcheck.theorem.loss.prescribed import loss_with_spectrum
from gdcheck.theorem.methods.statement import Regime

MOST_EXAMINED = 1500
"""Problems examined in search of the simplest."""

_DRAWS, _LEVELS = 400, 63


@dataclass(frozen=True)
class _Parts:
    """What a random problem is made of, seen from its minimizer."""

    spectrum: tuple[fmpq, ...]
    rotation: fmpq_mat | None
    minimizer: tuple[fmpq, ...]
    terms: tuple[tuple[Exponents, fmpq], ...]
    truncated: tuple[TruncatedPower, ...]
    step_size: fmpq
    start: tuple[fmpq, ...]

    @classmethod
    def of(cls, instance: Instance) -> _Parts:
        expansion = Expansion.of(instance.problem)
        powers = (TruncatedPower(t.coefficient, t.direction, -t.offset, t.power) for t in expansion.truncated)
        n = len(instance.spectrum)
        plain = instance.rotation == _identity(n)
        return cls(
            spectrum=instance.spectrum,
            rotation=None if plain else instance.rotation,
            minimizer=instance.problem.minimizer,
            terms=expansion.higher_terms,
            truncated=tuple(powers),
            step_size=instance.problem.step_size,
            start=instance.problem.displacement,
        )

    def without(self, i: int) -> _Parts:
        """Return the same without a variable; only in the eigenbasis."""

        def left(values: tuple[Any, ...]) -> tuple[Any, ...]:
            return values[:i] + values[i + 1 :]

        return replace(
            self,
            spectrum=left(self.spectrum),
            minimizer=left(self.minimizer),
            terms=tuple((left(a), c) for a, c in self.terms if not a[i]),
            truncated=tuple(replace(t, direction=left(t.direction)) for t in self.truncated if any(left(t.direction))),
            start=left(self.start),
        )

    def instance(self, like: Instance) -> Instance:
        """Return the problem made of the parts."""
        n, moved = len(self.spectrum), any(self.minimizer)
        loss = loss_with_spectrum(
            self.spectrum,
            rotation=self.rotation,
            minimizer=self.minimizer if moved else None,
            higher_terms=self.terms,
            truncated=self.truncated,
        )
        start = tuple(m + x for m, x in zip(self.minimizer, self.start, strict=True))
        problem = Problem(loss, step_size=self.step_size, start=start, minimizer=self.minimizer)
        boundary = 2 / (self.spectrum[0] + self.spectrum[-1])
        regime = Regime.SMALL_STEP if self.step_size < boundary else Regime.LARGE_STEP
        return Instance(problem, self.spectrum, self.rotation or _identity(n), regime, like.place)

    def meant(self, claim: OwnClaim, instance: Instance) -> bool:
        """Whether the claim's recipe could have made the problem: simpler problems must not be of another kind."""
        spectrum, eta, recipe = self.spectrum, self.step_size, claim.recipe
        simple = 0 < spectrum[0] < spectrum[1] and spectrum[-2] < spectrum[-1] and list(spectrum) == sorted(spectrum)
        if not simple or not 0 < eta * spectrum[-1] < 2 or eta * (spectrum[0] + spectrum[-1]) == 2:
            return False
        if instance.regime not in recipe.regimes or not any(self.start):
            return False
        if claim.statement is not None:
            # Starts of certified batches need not lie in the ball.
            return True
        reach = fmpq(recipe.inside.numerator, recipe.inside.denominator) * ball_radius(instance.problem, instance.rho)
        return sum((x * x for x in self.start), fmpq(0)) <= reach**2


def _identity(n: int) -> fmpq_mat:
    return fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])


def _simpler(q: fmpq) -> list[fmpq]:
    """Numbers near q, the simplest first and q last."""
    if not q:
        return [q]
    whole: fmpq = fmpq(q.floor() if q > 0 else q.ceil())
    return list(dict.fromkeys([fmpq(0), whole, *(_digits(q, k) for k in (1, 2, 3, 4, 6)), q]))


def _digits(q: fmpq, count: int) -> fmpq:
    """Return a number cut to so many digits."""
    scale = fmpq(1)
    limit = fmpq(10) ** count
    while abs(q) * scale < limit / 10:
        scale *= 10
    while abs(q) * scale >= limit:
        scale /= 10
    scaled = q * scale
    return fmpq(scaled.floor() if q > 0 else scaled.ceil()) / scale


@st.composite
def _shrinkable(draw: DrawFn, parts: _Parts) -> _Parts:
    """Return the parts, most of them as they were, some simpler; shrinks towards the simplest."""

    def level(most: int) -> int:
        return min(draw(st.integers(0, _LEVELS)), most)

    def number(q: fmpq, *, zero: bool = True) -> fmpq:
        choices = _simpler(q)
        choices = choices if zero else [x for x in choices if x]
        return choices[level(len(choices) - 1)]

    if parts.rotation is not None and not level(1):
        turned = (fmpq_mat([list(parts.start)]) * parts.rotation).entries()
        parts = replace(parts, rotation=None, start=tuple(turned))
    if parts.rotation is None:
        for i in reversed(range(1, len(parts.spectrum) - 1)):
            if not level(1):
                parts = parts.without(i)
    if any(parts.minimizer) and not level(1):
        parts = replace(parts, minimizer=(fmpq(0),) * len(parts.minimizer))
    terms = [(a, number(c)) for a, c in parts.terms]
    return replace(
        parts,
        terms=tuple((a, c) for a, c in terms if c),
        truncated=tuple(t for t in parts.truncated if level(1)),
        spectrum=tuple(number(x, zero=False) for x in parts.spectrum),
        step_size=number(parts.step_size, zero=False),
        start=tuple(number(x) for x in parts.start),
    )


def simplest(claim: OwnClaim, found: Violation) -> Violation:
    """Return the simplest problem on which a claim fails in the same way; the one found if none is simpler.

    Args:
        claim: The claim. Only what its recipe or its strategy makes is simplified: nobody knows what else it means.
        found: A violation.

    Returns:
        A violation.
    """
    if claim.built_in is not None or claim.generator is not None:
        return found
    seen: dict[str, Violation | None] = {}

    def fails(problem: Problem, instance: Instance | None) -> Violation | None:
        key = str(problem.to_json())
        if key not in seen:
            seen[key] = _examined(claim, found, problem, instance) if len(seen) < MOST_EXAMINED else None
        return seen[key]

    if claim.strategy is not None:

        def drawn(made: Any) -> Violation | None:
            return fails(made.problem, made) if isinstance(made, Instance) else fails(made, None)

        return _least(claim.strategy, drawn) or found
    if found.made is None:
        return found
    like = Instance.from_json({**found.made, "problem": found.problem})

    def simplified(parts: _Parts) -> Violation | None:
        try:
            instance = parts.instance(like)
            return fails(instance.problem, instance) if parts.meant(claim, instance) else None
        except InputError:
            return None

    return _least(_shrinkable(_Parts.of(like)), simplified) or found


def _examined(claim: OwnClaim, found: Violation, problem: Problem, instance: Instance | None) -> Violation | None:
    try:
        outcome, _ = examine(claim, problem, instance)
    except ClaimError:
        return None
    if outcome.state != "violated" or outcome.evidence != found.evidence:
        return None
    made = None if instance is None else {k: v for k, v in instance.to_json().items() if k != "problem"}
    return Violation(found.index, problem.to_json(), made, outcome.cause, outcome.evidence, outcome.margin)


def _least(strategy: Any, fails: Callable[[Any], Violation | None]) -> Violation | None:
    limits = settings(
        max_examples=_DRAWS,
        phases=[Phase.generate, Phase.shrink],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        return fails(find(strategy, lambda made: fails(made) is not None, settings=limits, random=Random(0)))
    except HypothesisException:
        return None
