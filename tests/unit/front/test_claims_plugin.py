"""The plugin for a user's own repository: claims are tests, and nothing is loaded where there are none."""

import os
import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

PLUGIN = ("-p", "gdcheck.claims_plugin", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")
CLAIMS = """
    from gdcheck import claim, holds, reproduce

    @reproduce("x**2/2 + y**2", step_size="1/10", start=["1", "1"])
    @claim("the loss rises")
    def loss_rises(problem, decision, trajectory):
        return holds(trajectory.loss[1] > trajectory.loss[0], note="it falls")

    @claim("the distance falls")
    def distance_falls(problem, decision, trajectory):
        return holds(trajectory.distance[1:] < trajectory.distance[:-1])

    @claim("a square is a product")
    def equation(problem, decision, trajectory):
        return holds(trajectory.rate**2 == trajectory.rate * trajectory.rate)

    @claim("it returns nothing")
    def nothing(problem, decision, trajectory):
        pass

    def test_plain():
        pass
"""


def test_every_claim_is_a_test(pytester):
    pytester.makepyfile(test_mine=CLAIMS)
    result = pytester.runpytest_subprocess(*PLUGIN, "--gdcheck-budget", "5e0", "-rs")
    result.assert_outcomes(passed=2, failed=2, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "*loss_rises: false, with a counterexample*",
            "*the loss rises*",
            "*proved: it falls, on an example of the claim*",
            "*@gdcheck.reproduce(*",
            "*nothing at test_mine.py:*returns a NoneType*",
        ]
    )
    result.stdout.fnmatch_lines(["*undecided on 5 of 5*"])
    assert "Traceback" not in result.stdout.str()


def test_a_claim_that_does_not_end_fails_and_the_others_go_on(pytester):
    endless = CLAIMS.replace(
        "return holds(trajectory.distance", "__import__('time').sleep(99)\n        return holds(trajectory.distance"
    )
    pytester.makepyfile(test_mine=endless)
    chosen = ("--gdcheck-budget", "4", "--gdcheck-time-limit", "1", "-k", "falls or plain")
    result = pytester.runpytest_subprocess(*PLUGIN, *chosen)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*distance_falls does not end within 1 s on 3 problems (test_mine.py:*"])


THEOREM = """
    from dataclasses import replace
    from gdcheck.properties.claims.claim import Finding
    from gdcheck.properties.claims.registry import CLAIMS
    from gdcheck.properties.lemmas.built_in import built_in

    direction = built_in("direction")
"""
PLANTED = """
    from dataclasses import replace
    from gdcheck.properties.claims.claim import Finding
    from gdcheck.properties.claims.registry import CLAIMS

    def bad(instance):
        return Finding(WORD, None, "planted", "proved")

    CLAIMS["direction"] = replace(CLAIMS["direction"], examine=bad, second=None)
"""


def test_a_claim_of_the_theorem_is_a_test_by_its_name(pytester):
    pytester.makepyfile(test_theorem=THEOREM)
    result = pytester.runpytest_subprocess(*PLUGIN, "--gdcheck-budget", "6", "--gdcheck-time-limit", "600")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(("word", "said"), [("False", "proved: planted"), ("None", "undecided: planted")])
def test_what_breaks_a_claim_is_stored_where_it_is_asked_for(pytester, word, said, monkeypatch):
    """Also what a claim of the theorem leaves undecided on a start in the certified ball."""
    pytester.makepyfile(test_theorem=THEOREM, sitecustomize=PLANTED.replace("WORD", word))
    monkeypatch.setenv("PYTHONPATH", str(pytester.path), prepend=os.pathsep)
    options = ("--gdcheck-budget", "6", "--gdcheck-time-limit", "600", "--gdcheck-out", "kept")
    result = pytester.runpytest_subprocess(*PLUGIN, *options)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*{said}*", "*gdcheck replay kept/direction.json"])
    # The line examines the claim again: here the real one, which holds.
    (pytester.path / "sitecustomize.py").unlink()
    again = pytester.run(sys.executable, "-m", "gdcheck", "replay", "kept/direction.json")
    assert again.ret == 0
    again.stdout.fnmatch_lines(["FIXED: direction on the simplest problem*"])


def test_it_works_with_xdist(pytester):
    pytester.makepyfile(test_mine=CLAIMS)
    result = pytester.runpytest_subprocess(*PLUGIN, "-n", "2", "--gdcheck-profile", "quick", "-k", "falls or plain")
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("option", ["--gdcheck-budget=0", "--gdcheck-time-limit=0", "--gdcheck-seed=-1"])
def test_an_option_out_of_range_is_named(option, capsys):
    assert pytest.main([*PLUGIN, option, "--collect-only"]) == pytest.ExitCode.USAGE_ERROR
    error = capsys.readouterr().err
    assert option.split("=")[0] in error and "is out of range; give a number from" in error


def test_an_imported_claim_is_a_test_only_where_it_is_declared(pytester):
    pytester.makepyfile(test_mine=CLAIMS, test_other="from test_mine import distance_falls")
    result = pytester.runpytest_subprocess(*PLUGIN, "--collect-only", "-q")
    assert result.stdout.str().count("::distance_falls") == 1


@pytest.mark.parametrize("text", ["def test_plain(): pass", "import gdcheck\ndef test_plain(): pass"])
def test_nothing_is_loaded_until_there_is_a_claim(tmp_path, text):
    (tmp_path / "test_plain.py").write_text(text, encoding="utf-8")
    script = (
        "import sys, pytest; code = pytest.main(['-q', '-p', 'gdcheck.claims_plugin', '-p', 'no:cacheprovider', '-p',"
        f" 'no:hypothesispytest', {str(tmp_path)!r}]);"
        "heavy = {'flint', 'numpy', 'msgspec', 'polars'};"
        "print('loaded', sorted({m.split('.')[0] for m in sys.modules} & heavy), code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "loaded [] 0" in done.stdout.replace("ExitCode.OK", "0").replace("<0: 0>", "0")
