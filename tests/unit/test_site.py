"""The documentation site: its navigation, what is made from the code, and the blocks that it shows."""

import re
import shlex
from pathlib import Path

import pytest

import gdcheck
from gdcheck.cli import run

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
NAV = re.findall(r"([\w./-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), flags=re.MULTILINE)
SHOWN = [name for name in PAGES if name.startswith(("tutorial", "concepts/", "guides/"))]


@pytest.fixture(autouse=True)
def building(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS / "building"))


def test_every_page_is_in_the_navigation_once():
    examples = {f"examples/{path.stem}.md" for path in (DOCS / "examples").glob("[a-z]*.py")}
    assert sorted(NAV) == sorted({*PAGES, *examples})


def test_the_page_of_commands_has_every_command_and_option():
    import typer
    from command_page import command_reference

    from gdcheck.cli import GROUPS, app

    page = command_reference()
    commands = typer.main.get_command(app).commands
    parts = dict(re.findall(r"^### gdcheck (\S+)\n(.*?)(?=^##+ |\Z)", page, flags=re.MULTILINE | re.DOTALL))
    assert list(parts) == [name for names in GROUPS.values() for name in names] and set(parts) == set(commands)
    for name, command in commands.items():
        assert "\n```sh\ngdcheck " in parts[name], name
        for option in command.params:
            if not getattr(option, "hidden", False) and option.opts[0].startswith("--"):
                row = rf"^\| `(?:[^`]*, )?{re.escape(option.opts[-1])}[ ,`]"
                assert re.search(row, parts[name], flags=re.MULTILINE), (name, option.opts)


def test_the_page_of_schemas_has_every_file_and_kind():
    from schema_page import schema_tables

    from gdcheck.theorem.certificate import rechecking

    page = schema_tables(DOCS)
    for path in (DOCS / "schemas").glob("*.json"):
        assert f"(../schemas/{path.name})" in page
    for name in rechecking.__all__:
        if isinstance(kind := getattr(rechecking, name), str):
            assert f"| `{kind}` | [" in page, kind


def test_what_is_made_has_its_place():
    marks = {name: (DOCS / "reference" / f"{name}.md").read_text(encoding="utf-8") for name in ("commands", "schemas")}
    assert all(text.endswith(f"\n<!-- made: {name} -->\n") for name, text in marks.items())


def test_the_page_of_the_api_has_every_public_name():
    text = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^::: gdcheck\.(\w+)$", text, flags=re.MULTILINE)) == sorted(gdcheck.__all__)


def test_every_kept_run_is_described():
    text = (DOCS / "runs" / "README.md").read_text(encoding="utf-8")
    for path in (DOCS / "runs").iterdir():
        if path.suffix in {".json", ""}:
            assert f"[{path.name}](" in text, path.name


@pytest.mark.parametrize("name", SHOWN)
def test_blocks_say_what_is_shown(name, tmp_path, monkeypatch, capsys):
    """Run the Python blocks in one namespace and the commands in one folder, in the order of the page."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    text, names, printed = (DOCS / name).read_text(encoding="utf-8"), {}, ""
    for kind, block in re.findall(r"^```(\w+)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        if kind == "python":
            file = re.search(r"file `(\w+\.py)`", text[: text.index(block)][-400:])
            if file:
                Path(file[1]).write_text(block, encoding="utf-8")
            else:
                exec(compile(block, name, "exec"), names)
                printed = capsys.readouterr().out
        elif kind == "text":
            assert printed == block
        elif kind == "console":
            for command, lines in re.findall(r"^\$ gdcheck (.*)\n((?:(?!\$ ).*\n)*)", block, flags=re.MULTILINE):
                assert run(shlex.split(command)) in {0, 1, 3}, command
                output = " ".join(capsys.readouterr().out.split())
                for line in lines.splitlines():
                    assert " ".join(line.split()) in output, (command, line, output)


def test_links_and_formulas_are_made_for_the_site():
    from rewriting import formulas_as_mathml, indices_as_html, links_within

    shown = "x<sub>k+1</sub> = μ<sub>d</sub><sup>−j</sup>, (−1)<sup>k</sup>, Σ<sub>i&lt;j</sub>, ‖z‖<sub>&#42;</sub>"
    assert indices_as_html("x_{k+1} = μ_d^{−j}, (−1)^k, Σ_{i<j}, ‖z‖_*") == shown
    assert indices_as_html(r"x* − x\* \< 1") == r"x\* − x\* &lt; 1"
    same = "\n\n    x_k = 1\n\n`x_k` [a](real_losses.py) own_optimizers.py x_train 2/(λ₁+λₙ)"
    assert indices_as_html(same) == same
    text = "[a](../examples/switch.py#x) [b](../../theorem/loss.py) [`theorem/x.py`](../../theorem/x.py) [c](../runs/)"
    assert links_within(text, "concepts/trust.md") == (
        "[a](../examples/switch.md#x) b (`theorem/loss.py`) `theorem/x.py` [c](../runs/README.md)"
    )
    kept = "[d](theory.md#a) [e](https://x.org/y) ![f](phase.svg)\n```\n[g](../../h)\n```\n"
    assert links_within(kept, "index.md") == kept
    assert formulas_as_mathml("`$a$` costs $ 5\n```\n$ ls $x$\n```\n") == "`$a$` costs $ 5\n```\n$ ls $x$\n```\n"


def test_a_site_that_loads_something_is_found_out(tmp_path):
    from offline import loads_from_elsewhere

    fine = '<a href="https://x.org">x</a><script src="a.js"></script><link rel="canonical" href="https://x.org">'
    (tmp_path / "fine.html").write_text(fine, encoding="utf-8")
    assert loads_from_elsewhere(tmp_path) == []
    bad = (
        '<script async src="https://x.org/a.js">',
        '<link rel=stylesheet href="//x.org/a.css">',
        "<img src=http://x/a>",
    )
    for number, text in enumerate(bad):
        (tmp_path / f"{number}.html").write_text(text, encoding="utf-8")
    (tmp_path / "a.css").write_text("a{src:url(https://x.org/a.woff)}", encoding="utf-8")
    assert len(loads_from_elsewhere(tmp_path)) == 4
