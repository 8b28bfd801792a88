"""Problems that Hypothesis draws for a shard: those of a claim's own strategy, and of the built-in claims."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException

from gdcheck.properties.lemmas.declare import OwnClaim
from gdcheck.properties.lemmas.examine import ClaimError
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.descent.problem import Problem

_DIMENSIONS = (2, 6)


def drawn(claim: OwnClaim, run_seed: int, number: int, count: int) -> list[tuple[Problem, Instance | None]]:
    """Draw the problems of a shard; they follow from the seed and the shard's number.

    Args:
        claim: A claim with a strategy, or a built-in one.
        run_seed: The seed of the run.
        number: Which shard.
        count: How many.

    Returns:
        The problems, each with how it was made if that is known.

    Raises:
        ClaimError: If the strategy draws nothing, or no problems.
    """
    found: list[tuple[Problem, Instance | None]] = []
    for k, (strategy, share) in enumerate(_strategies(claim, count)):
        text = f"{run_seed}/{claim.name}/{number}/{k}"

        @seed(int.from_bytes(sha256(text.encode()).digest()[:8], "big"))
        @settings(
            max_examples=share,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def collect(made: Any) -> None:
            if isinstance(made, Instance):
                found.append((made.problem, made))
            elif isinstance(made, Problem):
                found.append((made, None))
            else:
                said = f"the strategy of {claim.name} draws a {type(made).__name__}"
                raise ClaimError("claim", f"{said}; let it draw a gdcheck.Problem")

        try:
            collect()
        except HypothesisException as error:
            said = f"the strategy of {claim.name} draws nothing ({type(error).__name__})"
            raise ClaimError("claim", f"{said}; let it draw problems") from None
    if not found:
        raise ClaimError("claim", f"the strategy of {claim.name} draws nothing; let it draw problems")
    return found


def _strategies(claim: OwnClaim, count: int) -> list[tuple[Any, int]]:
    if claim.built_in is None:
        return [(claim.strategy, count)]
    regimes = claim.built_in.regimes
    shares = [count * (k + 1) // len(regimes) - count * k // len(regimes) for k in range(len(regimes))]
    return [
        (claim.built_in.instances(regime=regime, dimensions=_DIMENSIONS), share)
        for regime, share in zip(regimes, shares, strict=True)
        if share
    ]
