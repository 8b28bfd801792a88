"""What the documents refer to exists, and the lines to run say what the text says of them."""

import json
import re
import shlex
from pathlib import Path

import pytest

from gdcheck.cli import run

ROOT = Path(__file__).parents[2]
DOCS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "tests" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
THEORY = (ROOT / "docs" / "theory.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", DOCS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!http)([^)]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve()
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}, target


def test_documents_named_in_the_code_exist():
    for package in ("theorem", "properties", "reports", "networks", "src"):
        for file in (ROOT / package).rglob("*.py"):
            for name, section in re.findall(r"(\w+\.md)(?:, section (\d+))?", file.read_text(encoding="utf-8")):
                assert name in {*(p.name for p in DOCS), "report.md", "summary.md"}, f"{file.name}: {name}"
                assert not section or f"\n## {section}. " in THEORY, f"{file.name}: {name}, section {section}"


def test_the_sharpness_is_monotone_from_some_step_on(capsys):
    (line,) = re.findall(r"`(gdcheck check [^`]*--sharpness)`", THEORY)
    assert run([*shlex.split(line)[1:], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["sharpness"]
    assert found["kind"].startswith("monotone") and found["from_step"] > 0 and found["broken"] > 0


def test_the_exponent_of_the_ratios(capsys):
    rho, b, alpha = re.search(
        r"[Ww]ith ρ = ([0-9.]+) and b =\s+([0-9.]+)\s+the\s+bound\s+is\s+([0-9.]+)", THEORY
    ).groups()
    # With η = 1/10, these are the multipliers of the eigenvalues 1 and 6/5.
    assert (rho, b) == ("0.9", "0.88")
    assert run(shlex.split("check --json --loss 'x**2/2 + 3/5*y**2' --step-size 0.1 --start 0.1,0.1")) == 0
    assert f"{json.loads(capsys.readouterr().out)['chain']['alpha']:.3f}" == alpha
