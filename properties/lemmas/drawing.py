"""Where a claim's problems come from: a recipe or generator by seed and index, or Hypothesis, shard by shard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable

from gdcheck.properties.lemmas.declare import OwnClaim
from gdcheck.properties.lemmas.outcome import ClaimError
from gdcheck.properties.strategies.instance import Instance
from gdcheck.properties.strategies.random_problems import random_instance
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import in_words

Watch = Callable[[int], object]
"""Called with the index of a problem before it is drawn, and before it is examined."""


@dataclass(frozen=True)
class Shard:
    """Some problems of a claim.

    Attributes:
        seed: The seed of the run.
        number: Which shard of the claim.
        first: The index of its first problem.
        count: How many; the examples of the claim come on top in the first shard.
    """

    seed: int
    number: int
    first: int
    count: int


def shards_of(run_seed: int, budget: int, size: int) -> list[Shard]:
    """Return the shards of a claim.

    Args:
        run_seed: The seed of the run.
        budget: How many problems.
        size: How many each shard has; the last one may have fewer.

    Returns:
        The shards, in order.
    """
    firsts = enumerate(range(0, budget, size))
    return [Shard(run_seed, number, first, min(size, budget - first)) for number, first in firsts]


def problems_of(
    claim: OwnClaim, shard: Shard, watch: Watch = lambda index: None, without: tuple[int, ...] = ()
) -> Iterator[tuple[int, Any]]:
    """Yield the problems of a shard, the claim's own examples before those of the first.

    Args:
        claim: The claim.
        shard: The shard.
        watch: Called before a problem is drawn.
        without: Indices of which it is known that they do not end: what can be drawn alone is not drawn.

    Yields:
        The index of each problem, below 0 for an example, and what was drawn: an instance, a problem, whatever a
        strategy of an examination draws, or None for an index that is left out.

    Raises:
        ClaimError: If its generator or strategy makes no problem.
    """
    if shard.number == 0:
        yield from ((-1 - k, problem) for k, problem in enumerate(claim.examples))
    if claim.strategies:
        found: list[Any] = []

        def keep(made: Any) -> None:
            found.append(made)
            watch(shard.first + len(found))

        watch(shard.first)
        draw_with_hypothesis(claim, shard, keep, shrink=False)
        if not found:
            raise ClaimError(named(claim, "its strategy yields no problem"))
        yield from enumerate(found, shard.first)
        return
    for index in range(shard.first, shard.first + shard.count):
        if index in without:
            yield index, None
            continue
        watch(index)
        yield index, drawn_problem(claim, shard.seed, index)


def drawn_problem(claim: OwnClaim, run_seed: int, index: int) -> Instance | Problem:
    """Return the problem of an index that a claim's recipe or generator makes.

    Args:
        claim: The claim.
        run_seed: The seed of the run.
        index: The index.

    Returns:
        The problem, with how it was made if the recipe made it.

    Raises:
        ClaimError: If the generator makes no problem.
    """
    if claim.generator is None:
        return random_instance(run_seed, index, claim.recipe)
    return generated(claim, Random(f"gdcheck/own/{run_seed}/{index}"), index)


def generated(claim: OwnClaim, random: Random, index: int) -> Problem:
    """Return what a claim's generator makes.

    Args:
        claim: The claim; it has a generator.
        random: Where it draws from.
        index: The index.

    Returns:
        The problem.

    Raises:
        ClaimError: If it is none.
    """
    assert claim.generator is not None
    try:
        made = claim.generator(random, index)
    except (Exception, SystemExit) as error:
        raise ClaimError(named(claim, f"its generator fails on index {index} ({in_words(error)})", error)) from None
    if not isinstance(made, Problem):
        said = f"its generator made a {type(made).__name__} on index {index}; it must make a gdcheck.Problem"
        raise ClaimError(named(claim, said))
    return made


def draw_with_hypothesis(claim: OwnClaim, shard: Shard, take: Callable[[Any], object], *, shrink: bool) -> None:
    """Draw the problems of a shard; they follow from the seed and the shard's number.

    Args:
        claim: A claim with strategies.
        shard: The shard.
        take: Called with each problem; what it raises counts as a failure, which Hypothesis shrinks if it is asked to.
        shrink: Whether it is.

    Raises:
        ClaimError: If a strategy draws nothing, or what is no problem.
    """
    shares = len(claim.strategies)
    for k, strategy in enumerate(claim.strategies):
        share = shard.count * (k + 1) // shares - shard.count * k // shares
        text = f"{shard.seed}/{claim.name}/{shard.number}/{k}"
        if not share:
            continue

        @seed(int.from_bytes(sha256(text.encode()).digest()[:8], "big"))
        @settings(
            max_examples=share,
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def collect(made: Any) -> None:
            if claim.examination is None and not isinstance(made, (Instance, Problem)):
                said = f"its strategy draws a {type(made).__name__}; let it draw a gdcheck.Problem"
                raise ClaimError(named(claim, said))
            take(made)

        try:
            collect()
        except (ClaimError, FoundError):
            raise
        except Unsatisfiable:
            said = "its strategy yields no problem: all that was drawn was filtered out"
            raise ClaimError(named(claim, said)) from None
        except Exception as error:
            raise ClaimError(named(claim, f"drawing a problem raised {in_words(error)}", error)) from None


class FoundError(Exception):
    """Raised where a claim fails: Hypothesis then looks for the simplest problem that raises it."""


def named(claim: OwnClaim, said: str, error: BaseException | None = None) -> str:
    """Return a sentence about a claim with its file and line, or those in it where an error arose.

    Args:
        claim: The claim.
        said: What is said of it.
        error: The error, if there was one.

    Returns:
        The sentence; as it is for what this package itself declares.
    """
    return f"{claim.name} at {claim.place(error)}: {said}" if claim.file else said
