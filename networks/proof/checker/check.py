"""Check one network certificate: the trajectory from the first weights, or a stored late iterate onward."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from numpy.typing import NDArray

from gdcheck.networks.proof.checker.document import Stated, read
from gdcheck.networks.proof.checker.following import Here, Station, follow, near, on_side, station
from gdcheck.networks.proof.checker.inequality import NotChecked, Refused, check_inequality, require
from gdcheck.networks.proof.checker.minimum import check_minimum
from gdcheck.networks.proof.checker.minimum_document import MINIMUM_FORMAT
from gdcheck.networks.proof.checker.passes import Network, forward
from gdcheck.networks.proof.checker.wide import Wide, above


def check(
    document: Any,
    arrays: Mapping[str, NDArray[Any]],
    *,
    late_only: bool = False,
    time_limit: float = float("inf"),
    watch: Callable[[int, int], None] | None = None,
) -> str | None:
    """Check a certificate.

    Args:
        document: The JSON value.
        arrays: The arrays of the file beside it.
        late_only: Whether to take the late point and its distance from the exact iterate as given, and to check the
            inequality there only.
        time_limit: Seconds allowed.
        watch: Called with the step and the number of steps.

    Returns:
        None if every claim holds; else the first that does not, in a sentence.

    Raises:
        BadNetworkCertificate: If the document is malformed.
        NotChecked: If the time did not suffice.
    """
    until = monotonic() + time_limit
    try:
        if isinstance(document, dict) and document.get("schema") == MINIMUM_FORMAT:
            check_minimum(document, arrays, late_only=late_only, until=until, watch=watch)
            return None
        stated = read(document, arrays)
        network = Network.of(stated)
        if late_only:
            _late(network, stated)
        else:
            _whole(network, stated, until, watch)
    except Refused as claim:
        return str(claim)
    return None


def _late(network: Network, stated: Stated) -> None:
    """Check N4 to N10 around the late point, within the stated drift of x_k."""
    point = Wide.exact(stated.late)
    base = station(network, stated.step_size, point)
    require(base is not None and stated.ball["drift"] <= base.radius, "N2: no bounds hold around the late point")
    if base is not None:
        at = forward(network, network.weights(point))
        drift = stated.ball["drift"]
        here = Here(stated.step, point, drift, at, above(at.residuals.size + base.sigma * drift))
        check_inequality(network, stated, here)


def _whole(network: Network, stated: Stated, until: float, watch: Callable[[int, int], None] | None) -> None:
    """Check N2 to N11 along the trajectory."""
    sides = iter(stated.sides)
    run = next(sides, None)
    require(not stated.sides or stated.sides[-1][1] <= stated.step, "N11: a run ends after the step of the inequality")
    for here, base, away in follow(network, stated):
        if monotonic() > until:
            raise NotChecked(f"not checked within the time allowed: step {here.step} of {stated.step} was reached")
        if watch is not None:
            watch(here.step, stated.step)
        while run is not None and run[1] < here.step:
            run = next(sides, None)
        if run is not None and run[0] <= here.step:
            require(_sided(network, stated, here, (base, away), run[2]), f"N11: step {here.step} is on no sure side")
        if here.step == stated.step:
            distance = above(near(here.point, stated.late) + here.drift)
            require(distance <= stated.ball["drift"], "N3: the late point is further from the iterate than stated")
            check_inequality(network, stated, here)
            return
    raise Refused("N2: the trajectory cannot be enclosed up to the stated step")


def _sided(network: Network, stated: Stated, here: Here, at: tuple[Station, float], side: int) -> bool:
    """Decide a side from the bounds of the nearby station, or else from those of one at the iterate itself."""
    if on_side(here, at[0], at[1], stated.step_size, side):
        return True
    own = station(network, stated.step_size, here.point)
    return own is not None and on_side(here, own, here.drift, stated.step_size, side)
