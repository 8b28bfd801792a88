"""The schemas in docs/schemas are those that the code uses: python -m tests.unit.reports.test_schemas writes them."""

import json
from pathlib import Path

import jsonschema
import pytest

from gdcheck.cli import run
from gdcheck.commands.answer_schemas import ANSWER_SCHEMAS
from gdcheck.reports.kinds import KINDS
from gdcheck.theorem.certificate.schema import (
    Certificate,
    ConeCertificate,
    EveryStart,
    Sharpness,
    Smooth,
    SmoothEnd,
    SmoothEveryStart,
    SmoothMethod,
    SmoothSharpness,
    SmoothSteps,
    SmoothSymmetry,
    Valley,
    ValleyMethod,
    ValleyRank,
)
from gdcheck.theorem.certificate.shapes import json_schema
from gdcheck.theorem.descent.problem import PROBLEM_SCHEMA
from gdcheck.theorem.valleys.problem import VALLEY_PROBLEM_SCHEMA

QUADRATIC = ("--loss", "x**2 + 2*y**2", "--step-size", "1/10")
FOLDER = Path(__file__).parents[3] / "docs" / "schemas"
NAMES = {"verification": "report"}
PUBLISHED = {
    "problem": PROBLEM_SCHEMA,
    "valley-problem": VALLEY_PROBLEM_SCHEMA,
    "certificate": json_schema(Certificate, "gdcheck certificate"),
    "cone-certificate": json_schema(ConeCertificate, "gdcheck certificate with a cone"),
    "every-start": json_schema(EveryStart, "gdcheck certificate for every start"),
    "sharpness": json_schema(Sharpness, "gdcheck sharpness certificate"),
    **{name: json_schema(k.shape, f"gdcheck {name}") for k in KINDS for name in [NAMES.get(k.name, k.name)]},
    "smooth": json_schema(Smooth, "gdcheck certificate of a smooth loss"),
    "smooth-end": json_schema(SmoothEnd, "gdcheck certificate of another end of a smooth loss's trajectory"),
    "smooth-every-start": json_schema(SmoothEveryStart, "gdcheck certificate of a smooth loss for every start"),
    "smooth-method": json_schema(SmoothMethod, "gdcheck certificate of momentum on a smooth loss"),
    "smooth-sharpness": json_schema(SmoothSharpness, "gdcheck sharpness certificate of a smooth loss"),
    "smooth-steps": json_schema(SmoothSteps, "gdcheck certificate about steps of a smooth loss's trajectory"),
    "smooth-symmetry": json_schema(SmoothSymmetry, "gdcheck certificate of a smooth loss with symmetries"),
    "valley-method": json_schema(ValleyMethod, "gdcheck certificate of momentum in a valley"),
    "valley-rank": json_schema(ValleyRank, "gdcheck certificate of lost rank in a valley"),
    "valley": json_schema(Valley, "gdcheck certificate of a limit in a valley"),
    **ANSWER_SCHEMAS,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_schema_is_the_one_in_use(name):
    jsonschema.Draft202012Validator.check_schema(PUBLISHED[name])
    published = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(PUBLISHED[name]))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["check", *QUADRATIC, "--start", "1,1", "--sharpness", "--scalar", "x*y", "--within", "1e-3"], "answer"),
        (["check", *QUADRATIC], "answer"),
        (["check", *QUADRATIC, "--start", "1,1", "--observe"], "answer"),
        (["check", *QUADRATIC, "--start", "1,1", "--method", "heavy-ball", "--momentum", "1/2"], "answer"),
        (["check", "--residual", "x*y - 1", "--step-size", "0.5", "--start", "2.2,0.4"], "answer"),
        (["check", "--loss", "exp(x) - x", "--step-size", "0.5", "--start", "1/10"], "answer"),
        (["check", "--problem", "many.jsonl"], "answer"),
        (["steps", "--loss", "x**2 + 2*y**2"], "steps"),
        (["direction", "--spectrum", "1,2"], "direction"),
        (["map", *QUADRATIC, "--size", "4", "--out", "map.svg"], "map"),
        (["plot", *QUADRATIC, "--start", "1,1", "--out", "plot.svg"], "plot"),
        (["plot", "--residual", "x*y - 1", "--step-size", "0.5", "--start", "2.2,0.4", "--out", "valley.svg"], "plot"),
        (["recheck", "proof.json", "many.jsonl"], "recheck"),
        (["replay", "proof.json"], "replay"),
        (["report", str(FOLDER.parent / "runs" / "claims-400.json"), "--out", "report"], "page"),
    ],
)
def test_an_answer_names_its_schema_and_has_its_shape(words, name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    problem = '{"loss": "x**2 + 2*y**2", "step_size": "1/10", "start": ["1", "1"]}'
    Path("many.jsonl").write_text(f"{problem}\nno problem\n", encoding="utf-8")
    run(["check", *QUADRATIC, "--start", "1,1", "--certificate", "proof.json"])
    capsys.readouterr()
    run([*words, "--json"])
    for line in capsys.readouterr().out.splitlines():
        answer = json.loads(line)
        assert answer["schema"] == f"gdcheck-{name}/1"
        jsonschema.validate(answer, ANSWER_SCHEMAS[name])
        unknown = set(answer) - set(ANSWER_SCHEMAS[name].get("properties", answer))
        assert not unknown


def test_nothing_else_is_published():
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.schema.json" for name in PUBLISHED}


if __name__ == "__main__":
    for name, schema in PUBLISHED.items():
        text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        (FOLDER / f"{name}.schema.json").write_text(text, encoding="utf-8")
