"""The simplest problem on which a claim fails: Hypothesis shrinks the problem that was found, part by part."""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from flint import fmpq, fmpq_mat
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from hypothesis.strategies import DrawFn

from gdcheck.properties.lemmas.declare import OwnClaim
from gdcheck.properties.lemmas.drawing import FoundError, Shard, draw_with_hypothesis, generated
from gdcheck.properties.lemmas.examine import examine
from gdcheck.properties.lemmas.loading import Source
from gdcheck.properties.lemmas.outcome import ClaimError
from gdcheck.properties.lemmas.results import Witness
from gdcheck.properties.lemmas.shards import Loader
from gdcheck.properties.strategies.instance import Instance
from gdcheck.properties.strategies.random_problems import ball_radius
from gdcheck.theorem.descent.expansion import Expansion, Exponents
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import TruncatedPower
from gdcheck.theorem.loss.prescribed import loss_with_spectrum
from gdcheck.theorem.loss.rational import identity
from gdcheck.theorem.methods.statement import Regime

MOST_EXAMINED, MOST_DRAWN_AGAIN = 1500, 250
"""Problems examined in search of the simplest: made of parts, or drawn again by Hypothesis, which takes longer."""

SHRINKING_LIMIT = 120.0
"""Seconds that the search for the simplest problem may take."""

EXAMPLE = "it is an example that the claim itself names"
GENERATED = "what a generator draws cannot be simplified, and no simpler failure was drawn"
NO_END = "the search for a simpler problem did not end"
INTERRUPTED = "the run was ended before a simpler problem was looked for"

_DRAWS, _LEVELS = 400, 63


@dataclass(frozen=True)
class _Parts:
    """The parts of a random problem, in displacements from its minimizer."""

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
        plain = instance.rotation == identity(n)
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
        """Return the parts without a variable; only in the eigenbasis."""

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
        return Instance(problem, self.spectrum, self.rotation or identity(n), regime, like.place)

    def meant(self, claim: OwnClaim, instance: Instance) -> bool:
        """Whether the claim's recipe could have made the problem: simpler problems must be of the same kind."""
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


def _simpler(q: fmpq) -> list[fmpq]:
    """Return numbers near q, the simplest first and q last."""
    if not q:
        return [q]
    whole: fmpq = fmpq(q.floor() if q > 0 else q.ceil())
    return list(dict.fromkeys([fmpq(0), whole, *(_digits(q, k) for k in (1, 2, 3, 4, 6)), q]))


def _digits(q: fmpq, count: int) -> fmpq:
    """Return a number cut to a given number of digits."""
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
    """Draw parts, most of them unchanged, some simpler; shrinks towards the simplest."""

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


@dataclass(frozen=True)
class Shrinking:
    """A claim that does not hold, whose counterexample is to be simplified.

    Attributes:
        source: The claim.
        loader: Makes the claim of the source; importable by name.
        shard: Where the first violation was drawn.
        first: The first violation.
        worst: The worst one.
        without: Why no simpler problem is looked for; empty if one is.
    """

    source: Source
    loader: Loader
    shard: Shard
    first: Witness
    worst: Witness
    without: str = ""


def simplified(task: Shrinking) -> tuple[OwnClaim, Witness, str]:
    """Look for the simplest problem on which a claim fails; this process is ended if that takes too long.

    Args:
        task: The claim and its violations.

    Returns:
        The claim, the simplest violation found, and why it is no simpler than the first if it was not looked for.

    Raises:
        ClaimError: If an examination of its own fails on the way.
    """
    claim = task.loader(task.source)
    if task.without:
        return claim, task.first, task.without
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        faulthandler.dump_traceback_later(SHRINKING_LIMIT, exit=True, file=nowhere)
        try:
            return claim, *simplest(claim, task.first, task.shard)
        finally:
            faulthandler.cancel_dump_traceback_later()


def simplest(claim: OwnClaim, first: Witness, shard: Shard) -> tuple[Witness, str]:
    """Return the simplest problem on which a claim fails in the same way; the one found if none is simpler.

    What a recipe made is simplified part by part, within what the recipe makes. What Hypothesis drew is drawn again and
    shrunk. A generator is given random numbers that Hypothesis shrinks, in search of a simpler failure.

    Args:
        claim: The claim.
        first: The violation that was found first.
        shard: Where it was drawn.

    Returns:
        A violation, and why it is the one found if nothing simpler could be looked for.

    Raises:
        ClaimError: If an examination of its own fails on the way.
    """
    search = _Search(claim, first)
    if first.index < 0:
        return first, EXAMPLE
    if claim.strategies:
        return search.drawn_again(shard), ""
    if claim.generator is not None:
        found = search.among(
            st.builds(partial(generated, claim), st.randoms(use_true_random=False), st.integers(0, first.index))
        )
        return (found, "") if found is not None else (first, GENERATED)
    like = Instance.from_json({**(first.made or {}), "problem": first.problem})

    def meant(parts: _Parts) -> Instance | None:
        try:
            instance = parts.instance(like)
            return instance if parts.meant(claim, instance) else None
        except InputError:
            return None

    return search.among(_shrinkable(_Parts.of(like)), meant) or first, ""


class _Search:
    """Problems on which a claim fails as it did on the first.

    Args:
        claim: The claim.
        first: The violation that was found first.
    """

    def __init__(self, claim: OwnClaim, first: Witness) -> None:
        self._claim, self._first = claim, first
        self._most = MOST_DRAWN_AGAIN if claim.strategies else MOST_EXAMINED
        self._seen: dict[str, Witness | None] = {}
        self._margins: dict[str, float | None] = {}
        self._fault: ClaimError | None = None

    def among(self, strategy: Any, meant: Callable[[Any], Any] = lambda made: made) -> Witness | None:
        """Return the simplest failure that Hypothesis finds.

        Args:
            strategy: Draws problems, or what ``meant`` makes one of.
            meant: Makes a problem; None if the claim is not about it.

        Returns:
            The failure, if there is one.
        """

        def fails(made: Any) -> Witness | None:
            problem = meant(made)
            return None if problem is None else self._fails(problem)

        limits = settings(
            max_examples=_DRAWS,
            phases=[Phase.generate, Phase.shrink],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        try:
            return fails(find(strategy, lambda made: fails(made) is not None, settings=limits, random=Random(0)))
        except (HypothesisException, ClaimError):
            return None

    def drawn_again(self, shard: Shard) -> Witness:
        """Draw a shard again up to the first failure, which Hypothesis then shrinks.

        Args:
            shard: The shard.

        Returns:
            The simplest failure.

        Raises:
            ClaimError: If the claim's own examination fails on the way.
        """
        drawn, last = 0, self._first
        if self._claim.searches:
            self._most += self._first.index - shard.first

        def take(made: Any) -> float | None:
            nonlocal drawn, last
            drawn += 1
            # Those before it are not examined again, as none is a failure of this kind; but a search needs the margins.
            if not self._claim.searches and drawn <= self._first.index - shard.first:
                return None
            if (found := self._fails(made)) is not None:
                last = found
                raise FoundError
            return self._margins.get(repr(made))

        with suppress(FoundError):
            draw_with_hypothesis(self._claim, shard, take, shrink=True)
        if self._fault is not None and self._claim.examination is not None:
            raise self._fault
        return last

    def _fails(self, drawn: Any) -> Witness | None:
        key = repr(drawn)
        if key not in self._seen:
            self._seen[key] = self._examined(drawn) if len(self._seen) < self._most else None
        return self._seen[key]

    def _examined(self, drawn: Any) -> Witness | None:
        try:
            outcome, _ = examine(self._claim, drawn)
        except ClaimError as error:
            self._fault = self._fault or error
            return None
        except InputError:
            return None
        self._margins[repr(drawn)] = outcome.margin
        if outcome.state != "violated" and not outcome.owed:
            return None
        found = Witness.of(self._first.index, drawn, outcome)
        return found if found.evidence == self._first.evidence else None
