"""Certificates checked by Coq's kernel, against the compiled theorems of ``proofs/`` (docs/proofs.md)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from gdcheck.theorem.certificate.kinds.coq import coq_instance, why_no_theorem
from gdcheck.theorem.certificate.kinds.coq_reader import UnreadableLoss, read_certificate_loss, read_loss
from gdcheck.theorem.certificate.rechecking import NotChecked
from gdcheck.theorem.loss.errors import InputError

INSTALL = (
    "needs Coq 8.16 with Coquelicot, Bignums and Interval; on Debian: "
    "apt-get install coq libcoq-coquelicot libcoq-bignums libcoq-interval"
)
_OPTIONS = ["-q", "-w", "-all"]
_BUILD_SECONDS = 900
_POLL = 0.02
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


def coq_version() -> str:
    """Ask the Coq compiler for its version.

    Raises:
        InputError: If it is not installed.
    """
    said = subprocess.run([coqc(), "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"version (\S+)", said)
    return found.group(1) if found else said.strip()


def compiled_proofs(on_done: Callable[[int], None] = lambda done: None) -> Path:
    """Compile ``proofs/`` once, into the user's cache, and return the folder.

    Args:
        on_done: Called with the number of files compiled so far, of ``proof_files()``.

    Raises:
        InputError: If coqc is missing, or a library that the proofs need.
    """
    sources = {name: (_sources() / name).read_bytes() for name in proof_files()}
    name = sha256(b"\0".join([coq_version().encode(), *sources.values()])).hexdigest()[:20]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gdcheck" / "proofs"
    if (cache / name).is_dir():
        return cache / name
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("kernel", f"the folder {cache} cannot be written; name another in XDG_CACHE_HOME") from error
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        folder = Path(scratch) / "proofs"
        folder.mkdir()
        for source, text in sources.items():
            (folder / source).write_bytes(text)
        for count, source in enumerate(sources):
            on_done(count)
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


def proof_files() -> list[str]:
    """List the files of the proofs, in the order in which they are compiled."""
    return [line for line in (_sources() / "_CoqProject").read_text().split() if line.endswith(".v")]


def run_coqc(library: Path, file: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    """Compile one file against a folder of proofs.

    Raises:
        subprocess.TimeoutExpired: If it takes longer than the given seconds.
    """
    return subprocess.run(_command(library, file), capture_output=True, text=True, check=False, timeout=seconds)


def _command(library: Path, file: Path) -> list[str]:
    return [coqc(), *_OPTIONS, "-Q", str(library), "Direction", str(file)]


def check_in_kernel(library: Path, certificate: dict[str, Any], seconds: float = 120.0) -> str | None:
    """Have Coq's kernel check the limit statement of a proved certificate of a polynomial loss.

    Args:
        library: The compiled proofs.
        certificate: The certificate, of the right shape.
        seconds: The time that Coq may take.

    Returns:
        None if the kernel accepts it, else a sentence that names the claim that is false.

    Raises:
        InputError: If Coq is missing.
        NotChecked: If the certificate is of another kind, or the time ran out.
    """
    if (why := why_no_theorem(certificate)) is not None:
        raise NotChecked(why)
    with KernelRun(library, certificate, seconds) as run:
        while not run.ended:
            time.sleep(_POLL)
        return run.failure()


class KernelRun:
    """Coq at work on one certificate; leaving the context ends it and removes its files."""

    def __init__(self, library: Path, certificate: dict[str, Any], seconds: float) -> None:
        """Start Coq, unless the certificate and the file written from it differ.

        Args:
            library: The compiled proofs.
            certificate: The certificate, of the right shape.
            seconds: The time that Coq may take.

        Raises:
            NoTheorem: If the certificate is of another kind.
            InputError: If Coq is missing.
        """
        text = coq_instance(certificate)
        self._seconds, self._begun = seconds, time.monotonic()
        self._different = _difference(text, certificate["problem"])
        self._scratch = tempfile.TemporaryDirectory()
        self._process: subprocess.Popen[bytes] | None = None
        if self._different is None:
            file, self._errors = (Path(self._scratch.name) / name for name in ("instance.v", "errors"))
            file.write_text(text, encoding="utf-8")
            with self._errors.open("wb") as errors:
                # In a session of its own: what a Ctrl-C means is decided here, not by Coq.
                self._process = subprocess.Popen(
                    _command(library, file),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    start_new_session=True,
                )

    def __enter__(self) -> KernelRun:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End Coq if it still runs, and remove its files."""
        self.close()

    def close(self) -> None:
        """End Coq if it still runs, and remove its files; twice is as good as once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._scratch.cleanup()

    @property
    def ended(self) -> bool:
        """Say whether ``failure`` has an answer."""
        return self._process is None or self._process.poll() is not None or self._late

    @property
    def _late(self) -> bool:
        return time.monotonic() - self._begun > self._seconds

    def failure(self) -> str | None:
        """Say what is wrong, after the end.

        Returns:
            None if the kernel accepts the certificate, else a sentence that names the claim that is false.

        Raises:
            NotChecked: If the time ran out, or Coq was stopped from outside.
        """
        if self._process is None:
            return self._different
        code = self._process.poll()
        if code is None:
            raise NotChecked(f"not checked: Coq took longer than {self._seconds:g} seconds")
        output = self._errors.read_text(encoding="utf-8", errors="replace")
        # As the system does where memory runs out.
        if code < 0:
            raise NotChecked(f"not checked: Coq was stopped by signal {-code}")
        return failure_of(output) if code else None


def _difference(text: str, problem: dict[str, Any]) -> str | None:
    """Hold the loss in a Coq file, read by the separate reader, against the certificate's."""
    try:
        same = read_loss(text) == read_certificate_loss(problem["loss"], problem["variables"])
    except UnreadableLoss as error:
        return f"the Coq file cannot be read back: {error}"
    return None if same else "the loss in the Coq file is not the loss of the certificate"


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
    return why_no_theorem(certificate) is None
