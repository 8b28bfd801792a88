"""The checker is a second implementation: free of the engines and of the libraries that they use."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

from gdcheck.networks.proof import checker as networks_checker
from gdcheck.theorem import checker
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.checker.amplitude import check
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem

FILES = sorted(Path(checker.__file__).parent.rglob("*.py"))
OF_NETWORKS = sorted(Path(networks_checker.__file__).parent.rglob("*.py"))


def test_it_imports_nothing_of_the_engines():
    script = (
        "import sys; before = set(sys.modules); "
        "from gdcheck.theorem.checker import amplitude; "
        "from gdcheck.theorem.checker.kinds import every_start, long_run, orbit, separable, sharpness; "
        "from gdcheck.theorem.checker.methods import claims, every_start; "
        "from gdcheck.theorem.checker.symmetry import claims; "
        "new = set(sys.modules) - before; "
        "print(sorted(m for m in new if m.startswith('gdcheck') and not m.startswith('gdcheck.theorem.checker'))); "
        "print(sorted({m.split('.')[0] for m in new} - set(sys.stdlib_module_names) - {'gdcheck'}))"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()
    assert out == ["['gdcheck', 'gdcheck.theorem']", "[]"], f"the checker imports more than it may: {out}"


def test_the_checker_of_networks_imports_numpy_and_arb_and_nothing_else():
    """The exception that docs/certificate.md states, and no more than that."""
    for path in OF_NETWORKS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                first = str(name).split(".")[0]
                own = str(name).startswith("gdcheck.networks.proof.checker")
                assert own or first in {*sys.stdlib_module_names, "numpy", "flint"}, f"{path.name}: {name}"


def test_it_uses_no_floating_point_but_for_the_clock():
    """No number with a decimal point, no float(), no ``math`` function that returns one."""
    exact = {"comb", "gcd", "isqrt", "lcm", "perm", "prod"}
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if path.name != "outcome.py":
                assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), (
                    f"{path.name}: {node.lineno}"
                )
                assert not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "float"), path.name
                if isinstance(node, ast.ImportFrom) and node.module == "math":
                    assert {alias.name for alias in node.names} <= exact, path.name


def test_every_claim_of_the_specification_is_a_function():
    """And every claim that a function names is one of the specification."""
    text = (Path(__file__).parents[4] / "docs" / "certificate.md").read_text(encoding="utf-8")
    stated = re.findall(r"^\*\*(Claim \w+ \([^)]+\))\.\*\*", text, re.MULTILINE)
    named = set()
    for path in FILES + OF_NETWORKS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                named |= {*re.findall(r"Claim \w+ \([^)]+\)", ast.get_docstring(node) or "")}
    assert len({*stated}) == len(stated) == 145
    assert named == {*stated}, f"without a function: { ({*stated} - named) }; unknown: {named - {*stated}}"


def test_names_in_any_script_are_read():
    problem = Problem("α**2 + 2*β_1**2 + α*β_1**2", step_size="1/10", start=["1/10", "1/10"])
    assert check(json.loads(json.dumps(certificate(decide(problem))))) is None
