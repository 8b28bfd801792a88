"""Momentum and Adam near a strict minimum: predictions as the exact engine's, and wrong ones are not measured."""

import json
import re
from cmath import exp
from dataclasses import replace
from math import pi
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")

from flint import fmpq, fmpq_mat  # noqa: E402
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from msgspec.structs import replace as replace_fields  # noqa: E402

from gdcheck.networks.end_motion import measure, motion_findings  # noqa: E402
from gdcheck.networks.method_shapes import EndMotion, MethodRun  # noqa: E402
from gdcheck.networks.near_minimum import Plan, plans, run_near  # noqa: E402
from gdcheck.networks.predictions import lines, predict  # noqa: E402
from gdcheck.networks.shapes import NetworkResult, TrainingResult  # noqa: E402
from gdcheck.properties.storage.files import as_json  # noqa: E402
from gdcheck.reports.charts import as_svg  # noqa: E402
from gdcheck.reports.measured_view import TrainingView  # noqa: E402
from gdcheck.reports.method_runs_chart import method_runs_chart  # noqa: E402
from gdcheck.theorem.assumptions.spectrum import Pencil  # noqa: E402
from gdcheck.theorem.augmented.modes import classify_motion  # noqa: E402
from gdcheck.theorem.augmented.signs import Spectrum  # noqa: E402
from gdcheck.theorem.augmented.thresholds import thresholds  # noqa: E402
from gdcheck.theorem.certificate.shapes import read_as  # noqa: E402
from gdcheck.theorem.methods.reading import read_method  # noqa: E402
from tests.torch.networks.test_network import Cubic, minimum_of  # noqa: E402

KEPT = Path(__file__).parents[3] / "docs" / "measured"
METHODS = [
    {"name": "gradient-descent"},
    {"name": "heavy-ball", "momentum": "1/20"},
    {"name": "heavy-ball", "momentum": "9/10"},
    {"name": "nesterov", "momentum": "1/20"},
    {"name": "nesterov", "momentum": "1/2"},
    {"name": "adam", "beta1": "1/20", "beta2": "9/10", "epsilon": "1"},
    {"name": "rmsprop", "beta2": "9/10", "epsilon": "1/2"},
]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(METHODS),
    st.lists(st.integers(1, 400), min_size=2, max_size=4, unique=True),
    st.integers(1, 40),
)
def test_predictions_in_floats_are_those_of_the_exact_engine(given_method, numbers, share):
    values = sorted(fmpq(k, 16) for k in numbers)
    method = read_method(given_method)
    known = Spectrum(
        Pencil(
            fmpq_mat(
                len(values),
                len(values),
                [x if i == j else fmpq(0) for i, x in enumerate(values) for j in range(len(values))],
            )
        ),
        256,
    )
    found = thresholds(known, method)
    floats = [int(x.p) / int(x.q) for x in values]
    boundary, window, limit = lines(method, floats[0], floats[-1])
    assert limit == pytest.approx(float(found.stability_limit.value.mid()))
    if found.boundary is not None and boundary is not None:
        assert boundary == pytest.approx(float(found.boundary.value.mid()))
    if found.window is not None and window is not None:
        assert window == pytest.approx([float(end.value.mid()) for end in found.window])
    step = fmpq(*limit.as_integer_ratio()) * share / 41
    motion = classify_motion(known, method, step)
    if motion.regime is not None and motion.regime.value != "boundary":
        assert predict(method, int(step.p) / int(step.q), floats).regime == motion.regime.value


@pytest.fixture(scope="module")
def measured():
    objective = Cubic()
    minimum = minimum_of(objective)
    chosen = plans(minimum.spectrum.tolist())
    return objective, minimum, {(p.method["name"], p.place): p for p in chosen}


@pytest.fixture(scope="module")
def runs(measured):
    objective, minimum, chosen = measured
    return {key: run_near(objective, minimum, plan, steps=3000, seed=0) for key, plan in chosen.items()}


def test_both_sides_and_the_window_are_measured(runs):
    sides = ("below the switch", "above the switch")
    expected = {("heavy-ball", p) for p in (*sides, "in the window")} | {("adam", p) for p in sides}
    assert set(runs) == expected
    for run in runs.values():
        assert all(run.findings.values()), run.findings
        assert not run.left
    below, above = runs["adam", sides[0]], runs["adam", sides[1]]
    assert below.cosine_low > 0.999 and above.cosine_high < -0.999
    window = runs["heavy-ball", "in the window"]
    assert len(window.findings) == 3 and 0 < window.lowest.angle < window.highest.angle < pi


def test_a_wrong_momentum_is_not_measured(measured):
    objective, minimum, chosen = measured
    plan = chosen["heavy-ball", "in the window"]

    class Wrong(Plan):
        def config(self):
            return replace(super().config(), momentum=0.905)

    run = run_near(objective, minimum, Wrong(plan.place, plan.method, plan.step_size), steps=1500, seed=0)
    assert [holds for sentence, holds in run.findings.items() if "growth per step" in sentence] == [False, False]


def test_the_picture_and_the_stored_form(runs):
    for run in runs.values():
        assert read_as(json.loads(as_json(run)), MethodRun) == run
    kept = read_as(json.loads((KEPT / "network.json").read_text(encoding="utf-8")), NetworkResult)
    sides = {key: run for key, run in runs.items() if key[1] != "in the window"}
    for chosen in (runs, sides):
        svg = as_svg(method_runs_chart(replace_fields(kept, methods=tuple(chosen.values()))))
        said = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", svg))
        assert kept.data.name in said and f"seed {kept.options['seed']}" in said
        assert all(f"{run.step_size:.4g} {run.place}" in said for run in chosen.values())
        assert ("in the window" in said) == (chosen is runs), "only what is there"


@pytest.mark.parametrize(
    ("multipliers", "angle"), [((0.9, 0.3), 0.0), ((-0.9, 0.3), pi), ((0.9 * exp(0.7j), 0.9 * exp(-0.7j)), 0.7)]
)
def test_motion_is_read_off_three_values_at_a_time(multipliers, angle):
    values = [sum(x**k for x in multipliers).real for k in range(60)]
    triples = torch.tensor([values[k : k + 3] for k in range(20, 58, 5)], dtype=torch.float64)
    seen = measure(triples, EndMotion(0.5, angle))
    assert (seen.modulus, seen.angle) == pytest.approx((0.9, angle), abs=1e-9)
    for told, holds in {(0.9, angle): True, (0.902, angle): False, (0.9, angle + 0.01): False}.items():
        assert list(motion_findings([EndMotion(*told), None], [seen, None]).values()) == [holds]


def test_training_is_held_against_the_minimum_ahead(gdcheck, tmp_path):
    words = ["--network", "tiny", "--width", "2", "--subset", "20", "--steps", "900", "--measure-every", "0"]
    words += ["--weight-decay", "0.05", "--dtype", "float64", "--optimizer", "gd", "--step-size", "0.7"]
    code, said, _ = gdcheck("train", *words, "--minimum", "--device", "cpu", "--out", tmp_path / "out")
    assert code == 0
    result = read_as(json.loads((tmp_path / "out" / "result.json").read_text()), TrainingResult)
    (one,) = result.minima
    assert one.reason is None and one.predicted.regime == "small-step"
    assert all(one.findings.values()), said
    assert "measured: the cosine of consecutive updates goes to +1" in said
    assert "measured: along v₁ the growth per step is" in said and one.along_lowest.angle == 0
    picture = (tmp_path / "out" / "minima.svg").read_text()
    shown = ["v₁", "η = 0.7, seed 0", "Trained runs at the minima", "20 images", "below the switch"]
    assert all(words in picture for words in shown) and "above the switch" not in picture
    assert "small-step" in "\n".join(TrainingView(result).markdown())
