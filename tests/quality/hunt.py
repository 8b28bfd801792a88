"""Runs the claims, as the quick profile does, until one fails, and prints its name; it sees the patched copy."""

import sys

from hypothesis import HealthCheck, Phase, given, settings

from gdcheck.properties.claims.claim import ClaimStatus, status
from gdcheck.properties.claims.registry import CLAIMS

EXAMPLES = 20
DIMENSIONS = (2, 4)


class CaughtError(Exception):
    """A claim failed."""


def examine(claim, regime):
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
        finding = claim.examine(instance)
        if status(instance, finding) is ClaimStatus.FAILED:
            raise CaughtError(finding.note)

    run()


def main(names):
    for name in names or CLAIMS:
        claim = CLAIMS[name]
        for regime in claim.regimes:
            try:
                examine(claim, regime)
            except Exception as error:
                sys.stdout.write(f"{name}\t{type(error).__name__}: {error}".splitlines()[0][:300] + "\n")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
