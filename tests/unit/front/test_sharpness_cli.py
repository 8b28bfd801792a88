"""``gdcheck check --sharpness`` and ``--scalar``, and ``gdcheck crossings``."""

import json
from fractions import Fraction

import pytest
from flint import fmpq
from jsonschema import validate

from gdcheck.cli import run
from gdcheck.properties.basins.crossing_grid import FACTORS, SHARES, crossing_grid
from gdcheck.terminal.crossing_report import summary
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.sharpness.sharpness import sharpness

WORKED = "x**2 + y**2/2 + x**2*y + x**3"

PATTERN = {
    "type": "object",
    "required": ["kind", "from_step", "least", "broken", "order", "coefficient", "proof", "cause", "first"],
    "properties": {
        "kind": {"enum": ["monotone-from-above", "monotone-from-below", "oscillating", "constant", "undecided"]},
        "from_step": {"type": ["integer", "null"]},
        "least": {"type": ["boolean", "null"]},
        "order": {"enum": [1, 2, None]},
        "proof": {
            "type": ["object", "null"],
            "required": ["step", "order", "period", "size", "error", "growth", "along", "ratio", "radius", "K"],
        },
        "first": {"type": "array", "maxItems": 16},
    },
}
SHARPNESS = {
    "allOf": [PATTERN],
    "required": ["C_eta", "lambda_n", "threshold", "crossings"],
    "properties": {
        "C_eta": {"type": ["string", "null"]},
        "crossings": {
            "type": "object",
            "required": ["count", "steps", "undecided", "complete", "examined", "peak", "loss_fell", "loss_rose"],
        },
    },
}


def check(capsys, step_size, start, *more, loss=WORKED):
    words = ["check", "--loss", loss, "--step-size", step_size, f"--start={start}", *more]
    code = run(words)
    out, err = capsys.readouterr()
    return code, out, err


def answered(capsys, *arguments, **options):
    code, out, err = check(capsys, *arguments, "--json", **options)
    assert not err
    return code, json.loads(out)


def test_the_large_step_example(capsys):
    code, answer = answered(capsys, "0.95", "0.1,0.1", "--sharpness")
    found = answer["sharpness"]
    validate(found, SHARPNESS)
    assert code == 0
    assert (found["kind"], found["from_step"], found["C_eta"], found["threshold"]) == ("oscillating", 0, "6", "40/19")
    crossed = found["crossings"]
    assert (crossed["count"], crossed["undecided"], crossed["complete"]) == (7, 0, True)
    assert (crossed["loss_fell"], crossed["loss_rose"]) == (7, [])
    assert [round(float(low), 3) for low, _ in found["first"][:4]] == [2.822, 1.370, 2.389, 1.588]
    assert all(float(low) <= float(high) for low, high in found["first"])


def test_the_small_step_example_says_from_which_step(capsys):
    _, answer = answered(capsys, "0.1", "0.1,-0.1", "--sharpness")
    found = answer["sharpness"]
    validate(found, SHARPNESS)
    assert (found["kind"], found["from_step"], found["least"], found["broken"]) == ("monotone-from-below", 16, True, 16)
    _, out, _ = check(capsys, "0.1", "0.1,-0.1", "--sharpness")
    assert "monotone-from-below, proved from step 16 on; broken at 16 earlier steps" in " ".join(out.split())


@pytest.mark.parametrize(
    ("step_size", "start", "loss", "kind"),
    [
        ("0.95", "0.1,0.1", WORKED, "oscillating"),
        ("0.1", "0.1,-0.1", WORKED, "monotone-from-below"),
        ("0.42", "0.1,0.1", "x**2/2 + 2*y**2 + x**4 + y**4", "monotone-from-above"),
        ("0.66666666666", "0.1,0.1", WORKED, "monotone-from-above"),
    ],
)
def test_the_inequality_can_be_checked_by_hand(capsys, step_size, start, loss, kind):
    _, answer = answered(capsys, step_size, start, "--sharpness", loss=loss)
    found = answer["sharpness"]
    proof = found["proof"]
    assert found["kind"] == kind and proof["step"] >= found["from_step"]
    assert proof["period"] == (2 if kind == "oscillating" else 1)
    size, error, growth = (Fraction(proof[name]) for name in ("size", "error", "growth"))
    assert size > 0 and error >= 0 and 0 < growth < 1
    assert (size + error) * growth ** (proof["order"] * proof["period"]) < size - error
    assert abs(size - abs(Fraction(found["coefficient"]))) < Fraction(1, 10**6)


def test_people_are_told_of_crossings_and_of_the_loss(capsys):
    _, out, _ = check(capsys, "0.95", "0.1,0.1", "--sharpness")
    said = " ".join(out.split())
    assert "at exactly 7 steps (0, 2, 4, 6, 8, 10, 12); the loss falls at every one" in said
    _, out, _ = check(capsys, "0.95", "0.16,0.1", "--sharpness")
    assert "the loss rises at 1 of them" in " ".join(out.split())


def test_without_the_option_nothing_is_added(capsys):
    _, answer = answered(capsys, "0.95", "0.1,0.1")
    assert "sharpness" not in answer and "scalars" not in answer


def test_scalars_are_answered_in_their_order(capsys):
    code, answer = answered(capsys, "0.95", "0.1,0.1", "--scalar", "x*y + x", "--scalar", "y")
    assert code == 0
    first, second = answer["scalars"]
    for scalar in (first, second):
        validate(scalar, PATTERN)
    assert (first["scalar"], first["kind"], first["derivative"]) == ("x*y + x", "oscillating", "1")
    assert (second["scalar"], second["derivative"], second["order"]) == ("y", "0", 2)
    _, out, _ = check(capsys, "0.1", "0.1,0.1", "--scalar", "x")
    assert "slope 0: the next order decides" in out


def test_what_no_checker_has_seen_is_not_called_proved(capsys):
    _, out, _ = check(capsys, "0.95", "0.1,0.1", "--scalar", "x**3", "--sharpness")
    rows = {line.split()[0]: " ".join(line.split()) for line in out.splitlines() if line.strip()}
    assert "enclosed from step 0 on, without a certificate" in rows["x**3"]
    assert "proved" not in rows["x**3"]
    assert rows["sharpness"].endswith("proved from step 0 on, rechecked")


@pytest.mark.parametrize("text", ["x*z", "x +", "x**y", "eval(x)"])
def test_a_bad_scalar_gets_one_sentence(capsys, text):
    code, out, err = check(capsys, "0.95", "0.1,0.1", "--scalar", text)
    assert code == 2 and not out
    assert err.startswith("error: scalar: ") and err.count("\n") == 1


@pytest.mark.parametrize(
    ("loss", "step_size", "start"),
    [
        ("x**2 - y**2 + y**4", "0.1", "0.1,0.1"),
        ("x**2 + y**2 + y**3", "0.1", "0.1,0.1"),
        ("x**2 + y**2/2 + y**3", "1", "0.1,0.1"),
        ("x**2 + y**2/2 + max(x - y, 0)**2", "0.1", "0.1,0.2"),
        ("x**2 + y**2/2", "0.1", "0,0"),
        (WORKED, "0.6666666666666666", "0.1,0.1"),
        (WORKED, "2/3", "0.1,0.1"),
        (WORKED, "0.95", "3,3"),
    ],
)
def test_hard_problems_are_answered_too(capsys, loss, step_size, start):
    code, answer = answered(
        capsys, step_size, start, "--sharpness", "--scalar", "x + y", "--max-steps", "200", loss=loss
    )
    assert code in {0, 3}
    if answer["sharpness"] is not None:
        validate(answer["sharpness"], SHARPNESS)
    people, out, err = check(
        capsys, step_size, start, "--sharpness", "--scalar", "x + y", "--max-steps", "200", loss=loss
    )
    assert people == code and out and not err


# The grid -------------------------------------------------------------------------------------------------------------


def test_the_grid_agrees_with_single_problems_and_finds_where_the_loss_rises():
    problem = Problem(WORKED, step_size="1", start=["0.1", "0.1"])
    cells = crossing_grid(problem, [fmpq(1, 2), fmpq(19, 20)], [fmpq(1), fmpq(6, 5)])
    assert [c.step_size for c in cells] == ["1/2", "1/2", "19/20", "19/20"]
    for cell in cells:
        found = sharpness(decide(Problem(WORKED, step_size=cell.step_size, start=cell.start)), first_steps=True)
        assert cell.count == len(found.crossings.steps)
        assert cell.verdict == Verdict.PROVED.value and cell.complete
        if cell.count:
            assert cell.excess == pytest.approx(max(float(x.mid()) for x in found.first) / float(40 / 19) - 1)
    still, rising = cells[2], cells[3]
    assert (still.count, still.loss_fell, still.loss_rose) == (7, 7, 0)
    assert rising.loss_rose == 1 and rising.loss_fell == rising.count - 1


def test_the_loss_rises_at_a_crossing_within_the_basin():
    decision = decide(Problem(WORKED, step_size="0.95", start=["0.16", "0.1"]))
    crossed = sharpness(decision).crossings
    assert decision.verdict is Verdict.PROVED
    assert crossed.rose == (0,) and crossed.complete
    loss = decision.problem.loss
    after = [x - fmpq(19, 20) * g for x, g in zip(decision.problem.start, loss.gradient(("0.16", "0.1")), strict=True)]
    assert loss.value(after) > loss.value(("0.16", "0.1"))


def test_crossings_writes_a_picture_and_says_what_it_found(capsys, tmp_path):
    out = tmp_path / "grid.svg"
    assert run(["crossings", "--loss", WORKED, "--start", "0.1,0.1", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert f"of {len(SHARES) * len(FACTORS)} cells, by enclosures" in said and "it surely rises in" in said
    assert out.read_text(encoding="utf-8").startswith("<svg")
    assert run(["crossings", "--loss", WORKED, "--start", "0.1,0.1", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["cells"]) == len(SHARES) * len(FACTORS)


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--loss", "x**2 - y**2", "--start", "1,1"], "minimizer"),
        (["--loss", "x**2 + y**2/2", "--start", "0,0"], "start"),
        (["--loss", WORKED], "start"),
        (["--loss", WORKED, "--start", "0.1,0.1", "--out", "grid.jpg"], "out"),
    ],
)
def test_bad_grids_get_one_sentence(capsys, words, field):
    assert run(["crossings", *words]) == 2
    out, err = capsys.readouterr()
    assert not out and err.startswith(f"error: {field}: ")


def test_a_grid_needs_a_direction():
    with pytest.raises(InputError):
        crossing_grid(Problem(WORKED, step_size="1", start=["0", "0"]), [fmpq(1, 2)], [fmpq(1)])


def test_a_summary_says_what_is_open():
    problem = Problem(WORKED, step_size="1", start=["0.1", "0.1"])
    cells = crossing_grid(problem, [fmpq(19, 20)], [fmpq(1)], max_steps=3)
    assert not cells[0].complete
    assert any("may not be complete" in line for line in summary(cells))


def test_the_certificate_proves_the_sharpness_too(capsys, tmp_path):
    path = tmp_path / "certificate.json"
    code, answer = answered(capsys, "0.95", "0.16,0.1", "--sharpness", "--certificate", str(path))
    found = answer["sharpness"]
    assert (code, answer["recheck"]) == (0, "accepted")
    assert (found["recheck"], found["certified"]) == ("accepted", ["pattern", "crossings"])
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert stored["schema"] == "gdcheck-sharpness/1"
    assert run(["recheck", str(path)]) == 0
    said = "accepted: proved; λₙ(x_k) oscillating from step 3 on, above 2/η at exactly 5 steps\n"
    assert capsys.readouterr().out == f"{path}: {said}"
    assert run(["replay", str(path)]) == 0
    assert "SAME: proved" in capsys.readouterr().out
    stored["crossings"]["steps"] = [0, 2, 4]
    stored["pattern"]["from_step"] = 0
    path.write_text(json.dumps(stored), encoding="utf-8")
    assert run(["recheck", str(path)]) == 1
    assert "rejected: λ_n(x_k) < 2/eta fails at step 6" in capsys.readouterr().out
    assert run(["replay", str(path)]) == 1
    assert "DIFFERENT: stored λₙ(x_k) oscillating from step 0 on, above 2/η at exactly 3" in capsys.readouterr().out
    stored["pattern"]["sign"] = 3
    path.write_text(json.dumps(stored), encoding="utf-8")
    assert run(["recheck", str(path)]) == 2
    assert "pattern.sign" in capsys.readouterr().err


def test_a_pattern_of_the_second_order_has_no_certificate(capsys, tmp_path):
    """Then the certificate still proves the crossings."""
    path = tmp_path / "certificate.json"
    _, answer = answered(
        capsys, "0.5", "0.1,0.1", "--sharpness", "--certificate", str(path), loss="x**2 + y**2/2 + x**2*y**2"
    )
    assert answer["sharpness"]["order"] == 2
    assert answer["sharpness"]["certified"] == ["crossings"]
    assert json.loads(path.read_text(encoding="utf-8"))["pattern"] is None


def test_the_words_say_what_is_rechecked(capsys):
    _, out, _ = check(capsys, "0.95", "0.1,0.1", "--sharpness")
    assert out.count(", rechecked") == 3
    _, out, _ = check(capsys, "0.95", "0.1,0.1", "--sharpness", "--no-recheck")
    assert ", rechecked" not in out
