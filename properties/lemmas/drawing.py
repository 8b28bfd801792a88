"""The source of a claim's problems: a recipe or generator by seed and index, or Hypothesis, shard by shard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING, Any

from gdcheck.properties.lemmas.declare import OwnClaim
from gdcheck.properties.lemmas.outcome import ClaimError
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.strategies.instance import Instance
from gdcheck.properties.strategies.random_problems import random_instance
from gdcheck.properties.strategies.smooth import SmoothInstance
from gdcheck.properties.strategies.valleys import ValleyInstance
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import in_words
from gdcheck.theorem.smooth.problem import SmoothProblem
from gdcheck.theorem.valleys.problem import ValleyProblem

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

_KINDS = (Instance, Problem, SmoothInstance, SmoothProblem, ValleyInstance, ValleyProblem)
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
    claim: OwnClaim, shard: Shard, result: ShardResult, watch: Watch = lambda index: None
) -> Iterator[tuple[int, Any]]:
    """Yield the problems of a shard, the claim's own examples before those of the first.

    Args:
        claim: The claim.
        shard: The shard.
        result: Where draws are counted. It holds the indices that are known not to end: if a problem can be drawn
            alone, these are not drawn.
        watch: Called before a problem is drawn.

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
        draw_with_hypothesis(claim, shard, keep, result)
        if not found:
            raise ClaimError(named(claim, "its strategy yields no problem"))
        yield from enumerate(found, shard.first)
        return
    for index in range(shard.first, shard.first + shard.count):
        if index in result.endless:
            yield index, None
            continue
        watch(index)
        yield index, drawn_problem(claim, shard.seed, index)


def drawn_problem(claim: OwnClaim, run_seed: int, index: int) -> Instance | Problem | SmoothProblem | ValleyProblem:
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


def generated(claim: OwnClaim, random: Random, index: int) -> Problem | SmoothProblem | ValleyProblem:
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
    if not isinstance(made, Problem | SmoothProblem | ValleyProblem):
        said = f"its generator made a {type(made).__name__} on index {index}; it must make a gdcheck.Problem"
        raise ClaimError(named(claim, said))
    return made


def draw_with_hypothesis(
    claim: OwnClaim,
    shard: Shard,
    take: Callable[[Any], float | None],
    result: ShardResult | None = None,
    *,
    shrink: bool = False,
) -> None:
    """Draw the problems of a shard; they follow from the seed, the shard's number and, in a search, the margins.

    Args:
        claim: A claim with strategies.
        shard: The shard.
        take: Called with each problem; returns the margin for a search, or None. An exception from it counts as a
            failure, which Hypothesis shrinks if ``shrink`` is true.
        result: Where draws are counted.
        shrink: Whether a failure is shrunk.

    Raises:
        ClaimError: If a strategy draws nothing, or what is not a problem.
    """
    # Imported here: most claims do not need it, and it is slow to load.
    from hypothesis import HealthCheck, Phase, given, seed, settings, target  # noqa: PLC0415
    from hypothesis.errors import Unsatisfiable  # noqa: PLC0415

    phases = [Phase.generate, *[Phase.target] * claim.searches, *[Phase.shrink] * shrink]
    shares = len(claim.strategies)
    for k, strategy in enumerate(claim.strategies):
        share = shard.count * (k + 1) // shares - shard.count * k // shares
        text = f"{shard.seed}/{claim.name}/{shard.number}/{k}"
        if not share:
            continue

        @seed(int.from_bytes(sha256(text.encode()).digest()[:8], "big"))
        @settings(
            max_examples=share,
            phases=phases,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy if result is None else _counted(strategy, result))
        def collect(made: Any) -> None:
            if claim.examination is None and not isinstance(made, _KINDS):
                said = f"its strategy draws a {type(made).__name__}; let it draw a gdcheck.Problem"
                raise ClaimError(named(claim, said))
            margin = take(made)
            if claim.searches and margin is not None:
                target(-margin, label="smallness of the margin")

        try:
            collect()
        except (ClaimError, FoundError):
            raise
        except Unsatisfiable:
            said = "its strategy yields no problem: all that was drawn was filtered out"
            raise ClaimError(named(claim, said)) from None
        except Exception as error:
            raise ClaimError(named(claim, f"drawing a problem raised {in_words(error)}", error)) from None


def _counted(strategy: SearchStrategy[Any], result: ShardResult) -> SearchStrategy[Any]:
    """Return a strategy that counts what it draws and discards."""
    from hypothesis import strategies as st  # noqa: PLC0415
    from hypothesis.control import current_build_context  # noqa: PLC0415
    from hypothesis.internal.conjecture.data import Status  # noqa: PLC0415

    @st.composite
    def counted(draw: DrawFn) -> Any:
        result.drawn += 1
        try:
            return draw(strategy)
        except BaseException:
            data = current_build_context().data
            if data.status is Status.OVERRUN and getattr(data, "max_choices", None) is not None:
                # Hypothesis tries short problems by cutting its own source of choices; the strategy rejects nothing.
                result.drawn -= 1
            else:
                result.discarded += 1
            raise

    return counted()


class FoundError(Exception):
    """Raised where a claim fails: Hypothesis then looks for the simplest problem that raises it."""


def named(claim: OwnClaim, said: str, error: BaseException | None = None) -> str:
    """Return a sentence about a claim with its file and line, or those in it where an error arose.

    Args:
        claim: The claim.
        said: What is said of it.
        error: The error, if there was one.

    Returns:
        The sentence; unchanged for claims that this package itself declares.
    """
    return f"{claim.name} at {claim.place(error)}: {said}" if claim.file else said
