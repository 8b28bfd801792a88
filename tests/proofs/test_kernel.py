"""The command line's way to the kernel, the reader of losses, and the names of false claims."""

import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.properties.verify.kernel import check_in_kernel, failure_of
from gdcheck.properties.verify.paper_examples import TABLE
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.kinds.coq import NoTheorem, coq_instance, coq_names
from gdcheck.theorem.certificate.kinds.coq_reader import UnreadableLoss, read_certificate_loss, read_loss
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.loss import Loss

WORKED = ("x**2 + y**2/2 + x**2*y + x**3", "0.95", ["0.1", "0.1"])


def _certificate(loss=WORKED[0], step_size=WORKED[1], start=WORKED[2], **more):
    return json.loads(json.dumps(certificate(decide(Problem(loss, step_size=step_size, start=start, **more)))))


@pytest.mark.parametrize("index", range(len(TABLE)))
def test_the_kernel_accepts_the_papers_rows(library, index):
    assert check_in_kernel(library, json.loads(json.dumps(certificate(decide(TABLE[index].problem))))) is None


def test_a_minimizer_at_a_rational_point(library):
    data = _certificate("(x - 1/3)**2 + (y + 2)**2/2 + (x - 1/3)**3", "1/5", ["0.4", "-1.9"], minimizer=["1/3", "-2"])
    assert check_in_kernel(library, data) is None


def _changed(data, path, change):
    *way, last = path
    place = data
    for key in way:
        place = place[key]
    place[last] = change(place[last])


FALSE = [
    (("problem", "loss"), lambda text: text + " + 1/1000*x", "the gradient vanishes at the minimizer"),
    (("problem", "step_size"), lambda text: "1/10", "the regime is the stated one"),
    (("problem", "start", 0), lambda text: "1/9", "the stated radius agrees"),
    (("spectrum", "lowest", "interval"), lambda ends: ["9/10", "9/10"], "the lowest eigenvalue is in its interval"),
    (("spectrum", "highest", "interval"), lambda ends: ["3/2", "3/2"], "the highest eigenvalue is in its interval"),
    (("blocks", 0, "gap"), lambda text: "3/2", "the ends are simple and the gap is free"),
    (("blocks", 0, "amplitude"), lambda text: "1", "the stated amplitude agrees"),
    (("bounds", "sigma"), lambda text: "1/2", "the stated sigma agrees"),
    (("bounds", "tail"), lambda text: "1/2", "the stated tail agrees"),
    (("step",), lambda step: step - 1, "the amplitude exceeds the tail"),
    (("limit", "vectors", 0), lambda ends: [["0", "0"], ["1", "1"]], "the limit is in its intervals"),
]


@pytest.mark.parametrize(("path", "change", "claim"), FALSE, ids=[claim for _, _, claim in FALSE])
def test_the_claim_that_is_false_is_named(library, path, change, claim):
    data = _certificate()
    _changed(data, path, change)
    assert check_in_kernel(library, data) == f"false in Coq's kernel: {claim}"


def test_the_name_is_found_across_line_breaks():
    printed = "Error: Tactic failure: this claim of the certificate is\n  false: sigma_is_below_one."
    assert failure_of(printed) == "false in Coq's kernel: sigma is below one"
    assert failure_of("Error: boom") == "Coq does not accept the file: Error: boom"


def test_recheck_kernel_and_check_coq(library, gdcheck, tmp_path):
    file, theorem = tmp_path / "c.json", tmp_path / "c.v"
    words = ["check", "--loss", WORKED[0], "--step-size", WORKED[1], "--start", "0.1,0.1"]
    code, _, _ = gdcheck(*words, "--certificate", file, "--coq", theorem)
    assert code == 0
    assert "Theorem direction_of_gradient_descent" in theorem.read_text()
    assert gdcheck("recheck", "--kernel", file)[:2] == (0, f"{file}: accepted by the checker and by Coq's kernel\n")


def test_without_coq_one_sentence_says_what_to_install(gdcheck, tmp_path, monkeypatch):
    file = tmp_path / "c.json"
    file.write_text(json.dumps(_certificate()))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    code, _, err = gdcheck("recheck", "--kernel", file)
    assert code == 2
    assert "apt-get install coq" in err
    assert "Traceback" not in err


WITHOUT_THEOREM = [
    (("x**2/2 + 2*y**2", "2/5", ["0.1", "0.1"]), "the verdict not-applicable"),
    (("x**2/2 + 2*y**2 + x*y**2 + y**3", "21/50", ["0.1", "0"]), "the verdict exceptional"),
    (("x**2/2 + 2*y**2 + max(x - 1, 0)**4", "1/10", ["0.1", "0.1"]), "losses with truncated powers"),
]


@pytest.mark.parametrize(("problem", "what"), WITHOUT_THEOREM, ids=[what for _, what in WITHOUT_THEOREM])
def test_without_a_theorem_one_sentence_says_so(problem, what, library, gdcheck, tmp_path):
    said = f"Coq's checker has no theorem about {what}, only about the verdict proved for a polynomial loss and a start"
    data = _certificate(*problem)
    with pytest.raises(NoTheorem, match=what):
        coq_instance(data)
    file, theorem = tmp_path / "c.json", tmp_path / "c.v"
    loss, step_size, start = problem
    words = ["check", "--loss", loss, "--step-size", step_size, "--start", ",".join(start), "--coq", theorem]
    code, out, err = gdcheck(*words, "--certificate", file)
    assert code == {"proved": 0}.get(data["verdict"], 3)
    assert data["verdict"].upper() in out
    assert err == f"note: no theorem written: {said}\n"
    assert not theorem.exists()
    code, out, _ = gdcheck("recheck", "--kernel", file)
    assert (code, out) == (3, f"{file}: accepted by the checker; not by Coq's kernel: {said}\n")


def test_names_that_coq_uses_are_replaced():
    assert coq_names(["x", "y_1", "z2"]) == ["x", "y_1", "z2"]
    assert coq_names(["fun", "x"]) == coq_names(["start", "x"]) == coq_names(["λ", "x"]) == ["x0", "x1"]


_LOSS = st.lists(
    st.tuples(st.fractions(max_denominator=50).filter(bool), st.integers(0, 4), st.integers(0, 4), st.integers(0, 2)),
    min_size=1,
    max_size=8,
)


def _text(terms):
    return Loss.parse(" + ".join(f"({c})*x**{i}*y**{j}*z**{k}" for c, i, j, k in terms), ["x", "y", "z"]).text()


def _with_loss(loss):
    data = _certificate("x**2 + y**2/2 + z**2*3/4", "1/5", ["0.1", "0.1", "0.1"])
    text = coq_instance(data)
    written = loss.replace("**", "^")
    old = text[text.index("expression :=") : text.index(")%loss")]
    return text.replace(old, f"expression :=\n  ({written}")


@given(_LOSS)
def test_the_loss_is_read_back(terms):
    loss = _text(terms)
    assert read_loss(_with_loss(loss)) == read_certificate_loss(loss, ["x", "y", "z"])


@given(_LOSS, st.integers(0, 10**6), st.sampled_from(["1/997*x**2", "y**5", "z", "3/7"]))
def test_a_planted_difference_is_seen(terms, at, planted):
    loss = _text(terms)
    other = Loss.parse(f"{loss} + {planted}" if at % 2 else f"{loss} - {planted}", ["x", "y", "z"]).text()
    assert read_loss(_with_loss(other)) != read_certificate_loss(loss, ["x", "y", "z"])


def test_a_file_without_a_loss_is_refused():
    with pytest.raises(UnreadableLoss):
        read_loss("Definition x := Variable_ 0.\n")
    with pytest.raises(UnreadableLoss):
        read_loss("Definition x := Variable_ 0.\nDefinition loss : expression :=\n  (sin*x)%loss.\n")
