"""The checker is a second implementation: small, and free of the engines and of the libraries that they use."""

import json
import subprocess
import sys
from pathlib import Path

from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.checker import recheck
from gdcheck.theorem.checker.recheck import check
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem

ALLOWED = {"gdcheck", "gdcheck.theorem", "gdcheck.theorem.checker", "gdcheck.theorem.checker.recheck"}


def test_it_imports_nothing_of_the_engines():
    script = (
        "import sys; before = set(sys.modules); import gdcheck.theorem.checker.recheck; "
        "new = set(sys.modules) - before; "
        "ours = {m for m in new if m.split('.')[0] == 'gdcheck'}; "
        "foreign = {m.split('.')[0] for m in new} - set(sys.stdlib_module_names) - {'gdcheck'}; "
        "print(sorted(ours)); print(sorted(foreign))"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()
    assert out == [str(sorted(ALLOWED)), "[]"], f"the checker imports more than it may: {out}"


def test_all_its_files_together_are_under_four_hundred_lines():
    files = [Path(recheck.__file__).parent / "__init__.py", Path(recheck.__file__)]
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
    assert lines < 400, f"the checker and its package have {lines} lines"


def test_names_in_any_script_are_read():
    problem = Problem.build("α**2 + 2*β_1**2 + α*β_1**2", "1/10", ["1/10", "1/10"])
    assert check(json.loads(json.dumps(certificate(decide(problem))))) is None
