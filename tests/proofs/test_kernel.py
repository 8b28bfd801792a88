"""The command line's way to the kernel, the reader of losses, and the names of false claims."""

import json

import pytest

from gdcheck.properties.verify.kernel import check_in_kernel
from gdcheck.properties.verify.paper_examples import TABLE
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem

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


def test_recheck_kernel_and_check_coq(library, gdcheck, tmp_path):
    file, theorem = tmp_path / "c.json", tmp_path / "c.v"
    words = ["check", "--loss", WORKED[0], "--step-size", WORKED[1], "--start", "0.1,0.1"]
    code, _, _ = gdcheck(*words, "--certificate", file, "--coq", theorem)
    assert code == 0
    assert "Theorem direction_of_gradient_descent" in theorem.read_text()
    assert gdcheck("recheck", "--kernel", file)[:2] == (0, f"{file}: accepted by the checker and by Coq's kernel\n")


def test_what_coq_has_no_theorem_about_is_not_checked(library, gdcheck, tmp_path):
    file = tmp_path / "c.json"
    file.write_text(json.dumps(_certificate("x**2/2 + 2*y**2", "2/5", ["0.1", "0.1"])))
    code, out, _ = gdcheck("recheck", "--kernel", file)
    assert code == 3
    assert out.startswith(f"{file}: accepted by the checker; not by Coq's kernel: Coq's checker has no theorem about")
