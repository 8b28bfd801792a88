"""Every command in the README runs, and says what the README says."""

import json
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from gdcheck.cli import run

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def page(name):
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


COMMANDS = re.findall(r"^\| `(gdcheck [^`]+)` \|", README, flags=re.MULTILINE)
SHORT = {
    "train": ["train", "--network", "tiny", "--subset", "20", "--steps", "3"],
    "network": ["network", "--width", "4", "--subset", "20", "--steps", "20", "--scan-steps", "10"],
}
TWO = ["pip install . && gdcheck verify", "pip install tox && tox"]


def test_exactly_two_commands_for_a_fresh_machine():
    assert re.findall(r"```sh\n(.*?)\n```", README, flags=re.DOTALL) == TWO
    assert len(README.splitlines()) < 150
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").count("'" + "' '".join(TWO) + "'") == 1


def test_the_table_names_every_command():
    import typer

    from gdcheck.cli import app

    named = {command.split()[1] for command in COMMANDS}
    assert named == set(typer.main.get_command(app).commands), "the table and gdcheck --help differ"


@pytest.mark.parametrize("command", COMMANDS)
def test_command_of_the_table_succeeds(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    worked = shlex.split(next(c for c in COMMANDS if c.startswith("gdcheck check")))[1:]
    assert run([*worked, "--certificate", "certificate.json"]) == 0
    words = shlex.split(command)[1:]
    few = ["verify", "--problems", "12", "--jobs", "1"]
    if words[0] == "verify":
        # The same command with fewer problems and one process; the full one is run by the continuous integration.
        words = few
    if words[0] == "report":
        assert run(few) == 0
    if words[0] == "ablate":
        words += ["--budget", "12", "--jobs", "1"]
    if words[0] == "map":
        words += ["--size", "60"]
    if words[0] in {"sweep", "problem"}:
        # A problem is one of a sweep: one of a thousand is enough here.
        assert run(["sweep", "--problems", "1000", "--jobs", "1"]) == 0
        words = words if words[0] == "problem" else ["sweep", "--resume", "reports/out/run"]
    if words[0] in SHORT:
        # What these two measure is tested in tests/torch/networks, where torch is.
        expected = {0, 3} if all(map(find_spec, ("torch", "scipy", "tensorboard"))) else {2}
        assert run(SHORT[words[0]]) in expected, capsys.readouterr()
        return
    assert run(words) == 0, capsys.readouterr()


def test_python_examples_say_what_they_show(capsys):
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) == 2
    exec(compile("".join(blocks), "README.md", "exec"), {})
    assert capsys.readouterr().out.split() == ["proved", "True", "refuted"]


def test_verdict_table_lists_the_verdicts_and_their_exit_codes():
    from gdcheck.commands.common import OTHER, PROVED, REFUTED
    from gdcheck.theorem.decision.decide import Verdict

    rows = dict(re.findall(r"^\| ([a-z-]+) \| [^|]+ \| (\d) \|$", README, flags=re.MULTILINE))
    expected = {v.value: {"proved": PROVED, "refuted": REFUTED}.get(v.value, OTHER) for v in Verdict}
    assert {k: int(v) for k, v in rows.items()} == expected


def test_the_size_of_the_checker_is_as_stated():
    files = (ROOT / "theorem" / "checker").rglob("*.py")
    total = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
    assert f"({total} lines in all, one claim a function)" in README


def test_the_table_of_ablations_is_what_the_search_finds():
    from gdcheck.properties.ablation.rows import ABLATIONS
    from tests.unit.properties.ablation.test_ablation import NEEDED

    text = page("ablation")
    table = text[text.index("## Which assumptions matter") : text.index("## An ablation of your own")]
    named = re.findall(r"`([a-z0-9-]+)`", table)
    assert [name for name in named if name in {a.name for a in ABLATIONS}] == [a.name for a in ABLATIONS]
    for row in table.splitlines()[4:]:
        names = set(re.findall(r"`([a-z0-9-]+)`", row))
        if names:
            assert ("as far as the search shows" in row) == bool(names - NEEDED), row
            assert ("proved" in row) == bool(names & NEEDED), row


def test_the_figures_of_the_claims_with_the_second_engine_are_those_of_their_run():
    from gdcheck.reports.kinds import read_views

    (view,) = read_views([ROOT / "docs" / "runs" / "claims-400.json"])
    assert (ROOT / "docs" / "claims.svg").read_text(encoding="utf-8") == view.pictures()["claim-verdicts"]
    rows = json.loads((ROOT / "docs" / "runs" / "claims-400.json").read_text(encoding="utf-8"))["rows"]
    total = {key: sum(row[key] for row in rows) for key in ("examined", "held", "violated", "undecided")}
    seen = [row["kinds"].get("second", {}) for row in rows]
    formula = sum(n for row in rows for cause, n in row["causes"].get("aside", {}).items() if "by formula" in cause)
    text = " ".join(page("claims").split())
    assert f"examined {total['examined']:,} problems" in text and f"{total['held']:,} held" in text
    assert total["violated"] == 0 and total["undecided"] == 1
    assert f"{formula} of Lemma 1 hold by formula" in text
    assert f"did not settle on {sum(s.get('not settled', 0) for s in seen)} of `observation`" in text
    assert f"the other {sum(s.get('agrees', 0) for s in seen)} on which it was asked" in text


def test_the_figures_of_fuzzing_are_those_of_their_runs():
    record = json.loads((ROOT / "docs" / "runs" / "fuzz-natural" / "record.json").read_text(encoding="utf-8"))
    counts, text = record["shapes"]["natural"], page("fuzz")
    assert f"seed 0, {record['done']:,} problems in {record['seconds'] / 60:.1f} minutes" in text
    rate = counts["converges, unresolved"] / counts["converges"]
    assert f"of {counts['converges']:,} with a limit that is proved or seen in simulation" in text
    assert f"{counts['converges, unresolved']}, {100 * rate:.3f} %" in text and rate < 0.001
    assert record["disagreements"] == [] and "disagreements: 0" in text
    shapes = json.loads((ROOT / "docs" / "runs" / "fuzz-shapes" / "record.json").read_text(encoding="utf-8"))
    assert f"seed 2, {shapes['done']:,} problems in {shapes['seconds'] / 60:.1f} minutes" in text
    assert shapes["disagreements"] == []
    found = json.loads((ROOT / "docs" / "runs" / "agreement.json").read_text(encoding="utf-8"))
    assert f"{found['verdicts']:,} proofs in float64 with seed {found['seed']}" in text
    assert found["verdicts"] >= 10**6 and found["differing"] == []
    for shape, states in found["shapes"].items():
        proved = states["proved"]
        assert f"| `{shape}` | {proved:,} | {sum(states.values()) - proved:,} |" in text


def test_the_table_of_classic_functions_is_that_of_its_run():
    rows = json.loads((ROOT / "docs" / "runs" / "classic.json").read_text(encoding="utf-8"))
    problems = (ROOT / "benchmarks" / "classic.jsonl").read_text(encoding="utf-8").splitlines()
    known = [json.loads(line) for line in problems]
    assert [(row["name"], row["verdict"]) for row in rows] == [(case["name"], case["verdict"]) for case in known]
    text = page("classic")
    assert text.startswith(f"# Classic test functions\n\nThis page has {len(rows)} problems")
    for name in {row["name"] for row in rows}:
        here = [row for row in rows if row["name"] == name]
        most = [max(row[key] or 0 for row in here) for key in ("steps", "bits", "decision_s", "recheck_s")]
        proved = sum(row["verdict"] == "proved" for row in here)
        cells = [name, len(here), proved, f"{most[0]:,}", most[1], *(f"{x:.2f} s" for x in most[2:])]
        assert f"| {' | '.join(map(str, cells))} |" in text
    for row in rows:
        assert row["recheck_s"] <= max(0.1, 5 * row["decision_s"]), row


def test_the_table_of_losses_on_real_data_is_that_of_its_run():
    rows = json.loads((ROOT / "docs" / "runs" / "real-data.json").read_text(encoding="utf-8"))
    text = page("smooth")
    assert {(row["name"], row["kind"]) for row in rows} == {
        (name, kind)
        for name in ("logistic", "softmax", "ridge", "factorization", "network")
        for kind in ("fixed", "alternating")
    }
    for row in rows:
        cells = [*list(row.values())[:5], f"{row['step']:,}", f"{row['decision_s']:.2f} s", f"{row['recheck_s']:.2f} s"]
        assert f"| {' | '.join(map(str, cells))} |" in text


def test_the_figures_of_many_rows_are_those_of_their_run():
    run = json.loads((ROOT / "docs" / "runs" / "many-rows.json").read_text(encoding="utf-8"))
    assert (run["rows"], run["features"]) == (10_000, 100)
    step, seconds, memory = run["step"], run["decision_s"], run["memory_gib"]
    taken = f"at step {step}, in {seconds:.1f} s of processor time and with {memory:.2f} GiB"
    assert taken in page("smooth")


def _kept(name):
    return json.loads((ROOT / "docs" / "measured" / f"{name}.json").read_text(encoding="utf-8"))


def test_the_figures_of_networks_are_those_of_the_kept_results():
    text = page("networks")
    network, panel = _kept("network"), _kept("training")
    assert all(found["holds"] for found in network["findings"].values())
    assert f"({network['network']['parameters']} parameters, λ₁ = " in text
    assert f"--weight-decay {network['weight_decay']} --seed {network['options']['seed']}" in text
    equal = (
        f"equal at η = {network['switch']:.9g}, at a relative distance of {network['switch_relative_difference']:.1e}"
    )
    assert equal in text
    near = [point for point in network["scan"] if 0.999 < point["ratio"] < 1]
    assert near
    assert all(point["cosine"] < -0.99 for point in near)
    assert f"its {network['options']['scan_steps']} steps" in " ".join(text.split())
    assert not any(_kept(name)["data"]["synthetic"] for name in ("network", "training", "training-batches"))
    for one in panel["optimizers"]:
        found = one["approach"]
        assert found["verdict"] == "level"
        row = next(line for line in text.splitlines() if line.startswith(f"| {one['optimizer']} | yes |"))
        assert row.startswith(f"| {one['optimizer']} | yes | not measured | ")
        assert f"| {found['deficit']:.1e} | {found['flow']:.1e} | {one['loss_change']:.2%} |".replace("%", " %") in row
        assert row.endswith(f"| {found['gradient']:.3f} |")
        assert (one["seeds"], one["batch"]) == (5, None)
    assert f"full batches, {panel['network']['parameters']} parameters" in text


def test_the_words_on_batches_are_those_of_the_kept_result():
    gd, momentum, adam = _kept("training-batches")["optimizers"]
    words = " ".join(page("networks").split())
    assert [one["approach"]["verdict"] for one in (gd, momentum, adam)] == ["level", "below", "below"]
    assert (gd["batch"], momentum["batch"], adam["batch"]) == (None, 100, 100)
    assert f"(1 − cos {gd['approach']['deficit']:.1e}, the flow's {gd['approach']['flow']:.1e})" in words
    finals = [one["approach"]["final"] for one in (momentum, adam)]
    worst = [one["approach"]["worst"] for one in (momentum, adam)]
    assert f"(mean {finals[0]:.3f} and {finals[1]:.3f}, least {worst[0]:.3f} and {worst[1]:.3f}" in words
    assert all(one["approach"]["reason"].startswith("3 of 3 seeds fall below 0.99") for one in (momentum, adam))


def test_the_training_commands_of_the_readme_are_those_of_the_kept_results():
    commands = re.findall(r"`gdcheck (train --preset [^`]+)`", page("networks"))
    for command, name in zip(commands, ("training", "training-batches"), strict=True):
        words = shlex.split(command)[1:]
        given = dict(zip(words[::2], words[1::2], strict=True))
        kept = json.loads((ROOT / "docs" / "measured" / f"{name}.json").read_text(encoding="utf-8"))
        # As the command line has them where they are not given.
        assert given.get("--network", "cnn") == kept["network"]["architecture"]
        assert int(given.get("--width", 8)) == kept["network"]["width"]
        assert given.get("--loss", "mse") == kept["loss"]
        assert (int(given["--subset"]), int(given["--steps"])) == (kept["data"]["images"], kept["steps"])
        assert {kept["steps"] // int(given["--measure-every"])} == {run_["looks"] for run_ in kept["runs"]}
        batch = {one["batch"] for one in kept["optimizers"]} - {None}
        assert batch == ({int(given["--batch-size"])} if "--batch-size" in given else set())


def test_the_figures_of_the_sweep_in_batches_are_those_of_its_summary():
    text = page("sweep")
    found = json.loads((ROOT / "docs" / "runs" / "sweep-1e7.json").read_text(encoding="utf-8"))
    assert found["problems"] == found["decided"] == 10_000_000
    verdicts, tiers = found["verdicts"], found["tiers"]
    figures = ", ".join(f"{verdicts[name]:,}" for name in ("proved", "refuted", "unresolved"))
    assert f"| problems proved, refuted, unresolved | {figures} |" in text
    assert f"| decided in float64, in Arb | {tiers['float64']:,}, {tiers['arb']:,} |" in text
    assert found["disagreements"] == []


@pytest.mark.parametrize("method", ["heavy-ball", "nesterov"])
def test_the_figures_of_the_sweeps_with_momentum_are_those_of_their_summaries(method):
    found = json.loads((ROOT / "docs" / "runs" / f"sweep-{method}.json").read_text(encoding="utf-8"))
    assert found["verdicts"]["proved"] == found["decided"] == 1_000_000 and found["disagreements"] == []
    tiers = found["tiers"]
    assert f"{tiers['float64']:,} in float64 and {tiers['arb']:,} in Arb" in page("methods")


def test_the_figures_of_the_sweep_with_preconditioners_are_those_of_its_summary():
    found = json.loads((ROOT / "docs" / "runs" / "sweep-preconditioned.json").read_text(encoding="utf-8"))
    assert found["verdicts"]["proved"] == found["decided"] == 1_000_000 and found["disagreements"] == []
    tiers = found["tiers"]
    assert f"{tiers['float64']:,} in float64 and {tiers['arb']:,} in Arb" in page("methods")
    assert "preconditioners: 1,000,000 proved" in page("runs/README")


def test_the_figures_of_the_sweeps_of_adam_and_rmsprop_are_those_of_their_summaries():
    proved = []
    for name in ("adam", "rmsprop"):
        found = json.loads((ROOT / "docs" / "runs" / f"sweep-{name}.json").read_text(encoding="utf-8"))
        assert found["decided"] == 2000 and found["tiers"] == {"float64": 0, "arb": 2000}
        assert found["disagreements"] == [] and found["spec"]["method"] == name
        proved.append(f"{found['verdicts']['proved']:,}")
    text = page("methods")
    assert f"(runs/sweep-adam.json) {proved[0]} proved" in text and f"(runs/sweep-rmsprop.json) {proved[1]};" in text
    assert f"rechecked: {proved[0]} and {proved[1]} proved" in page("runs/README")


def test_the_figures_of_the_sharpness_claim_are_those_of_its_run():
    text = page("sharpness")
    found = json.loads((ROOT / "docs" / "runs" / "sharpness-10000.json").read_text(encoding="utf-8"))
    counts = found["claims"]["sharpness"]
    assert counts["holds"] == {"holds": counts["problems"]}
    assert f"held on all {counts['problems']:,} problems, with none unresolved" in " ".join(text.split())
