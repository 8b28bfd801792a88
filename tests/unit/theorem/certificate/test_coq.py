"""The Coq file of a certificate: what it says, its loss read back by the separate reader, and what has no theorem."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.kinds.coq import NoTheorem, coq_instance, coq_names
from gdcheck.theorem.certificate.kinds.coq_reader import UnreadableLoss, read_certificate_loss, read_loss
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.loss import Loss


def _certificate(loss, step_size, start):
    return json.loads(json.dumps(certificate(decide(Problem(loss, step_size=step_size, start=start)))))


WITHOUT_THEOREM = [
    (("x**2/2 + 2*y**2", "2/5", ["0.1", "0.1"]), "the verdict not-applicable"),
    (("x**2/2 + 2*y**2 + x*y**2 + y**3", "21/50", ["0.1", "0"]), "the verdict exceptional"),
    (("x**2/2 + 2*y**2 + max(x - 1, 0)**4", "1/10", ["0.1", "0.1"]), "losses with truncated powers"),
]


@pytest.mark.parametrize(("problem", "what"), WITHOUT_THEOREM, ids=[what for _, what in WITHOUT_THEOREM])
def test_without_a_theorem_one_sentence_says_so(problem, what, gdcheck, tmp_path):
    data = _certificate(*problem)
    with pytest.raises(NoTheorem, match=what):
        coq_instance(data)
    theorem = tmp_path / "c.v"
    loss, step_size, start = problem
    words = ["check", "--loss", loss, "--step-size", step_size, "--start", ",".join(start), "--coq", theorem]
    code, out, err = gdcheck(*words)
    assert code == {"proved": 0}.get(data["verdict"], 3)
    assert data["verdict"].upper() in out
    said = f"Coq's checker has no theorem about {what}, only about the verdict proved for a polynomial loss and a start"
    assert err == f"note: no theorem written: {said}\n"
    assert not theorem.exists()


def test_the_file_shows_the_problem_and_states_its_limit(gdcheck, tmp_path):
    theorem = tmp_path / "c.v"
    words = ["check", "--loss", "x**2 + y**2/2 + x**2*y + x**3", "--step-size", "0.95", "--start", "0.1,0.1"]
    assert gdcheck(*words, "--coq", theorem)[0] == 0
    text = theorem.read_text()
    assert "(x^2 + 1/2*y^2 + x^3 + x^2*y)%loss" in text
    assert "step_size := (19 # 20)" in text
    assert "start := [(1 # 10); (1 # 10)]" in text
    assert "Theorem direction_of_gradient_descent : limit_statement problem true limit." in text


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
