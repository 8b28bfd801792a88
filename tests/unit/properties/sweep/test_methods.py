"""Sweeps with a preconditioner, Adam and RMSprop: problems in other coordinates, and what only Arb decides."""

from __future__ import annotations

import json
import re
from itertools import islice

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.cli import run
from gdcheck.properties.sweep.generator import Generator
from gdcheck.properties.sweep.run import Executor, sweep
from gdcheck.properties.sweep.spec import FEW, PARAMETERS, Spec
from gdcheck.properties.sweep.store import Store
from gdcheck.properties.sweep.tables import read_table
from gdcheck.properties.sweep.work import Task, work
from gdcheck.theorem.batch.batch import certify_batch
from gdcheck.theorem.batch.columns import State
from gdcheck.theorem.batch.second_opinion import component, matrix_of, problem_of, second_opinion
from gdcheck.theorem.certificate.rechecking import NotChecked
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.reference.trajectory import ReferenceMap, iterates

NEW = pytest.mark.parametrize("method", ["preconditioned", "adam", "rmsprop"])
SEEDS = st.integers(0, 2**64 - 1)
INDICES = st.integers(0, 2**20)


def spec_of(method, **changes):
    return Spec.from_json({"method": method, "variables": 3, "terms": 4, "batch": 64, "sample": 4} | changes)


def exact(x):
    return fmpq(*float(x).as_integer_ratio())


@NEW
@settings(max_examples=20)
@given(seed=SEEDS, number=INDICES, row=st.integers(0, 60))
def test_row_alone_is_the_row_of_its_batch(method, seed, number, row):
    generator = Generator(seed, spec_of(method))
    many, one = generator.batch(number, slice(0, 64)), generator.batch(number, slice(row, row + 1))
    assert problem_of(many, row) == problem_of(one, 0)


@NEW
@settings(max_examples=20)
@given(seed=SEEDS, number=INDICES)
def test_the_spectrum_in_the_coordinates_that_are_meant_is_the_one_that_was_drawn(method, seed, number):
    batch = Generator(seed, spec_of(method)).batch(number, slice(0, 1))
    problem, n = problem_of(batch, 0), batch.dimension
    hessian = Expansion.around(problem, problem.step_size).hessian
    p = problem.method.preconditioner
    operator = hessian if p is None else p * hessian
    for x in batch.spectrum[:, 0]:
        assert (operator - fmpq_mat(n, n, [exact(x) * (i == j) for i in range(n) for j in range(n)])).det() == 0
    assert (p is None) == (method != "preconditioned") and (p is None or p != fmpq_mat(n, n, [0] * n * n))
    # The axes of y become eigenvectors, and their components are read.
    onto = matrix_of(batch, 0)
    for i, x in enumerate(batch.spectrum[:, 0]):
        axis = onto * fmpq_mat(n, 1, [int(i == j) for j in range(n)])
        assert operator * axis == exact(x) * axis
    last = component(batch, 0, [row[-1] for row in onto.tolist()], -1)
    assert last.contains(1) and last.rad() < 1e-12


@settings(max_examples=10)
@given(seed=SEEDS)
def test_preconditioned_descent_is_plain_descent_in_the_drawn_coordinates(seed):
    batch = Generator(seed, spec_of("preconditioned")).batch(0, slice(0, 1))
    onto = matrix_of(batch, 0).tolist()
    problem = problem_of(batch, 0)
    object.__setattr__(batch, "coordinates", None)
    plain = problem_of(batch, 0)
    assert plain.method.is_plain and not problem.method.is_plain
    with mp.workdps(60):
        rows = [[mp.mpf(int(x.p)) / int(x.q) for x in row] for row in onto]
        for x, y in islice(zip(iterates(problem, 60), iterates(plain, 60), strict=False), 6):
            image = [mp.fdot(row, y) for row in rows]
            assert all(mp.almosteq(a, b, mp.mpf(10) ** -45, mp.mpf(10) ** -45) for a, b in zip(x, image, strict=True))
        assert ReferenceMap(problem).step_size == ReferenceMap(plain).step_size


@NEW
def test_problems_are_swept(method, tmp_path):
    count = 300 if method == "preconditioned" else 40
    spec = spec_of(method, batch=count // 2)
    store = Store.create(tmp_path / "run", Generator(5, spec), count)
    result = sweep(store, Executor(1))
    summary = result.summary
    assert summary.outcome == "passed" and summary.verdicts["proved"] == count
    names = ("small-step", "large-step", *(["rotating"] if method == "adam" else []))
    assert all(summary.regimes[name] > 3 for name in names)
    if spec.is_adaptive:
        assert summary.tiers == {"float64": 0, "arb": count} and result.sampled == count
    else:
        assert summary.tiers["float64"] > 0.9 * count and result.sampled == 8
    assert result.not_checked == 0 and all(stated == counted for _, stated, counted in summary.contradictions())
    # Made again from its index alone, it is the same problem with the same answer.
    table, problem = read_table(Store.open(store.root), 0), store.problem(7)
    decision = decide(problem)
    assert decision.classification.regime.value == table["regime"][7]
    if decision.limit.vectors:
        batch = store.generator.batch(0, slice(7, 8))
        end = 0 if table["regime"][7] == "small-step" else -1
        assert component(batch, 0, decision.limit.vectors[0], end) * table["sign"][7] > 0


def test_nothing_of_adam_is_decided_in_float64():
    batch = Generator(5, spec_of("adam")).batch(0, slice(0, 8))
    assert set(certify_batch(batch).state) == {State.BUDGET}


def test_a_sign_that_is_wrong_in_other_coordinates_is_an_objection():
    batch = Generator(5, spec_of("preconditioned")).batch(0, slice(0, 16))
    outcome = certify_batch(batch)
    assert all(second_opinion(batch, outcome, row).accepted for row in range(4))
    outcome.sign[:] *= -1
    assert all("sign" in second_opinion(batch, outcome, row).objection for row in range(4))


def give_up(data):
    raise NotChecked("not checked: it takes too long")


def test_what_the_checker_gives_up_on_is_not_proved(monkeypatch, tmp_path):
    monkeypatch.setattr("gdcheck.theorem.batch.second_opinion.check", give_up)
    store = Store.create(tmp_path / "run", Generator(5, spec_of("rmsprop", batch=16)), 16)
    result = sweep(store, Executor(1))
    assert result.not_checked == 16 and result.summary.verdicts["unresolved"] == 16
    assert result.summary.outcome == "incomplete" and not result.summary.steps


def test_a_rejected_certificate_keeps_its_batch_from_counting(monkeypatch):
    monkeypatch.setattr("gdcheck.theorem.batch.second_opinion.check", lambda data: "rho < 1 fails")
    found = work(Task(Generator(5, spec_of("rmsprop")), 0, 4))
    assert len(found.objections) == 4 and "rejects the certificate" in found.objections[0]["objection"]
    assert found.objections[0]["problem"]["method"]["name"] == "rmsprop"


@pytest.mark.parametrize(
    ("data", "match"),
    [
        ({"method": "sgd"}, "method: 'sgd' is unknown; give gradient-descent, preconditioned, .* or rmsprop"),
        ({"method": "adam", "epsilon": [0, 1]}, "epsilon"),
        ({"method": "adam", "beta1": [0.5, 0.1]}, "beta1: 0.5 is above 0.1"),
        ({"method": "adam", "beta2": [0.5, 1]}, "beta2"),
    ],
)
def test_bad_specs(data, match):
    with pytest.raises(InputError, match=match):
        Spec.from_json(data)


@given(method=st.sampled_from(sorted(PARAMETERS)), seed=SEEDS)
@settings(max_examples=20)
def test_parameters_lie_between_their_ends(method, seed):
    spec = spec_of(method, beta1=[0.3, 0.4], beta2=[0.6, 0.7], epsilon=[0.25, 0.5], momentum=[0.1, 0.2])
    batch = Generator(seed, spec).batch(0, slice(0, 32))
    ends = {"adam": (0.3, 0.4), "rmsprop": (0, 0)}.get(method, (0.1, 0.2))
    assert (batch.beta >= ends[0]).all() and (batch.beta <= ends[1]).all()
    if method in FEW:
        averages = batch.averages
        assert (np.abs(averages.beta2 - 0.65) <= 0.05).all() and (np.abs(averages.epsilon - 0.375) <= 0.125).all()
        assert averages.corrects_bias == (method == "adam")


def test_the_command(capsys, tmp_path):
    asked = ["sweep", "--method", "adam", "--problems", "20", "--out", str(tmp_path / "run"), "--jobs", "1"]
    assert run([*asked, "--beta1", "1/4", "--beta2", "0.5,0.75", "--epsilon", "2"]) == 0
    shown = capsys.readouterr().out
    assert "0 float64, 20 arb" in shown and "independent checker in this call: 20" in shown
    page = (tmp_path / "run" / "index.html").read_text(encoding="utf-8")
    assert re.search("decided in float64</[^>]*>[^>]*>0<", page) and re.search("in Arb</[^>]*>[^>]*>20<", page)
    assert run(["problem", str(tmp_path / "run"), "3"]) == 0
    method = json.loads(capsys.readouterr().out)["method"]
    assert method["beta1"] == "1/4" and method["epsilon"] == "2" and 0.5 <= _value(method["beta2"]) <= 0.75
    assert run(["sweep", "--resume", str(tmp_path / "run"), "--beta1", "1/4"]) == 2
    assert "method and its parameters" in capsys.readouterr().err


def _value(text):
    p, _, q = text.partition("/")
    return int(p) / int(q or 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--method", "rmsprop", "--beta1", "0.5"], "beta1: belongs to adam; name one with --method"),
        (["--momentum", "0.5"], "momentum: belongs to heavy-ball or nesterov"),
        (["--method", "preconditioned", "--epsilon", "1"], "epsilon: belongs to adam or rmsprop"),
        (["--method", "adam", "--epsilon", "1,2,3"], "epsilon: give one number, or two ends"),
        (["--method", "sgd"], "method: 'sgd' is unknown"),
    ],
)
def test_parameters_of_other_methods_are_refused(words, said, capsys, tmp_path):
    assert run(["sweep", *words, "--out", str(tmp_path / "run")]) == 2
    assert said in capsys.readouterr().err and not (tmp_path / "run").exists()
