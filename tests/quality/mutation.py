"""Mutation testing of the modules that carry the proof: `tox -e mutation`.

Mutmut writes the code's mutants, one small change each; a change that no test notices is a survivor. Each survivor
needs a reason in ``survivors.toml``, and without one this program ends with exit code 1. Changes of the words of a
message are left out, as prose, and so is the strictness of ``zip``, a guard against mistakes. ``--sample N`` takes N
mutants of each module, ``--record FILE`` keeps the counts, and ``--show FILE`` prints what is kept.
"""

from __future__ import annotations
import __future__

import argparse
import ast
import functools
import gc
import importlib
import json
import os
import signal
import sys
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from difflib import ndiff
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from types import CodeType, FunctionType, ModuleType

import pytest
from hypothesis import Phase, settings

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "reports" / "out" / "mutation.json"
# The tests of each module, the module's own first. Only those that reach a changed function are run.
TESTS = {
    "descent/invariant_ball": ["descent/invariant_ball_edges", "descent/invariant_ball"],
    "descent/remainder": ["descent/remainder_edges", "descent/remainder", "descent/invariant_ball"],
    "certificate/certificate": ["certificate/certificate_edges", "certificate/certificate"],
    "certificate/parts": ["certificate/certificate_edges", "certificate/certificate"],
    "limit/amplitude": ["limit/amplitude_edges", "limit/amplitude", "decision/decide"],
    "checker/outcome": ["checker/outcome", "checker/exact"],
    "checker/exact": ["checker/exact", "checker/trajectory", "checker/assumptions"],
    "checker/reading/loss_text": ["checker/loss_text", "checker/document", "checker/assumptions"],
    "checker/reading/document": ["checker/document", "checker/cone"],
    "checker/reading/fields": ["checker/fields", "checker/document", "checker/certificates"],
    "checker/lemma": ["checker/amplitude", "checker/every_start", "checker/method"],
    "checker/descent": ["checker/trajectory", "checker/assumptions", "checker/certificates"],
    "checker/spectrum": ["checker/spectrum", "checker/certificates", "checker/assumptions"],
    "checker/assumptions": ["checker/assumptions", "checker/certificates"],
    "checker/trajectory": ["checker/trajectory", "checker/amplitude", "checker/certificates"],
    "checker/amplitude": [
        *("checker/amplitude", "checker/cone", "checker/kinks"),
        *("checker/certificates", "checker/assumptions"),
    ],
    "checker/cone": ["checker/cone"],
    "checker/kinks": ["checker/kinks", "checker/assumptions", "checker/certificates"],
    "checker/reading/checking": ["checker/checking", "checker/document", "checker/certificates", "checker/outcome"],
    "checker/smooth/functions": ["smooth/functions"],
    "checker/smooth/intervals": ["checker/smooth/intervals", "smooth/functions"],
    "checker/smooth/expression": ["checker/smooth/expression", "checker/smooth/certificates", "smooth/derivatives"],
    "checker/smooth/arrays": ["checker/smooth/arrays", "checker/smooth/certificates"],
    "checker/smooth/affine": ["checker/smooth/affine", "checker/smooth/certificates", "smooth/derivatives"],
    "checker/smooth/polynomials": ["checker/smooth/polynomials", "checker/smooth/certificates"],
    "checker/smooth/derivatives": ["checker/smooth/certificates", "smooth/derivatives", "smooth/sums_of_forms"],
    "checker/smooth/minimizer": ["checker/smooth/nearby", "checker/smooth/certificates"],
    "checker/smooth/kinds/blocks": ["checker/smooth/blocks", "smooth/constant"],
    "checker/smooth/exact_point": ["checker/smooth/exact_point"],
    "checker/smooth/spectrum": [
        *("checker/smooth/certificates", "checker/smooth/exact_point", "smooth/enclosures", "smooth/sums_of_forms"),
    ],
    "checker/smooth/strict_minimum": ["checker/smooth/certificates", "checker/smooth/exact_point"],
    "checker/symmetry/claims": ["checker/symmetry/claims"],
    "checker/symmetry/isometry": ["checker/symmetry/claims", "symmetry/symmetries"],
    "checker/symmetry/normal_form": ["symmetry/symmetries", "checker/symmetry/claims"],
    "checker/smooth/valley": ["checker/smooth/relations", "checker/smooth/certificates"],
    "checker/methods/smooth": ["smooth/momentum"],
    "checker/methods/valley": ["valleys/momentum"],
    "checker/methods/valley_rank": ["valleys/degenerate"],
    "checker/smooth/kinds/ends": ["smooth/ends"],
    "checker/smooth/kinds/every_start": ["smooth/every_start"],
    "checker/smooth/kinds/higher": ["checker/smooth/fourth", "smooth/sharpness"],
    "checker/smooth/kinds/sharpness": ["smooth/sharpness", "smooth/constant"],
    "checker/smooth/kinds/steps": ["smooth/steps"],
    "checker/methods/states": ["checker/states", "checker/method"],
    "checker/methods/modes": ["checker/method"],
    "checker/methods/adaptive": ["checker/states", "checker/method"],
    "checker/methods/adaptive_step": ["checker/clock", "checker/states", "checker/method", "checker/adaptive_units"],
    "checker/methods/claims": ["checker/method"],
    "checker/methods/linear": ["checker/method"],
    "checker/methods/every_start": ["checker/method", "decision/adaptive_every_start"],
    "checker/methods/first_steps": ["checker/method", "decision/adaptive_every_start"],
    "checker/methods/agreement": ["checker/agreement", "checker/method"],
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
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
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


WORDS = {"look": 0, "refuse": 0, "claim": 1, "required": 1, "within": 1, "growth": 3, "verify_stays": 1}
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


def mutants_of(module: str, tree: ast.Module) -> dict[str, Mutant]:
    """The mutants in what mutmut wrote, by mutmut's names; those that change prose only are left out."""
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


def code_of(tree: ast.FunctionDef, inside: ModuleType, like: FunctionType) -> CodeType:
    """Compiles a changed function as if it stood in its module, in a class if it is a method."""
    tree.decorator_list = []
    tree.name = like.__name__
    cell = ast.ClassDef("_", [], [], [tree], [])
    module = ast.Module([cell if "." in like.__qualname__ else tree], [])
    compiled = compile(
        ast.fix_missing_locations(module), inside.__file__ or "", "exec", flags=__future__.annotations.compiler_flag
    )
    while not any(isinstance(x, CodeType) and x.co_name == tree.name for x in compiled.co_consts):
        compiled = next(x for x in compiled.co_consts if isinstance(x, CodeType))
    return next(x for x in compiled.co_consts if isinstance(x, CodeType) and x.co_name == tree.name)


def function_of(module: ModuleType, name: str) -> FunctionType:
    """Finds a function or method by its name, below what decorates it."""
    *outer, last = name.split(".")
    holder = getattr(module, outer[0]) if outer else module
    found = vars(holder)[last]
    for inside in ("__func__", "fget", "func", "__wrapped__"):
        found = getattr(found, inside, found)
    assert isinstance(found, FunctionType), name
    return found


class _Quick:
    """A failure is enough: shrinking it would take most of the time. What was cached before would hide a change."""

    def pytest_collection_finish(self) -> None:
        quick = settings.get_profile("quick")
        settings.register_profile("mutation", quick, phases=[Phase.explicit, Phase.generate])
        settings.load_profile("mutation")
        for found in gc.get_objects():
            if isinstance(found, functools._lru_cache_wrapper):
                found.cache_clear()


def run_tests(files: list[str]) -> int:
    """Runs test files in this process, without output."""
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
        return int(pytest.main([*OPTIONS, *files], plugins=[_Quick()]))


def in_fork(work: Callable[[], int], seconds: int) -> int:
    """Starts work in a fork that a signal ends after some seconds of processor time; its process id."""
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_PROF, seconds)
        code = 3
        try:
            code = work()
        finally:
            os._exit(code)
    return child


def examine(
    module: str, jobs: int, again: set[tuple[str, ...]] | None, sample: int | None
) -> tuple[list[Mutant], list[tuple[str, ...]]]:
    """Runs the tests of a module on its mutants, on those that are named, or on a sample; also returns all changes.

    Mutmut writes the mutants. The tests are loaded once; a mutant's code takes its function's place in a fork.
    """
    from mutmut.mutation.file_mutation import mutate_file_contents

    loaded = importlib.import_module(f"gdcheck.theorem.{module.replace('/', '.')}")
    path = Path(loaded.__file__ or "")
    tree = ast.parse(mutate_file_contents(str(path), path.read_text(encoding="utf-8")).code)
    trees = {f.name: f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)}
    mutants = mutants_of(module, tree)
    written: list[tuple[str, ...]] = [m.change for m in mutants.values()]
    if again is not None:
        mutants = {name: m for name, m in mutants.items() if m.change in again}
    if sample is not None:
        mutants = dict(sorted(mutants.items(), key=lambda item: sha256(item[0].encode()).digest())[:sample])
    files = [
        f"tests/unit/theorem/{room}/test_{name}.py" for room, _, name in (t.rpartition("/") for t in TESTS[module])
    ]
    _, failed, used = os.wait4(in_fork(lambda: run_tests(files), 3600), 0)
    if failed:
        raise SystemExit(f"{module}: its tests fail, or do not run, as they are: {' '.join(files)}")
    limit = int(2 * (used.ru_utime + used.ru_stime)) + 5
    for file in files:
        importlib.import_module(file.removesuffix(".py").replace("/", "."))

    def changed(name: str) -> int:
        target = function_of(loaded, mutants[name].function)
        target.__code__ = code_of(trees[name.rpartition(".")[2]], loaded, target)
        return run_tests(files)

    outcomes: dict[str, str] = {}
    running: dict[int, str] = {}
    waiting = list(mutants)
    while waiting or running:
        while waiting and len(running) < jobs:
            name = waiting.pop()
            running[in_fork(functools.partial(changed, name), limit)] = name
        child, status = os.wait()
        by_signal, code = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, os.waitstatus_to_exitcode(status)
        words = {0: "survived", 1: "killed", 2: "killed"}
        stopped = "timeout" if by_signal == signal.SIGPROF else "segfault"
        outcomes[running.pop(child)] = stopped if by_signal else words.get(code, "not run")
    return [Mutant(*m.change, outcomes[name]) for name, m in mutants.items()], written


def reasons() -> dict[tuple[str, str, str, str], str]:
    """The written reasons, by change."""
    with (Path(__file__).parent / "survivors.toml").open("rb") as file:
        entries = tomllib.load(file).get("survivor", [])
    return {(e["module"], e["function"], e["was"], x): e["reason"] for e in entries for x in e["becomes"]}


def counted(found: Iterable[Mutant], written: int) -> dict[str, int]:
    """Counts what became of the mutants of a module."""
    outcomes, known = [m.outcome for m in found], reasons()
    bare = sum(m.outcome in SURVIVED and m.change not in known for m in found)
    kinds = {"killed": KILLED, "timeouts": SLOW, "survived": SURVIVED}
    counts = {name: sum(x in kind for x in outcomes) for name, kind in kinds.items()}
    return {"mutants": written, "run": len(outcomes), **counts, "unexplained": bare}


def table(record: dict[str, dict[str, int]]) -> str:
    """The kept counts as a table for the documents, module by module and together."""
    names = ("mutants", "run", "killed", "timeouts", "survived", "unexplained")
    rows = {f"`{module}`": counts for module, counts in sorted(record.items())}
    rows["together"] = {name: sum(counts[name] for counts in record.values()) for name in names}
    lines = [f"| module | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| {module} | {' | '.join(f'{counts[name]:,}' for name in names)} |" for module, counts in rows.items()]
    return "\n".join(lines) + "\n"


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
    parser.add_argument(
        "--results", type=Path, default=ROOT / "reports" / "out" / "mutation.json", help="where the results are kept"
    )
    parser.add_argument("--record", type=Path, metavar="FILE", help="keep the counts of each module here too")
    parser.add_argument("--show", type=Path, metavar="FILE", help="print the counts that are kept, and run nothing")
    options = parser.parse_args()
    if options.show:
        sys.stdout.write(table(json.loads(options.show.read_text(encoding="utf-8"))))
        return 0
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
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    for module in modules:
        start = perf_counter()
        alive = {m.change for m in kept if m.module == module and m.outcome not in KILLED | SLOW}
        found, written = examine(module, options.jobs, alive if options.again else None, options.sample)
        replaced = {m.change for m in found}
        kept = [m for m in kept if m.module != module or (options.again and m.change not in replaced)] + found
        options.results.parent.mkdir(parents=True, exist_ok=True)
        options.results.write_text(json.dumps([asdict(m) for m in kept], indent=1), encoding="utf-8")
        if options.record:
            record = json.loads(options.record.read_text(encoding="utf-8")) if options.record.exists() else {}
            record[module] = counted([m for m in kept if m.module == module and m.change in written], len(written))
            options.record.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        unexplained += report(found, known)
        sys.stdout.write(f"\n{module}: {perf_counter() - start:.0f} s\n\n")
        sys.stdout.flush()
    stale = [c for c in known if c[0] in modules and not any(m.change == c for m in kept if m.outcome not in KILLED)]
    for change in stale if not (options.again or options.sample) else []:
        sys.stdout.write(f"a reason that nothing needs any more: {change}\n")
    return 1 if unexplained else 0


if __name__ == "__main__":
    raise SystemExit(main())
