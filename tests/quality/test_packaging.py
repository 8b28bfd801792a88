"""What an installation adds to an environment: one name, the same modules by every way, and nobody else's broken."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("theorem", "properties", "reports", "networks")
MOST_FILES = 12


def hatch(source, target, out):
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, text=True)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    return hatch(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return hatch(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


BUILT_BY_COQ = re.compile(r"\.(vo|vok|vos|glob|aux|cache|d)$|^CoqMakefile")


def files_in_the_tree():
    found = set()
    for folder, _, names in os.walk(ROOT / "src", followlinks=True):
        here = Path(folder).relative_to(ROOT / "src")
        if {"__pycache__", "out", ".hypothesis"}.isdisjoint(here.parts):
            found |= {(here / name).as_posix() for name in names if not BUILT_BY_COQ.search(name)}
    return found


def packaged(path):
    with zipfile.ZipFile(path) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_the_tree_and_nothing_else(wheel):
    tree = files_in_the_tree()
    assert {f"gdcheck/{room}/__init__.py" for room in ROOMS} <= tree
    assert packaged(wheel) == tree


def test_the_wheel_made_of_the_source_distribution_is_the_same(sdist, wheel, tmp_path):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    (tmp_path / "out").mkdir()
    assert packaged(hatch(source, "wheel", tmp_path / "out")) == packaged(wheel)


def installed(wheel, folder):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def editable(folder):
    code = f"from hatchling.build import build_editable; build_editable({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return installed(made, folder / "site")


@pytest.mark.parametrize("way", ["wheel", "editable", "checkout"])
def test_packages_of_a_user_with_the_names_of_our_rooms_live_beside_gdcheck(way, wheel, tmp_path):
    for name in ROOMS:
        (tmp_path / "own" / name).mkdir(parents=True)
        (tmp_path / "own" / name / "__init__.py").write_text("OWN = True\n", encoding="utf-8")
    site = (
        ROOT / "src"
        if way == "checkout"
        else installed(wheel, tmp_path / "w")
        if way == "wheel"
        else editable(tmp_path)
    )
    added = {path.name for path in site.iterdir()} - {".hypothesis"}
    assert {name for name in added if not name.endswith((".dist-info", ".pth"))} <= {"gdcheck"}
    script = (
        f"import site; site.addsitedir({str(site)!r})\n"
        f"import {', '.join(ROOMS)}\n"
        f"assert all(m.OWN for m in ({', '.join(ROOMS)}))\n"
        "import gdcheck\n"
        "p = gdcheck.Problem('x**2 + 2*y**2', step_size='1/10', start=[1, 1])\n"
        "assert gdcheck.recheck(gdcheck.certify(gdcheck.decide(p)))\n"
        "import gdcheck.reports.page\n"
        f"assert all(m.OWN for m in ({', '.join(ROOMS)}))\n"
        "print(gdcheck.__file__)\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONSAFEPATH"}
    environment["PYTHONPATH"] = str(tmp_path / "own")
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_room_of_the_theorem_can_be_seen_at_a_glance():
    assert [path.name for path in (ROOT / "theorem").glob("*.py")] == ["__init__.py"]
    for init in (ROOT / "theorem").rglob("__init__.py"):
        files = [path for path in init.parent.glob("*.py") if path != init]
        assert len(files) <= MOST_FILES, f"{init.parent.name} has {len(files)} files"


def test_every_room_is_in_the_order_of_the_layers():
    with (ROOT / "pyproject.toml").open("rb") as file:
        contract = tomllib.load(file)["tool"]["importlinter"]["contracts"][0]
    named = {name.strip() for layer in contract["layers"] for name in layer.split(":")}
    packages = {
        ".".join(path.parent.parts)
        for path in (Path(name) for name in files_in_the_tree())
        if path.name == "__init__.py" and path.parent.as_posix() != "gdcheck"
    }
    parents = {name.rpartition(".")[0] for name in named}
    assert {p for p in packages - parents if not any(f"{p}.".startswith(f"{room}.") for room in named)} == set()
