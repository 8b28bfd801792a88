"""The report as JUnit XML: a test case for each row, problem that is not proved, claim, sweep and ablation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from gdcheck.reports.view import View

# The characters that XML 1.0 forbids, escaped or not.
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(views: Sequence[View[Any]]) -> str:
    """Write the runs as JUnit XML.

    What contradicts a claim, or is unresolved, is a failure; what was not finished, or an ablation that stays open, is
    skipped with its reason.

    Args:
        views: The runs.

    Returns:
        The document.
    """
    root = ElementTree.Element("testsuites", name="gdcheck")
    for view in views:
        cases = list(view.cases())
        if not cases:
            continue
        suite = ElementTree.SubElement(root, "testsuite", name=view.suite, tests=str(len(cases)), errors="0")
        suite.set("failures", str(sum(c.failure is not None for c in cases)))
        suite.set("skipped", str(sum(c.skipped is not None for c in cases)))
        for case in cases:
            element = ElementTree.SubElement(suite, "testcase", classname=f"gdcheck.{view.suite}", name=_fit(case.name))
            for name, message in (("failure", case.failure), ("skipped", case.skipped)):
                if message is not None:
                    ElementTree.SubElement(element, name, message=_fit(message))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _fit(text: str) -> str:
    return _UNFIT.sub("\ufffd", text)
