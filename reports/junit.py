"""The report as JUnit XML: a test case for each row, problem that is not proved, claim, sweep and ablation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from gdcheck.reports.claims_view import claims_view
from gdcheck.reports.page import Sources
from gdcheck.reports.schema import unproved
from gdcheck.theorem.decision.decide import Verdict

# What XML 1.0 cannot hold at all.
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class _Case:
    suite: str
    name: str
    failure: str | None = None
    skipped: str | None = None


def as_junit(sources: Sources) -> str:
    """Writes the runs as JUnit XML.

    What contradicts a claim, or is unresolved, is a failure; what was not finished, or an ablation that stays open, is
    skipped with its reason.

    Args:
        sources: The runs.

    Returns:
        The document.
    """
    root = ElementTree.Element("testsuites", name="gdcheck")
    suites: dict[str, list[_Case]] = {}
    for case in _cases(sources):
        suites.setdefault(case.suite, []).append(case)
    for name, cases in suites.items():
        suite = ElementTree.SubElement(root, "testsuite", name=name, tests=str(len(cases)), errors="0")
        suite.set("failures", str(sum(c.failure is not None for c in cases)))
        suite.set("skipped", str(sum(c.skipped is not None for c in cases)))
        for case in cases:
            element = ElementTree.SubElement(suite, "testcase", classname=f"gdcheck.{name}", name=_fit(case.name))
            if case.failure is not None:
                ElementTree.SubElement(element, "failure", message=_fit(case.failure))
            if case.skipped is not None:
                ElementTree.SubElement(element, "skipped", message=_fit(case.skipped))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _fit(text: str) -> str:
    return _UNFIT.sub("\ufffd", text)


def _cases(sources: Sources) -> Iterator[_Case]:
    if report := sources.verification:
        for row in report["paper"] + report["sweep"]:
            failure = None if row["agrees"] else f"{row['record']['verdict']}: {row['record']['reason']}"
            yield _Case("verify", row["title"], failure)
        for shown in report["sharpness"]:
            said = shown["cause"] or f"it is {shown['kind']}, above 2/η at {shown['crossings']} steps"
            known = f"sharpness of {shown['loss']}, η = {shown['step_size']}, from ({', '.join(shown['start'])})"
            yield _Case("verify", known, None if shown["agrees"] else f"expected {shown['expected']}: {said}")
        wrong = [f for f in unproved(report) if f.name.startswith("random")]
        fine = len(report["random"]) - len(wrong)
        yield _Case("verify", f"{fine} random problems proved")
        for finding in wrong:
            verdict, reason = finding.record["verdict"], finding.record["reason"]
            rare = verdict == Verdict.EXCEPTIONAL.value
            yield _Case("verify", finding.name, None if rare else f"{verdict}: {reason}")
        if report["interrupted"]:
            done = f"{len(report['random'])} of {report['problems']} random problems were finished"
            yield _Case("verify", "the whole run", skipped=f"interrupted: {done}")
    if sources.claims:
        for claim in claims_view(sources.claims).rows:
            failure = f"broken on {claim.broken} of {claim.problems} problems" if claim.broken else None
            yield _Case("claims", claim.name, failure)
    if sweep := sources.sweep:
        for name in ("refuted", "unresolved", "disagreements"):
            first = ", ".join(map(str, sweep[name]))
            yield _Case("sweep", name, f"first ones: {first}" if first else None)
        missing = sweep["problems"] - sweep["decided"]
        yield _Case("sweep", "every problem", skipped=f"{missing} problems were not decided yet" if missing else None)
    if ablation := sources.ablation:
        finished = [row["name"] for row in ablation["rows"]]
        for row in ablation["rows"]:
            open_row = row["verdict"] == "open"
            reason = "open: " + (row.get("fault") or f"all {row['aside']} problems were set aside")
            yield _Case("ablate", row["name"], skipped=reason if open_row else None)
        for name in ablation["asked"]:
            if name not in finished:
                yield _Case("ablate", name, skipped="interrupted before it was finished")
