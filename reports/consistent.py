"""Whether a stored run agrees with itself: what it says it came to must be what its own counts come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from gdcheck.properties.sweep.summary import SHOWN
from gdcheck.properties.sweep.summary import outcome_of as outcome_of_sweep
from gdcheck.properties.verify.record import REJECTED
from gdcheck.properties.verify.verify import outcome_of as outcome_of_verification

_Found = Iterator[tuple[str, object, object]]


def inconsistency(kind: str, run: Mapping[str, Any]) -> str | None:
    """The first field of a run that its other fields contradict.

    Args:
        kind: Which kind of run: a field of ``reports.page.Sources``.
        run: Its plain data, as its schema describes it.

    Returns:
        A clause that names the field, or None.
    """
    checks = {"verification": _verification, "ablation": _ablation, "sweep": _sweep}
    for field, stated, counted in checks[kind](run) if kind in checks else ():
        if stated != counted:
            return f"{field} is {str(stated)[:80]!r}, but the rest of the file comes to {str(counted)[:80]!r}"
    return None


def _sweep(run: Mapping[str, Any]) -> _Found:
    verdicts, decided = run["verdicts"], run["decided"]
    for name in ("verdicts", "tiers", "regimes"):
        yield "$.decided", decided, sum(run[name].values())
    if decided > run["problems"]:
        yield "$.problems", run["problems"], decided
    in_phases: Counter[str] = Counter()
    in_regimes: Counter[str] = Counter()
    for regime, sides in run["phases"].items():
        for limits in sides.values():
            for limit, count in limits.items():
                in_phases[limit if limit in verdicts else "proved"] += count
                in_regimes[regime] += count
    yield "$.verdicts", {k: v for k, v in verdicts.items() if v}, {k: v for k, v in in_phases.items() if v}
    yield "$.regimes", {k: v for k, v in run["regimes"].items() if v}, {k: v for k, v in in_regimes.items() if v}
    yield "$.step_histogram", sum(run["step_histogram"].values()), verdicts["proved"]
    if sum(run["margin_histogram"].values()) > run["tiers"]["float64"]:
        yield "$.margin_histogram", sum(run["margin_histogram"].values()), run["tiers"]["float64"]
    for name in ("refuted", "unresolved"):
        yield f"the number of indices in $.{name}", len(run[name]), min(SHOWN, verdicts[name])
    yield "$.outcome", run["outcome"], outcome_of_sweep(run["problems"], decided, verdicts, run["disagreements"])


def _verification(run: Mapping[str, Any]) -> _Found:
    expected = [*run["paper"], *run["sweep"]]
    random = [record["verdict"] for record in run["random"]]
    rejected = sum(record["recheck"] == REJECTED for record in [*(row["record"] for row in expected), *run["random"]])
    if not run["interrupted"]:
        yield "$.problems", run["problems"], len(random)
    yield "$.verdicts", run["verdicts"], {name: random.count(name) for name in run["verdicts"]}
    yield "$.rejected", run["rejected"], rejected
    rows = [(row["agrees"], row["record"]["verdict"]) for row in expected]
    sharp = [(row["agrees"], row["kind"]) for row in run["sharpness"]]
    found = outcome_of_verification(rows, sharp, random, interrupted=run["interrupted"])
    yield "$.outcome", run["outcome"], found


def _ablation(run: Mapping[str, Any]) -> _Found:
    names = [row["name"] for row in run["rows"]]
    wanted = [name for name in run["asked"] if not run["interrupted"] or name in names]
    yield "the list of rows", names, wanted
    for i, row in enumerate(run["rows"]):
        at = f"$.rows[{i}]"
        yield f"{at}.examined", row["examined"], row["violated"] + row["held"] + row["aside"]
        verdict, faulty = row["verdict"], row.get("fault") is not None
        if faulty or not (row["violated"] or row["held"]):
            yield f"{at}.verdict", verdict, "open"
        elif row["violated"]:
            yield f"{at}.verdict", verdict, "needed" if row["evidence"] == "proved" else "needed, as observed"
        elif not verdict.endswith("as far as the search shows"):
            yield f"{at}.verdict", verdict, "not needed, as far as the search shows"
        for role in ("simplest", "worst"):
            has = row[role] is not None
            yield f"whether {at}.{role} is there", has, verdict.startswith("needed")
            if row[role] is not None:
                yield f"{at}.{role}.evidence", row[role]["evidence"], row["evidence"]
