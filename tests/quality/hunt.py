"""Runs the claims, as the quick profile does, until one fails, and prints what it found; it sees the patched copy.

Then it does what a run of the claims does with a failure: stores the counterexample, writes the report, and replays it.
With ``/mpmath`` behind a claim's name, only its second engine looks, and what counts is that the engines differ.
"""

import json
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from gdcheck.cli import run as gdcheck
from gdcheck.properties.claims.claim import ClaimStatus, examined, status
from gdcheck.properties.claims.registry import CLAIMS
from gdcheck.properties.claims.undecided import CLAIM_STEPS
from gdcheck.properties.lemmas.drawing import Shard
from gdcheck.properties.lemmas.loading import Source, load
from gdcheck.properties.lemmas.record import counterexample
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.lemmas.simplify import Shrinking
from gdcheck.properties.storage.files import as_json
from gdcheck.properties.strategies.smooth import SmoothInstance
from gdcheck.properties.strategies.valleys import ValleyInstance
from gdcheck.reports import compose
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.decision.smooth import decide_smooth
from gdcheck.theorem.valleys.decide import decide_valley

EXAMPLES = 20
DIMENSIONS = (2, 4)


class CaughtError(Exception):
    """A claim failed on a problem."""

    def __init__(self, claim, instance, finding):
        super().__init__(finding.note)
        self.claim, self.instance, self.finding = claim, instance, finding


SECOND = "/mpmath"


def examine(claim, regime, *, second_alone):
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(claim.instances(regime=regime, dimensions=DIMENSIONS))
    def run(instance):
        if second_alone:
            if isinstance(instance, ValleyInstance):
                decision = decide_valley(instance.problem, max_steps=CLAIM_STEPS)
            elif isinstance(instance, SmoothInstance):
                decision = decide_smooth(instance.problem, max_steps=CLAIM_STEPS)
            else:
                decision = decide(instance.problem, max_steps=CLAIM_STEPS, cones=False)
            if decision.verdict is Verdict.UNRESOLVED:
                return
            finding = claim.second(instance, decision)
            if finding.holds is False:
                raise CaughtError(claim, instance, finding)
            return
        finding, error = examined(claim, instance)
        if error is not None:
            raise error
        if status(instance, finding) is ClaimStatus.FAILED:
            raise CaughtError(claim, instance, finding)

    run()


def report(error):
    """Store the counterexample, write the report beside it, and replay it."""
    source, found = Source(error.claim.name, error.claim.name), ShardResult(error.claim.name)
    found.keep(0, error.instance, load(source).examination(error.instance))
    alone = Shrinking(source, load, Shard(0, 0, 0, 1), found.first, found.worst, "it is what the hunt found")
    file = "counterexample.json"
    Path(file).write_text(as_json(counterexample(alone)[1]), encoding="utf-8")
    # Pictures take longer than all else, and tests/unit/front/test_claim_cli.py has them.
    compose.draw = lambda views: {view.key: {} for view in views}
    compose.compose([Path(file)], Path("report"))
    said = StringIO()
    with redirect_stdout(said):
        code = gdcheck(["replay", file])
    return {"file": file, "code": code, "replay": said.getvalue().splitlines()}


def main(names):
    for name in names or CLAIMS:
        claim = CLAIMS[name.removesuffix(SECOND)]
        for regime in claim.regimes:
            try:
                examine(claim, regime, second_alone=name.endswith(SECOND))
            except CaughtError as error:
                found = {} if name.endswith(SECOND) else report(error)
                sys.stdout.write(json.dumps({"claim": name, "said": str(error), **found}) + "\n")
                return 1
            except Exception as error:
                sys.stdout.write(json.dumps({"claim": name, "crash": f"{type(error).__name__}: {error}"[:300]}) + "\n")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
