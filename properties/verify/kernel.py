"""Certificates checked by Coq's kernel, against the compiled theorems of ``proofs/`` (docs/proofs.md)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from gdcheck.theorem.certificate.kinds.coq import coq_instance, require_kernel_form
from gdcheck.theorem.certificate.kinds.coq_reader import UnreadableLoss, read_certificate_loss, read_loss
from gdcheck.theorem.certificate.rechecking import NotChecked
from gdcheck.theorem.loss.errors import InputError

INSTALL = (
    "needs Coq 8.16 with Coquelicot, Bignums and Interval; on Debian: "
    "apt-get install coq libcoq-coquelicot libcoq-bignums libcoq-interval"
)
_OPTIONS = ["-q", "-w", "-all"]
_BUILD_SECONDS = 900
_FALSE = re.compile(r"this claim of the certificate is false:\s*(\w+)")


def coqc() -> str:
    """Find the Coq compiler.

    Raises:
        InputError: If it is not installed; the message says what to install.
    """
    found = shutil.which("coqc")
    if found is None:
        raise InputError("kernel", INSTALL)
    return found


def compiled_proofs() -> Path:
    """Compile ``proofs/`` once, into the user's cache, and return the folder.

    Raises:
        InputError: If coqc is missing, or a library that the proofs need.
    """
    return _compiled(coqc())


@lru_cache(maxsize=1)
def _compiled(compiler: str) -> Path:
    sources = {name: (_sources() / name).read_bytes() for name in _order()}
    version = subprocess.run([compiler, "--version"], capture_output=True, check=True).stdout
    name = sha256(b"\0".join([version, *sources.values()])).hexdigest()[:20]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gdcheck" / "proofs"
    if (cache / name).is_dir():
        return cache / name
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        folder = Path(scratch) / "proofs"
        folder.mkdir()
        for source, text in sources.items():
            (folder / source).write_bytes(text)
        for source in sources:
            done = run_coqc(folder, folder / source, _BUILD_SECONDS)
            if done.returncode:
                raise InputError("kernel", f"{INSTALL}; {source} does not compile: {_last_line(done.stderr)}")
        # Another process may have been faster; its folder is as good.
        try:
            folder.rename(cache / name)
        except OSError:
            if not (cache / name).is_dir():
                raise
    return cache / name


def _sources() -> Path:
    return Path(str(files("gdcheck"))) / "proofs"


def _order() -> list[str]:
    """Return the files in the order in which they are compiled."""
    return [line for line in (_sources() / "_CoqProject").read_text().split() if line.endswith(".v")]


def run_coqc(library: Path, file: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    """Compile one file against a folder of proofs.

    Raises:
        subprocess.TimeoutExpired: If it takes longer than the given seconds.
    """
    command = [coqc(), *_OPTIONS, "-Q", str(library), "Direction", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)


def check_in_kernel(certificate: dict[str, Any], seconds: float = 120.0) -> str | None:
    """Have Coq's kernel check the limit statement of a proved certificate of a polynomial loss.

    Args:
        certificate: The certificate, of the right shape.
        seconds: The time that Coq may take, without the proofs' own compilation.

    Returns:
        None if the kernel accepts it, else a sentence that names the claim that is false.

    Raises:
        InputError: If the certificate is of another kind, or Coq is missing.
        NotChecked: If the time ran out.
    """
    text = coq_instance(certificate)
    problem = certificate["problem"]
    try:
        same = read_loss(text) == read_certificate_loss(problem["loss"], problem["variables"])
    except UnreadableLoss as error:
        return f"the Coq file cannot be read back: {error}"
    if not same:
        return "the loss in the Coq file is not the loss of the certificate"
    library = compiled_proofs()
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "instance.v"
        file.write_text(text, encoding="utf-8")
        try:
            done = run_coqc(library, file, seconds)
        except subprocess.TimeoutExpired:
            raise NotChecked(f"not checked: Coq took longer than {seconds:g} seconds") from None
    return None if done.returncode == 0 else failure_of(done.stderr)


def failure_of(output: str) -> str:
    """Name the claim that Coq found false, from what it printed."""
    # Coq breaks long lines.
    found = _FALSE.search(" ".join(output.split()))
    if found is None:
        return f"Coq does not accept the file: {_last_line(output)}"
    return f"false in Coq's kernel: {found.group(1).replace('_', ' ')}"


def _last_line(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it printed nothing"


def in_kernel_form(certificate: dict[str, Any]) -> bool:
    """Whether the kernel has a theorem about certificates of this kind."""
    try:
        require_kernel_form(certificate)
    except InputError:
        return False
    return True
