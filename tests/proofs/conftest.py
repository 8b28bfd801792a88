"""The compiled proofs; without Coq, everything here is skipped with its reason."""

import shutil

import pytest

from gdcheck.properties.verify.kernel import INSTALL, compiled_proofs


@pytest.fixture(scope="session")
def library():
    if shutil.which("coqc") is None:
        pytest.skip(f"coqc is not installed; the kernel {INSTALL}")
    return compiled_proofs()
