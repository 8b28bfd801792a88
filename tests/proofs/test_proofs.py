"""The proofs as they stand: what they assume, what they state, and that a planted error is noticed.

python -m tests.proofs.test_proofs writes proofs/assumptions.txt anew.
"""

import re
import shutil
from pathlib import Path

import pytest

from gdcheck.properties.verify.kernel import run_coqc

PROOFS = Path(__file__).parents[2] / "proofs"
MAIN = {
    "Amplitude": ["amplitude_lemma", "direction_settled"],
    "Symmetric": ["eigenspace_direction", "line_direction", "two_cycle", "direction_in_a_ball"],
    "Theorem1": ["small_step", "large_step", "boundary_two_cycle"],
    "Spectrum": ["ends_exist"],
    "Polynomial": ["hessian_is_second_derivative", "remainder_bounded", "remainder_differences_bounded"],
    "Soundness": ["accepted_is_true"],
    "ExceptionalSet": ["exceptional_set_is_a_lipschitz_graph"],
    "EveryStart": ["every_start_of_a_ball"],
}
FORBIDDEN = re.compile(
    r"\b(Admitted|admit|give_up|Axioms?|Parameters?|Conjectures?|Primitive|bypass_check|Unset\s+(Guard|Positivity|Universe))\b"
)


def _code(path):
    """A file without its comments."""
    kept, depth = [], 0
    for part in re.split(r"(\(\*|\*\))", path.read_text(encoding="utf-8")):
        if part == "(*":
            depth += 1
        elif part == "*)":
            depth -= 1
        elif depth == 0:
            kept.append(part)
    return "".join(kept)


def test_every_file_is_built():
    listed = {line for line in (PROOFS / "_CoqProject").read_text().split() if line.endswith(".v")}
    assert listed == {path.name for path in PROOFS.glob("*.v")}


@pytest.mark.parametrize("path", sorted(PROOFS.glob("*.v")), ids=lambda p: p.name)
def test_nothing_is_admitted_or_assumed_outside_a_section(path):
    text = _code(path)
    assert not FORBIDDEN.search(text)
    depth = 0
    for sentence in re.split(r"\.\s", text):
        word = sentence.split()[:1]
        depth += (word == ["Section"]) - (word == ["End"])
        if word and word[0] in {"Hypothesis", "Hypotheses", "Variable", "Variables", "Context", "Let"}:
            assert depth > 0, sentence


def _printed(library, tmp_path, commands):
    file = tmp_path / "print.v"
    modules = " ".join(MAIN)
    file.write_text(f"From Direction Require Import {modules} Checker.\nSet Printing Width 300.\n{commands}\n")
    done = run_coqc(library, file, 300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def assumptions(library, tmp_path):
    """What each main theorem rests on, by name, in the form of proofs/assumptions.txt."""
    theorems = [f"{module}.{theorem}" for module, names in MAIN.items() for theorem in names]
    out = _printed(library, tmp_path, "".join(f"Print Assumptions {theorem}.\n" for theorem in theorems))
    lists = re.split(r"^Axioms:$", out, flags=re.MULTILINE)[1:]
    lines = []
    for theorem, printed in zip(theorems, lists, strict=True):
        lines.append(f"{theorem}:")
        lines += [f"  {name}" for name in sorted(re.findall(r"^([\w.]+)", printed, re.MULTILINE))]
    return "\n".join(lines) + "\n"


def test_the_theorems_assume_what_is_committed(library, tmp_path):
    assert assumptions(library, tmp_path) == (PROOFS / "assumptions.txt").read_text()


def test_the_soundness_theorem_has_no_further_premise(library, tmp_path):
    out = " ".join(_printed(library, tmp_path, "Check Soundness.accepted_is_true.").split())
    assert out == (
        "accepted_is_true : forall (P : problem) (C : certificate) (W : witness), "
        "verdict P C W = accepted -> limit_statement P (large C) (limit_ C)"
    )


PLANTED = [
    # A checker that forgets a condition, turns one round, or is generous by a power, a sign or an end.
    ("Checker.v", "less_i bits (plus_i bits (times_i bits delta r) (times_i bits tail size)) signed", "true"),
    ("Checker.v", "less_i bits sigma one", "less_i bits one sigma"),
    ("Checker.v", "power_i bits growth 2", "power_i bits growth 1"),
    ("Checker.v", "less_q (step_size P * (hi_1 + hi_n)) 2", "less_q (step_size P * (lo_1 + lo_n)) 2"),
    ("Checker.v", "center := times_i bits (rational_i bits sign)", "center := times_i bits (rational_i bits 1%Q)"),
    (
        "Intervals.v",
        "Definition minus_i : interval -> interval -> interval := I.sub p.",
        "Definition minus_i : interval -> interval -> interval := I.add p.",
    ),
]


def _recompiled(library, folder, name, old, new):
    """A copy of the compiled proofs with one text changed, compiled from there to the soundness theorem.

    Returns the last file that Coq took, and what it said of it where it failed.
    """
    copy = folder / "planted"
    shutil.copytree(library, copy)
    source = (copy / name).read_text()
    assert source.count(old) == 1
    (copy / name).write_text(source.replace(old, new))
    order = [line for line in (PROOFS / "_CoqProject").read_text().split() if line.endswith(".v")]
    for file in order[order.index(name) : order.index("Soundness.v") + 1]:
        done = run_coqc(copy, copy / file, 600)
        if done.returncode:
            return file, done.stderr
    return "Soundness.v", ""


@pytest.mark.parametrize(("name", "old", "new"), PLANTED, ids=[p[1][:40] for p in PLANTED])
def test_a_planted_error_breaks_the_soundness_proof(library, tmp_path, name, old, new):
    file, said = _recompiled(library, tmp_path, name, old, new)
    failed = re.search(r"line (\d+), characters [\d-]+:\s+Error:", said)
    assert failed, said
    assert "inconsistent assumptions" not in said
    # The planted definition itself is well formed: a proof fails, after it in the file or in a later file.
    changed = (library / name).read_text().split(old)[0].count("\n") + 1
    assert file != name or int(failed[1]) > changed + new.count("\n"), said


def test_a_change_without_meaning_leaves_the_proof_whole(library, tmp_path):
    """What the planted errors are held against: the copy compiles where nothing is wrong."""
    file, said = _recompiled(library, tmp_path, "Checker.v", "(** * The verified checker", "(** * The checker")
    assert (file, said) == ("Soundness.v", "")


if __name__ == "__main__":
    import tempfile

    from gdcheck.properties.verify.kernel import compiled_proofs

    with tempfile.TemporaryDirectory() as scratch:
        (PROOFS / "assumptions.txt").write_text(assumptions(compiled_proofs(), Path(scratch)))
