"""The front door: what ``import gdcheck`` offers, how it shows itself, and what it loads."""

import doctest
import json
import pickle
import subprocess
import sys
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gdcheck
from tests.builders.strategies import problems

WORKED = {"step_size": "0.95", "start": ["0.1", "0.1"]}
LOSS = "x**2 + y**2/2 + x**2*y + x**3"
HEAVY = (
    "altair",
    "flint",
    "hypothesis",
    "jinja2",
    "mpmath",
    "msgspec",
    "numpy",
    "polars",
    "pytest",
    "rich",
    "torch",
    "typer",
)
DOCUMENTED = (
    "gdcheck",
    "gdcheck._decision",
    "gdcheck._functions",
    "gdcheck.properties.claims.claim",
    "gdcheck.theorem.descent.problem",
    "gdcheck.theorem.loss.loss",
    "gdcheck.theorem.methods.statement",
)


def loaded_after(code):
    script = f"import sys; {code}; print(*sorted({{m.split('.')[0] for m in sys.modules}} & set({HEAVY})))"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()


@pytest.fixture(scope="module")
def decision():
    return gdcheck.decide(gdcheck.Problem(LOSS, **WORKED))


def test_the_import_loads_no_library():
    assert loaded_after("import gdcheck") == []


def test_a_decision_loads_only_what_proves():
    used = loaded_after(
        "import gdcheck; gdcheck.decide(gdcheck.Problem('x**2 + 2*y**2', step_size='1/10', start=[1, 1]))"
    )
    assert used == ["flint"]


def test_the_whole_public_surface_is_there_and_documented():
    for name in gdcheck.__all__:
        assert getattr(gdcheck, name).__doc__, name
    assert set(gdcheck.__all__) <= set(dir(gdcheck))
    with pytest.raises(AttributeError, match="no attribute 'prove'"):
        gdcheck.prove  # noqa: B018


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_examples_of_the_docstrings_run(name):
    found = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS)
    assert found.attempted > 0
    assert found.failed == 0


def test_the_worked_example_is_proved(decision):
    assert decision.verdict is gdcheck.Verdict.PROVED
    assert isinstance(decision, gdcheck.Decision)
    assert repr(decision) == "<Decision proved: alternating along (1, 0)>"


def test_a_direction_that_rotates_is_shown_without_vectors():
    method = {"name": "heavy-ball", "momentum": "9/10"}
    problem = gdcheck.Problem("x**2/2 + 2*y**2", step_size="1/100", start=["1", "1"], method=method)
    assert repr(gdcheck.decide(problem)) == "<Decision proved: rotating>"


def test_what_is_shown_is_one_line(decision):
    for shown in (repr(decision), repr(decision.problem), repr(decision.problem.loss)):
        assert "\n" not in shown
        assert len(shown) < 200


@given(problems())
def test_a_problem_shows_how_to_make_it(problem):
    # Our own repr, as a reader would paste it.
    assert eval(repr(problem), {"Problem": gdcheck.Problem}) == problem  # noqa: S307


def test_a_notebook_shows_verdict_limit_and_picture(decision):
    bundle = decision._repr_mimebundle_()
    assert bundle["text/plain"] == repr(decision)
    assert bundle["text/html"] == decision._repr_html_()
    for part in ("<td>proved</td>", "<td>alternating along (1, 0)</td>", "<svg"):
        assert part in bundle["text/html"]


def test_a_notebook_escapes_and_says_why_there_is_no_picture():
    far = gdcheck.decide(gdcheck.Problem("x**2 + 2*y**2", step_size="1/10", start=["1e400", "1"]))
    assert "No picture: " in far._repr_html_()


def test_a_certificate_is_checked_as_data_and_as_a_file(decision, tmp_path):
    proof = gdcheck.certify(decision)
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(proof), encoding="utf-8")
    for given_as in (proof, path, str(path)):
        found = gdcheck.recheck(given_as)
        assert found
        assert found.reason == "every claim is verified"


@given(st.sampled_from(["radius", "sigma", "tail"]), st.sampled_from(["1", "0", "-1"]))
def test_a_changed_certificate_is_not_accepted(field, value):
    proof = gdcheck.certify(gdcheck.decide(gdcheck.Problem(LOSS, **WORKED)))
    proof["bounds"][field] = value
    found = gdcheck.recheck(proof)
    assert not found
    assert found.reason


def test_a_malformed_certificate_is_not_accepted(decision):
    proof = gdcheck.certify(decision) | {"step": "one"}
    found = gdcheck.recheck(proof)
    assert not found
    assert "step" in found.reason


def test_what_is_not_proved_has_no_certificate():
    open_ = gdcheck.decide(gdcheck.Problem("x**2 + 2*y**2", step_size="1e-9", start=["1", "1"]), max_steps=1)
    undecided = gdcheck.decide(gdcheck.Problem(LOSS, step_size="1/10", start=["3", "3"]), max_steps=1)
    for decision in (open_, undecided):
        if decision.verdict is gdcheck.Verdict.UNRESOLVED:
            with pytest.raises(gdcheck.InputError, match="decision: is unresolved"):
                gdcheck.certify(decision)
    assert undecided.verdict is gdcheck.Verdict.UNRESOLVED


def test_decisions_travel_between_processes(decision):
    again = pickle.loads(pickle.dumps(decision.problem))  # noqa: S301
    assert again == decision.problem


def test_a_sweep_is_a_table_and_the_same_for_the_same_seed(tmp_path):
    table = gdcheck.sweep(300, seed=3, spec={"variables": 3, "batch": 100}, out=tmp_path / "sweep")
    assert table.height == 300
    assert table["index"].to_list() == list(range(300))
    assert table.equals(gdcheck.sweep(300, seed=3, spec={"variables": 3, "batch": 100}))
    with pytest.raises(gdcheck.InputError, match="variables"):
        gdcheck.sweep(10, spec={"variables": 1})


def test_a_valley_is_plotted():
    problem = gdcheck.Problem.residuals(["x*y - 1"], step_size="1/2", start=["2.2", "0.4"])
    assert len(gdcheck.plot(gdcheck.decide(problem)).vconcat) == 3


def test_a_plot_is_a_chart_in_colours_for_paper(decision, tmp_path):
    chart = gdcheck.plot(decision)
    chart.save(tmp_path / "picture.svg")
    assert "<svg" in (tmp_path / "picture.svg").read_text(encoding="utf-8")
    from gdcheck.reports.charts import STAND_IN

    assert not any(colour in chart.to_json() for colour in STAND_IN.values())
