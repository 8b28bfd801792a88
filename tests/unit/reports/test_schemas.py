"""The schemas in docs/schemas are those that the code uses: python -m tests.unit.reports.test_schemas writes them."""

import json
from pathlib import Path

import jsonschema
import pytest

from gdcheck.networks.result_schemas import NETWORK_RESULT_SCHEMA, TRAINING_SCHEMA
from gdcheck.reports.run_schemas import ABLATION_SCHEMA, CLAIMS_SCHEMA, SWEEP_SCHEMA
from gdcheck.reports.schema import REPORT_SCHEMA
from gdcheck.theorem.certificate.schema import CERTIFICATE_SCHEMA
from gdcheck.theorem.descent.problem import PROBLEM_SCHEMA

FOLDER = Path(__file__).parents[3] / "docs" / "schemas"
PUBLISHED = {
    "problem": PROBLEM_SCHEMA,
    "report": REPORT_SCHEMA,
    "claims": CLAIMS_SCHEMA,
    "ablation": ABLATION_SCHEMA,
    "sweep": SWEEP_SCHEMA,
    "certificate": CERTIFICATE_SCHEMA,
    "network": NETWORK_RESULT_SCHEMA,
    "training": TRAINING_SCHEMA,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_schema_is_the_one_in_use(name):
    jsonschema.Draft202012Validator.check_schema(PUBLISHED[name])
    assert json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")) == PUBLISHED[name]


def test_nothing_else_is_published():
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.schema.json" for name in PUBLISHED}


if __name__ == "__main__":
    for name, schema in PUBLISHED.items():
        text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        (FOLDER / f"{name}.schema.json").write_text(text, encoding="utf-8")
