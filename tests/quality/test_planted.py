"""Planted errors: small patches of the theorem or of the code, each of which a named property must catch.

A patch is applied to a copy of the packages and the claims are run on the copy. The old text must be there exactly
once, so that a patch can never go stale unnoticed.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from msgspec import convert

import gdcheck
from gdcheck.commands.common import printable
from gdcheck.properties.claims.registry import CLAIMS
from gdcheck.properties.lemmas.verdict import Form
from gdcheck.reports.own_claims_view import python_line
from gdcheck.reports.text import mathematical

HUNT = Path(__file__).parent / "hunt.py"
PACKAGE = Path(gdcheck.__file__).parent


@dataclass(frozen=True)
class Plant:
    """An error: what it is, where, the old text, the new text, and the claims of which one must catch it."""

    what: str
    file: str
    changes: tuple[tuple[str, str], ...]
    caught_by: frozenset[str]


def plant(what, file, old, new, *caught_by):
    changes = ((old, new),) if isinstance(old, str) else tuple(zip(old, new, strict=True))
    return Plant(what, file, changes, frozenset(caught_by))


SUM_BELOW, SUM_ABOVE = "if low.hi + high.hi < threshold:", "if low.lo + high.lo > threshold:"
FLOAT = "float(int(({0}).p) / int(({0}).q))"

PLANTS = [
    plant(
        "the threshold is 2/(λ₁+λₙ₋₁)",
        "theorem/assumptions/regime.py",
        (SUM_BELOW, SUM_ABOVE),
        (
            "if low.hi + eigenvalues[-2:][0].hi < threshold:",
            "if low.lo + eigenvalues[-2:][0].lo > threshold:",
        ),
        "direction",
        "alternation",
    ),
    plant(
        "the threshold is 1/λₙ",
        "theorem/assumptions/regime.py",
        (SUM_BELOW, SUM_ABOVE),
        ("if 2 * high.hi < threshold:", "if 2 * high.lo > threshold:"),
        "direction",
    ),
    plant(
        "the regime is chosen by floats",
        "theorem/assumptions/regime.py",
        ("low.lo + high.lo == threshold", SUM_BELOW, SUM_ABOVE),
        (
            f"{FLOAT.format('low.lo')} + {FLOAT.format('high.lo')} == 2 / {FLOAT.format('step_size')}",
            f"if {FLOAT.format('low.hi')} + {FLOAT.format('high.hi')} < 2 / {FLOAT.format('step_size')}:",
            f"if {FLOAT.format('low.lo')} + {FLOAT.format('high.lo')} > 2 / {FLOAT.format('step_size')}:",
        ),
        "boundary",
    ),
    plant(
        "the theorem's ends are swapped",
        "theorem/methods/statement.py",
        ("Prediction(End.LOWEST, LimitKind.FIXED)", "Prediction(End.HIGHEST, LimitKind.ALTERNATING)"),
        ("Prediction(End.HIGHEST, LimitKind.FIXED)", "Prediction(End.LOWEST, LimitKind.ALTERNATING)"),
        "direction",
    ),
    plant(
        "the theorem's large step is fixed",
        "theorem/methods/statement.py",
        "Prediction(End.HIGHEST, LimitKind.ALTERNATING)",
        "Prediction(End.HIGHEST, LimitKind.FIXED)",
        "alternation",
    ),
    plant(
        "the eigenvectors are swapped",
        "theorem/decision/search.py",
        "pencil.eigenvectors(eigenvalues[index], bits)",
        "pencil.eigenvectors(eigenvalues[-1 - index], bits)",
        "direction",
    ),
    plant(
        "the (−1)^k is dropped",
        "theorem/limit/amplitude.py",
        "(tuple(-x for x in direction) if flip else direction,)",
        "(direction,)",
        "direction",
        "alternation",
    ),
    plant(
        "C is computed without η",
        "theorem/descent/remainder.py",
        "eta = arb(expansion.step_size)",
        "eta = arb(1)",
        "direction",
    ),
    plant("P is left out", "theorem/limit/amplitude.py", "p = 1 + x + x * x", "p = arb(1)", "direction"),
    plant(
        "the tail lacks 1/(1 − ρ)",
        "theorem/limit/amplitude.py",
        "(p * radius) ** 2 / (rho * (1 - rho))",
        "(p * radius) ** 2 / rho",
        "direction",
    ),
    plant("ρ stands where b belongs", "theorem/certificate/answer.py", "(b / rho).mid()", "(b * rho).mid()", "rate"),
    plant(
        "the radius is the largest component, off by up to √n",
        "theorem/limit/amplitude.py",
        "radius = _within(iterate.size, iterate.error)",
        "radius = _within(max(abs(x) for x in iterate.centre), iterate.error)",
        "direction",
    ),
    plant(
        "the invariant ball is too large",
        "theorem/descent/invariant_ball.py",
        "    return low\n",
        "    return 4 * low\n",
        "invariance",
    ),
    plant(
        "the remainder has the wrong sign",
        "theorem/descent/expansion.py",
        "c * e))",
        "(c if len(word) < 3 else -c) * e))",
        "direction",
    ),
    plant(
        "stated intervals are rounded inward",
        "theorem/loss/balls.py",
        "return str(_outside(_DOWN, lo)), str(_outside(_UP, hi))",
        "return str(_outside(_UP, lo)), str(_outside(_DOWN, hi))",
        "direction",
    ),
    plant(
        "the exceptional test is always false",
        "theorem/decision/decide.py",
        "if not found.restricted.holds(predicted):",
        "if False:",
        "exceptional",
    ),
    plant(
        "the minimizer is taken for the origin",
        "theorem/descent/problem.py",
        "tuple(x - m for x, m in zip(self.start, self.minimizer, strict=True))",
        "self.start",
        "direction",
    ),
    plant(
        "the remainder's derivative is bounded by q − 1 in place of q",
        "theorem/descent/remainder.py",
        "total * radius + q * self.degrees[q - 2]",
        "total * radius + (q - 1) * self.degrees[q - 2]",
        "remainder",
    ),
    plant(
        "κ is squared once too often",
        "theorem/descent/remainder.py",
        "return arb(squared_maximum(word)).sqrt()",
        "return arb(squared_maximum(word))",
        "direction",
    ),
    plant(
        "α is always 2",
        "theorem/certificate/paper_chain.py",
        "return float((b.log() / rho.log()).mid())",
        "return 2.0",
        "dominance",
    ),
    plant(
        "the iterate of the certificate is one step late",
        "theorem/limit/amplitude.py",
        "else Amplitude(iterate.step, inequality, limit)",
        "else Amplitude(iterate.step + 1, inequality, limit)",
        "direction",
    ),
    plant(
        "the second-order constant leaves out the other eigenvectors",
        "theorem/sharpness/top_eigenvalue.py",
        'return fourth + 2 * third**2 / gap if surely_less(arb(0), gap) else arb("inf")',
        "return fourth",
        "sharpness",
    ),
    plant(
        "the sharpness's gradient is D³f[v_n, v_d, ·]",
        "theorem/sharpness/top_eigenvalue.py",
        "contract(self.expansion, (w, w), fmpq(0))]",
        "contract(self.expansion, (w, [y + 1 for y in w]), fmpq(0))]",
        "sharpness",
    ),
    plant(
        "the branches of an oscillation are taken for one",
        "theorem/sharpness/pattern.py",
        "Kind.OSCILLATING if proof.period == 2 else one_sided",
        "one_sided",
        "sharpness",
    ),
    plant(
        "the second order has the wrong sign",
        "theorem/sharpness/second_order.py",
        "coefficient = observable.second(self.direction) / 2",
        "coefficient = -observable.second(self.direction) / 2",
        "sharpness",
    ),
    plant(
        "the sign of C_η does not follow the trajectory",
        "theorem/sharpness/context.py",
        "exact if same else [-x for x in exact]",
        "exact",
        "sharpness",
    ),
    plant(
        "steps above 1/η are counted",
        "theorem/sharpness/crossings.py",
        "self._threshold = arb(2 / context.step_size)",
        "self._threshold = arb(1 / context.step_size)",
        "sharpness",
    ),
    plant(
        "the spectrum is that of the Hessian, whatever the preconditioner is",
        "theorem/decision/state_search.py",
        "return Pencil(expansion.hessian) if p is None else",
        "return Pencil(expansion.hessian) if True else",
        "preconditioned",
    ),
    plant(
        "the preconditioner divides the gradient",
        "theorem/augmented/enclosure.py",
        "None if p is None else arb_mat(p)",
        "None if p is None else arb_mat(p.inv())",
        "preconditioned",
    ),
    plant(
        "heavy ball's buffer enters with the weight β²",
        "theorem/methods/method.py",
        'the step."""\n        return self.momentum\n',
        'the step."""\n        return self.momentum * self.momentum\n',
        "heavy-ball",
    ),
    plant(
        "Nesterov's gradient enters with the weight 1",
        "theorem/methods/method.py",
        "        return 1 + self.beta\n",
        "        return _ONE\n",
        "nesterov",
    ),
    plant(
        "a pair has the modulus d in place of √d",
        "theorem/augmented/modes.py",
        "root = self.d.sqrt()",
        "root = self.d",
        "heavy-ball",
    ),
    plant(
        "the powers of the linear part are taken for bounded by one",
        "theorem/augmented/powers.py",
        "return min(finite) if finite else",
        "return arb(1) if finite else",
        "heavy-ball",
    ),
    plant(
        "Adam's factors are taken for one",
        "theorem/augmented/adaptive.py",
        "fixed=weight *",
        "fixed=0 * weight *",
        "adaptive",
    ),
    plant(
        "the threshold in a valley is 1/λ_p",
        "theorem/valleys/arrival.py",
        ("if surely_less(eta * (low + high), arb(2)):", "elif surely_less(arb(2), eta * (low + high)):"),
        ("if surely_less(2 * eta * high, arb(2)):", "elif surely_less(arb(2), 2 * eta * high):"),
        "valley",
    ),
    plant(
        "the (−1)^k is dropped in a valley",
        "theorem/valleys/arrival.py",
        "(1 if inner > 0 else -1) * (sign if iterate.step % 2 else 1)",
        "1 if inner > 0 else -1",
        "valley",
    ),
    plant(
        "the limit in a valley is the one of the residuals, not turned by the Jacobian's own sign",
        "theorem/valleys/arrival.py",
        "tuple(turn * y / along + wide for y in back)",
        "tuple(abs(y) / along + wide for y in back)",
        "valley",
    ),
    plant(
        "the threshold of a smooth loss is 1/λₙ",
        "theorem/assumptions/enclosed.py",
        ("if surely_less(eta * (low + high), arb(2)):", "if surely_less(arb(2), eta * (low + high)) else None"),
        ("if surely_less(2 * eta * high, arb(2)):", "if surely_less(arb(2), 2 * eta * high) else None"),
        "smooth",
    ),
    plant(
        "the third derivative of a function of a form is left out",
        "theorem/smooth/ball_bounds.py",
        "3 * d2 * u.first * u.second + d3 * u.first * u.first * u.first",
        "3 * d2 * u.first * u.second",
        "smooth-remainder",
    ),
    # One engine alone is wrong: what catches it is that the two disagree.
    plant(
        "the enclosures lack the rounding of earlier steps",
        "theorem/descent/enclosure.py",
        "        error *= expands\n",
        "        error *= 0\n",
        "direction/mpmath",
    ),
    plant(
        "Arb takes one amplitude of the two-cycle with the wrong sign",
        "theorem/limit/amplitude.py",
        "here = _direction([x + y for x, y in zip(plus.vector, minus.vector, strict=True)], blur, accuracy)",
        "here = _direction([y - x for x, y in zip(plus.vector, minus.vector, strict=True)], blur, accuracy)",
        "boundary/mpmath",
    ),
    plant(
        "Arb's C is sixteen times too small",
        "theorem/descent/remainder.py",
        "eta = arb(expansion.step_size)",
        "eta = arb(expansion.step_size) / 16",
        "remainder/mpmath",
    ),
    plant(
        "mpmath's threshold is 1/λ₁ + 1/λₙ",
        "theorem/reference/spectrum.py",
        "both = step_size * (values[0] + values[-1]) - 2",
        "both = step_size - 1 / values[0] - 1 / values[-1]",
        "alternation/mpmath",
    ),
    plant(
        "mpmath's limit leaves out the sign of the amplitude",
        "properties/claims/second_engine.py",
        "[[mp.sign(part.value) * x for x in part.vector]]",
        "[list(part.vector)]",
        "alternation/mpmath",
    ),
    plant(
        "mpmath's gradient forgets an exponent",
        "theorem/reference/trajectory.py",
        "factor *= powers.get(i, 0)",
        "factor *= min(powers.get(i, 0), 2)",
        "remainder/mpmath",
    ),
    plant(
        "Arb's amplitude with momentum has the wrong sign",
        "theorem/augmented/powers.py",
        "return (mu - d) / (mu - nu), b / (mu - nu)",
        "return (d - mu) / (mu - nu), -b / (mu - nu)",
        "heavy-ball/mpmath",
    ),
    plant(
        "mpmath's pairs of Nesterov have the determinant of heavy ball",
        "properties/claims/method_second_engine.py",
        "(1 + beta) * (1 - s), beta * (1 - s)",
        "(1 + beta) * (1 - s), beta",
        "nesterov/mpmath",
    ),
    plant(
        "mpmath's step with a preconditioner leaves out the step size",
        "theorem/reference/trajectory.py",
        "a - eta * mp.fdot(row, g)",
        "a - mp.fdot(row, g)",
        "preconditioned/mpmath",
    ),
    plant(
        "mpmath's limit in a valley leaves out the parity of the step",
        "properties/claims/valley_second_engine.py",
        "sign = mp.sign(mp.fdot(w, seen)) * (-1 if known.regime is Regime.LARGE_STEP and step % 2 else 1)",
        "sign = mp.sign(mp.fdot(w, seen))",
        "valley/mpmath",
    ),
    plant(
        "the signal is the cosine alone",
        "theorem/limit/signal.py",
        "gap = _least([abs(arb(m) - r) for m in others])",
        "gap = arb(1)",
        "signal",
    ),
    plant(
        "mpmath's limit of a smooth loss leaves out the parity of the step",
        "properties/claims/smooth.py",
        "parity = -1 if known.regime is Regime.LARGE_STEP and _FOLLOWED % 2 else 1",
        "parity = 1",
        "smooth/mpmath",
    ),
    plant(
        "mpmath follows the updates with a tenth of the step size",
        "theorem/reference/trajectory.py",
        "self.step_size = to_mpf(problem.step_size)",
        "self.step_size = to_mpf(problem.step_size) / 10",
        "updates/mpmath",
    ),
]


@pytest.mark.parametrize("error", PLANTS, ids=lambda p: p.what)
def test_planted_error_is_caught(error, tmp_path):
    # With what is compiled: Python compiles only what has changed since.
    shutil.copytree(PACKAGE, tmp_path / "gdcheck", ignore=shutil.ignore_patterns("out"))
    path = tmp_path / "gdcheck" / error.file
    text = path.read_text(encoding="utf-8")
    for old, new in error.changes:
        assert text.count(old) == 1, f"{error.file} has {old!r} {text.count(old)} times: the plant is stale"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    found = hunt(tmp_path, *sorted(error.caught_by))
    assert found is not None, f"none of {sorted(error.caught_by)} caught: {error.what}"
    assert "crash" not in found, f"{error.what}: the patch crashed the code, which is no catch: {found['crash']}"
    if found["claim"].endswith("/mpmath"):
        return  # The engines differ; replay asks both of them, and the planted one may fail by itself.
    # The replay line of the page brings the failure back, in the patched copy.
    stored = json.loads((tmp_path / found["file"]).read_text(encoding="utf-8"))
    form = stored["simplest"]
    # What is undecided where a decision is owed is a failure too, and it is not decided when it is examined again.
    undecided = found["replay"][0].startswith("UNDECIDED: ")
    assert found["code"] == (3 if undecided else 1), found
    word = "UNDECIDED" if undecided else "VIOLATED AGAIN"
    said = f"{word}: {found['claim']} on the simplest problem: {printable(found['said'])}"
    assert found["replay"][0] == f"{said} ({form['evidence']})"
    problem = form["problem"]
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    shown = unescape(page).replace("\u202f", "\u2009")  # Formulas break between their terms only.
    for part in (
        f"gdcheck replay {found['file']}",
        mathematical(problem["loss"]),
        f"η = {problem['step_size']}, start ({', '.join(problem['start'])})".replace("-", "−"),
        f"minimizer ({', '.join(problem['minimizer'])})".replace("-", "−") if problem["minimizer"] else "",
        f"scale={problem['scale']!r}" if problem.get("residuals") else "",
        CLAIMS[found["claim"]].statement,
        found["said"],
    ):
        assert part in shown, part
    (case,) = ElementTree.parse(tmp_path / "report" / "junit.xml").iterfind(".//failure")
    assert case.get("message").endswith(f"{python_line(convert(form, Form))}\ngdcheck replay {found['file']}")
    assert python_line(convert(form, Form)) in (tmp_path / "report" / "report.md").read_text(encoding="utf-8")


def test_the_hunt_finds_nothing_where_nothing_is_planted(tmp_path):
    # That every claim holds is tested elsewhere; here it is the hunt that must not cry out, one engine or two.
    found = hunt(PACKAGE.parent, "remainder", "signal", "direction/mpmath", cwd=tmp_path)
    assert found is None, found


def hunt(packages, *claims, cwd=None):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONSAFEPATH"} | {"PYTHONPATH": str(packages)}
    done = subprocess.run(
        [sys.executable, str(HUNT), *claims],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=cwd or packages,
    )
    if done.returncode == 0:
        return None
    assert done.stdout, f"the hunt itself failed: {done.stderr[-2000:]}"
    return json.loads(done.stdout)
