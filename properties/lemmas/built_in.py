"""The claims of the theorem in the form of claims that are run: their problems by regime and dimensions, and counts."""

from __future__ import annotations

import json
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from typing import TYPE_CHECKING

from gdcheck.properties.lemmas.declare import OwnClaim
from gdcheck.properties.lemmas.outcome import ClaimError, Outcome, State
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.strategies.instance import Instance
from gdcheck.properties.strategies.made import Made
from gdcheck.properties.strategies.valleys import ValleyInstance
from gdcheck.theorem.loss.errors import InputError, in_words
from gdcheck.theorem.loss.rational import quoted

if TYPE_CHECKING:
    from gdcheck.properties.claims.claim import Claim

BANDS = ((2, 3), (4, 6), (7, 12))
"""The bands of dimensions; each gets an equal share of the problems, in each regime."""

THEOREM, SEARCH = "theorem", "-search"
"""All of them together; and the end of the name of a claim whose smallest margin is looked for."""

_SECOND, _SEARCHED = 0.25, 0.02
"""The share of problems on which the second engine is asked too, and the share of problems that a search gets."""

BY_FORMULA = "a constant was computed again by the checker's formula, and not proved at every point"

_STATES: dict[bool | None, State] = {True: "held", False: "violated", None: "undecided"}
_WITH_TORCH = "torch-sgd"


def built_in(name: str, second: float = 1.0) -> OwnClaim:
    """Return a claim of the theorem by its name.

    Args:
        name: The name; with ``SEARCH`` behind it, the search for its smallest margin, over all dimensions at once.
        second: The share of the problems on which the second engine is asked too, if the claim has one.

    Returns:
        The claim.

    Raises:
        InputError: If there is none of this name, or it needs a package that is missing.
    """
    searches = name.endswith(SEARCH)
    claim = theorem_claim(name.removesuffix(SEARCH))
    bands = ((BANDS[0][0], BANDS[-1][1]),) if searches else BANDS
    return OwnClaim(
        claim.sentence,
        name=name,
        exactly=f"{claim.statement} Margin: {claim.margin}.",
        examination=partial(_examined, claim, second),
        strategies=tuple(claim.instances(regime=r, dimensions=band) for r in claim.regimes for band in bands),
        searches=searches,
        unsettled=claim.unsettled,
        share=(_SEARCHED if searches else 1.0) / claim.cost,
    )


def theorem_claim(name: str) -> Claim:
    """Return what the theorem's claim of a name examines.

    Args:
        name: The name.

    Returns:
        The claim.

    Raises:
        InputError: If there is none of this name, or it needs a package that is missing.
    """
    from gdcheck.properties.claims.registry import CLAIMS  # noqa: PLC0415

    if name in CLAIMS:
        return CLAIMS[name]
    if name != _WITH_TORCH:
        names = ", ".join([*CLAIMS, _WITH_TORCH])
        raise InputError("claim", f"{quoted(name)} is no file, module:name or built-in claim; those are {names}")
    if find_spec("torch") is None:
        raise InputError("claim", f"{name} needs torch, which is missing; install with: pip install 'gdcheck[torch]'")
    from gdcheck.properties.claims import torch_sgd  # noqa: PLC0415

    return torch_sgd.CLAIM


def is_built_in(name: str) -> bool:
    """Say whether a name is that of a claim of the theorem, or of all of them."""
    from gdcheck.properties.claims.registry import CLAIMS  # noqa: PLC0415

    return name in {THEOREM, _WITH_TORCH} or name.removesuffix(SEARCH) in CLAIMS


def all_of_them() -> dict[str, OwnClaim]:
    """Return the claims of the theorem by their names, and the searches for their smallest margins."""
    from gdcheck.properties.claims.registry import CLAIMS  # noqa: PLC0415

    return {name + end: built_in(name + end, _SECOND) for end in ("", SEARCH) for name in CLAIMS}


def unsettled(claim: OwnClaim, total: ShardResult) -> str | None:
    """Return a sentence if the second engine did not settle on too many problems of a claim.

    Args:
        claim: The claim.
        total: Its shards, added up.

    Returns:
        The sentence; None if they are not too many. A single problem never is.
    """
    counts = total.kinds.get("second", {})
    asked, left = sum(counts.values()), counts.get("not settled", 0)
    if left <= max(1, claim.unsettled * asked):
        return None
    return f"the second engine, mpmath, did not settle on {left} of {asked} problems, more than {claim.unsettled:.0%}"


def _examined(claim: Claim, second: float, instance: Made) -> Outcome:
    """Examine a claim of the theorem, and add the kinds by which its problems are counted."""
    from gdcheck.properties.claims.claim import ClaimStatus, examined, status  # noqa: PLC0415

    problem = instance.problem
    finding, error = examined(claim, instance, second=_asks_second(instance, second))
    if error is not None:
        said = f"its examination raised {in_words(error)} on {json.dumps(problem.to_json(), ensure_ascii=False)}"
        raise ClaimError(said)
    state, note = _STATES[finding.holds], finding.note[:200]
    owed = finding.holds is None and status(instance, finding) is ClaimStatus.FAILED
    if finding.holds is None and not owed:
        # The theorem is about starts in the basin, and it is not known that this start is there.
        state, note = "aside", f"unresolved: {note}"
    if finding.holds and finding.formula:
        state, note = "aside", f"holds by formula: {BY_FORMULA}"
    kinds = {
        "verdict": finding.verdict,
        "regime": instance.regime.value,
        "place": instance.place.value,
        "n": str(len(problem.start)),
    }
    if isinstance(instance, ValleyInstance):
        kinds["p"] = str(len(instance.problem.residuals))
    elif isinstance(instance, Instance):
        kinds["degree"] = str(instance.problem.loss.degree)
    if finding.second is not None:
        kinds["second"] = finding.second.value
    return Outcome(state, note, claim.kind, finding.margin, owed=owed, kinds=kinds, steps=finding.steps or 0)


def _asks_second(instance: Made, share: float) -> bool:
    """Whether a problem is in the share of the second engine; this depends on the problem alone."""
    if share >= 1:
        return True
    text = json.dumps(instance.problem.to_json(), sort_keys=True)
    return int(sha256(text.encode()).hexdigest()[:16], 16) < share * 16**16
