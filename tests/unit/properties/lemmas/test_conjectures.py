"""The library in docs/conjectures: a few problems of each statement, against the verdict that is known."""

import json
import re
from itertools import product
from pathlib import Path

import pytest
from flint import arb, ctx, fmpq

from gdcheck.properties.lemmas.drawing import Shard
from gdcheck.properties.lemmas.loading import files_of, load, sources
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.lemmas.shards import examine_shard
from gdcheck.properties.lemmas.verdict import word_of
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.loss.errors import InputError

LIBRARY = Path(__file__).parents[4] / "docs" / "conjectures"
BUDGET = 12
FLOATS = "false as far as floats show"
KNOWN = {
    "angle_falls": "false",
    "best_rate": "held",
    "catapult": "false",
    "contraction": "held",
    "cosine_locks": "false",
    "cosine_monotone": FLOATS,
    "crossing_inevitable": "false",
    "crossing_radius": "held",
    "descent_lemma": "held",
    "distance_falls": "held",
    "every_start": "false",
    "flattest_always": "false",
    "momentum_harmless": "false",
    "no_sharper_arrival": "held",
    "rate_of_direction": FLOATS,
    "ratios_every_power": "false",
    "repeated_lowest": "false",
    "sharpness_below_edge": "false",
    "sharpness_oscillates": "false",
    "theorem_1": "held",
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_few_problems_show_the_verdict(name):
    (source,) = sources([str(LIBRARY / f"{name}.py")])
    claim, result = load(source), ShardResult(name)
    assert claim.source and source.name == name
    examine_shard(claim, Shard(0, 0, 0, BUDGET), result)
    count = result.states.get
    proved = result.first is not None and result.first.evidence == "proved"
    found = word_of(None, count("violated", 0), count("held", 0), count("undecided", 0), proved=proved)
    assert (found, count("undecided", 0)) == (KNOWN[name], 0)
    assert "held" not in found or not result.observed


def test_the_library_is_what_its_page_says():
    assert [Path(file).stem for file in files_of([str(LIBRARY)])] == sorted(KNOWN)
    page = (LIBRARY / "README.md").read_text(encoding="utf-8")
    verdicts = "false as far as floats show|false|held"
    rows = dict(re.findall(rf"^\| (\w+): .*? \| .*? \| ({verdicts})", page.replace("\\", ""), re.MULTILINE))
    assert rows == KNOWN
    # The run whose table the page shows was of these files.
    run = json.loads((LIBRARY.parent / "runs" / "conjectures.json").read_text(encoding="utf-8"))
    for row in run["rows"]:
        (source,) = sources([str(LIBRARY / f"{row['name']}.py")])
        assert (row["digest"], row["verdict"], row["undecided"]) == (source.digest, KNOWN[row["name"]], 0)
        assert f"| {row['examined']:,} |" in page


def test_a_folder_without_claims_is_named(tmp_path):
    with pytest.raises(InputError, match="holds no Python file"):
        files_of([str(tmp_path)])


def test_every_start_of_the_outer_sector_crosses_and_none_of_the_inner_ball():
    """The whole of both sets, by subdivision; the claim ``crossing_radius`` examines starts in them."""
    with ctx.workprec(64):
        eta = arb(fmpq(19, 20))
        edge = 2 / eta

        def excess(x, y):
            # Positive where λₙ > 2/η, by the determinant: see the claim's file.
            return 6 * x + 2 * y + 4 * x * x / (edge - 1) - (edge - 2)

        cells, side = 0, fmpq(1, 400)
        near, far = (lambda k: min(abs(k), abs(k + 1))), (lambda k: max(abs(k), abs(k + 1)))
        for i, j in product(range(-40, 40), repeat=2):
            ring = far(i) ** 2 + far(j) ** 2 >= 20**2 and near(i) ** 2 + near(j) ** 2 <= 40**2
            if not ring or near(j) > far(i):
                continue
            cells += 1
            x, y = (arb((k + fmpq(1, 2)) * side, fmpq(side) / 2) for k in (i, j))
            later = x - eta * (2 * x + 2 * x * y + 3 * x * x), y - eta * (y + x * x)
            assert surely_less(arb(0), excess(x, y)) or surely_less(arb(0), excess(*later)), (i, j)
        assert cells > 1000
        r = arb(fmpq(1, 64))
        # On the ball the remainder is at most η√14 r² in norm, and the multipliers are at most 9/10.
        assert surely_less(fmpq(9, 10) + eta * arb(14).sqrt() * r, arb(1))
        assert surely_less(arb(40).sqrt() * r + 4 * r * r / (edge - 1), edge - 2)
