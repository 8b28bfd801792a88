"""Claims by name: in a Python file, in a module, or built in."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from inspect import getsourcefile
from pathlib import Path
from types import ModuleType

from gdcheck.properties.lemmas.built_in import THEOREM, all_of_them, built_in, is_built_in
from gdcheck.properties.lemmas.declare import OwnClaim, fits
from gdcheck.theorem.loss.errors import InputError


@dataclass(frozen=True)
class Source:
    """Where a claim comes from.

    Attributes:
        target: The file, ``file:name``, ``module:name``, the name of a built-in claim, or ``theorem`` for all of them.
        name: The claim's name.
        file: The file's name without its folder; empty for a built-in claim.
        digest: The SHA-256 of the file's text.
        text: The text.
    """

    target: str
    name: str
    file: str = ""
    digest: str = ""
    text: str = ""


def files_of(targets: Sequence[str]) -> list[str]:
    """Replace each folder by its Python files, sorted by name; files whose name begins with _ are left out.

    The name of a claim of the theorem always means this claim, even if there is a folder of the same name;
    ``./theorem`` means the folder.

    Args:
        targets: Folders, files, and names of claims.

    Returns:
        The targets without folders.

    Raises:
        InputError: If there is no Python file in a folder.
    """
    found = list[str]()
    for target in targets:
        if is_built_in(target) or not Path(target).is_dir():
            found.append(target)
            continue
        files = sorted(str(p) for p in Path(target).glob("*.py") if not p.name.startswith("_"))
        if not files:
            raise InputError("claim", f"the folder {target[:200]!r} holds no Python file; put claims in some")
        found += files
    return found


def sources(targets: Sequence[str]) -> list[Source]:
    """Find the claims that targets name.

    Args:
        targets: Files, ``file:name``, ``module:name``, or names of built-in claims.

    Returns:
        The claims, in order.

    Raises:
        InputError: If there is no such target, it cannot be imported, it declares no claim, or two share a name.
    """
    found = [source for target in targets for source in _sources(target)]
    names = [source.name for source in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError("claim", f"two claims are called {name[:80]!r}; rename one of their functions")
    return found


def load(source: Source) -> OwnClaim:
    """Return the claim of a source; a file is run once in a process.

    Args:
        source: The source.

    Returns:
        The claim.

    Raises:
        InputError: If it is not there.
    """
    claims = _claims(source.target, source.digest if _file_of(source.target) else "")
    if source.name not in claims:
        raise InputError("claim", f"{source.target[:200]!r} declares no claim {source.name[:80]!r}")
    return claims[source.name]


def _sources(target: str) -> list[Source]:
    claims = _claims(target, _digest(_read(file)) if (file := _file_of(target)) else "")
    file = next((c.file for c in claims.values() if c.file), "")
    text = _read(file) if file else ""
    return [Source(target, name, Path(file).name if file else "", _digest(text), text) for name in claims]


def _read(file: str) -> str:
    path = Path(file)
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        said = f"there is no file {file[:200]!r}; gdcheck claim --new {path.name} writes a start"
        raise InputError("claim", said) from None
    except (OSError, UnicodeDecodeError) as error:
        about = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise InputError("claim", f"{file[:200]!r} cannot be read ({about}); name a Python file") from None


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest() if text else ""


@lru_cache
def _claims(target: str, digest: str) -> dict[str, OwnClaim]:
    """Return the claims of a target; a file is run again only if its text has changed."""
    file = _file_of(target)
    if file and _digest(_read(file)) != digest:
        raise InputError("claim", f"{file[:200]!r} has changed during the run; begin a new run")
    module, colon, name = target.rpartition(":")
    if file:
        return _declared(run_file(Path(file), "claim"), target, None if file == target else name)
    if colon:
        return _declared(_imported(module), target, name)
    return all_of_them() if target == THEOREM else {target: built_in(target)}


def _file_of(target: str) -> str:
    """Return the Python file of a target: the whole target, or the part before ``:name``; empty if it names none."""
    module, _, _ = target.rpartition(":")
    return target if target.endswith(".py") else module if module.endswith(".py") else ""


def _declared(module: ModuleType, target: str, wanted: str | None) -> dict[str, OwnClaim]:
    file = getsourcefile(module) or ""
    found = {
        name: replace(value, name=name, file=value.file or file)
        for name, value in vars(module).items()
        # What is imported from elsewhere is not declared here.
        if isinstance(value, OwnClaim) and (not value.file or value.file == file)
    }
    if wanted is not None:
        found = {name: value for name, value in found.items() if name == wanted}
    if not found:
        what = "no claim" if wanted is None else f"no claim {wanted[:80]!r}"
        raise InputError("claim", f"{target[:200]!r} declares {what}; put @claim(…) on a function")
    for name in found:
        if not fits(name):
            raise InputError("claim", f"the name {name[:80]!r} must be of letters, digits and underscores")
    return found


def run_file(path: Path, field: str) -> ModuleType:
    """Run a Python file of the user's own; it can import modules from its own folder.

    Args:
        path: The file.
        field: The field that an error names.

    Returns:
        The module.

    Raises:
        InputError: If it cannot be run; the sentence names the line.
    """
    spec = spec_from_file_location(f"gdcheck_claims_{path.stem}", path.resolve())
    if spec is None or spec.loader is None:
        raise InputError(field, f"{str(path)[:200]!r} is not a Python file; name one such as my_lemma.py")
    if str(path.resolve().parent) not in sys.path:
        # At the end: it must not hide installed packages.
        sys.path.append(str(path.resolve().parent))
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise InputError(field, _import_failed(error, str(path.resolve()), path.name)) from None
    return module


def _imported(name: str) -> ModuleType:
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise InputError("claim", _import_failed(error, "", name)) from None


def _import_failed(error: BaseException, file: str, name: str) -> str:
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    line = line or (frames[-1].lineno if frames else None)
    place = name if line is None else f"{name}:{line}"
    about = " ".join(str(error).split())[:200]
    return f"{place} cannot be imported ({type(error).__name__}: {about}); fix it there"
