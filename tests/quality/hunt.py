"""Runs the claims, as the quick profile does, until one fails, and prints its name; it sees the patched copy.

With ``/mpmath`` behind a claim's name, only its second engine looks, and what counts is that the engines differ.
"""

import sys

from hypothesis import HealthCheck, Phase, given, settings

from gdcheck.properties.claims.claim import ClaimStatus, examined, status
from gdcheck.properties.claims.examination import MOST_STEPS
from gdcheck.properties.claims.registry import CLAIMS
from gdcheck.theorem.decision.decide import Verdict, decide

EXAMPLES = 20
DIMENSIONS = (2, 4)


class CaughtError(Exception):
    """A claim failed."""


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
            decision = decide(instance.problem, max_steps=MOST_STEPS)
            if decision.verdict is Verdict.UNRESOLVED:
                return
            finding = claim.second(instance, decision)
            if finding.holds is False:
                raise CaughtError(f"the engines differ: {finding.note}")
            return
        finding, error = examined(claim, instance)
        if error is not None:
            raise error
        if status(instance, finding) is ClaimStatus.FAILED:
            raise CaughtError(finding.note)

    run()


def main(names):
    for name in names or CLAIMS:
        claim = CLAIMS[name.removesuffix(SECOND)]
        for regime in claim.regimes:
            try:
                examine(claim, regime, second_alone=name.endswith(SECOND))
            except Exception as error:
                sys.stdout.write(f"{name}\t{type(error).__name__}: {error}".splitlines()[0][:300] + "\n")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
