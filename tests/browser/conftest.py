"""A browser without a network, and the pages and pictures that it opens."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from flint import fmpq
from msgspec.structs import replace

from gdcheck.networks.method_shapes import EndMotion, MethodPrediction, MethodRun
from gdcheck.networks.proof.activations import ACTIVATIONS
from gdcheck.networks.proof.again import proved_again
from gdcheck.networks.proof.minimum.losses import LOSSES
from gdcheck.networks.proof.minimum.objective import Objective
from gdcheck.networks.proof.minimum.prove import prove_minimum
from gdcheck.networks.proof.samples import random_network
from gdcheck.networks.shapes import NetworkResult, TrainingResult
from gdcheck.properties.ablation.run import run_ablations
from gdcheck.properties.basins.crossing_grid import Cell
from gdcheck.properties.basins.plane import draw_plane
from gdcheck.properties.basins.valley_plane import valley_plane
from gdcheck.properties.lemmas.verdict import OwnClaimsRun
from gdcheck.properties.storage.files import as_json
from gdcheck.properties.storage.reading import parse_json
from gdcheck.properties.verify.verify import verify
from gdcheck.reports.charts import picture
from gdcheck.reports.compose import compose, write_run
from gdcheck.reports.crossing_charts import crossing_chart
from gdcheck.reports.direction_chart import moduli_chart, phase_chart
from gdcheck.reports.labels import heading
from gdcheck.reports.method_runs_chart import method_runs_chart, minima_chart
from gdcheck.reports.network_proof_chart import network_minimum_chart, network_proof_chart
from gdcheck.reports.plane_picture import plane_picture
from gdcheck.reports.problem_charts import problem_chart
from gdcheck.reports.step_chart import step_chart
from gdcheck.reports.valley_charts import valley_chart
from gdcheck.reports.valley_map import valley_map
from gdcheck.theorem.certificate.methods.line import method_line, moduli, spectrum_of
from gdcheck.theorem.certificate.shapes import read_as
from gdcheck.theorem.certificate.step_sizes import step_line
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.methods.method import Nesterov
from gdcheck.theorem.valleys.decide import decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DOCS = Path(__file__).parents[2] / "docs"
WORKED = "x**2 + y**2/2 + x**2*y + x**3"


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install playwright"
    )
    if CHROMIUM is None:
        pytest.skip("no Chromium on the path: apt install chromium")
    with playwright.sync_playwright() as runner:
        found = runner.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def page_file(tmp_path_factory):
    """A page of several runs: a verification, ablations and the kept claims."""
    folder = tmp_path_factory.mktemp("page")
    names = [
        "off-boundary",
        "stable-step-neutral",
        "stable-step-beyond",
        "almost-all",
        "smoothness-c11",
        "isolated-minimizer",
    ]
    (folder / "ablation.json").write_text(as_json(run_ablations(names, 6)), encoding="utf-8")
    write_run(verify(12, 0), folder / "verify")
    return compose([folder / "verify", folder / "ablation.json", DOCS / "runs" / "claims-400.json"], folder / "page")


@pytest.fixture(scope="session")
def pages(page_file, tmp_path_factory):
    """A page of every kind, by its name."""
    folder = tmp_path_factory.mktemp("pages")
    kept = {
        "training": DOCS / "measured" / "training.json",
        "minima": DOCS / "measured" / "training-settled.json",
        "network": DOCS / "measured" / "network.json",
        "sweep": DOCS / "runs" / "sweep-1e7.json",
        "ablations": folder / "ablation.json",
    }
    # One row shows how a page of ablations is built; all of them are on the page of several runs.
    ablations = json.loads((page_file.parents[1] / "ablation.json").read_text(encoding="utf-8"))
    first = {"rows": ablations["rows"][:1], "asked": ablations["asked"][:1]}
    (folder / "ablation.json").write_text(json.dumps(ablations | first), encoding="utf-8")
    found = {name: compose([path], folder / name) for name, path in kept.items()}
    path = DOCS / "runs" / "conjectures.json"
    rows = read_as(parse_json(path.read_text(encoding="utf-8"), path.name), OwnClaimsRun).rows
    found["counterexample"] = write_run(next(r.counterexample for r in rows if r.counterexample), folder / "one")
    return found | {"several": page_file}


@pytest.fixture(scope="session")
def pictures():
    """A picture of every kind that stands on no page, as an SVG, by its name."""
    return {name: picture(chart, f"a picture of the kind {name}") for name, chart in _charts()}


def _charts():
    yield "large step", problem_chart(decide(Problem(WORKED, step_size="0.95", start=["0.1", "0.1"])))
    yield "close to 2/η", problem_chart(decide(Problem(WORKED, step_size="0.99", start=["0.01", "0.01"])))
    eight = " + ".join(f"{k}*x{k}**2/2" for k in range(1, 9)) + " + x1*x2*x3"
    yield "eight variables", problem_chart(decide(Problem(eight, step_size="1/5", start=["0.1"] * 8)))
    yield "one variable", problem_chart(decide(Problem("x**2 + x**3/4", step_size="0.3", start=["0.5"])))
    valley = ValleyProblem.of(["x*y - 1"], step_size="0.5", start=["2.2", "0.4"])
    yield "valley", valley_chart(decide_valley(valley))
    yield "valley map", valley_map(valley_plane(valley, 16, fmpq(3)), "residuals x y − 1")
    problem = Problem(WORKED, step_size="0.3", start=["0.1", "0.1"])
    for kind in ("start", "step"):
        yield f"map by {kind}", plane_picture(draw_plane(problem, kind, 24, None), "f(x, y) = x² + …")
    yield "steps", step_chart([step_line(Problem("x**2 + 10*y**2", step_size="1", start=["1", "1"]))], "xy", "x**2")
    # The greedy step, the boundary and the limit lie close together.
    yield "close steps", step_chart([step_line(Problem("x**2 + 40*y**2", step_size="1", start=["1", "1"]))], "xy", "x")
    line = method_line(spectrum_of([fmpq(1, 100), fmpq(1)]), Nesterov(fmpq(1, 2)))
    steps = [k / 50 for k in range(1, 86)]
    rows = dict(zip(("1/100", "1"), moduli([fmpq(1, 100), fmpq(1)], Nesterov(fmpq(1, 2)), steps), strict=True))
    yield "moduli", moduli_chart(line, steps, rows)
    betas = [(0.1 + 0.1 * k, method_line(spectrum_of([1, 2]), Nesterov(fmpq(k + 1, 10)))) for k in range(5)]
    yield "phases", phase_chart(betas, "Direction of Nesterov, spectrum 1, 2")
    cells = [
        Cell("1", ("1",), share / 20, radius / 7, "proved", share * radius, share < 19, share / 10, radius % 2, 0)
        for share in range(8, 20)
        for radius in range(1, 8)
    ]
    lines = {"2/(λ₁+λₙ)": 0.9, "2/λₙ": 0.93}
    yield "methods near a minimum", method_runs_chart(_methods_near_a_minimum())
    yield "minima of trained runs", minima_chart(_minima_of_trained_runs())
    path = DOCS / "runs" / "network-proof-large-step.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    yield "proved run", network_proof_chart(proved_again(kept, path, max_steps=1000))
    yield "proved run to a minimum", network_minimum_chart(_run_to_a_minimum())
    yield "crossings", crossing_chart(cells, heading("f(x, y) = x² + y²", "from starts on a line"), lines)


def _minima_of_trained_runs():
    """The kept training with made-up motions at its minima."""
    kept = read_as(
        json.loads((DOCS / "measured" / "training-settled.json").read_text(encoding="utf-8")), TrainingResult
    )
    ends = {"along_lowest": EndMotion(0.996, 0.0), "along_highest": EndMotion(0.82, 3.1)}
    return replace(kept, minima=tuple(replace(minimum, **ends) for minimum in kept.minima))


def _run_to_a_minimum():
    rng = np.random.default_rng(11)
    inputs, targets = rng.normal(size=(6, 2)), rng.choice([-1.0, 1.0], size=(6, 1))
    network, start = random_network(inputs, targets, [2], ACTIVATIONS["tanh"], seed=2)
    return prove_minimum(Objective(network, LOSSES["mse"], fmpq(3, 10)), start, fmpq(1, 20))


def _methods_near_a_minimum():
    """The kept network with three made-up runs of methods."""
    kept = read_as(json.loads((DOCS / "measured" / "network.json").read_text(encoding="utf-8")), NetworkResult)
    motion, turning = EndMotion(0.96, 0.0), EndMotion(0.95, 1.2)
    told = MethodPrediction("small-step", 1.0, motion, turning, 1.0, None, 1.1)
    steps, heavy = (2, 5, 10, 1000), {"name": "heavy-ball", "momentum": "9/10"}
    places = {"below the switch": heavy, "above the switch": {"name": "adam", "beta1": "1/2"}, "in the window": heavy}
    runs = (
        MethodRun(place, method, 0.5, 1000, False, told, motion, turning, 0.9, 1.0, steps, (-1.0, 0.0, 0.5, 1.0), {})
        for place, method in places.items()
    )
    return replace(kept, methods=tuple(runs))
