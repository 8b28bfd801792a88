"""Mutation testing of the modules that carry the proof: `tox -e mutation`.

Mutmut changes the code, one small change at a time, in a copy of the repository; a change that no test notices is a
survivor. Each survivor needs a reason in ``survivors.toml``, and without one this program ends with exit code 1.
Changes of the words of a message are left out, as prose, and so is the strictness of ``zip``, a guard against mistakes.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import ndiff
from hashlib import sha256
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "src/gdcheck/theorem"
RESULTS = Path("reports/out/mutation.json")
# The tests of each module, the module's own first. Only those that reach a changed function are run.
TESTS = {
    "descent/invariant_ball": ["descent/invariant_ball_edges", "descent/invariant_ball"],
    "descent/remainder": ["descent/remainder_edges", "descent/remainder", "descent/invariant_ball"],
    "certificate/certificate": ["certificate/certificate_edges", "certificate/certificate"],
    "limit/amplitude": ["limit/amplitude_edges", "limit/amplitude", "decision/decide"],
    "checker/outcome": ["checker/outcome", "checker/exact"],
    "checker/exact": ["checker/exact", "checker/trajectory", "checker/assumptions"],
    "checker/reading/loss_text": ["checker/loss_text", "checker/document", "checker/assumptions"],
    "checker/reading/document": ["checker/document"],
    "checker/reading/fields": ["checker/document", "checker/certificates", "checker/every_start", "checker/method"],
    "checker/lemma": ["checker/amplitude", "checker/every_start", "checker/method"],
    "checker/descent": ["checker/trajectory", "checker/assumptions", "checker/certificates"],
    "checker/spectrum": ["checker/spectrum", "checker/certificates", "checker/assumptions"],
    "checker/assumptions": ["checker/assumptions", "checker/certificates"],
    "checker/trajectory": ["checker/trajectory", "checker/amplitude", "checker/certificates"],
    "checker/amplitude": ["checker/amplitude", "checker/certificates", "checker/assumptions"],
    "checker/cone": ["checker/cone"],
    "checker/kinks": ["checker/kinks", "checker/assumptions", "checker/certificates"],
    "checker/reading/checking": ["checker/document", "checker/certificates", "checker/outcome"],
    "checker/smooth/functions": ["smooth/functions"],
    "checker/smooth/intervals": ["checker/smooth/intervals", "smooth/functions"],
    "checker/smooth/expression": ["checker/smooth/certificates", "smooth/derivatives"],
    "checker/smooth/arrays": ["checker/smooth/certificates"],
    "checker/smooth/affine": ["checker/smooth/certificates", "smooth/derivatives"],
    "checker/smooth/polynomials": ["checker/smooth/certificates"],
    "checker/smooth/derivatives": ["checker/smooth/certificates", "smooth/derivatives"],
    "checker/smooth/minimizer": ["checker/smooth/certificates"],
    "checker/smooth/spectrum": ["checker/smooth/certificates", "smooth/enclosures"],
    "checker/smooth/strict_minimum": ["checker/smooth/certificates"],
    "checker/smooth/valley": ["checker/smooth/certificates"],
    "checker/smooth/kinds/ends": ["smooth/ends"],
    "checker/smooth/kinds/every_start": ["smooth/every_start"],
    "checker/smooth/kinds/higher": ["smooth/sharpness"],
    "checker/smooth/kinds/sharpness": ["smooth/sharpness"],
    "checker/smooth/kinds/steps": ["smooth/steps"],
    "checker/methods/states": ["checker/method"],
    "checker/methods/modes": ["checker/method"],
    "checker/methods/adaptive": ["checker/method"],
    "checker/methods/claims": ["checker/method"],
    "checker/methods/linear": ["checker/method"],
    "checker/methods/every_start": ["checker/method"],
    "checker/kinds/separable": ["checker/separable", "checker/document"],
    "checker/kinds/orbit": ["checker/orbit", "checker/document"],
    "checker/kinds/every_start": ["checker/every_start"],
    "checker/kinds/long_run": ["checker/long_run"],
    "checker/kinds/linear": ["checker/long_run"],
    "checker/kinds/walk": ["checker/walk", "checker/long_run"],
    "checker/kinds/at_step": ["checker/long_run"],
    "checker/kinds/top_eigenvalue": ["checker/sharpness"],
    "checker/kinds/pattern": ["checker/sharpness"],
    "checker/kinds/sharpness": ["checker/sharpness"],
}
IGNORED = (".git", ".tox", ".venv", "__pycache__", "out", "build", "dist", "*.egg-info", ".*_cache", ".hypothesis")
# A failure is enough: shrinking it would take most of the time. What the unchanged code has cached would hide a change,
# for mutmut runs the tests of a mutant in a fork of the process that has run them before.
PROFILE = """
from hypothesis import Phase
settings.register_profile("mutation", settings.get_profile("quick"), phases=[Phase.explicit, Phase.generate])
settings.load_profile("mutation")

def pytest_collection_finish(session):
    import functools, gc
    for found in gc.get_objects():
        if isinstance(found, functools._lru_cache_wrapper):
            found.cache_clear()
"""
# Pytest escapes a name anew at each collection in the same process, and would not find it again.
UNESCAPED = "disable_test_id_escaping_and_forfeit_all_rights_to_community_support=true"
KILLED, SLOW, SURVIVED = {"killed", "segfault"}, {"timeout"}, {"survived", "no tests", "suspicious"}


@dataclass(frozen=True)
class Mutant:
    """A change of one statement, and what became of it."""

    module: str
    function: str
    was: str
    becomes: str
    outcome: str = ""

    @property
    def change(self) -> tuple[str, str, str, str]:
        return self.module, self.function, self.was, self.becomes


WORDS = {"look": 0, "refuse": 0, "claim": 1, "required": 1, "within": 1}
"""Where the sentence begins among the arguments of the checker's own functions."""


class _WithoutProse(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        node.keywords = [k for k in node.keywords if k.arg != "strict"]
        if isinstance(node.func, ast.Name) and node.func.id in WORDS:
            node.args = node.args[: WORDS[node.func.id]]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) and " " in node.value else node


def mutants_of(module: str, text: str) -> dict[str, Mutant]:
    """The mutants in what mutmut wrote, by mutmut's names; those that change prose only are left out."""
    tree = ast.parse(text)
    functions = {f.name: f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and "__mutmut_" in f.name}
    found = {}
    for name, changed in functions.items():
        function, _, number = name.rpartition("__mutmut_")
        if number == "orig":
            continue
        before, after = (ast.unparse(f.body).splitlines() for f in (functions[f"{function}__mutmut_orig"], changed))
        prose = [
            ast.dump(_WithoutProse().visit(ast.parse(ast.unparse(f.body))))
            for f in (functions[f"{function}__mutmut_orig"], changed)
        ]
        if prose[0] == prose[1]:
            continue
        lines = [line for line in ndiff(before, after) if line[0] in "+-"]
        was, becomes = (" ".join(line[2:].strip() for line in lines if line[0] == side) for side in "-+")
        readable = function.removeprefix("x").removeprefix("_").strip("ǁ").replace("ǁ", ".")
        found[f"gdcheck.theorem.{module.replace('/', '.')}.{name}"] = Mutant(module, readable, was, becomes)
    return found


def configure(work: Path, module: str) -> None:
    """Writes mutmut's configuration for one module."""
    options = {
        "source_paths": ["src"],
        "only_mutate": [f"{SOURCE}/{module}.py"],
        "also_copy": ["docs", "README.md"],
        "timeout_multiplier": ["2"],
        "timeout_constant": ["1"],
        "track_dependencies": ["false"],
        "use_git_change_detection": ["false"],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-o", UNESCAPED],
        "pytest_add_cli_args_test_selection": [
            f"tests/unit/theorem/{room}/test_{name}.py" for room, _, name in (t.rpartition("/") for t in TESTS[module])
        ],
    }
    lines = [
        f"{key} = {values[0]}" if len(values) == 1 else f"{key} =\n" + "\n".join(f"    {v}" for v in values)
        for key, values in options.items()
    ]
    (work / "setup.cfg").write_text("[mutmut]\n" + "\n".join(lines) + "\n", encoding="utf-8")


def mutmut(work: Path, *arguments: str) -> str:
    """Runs mutmut in the copy; its output, with the exit code at the end."""
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONSAFEPATH", "HYPOTHESIS_PROFILE"}}
    command = [sys.executable, "-m", "mutmut", *arguments]
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
    return f"{done.stdout}{done.stderr}\nexit code {done.returncode}"


def examine(work: Path, module: str, jobs: int, again: set[tuple[str, ...]] | None, sample: int | None) -> list[Mutant]:
    """Runs the tests of a module on its mutants, on those of its mutants that are named, or on a sample of them."""
    shutil.rmtree(work / "mutants", ignore_errors=True)
    configure(work, module)
    # No mutant has this name: the mutants are written, and the tests that reach each function are found.
    log = mutmut(work, "run", "--max-children", str(jobs), "none")
    written = work / "mutants" / SOURCE / f"{module}.py"
    if not written.exists():
        raise SystemExit(f"mutmut wrote no mutants of {module}:\n{log[-3000:]}")
    mutants = mutants_of(module, written.read_text(encoding="utf-8"))
    if again is not None:
        mutants = {name: m for name, m in mutants.items() if m.change in again}
    if sample is not None:
        mutants = dict(sorted(mutants.items(), key=lambda item: sha256(item[0].encode()).digest())[:sample])
    if not mutants:
        return []
    log = mutmut(work, "run", "--max-children", str(jobs), *mutants)
    outcomes = dict(
        line.strip().rsplit(": ", 1) for line in mutmut(work, "results", "--all", "true").splitlines() if ": " in line
    )
    if all(outcomes.get(name, "not checked") == "not checked" for name in mutants):
        raise SystemExit(f"mutmut examined no mutant of {module}:\n{log[-3000:]}")
    left = sum(outcomes.get(name, "not checked") == "not checked" for name in mutants)
    if left:
        sys.stdout.write(f"{module}: mutmut left {left} mutants out, and ended with\n{log[-1000:]}\n")
    return [Mutant(*m.change, outcomes.get(name, "not checked")) for name, m in mutants.items()]


def reasons() -> dict[tuple[str, str, str, str], str]:
    """The written reasons, by change."""
    with (Path(__file__).parent / "survivors.toml").open("rb") as file:
        entries = tomllib.load(file).get("survivor", [])
    return {(e["module"], e["function"], e["was"], x): e["reason"] for e in entries for x in e["becomes"]}


def report(found: Iterable[Mutant], known: dict[tuple[str, str, str, str], str]) -> int:
    """Prints the table and the survivors; the number of mutants without a reason or not examined."""
    found = list(found)
    rows = [("module", "mutants", "killed", "timeouts", "survived", "not run", "without a reason")]
    unexplained = []
    for module in dict.fromkeys(m.module for m in found):
        here = [m for m in found if m.module == module]
        bare = [m for m in here if m.outcome in SURVIVED and m.change not in known]
        unexplained += bare
        counts = [sum(m.outcome in kind for m in here) for kind in (KILLED, SLOW, SURVIVED)]
        rows.append((module, *map(str, (len(here), *counts, len(here) - sum(counts), len(bare)))))
    for row in rows:
        sys.stdout.write(f"{row[0]:<16}" + "".join(f"{cell:>10}" for cell in row[1:-1]) + f"{row[-1]:>18}\n")
    for m in found:
        if m.outcome in SURVIVED:
            verdict = known.get(m.change, f"NO REASON ({m.outcome})")
            sys.stdout.write(f"\n{m.module}: {m.function}\n  - {m.was}\n  + {m.becomes}\n  {verdict}\n")
    return len(unexplained) + sum(m.outcome not in KILLED | SLOW | SURVIVED for m in found)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"some of {', '.join(TESTS)} (all by default)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="processes at a time")
    parser.add_argument("--sample", type=int, metavar="N", help="N mutants of each module, always the same ones")
    parser.add_argument("--again", action="store_true", help="only the survivors of the previous run")
    parser.add_argument("--results", type=Path, default=ROOT / RESULTS, help="where the results are kept")
    options = parser.parse_args()
    if unknown := set(options.modules) - set(TESTS):
        parser.error(f"no such module: {', '.join(sorted(unknown))}")
    modules = [m for m in TESTS if m in options.modules] if options.modules else list(TESTS)
    kept: list[Mutant] = []
    if options.results.exists():
        kept = [Mutant(**m) for m in json.loads(options.results.read_text(encoding="utf-8"))]
    if options.again:
        modules = [m for m in modules if any(k.module == m and k.outcome not in KILLED | SLOW for k in kept)]
    known = reasons()
    unexplained = 0
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory) / "copy"
        # The copy follows the links: there the rooms are folders of the package, as mutmut needs them.
        shutil.copytree(ROOT, work, ignore=shutil.ignore_patterns(*IGNORED))
        with (work / "tests" / "conftest.py").open("a", encoding="utf-8") as file:
            file.write(PROFILE)
        for module in modules:
            start = perf_counter()
            alive = {m.change for m in kept if m.module == module and m.outcome not in KILLED | SLOW}
            found = examine(work, module, options.jobs, alive if options.again else None, options.sample)
            replaced = {m.change for m in found}
            kept = [m for m in kept if m.module != module or (options.again and m.change not in replaced)] + found
            options.results.parent.mkdir(parents=True, exist_ok=True)
            options.results.write_text(json.dumps([asdict(m) for m in kept], indent=1), encoding="utf-8")
            unexplained += report(found, known)
            sys.stdout.write(f"\n{module}: {perf_counter() - start:.0f} s\n\n")
            sys.stdout.flush()
    stale = [c for c in known if c[0] in modules and not any(m.change == c for m in kept if m.outcome not in KILLED)]
    for change in stale if not (options.again or options.sample) else []:
        sys.stdout.write(f"a reason that nothing needs any more: {change}\n")
    return 1 if unexplained else 0


if __name__ == "__main__":
    raise SystemExit(main())
