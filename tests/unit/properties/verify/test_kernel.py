"""What is said of Coq's kernel where it is missing, or where it or the reader of the file finds something false."""

import json
import shutil
from pathlib import Path

import pytest

from gdcheck.properties.verify import kernel
from gdcheck.properties.verify.kernel import check_in_kernel, compiled_proofs, failure_of
from gdcheck.properties.verify.paper_examples import TABLE
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.kinds.coq import coq_instance
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.loss.errors import InputError


@pytest.fixture
def data():
    return json.loads(json.dumps(certificate(decide(TABLE[5].problem))))


def test_the_name_is_found_across_line_breaks():
    printed = "Error: Tactic failure: this claim of the certificate is\n  false: sigma_is_below_one."
    assert failure_of(printed) == "false in Coq's kernel: sigma is below one"
    assert failure_of("Error: boom") == "Coq does not accept the file: Error: boom"


def test_without_coq_one_sentence_says_what_to_install(gdcheck, tmp_path, monkeypatch, data):
    file = tmp_path / "c.json"
    file.write_text(json.dumps(data))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    for words in (["recheck", "--kernel", file], ["verify", "--kernel", "--problems", "1", "--out", tmp_path / "out"]):
        code, out, err = gdcheck(*words)
        assert (code, out) == (2, "")
        assert err == (
            "error: kernel: needs Coq 8.16 with Coquelicot, Bignums and Interval; on Debian: "
            "apt-get install coq libcoq-coquelicot libcoq-bignums libcoq-interval\n"
        )
    assert not (tmp_path / "out" / "report.json").exists()


@pytest.mark.parametrize("planted", ["x^2 + 1/2*y^2 + x^3", "x^2 + 1/3*y^2 + x^3 + x^2*y", "x^2"])
def test_a_file_with_another_loss_is_not_given_to_coq(data, monkeypatch, planted):
    whole = "x^2 + 1/2*y^2 + x^3 + x^2*y"
    text = coq_instance(data)
    assert text.count(whole) == 1
    monkeypatch.setattr(kernel, "coq_instance", lambda certificate: text.replace(whole, planted))
    # There are no proofs at this place: Coq would fail otherwise.
    assert check_in_kernel(Path("/nowhere"), data) == "the loss in the Coq file is not the loss of the certificate"


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel, "coq_version", lambda: "8.16.1")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"cannot be written.*XDG_CACHE_HOME"):
        compiled_proofs()
