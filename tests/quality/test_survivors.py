"""Written reasons of survivors speak of code that is there, and what was run of the mutants is what the docs say."""

import ast
import json
from pathlib import Path

import pytest

from tests.quality import mutation

ROOT = Path(__file__).parents[2]
RUN = ROOT / "docs" / "runs" / "mutation.json"


def functions(module):
    """Each function of a module by its name, with its class's before it."""
    tree = ast.parse((ROOT / "theorem" / f"{module}.py").read_text(encoding="utf-8"))
    found = {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef)}
    for each in (c for c in tree.body if isinstance(c, ast.ClassDef)):
        found |= {f"{each.name}.{f.name}": f for f in each.body if isinstance(f, ast.FunctionDef)}
    return found


@pytest.mark.parametrize("change", mutation.reasons(), ids=lambda change: f"{change[1]}: {change[3][:40]}")
def test_a_reason_speaks_of_a_line_that_is_there(change):
    module, function, was, _ = change
    assert module in mutation.TESTS
    lines = [line.strip() for line in ast.unparse(functions(module)[function]).splitlines()]
    assert was in lines


def test_every_file_of_the_checker_has_its_tests_named():
    checker = ROOT / "theorem" / "checker"
    files = {f"checker/{path.relative_to(checker).with_suffix('').as_posix()}" for path in checker.rglob("*.py")}
    left = {file for file in files if not file.endswith("__init__")} - set(mutation.TESTS)
    assert not left, f"tests/quality/mutation.py names no tests of {', '.join(sorted(left))}"
    for module, tests in mutation.TESTS.items():
        for test in tests:
            room, _, name = test.rpartition("/")
            assert (ROOT / "tests" / "unit" / "theorem" / room / f"test_{name}.py").exists(), (module, test)


def test_messages_are_prose_and_numbers_are_not():
    def changed(was, becomes):
        text = f"def x_f__mutmut_orig():\n    {was}\ndef x_f__mutmut_1():\n    {becomes}\n"
        return bool(mutation.mutants_of("checker/exact", ast.parse(text)))

    assert not changed("claim(x > 0, f'x is {x}')", "claim(x > 0, None)")
    assert not changed("look('a sum')", "look(None)")
    assert changed("claim(x > 0, f'x is {x}')", "claim(x >= 0, f'x is {x}')")
    assert changed("within(x < 3, 'a b')", "within(x < 4, 'a b')")


def test_the_documents_say_what_was_run():
    text = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    record = json.loads(RUN.read_text(encoding="utf-8"))
    assert mutation.table(record) in text
    assert set(record) <= set(mutation.TESTS)
