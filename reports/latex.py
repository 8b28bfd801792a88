"""A counterexample as a fragment of LaTeX to paste into a paper."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gdcheck.properties.lemmas.verdict import Counterexample

_SPECIAL = {c: f"\\{c}" for c in "#$%&_{}"} | {
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
    "λ": r"$\lambda$",
    "η": r"$\eta$",
    "ρ": r"$\rho$",
    "≤": r"$\le$",
    "→": r"$\to$",
    "₁": r"$_1$",
    "ₙ": r"$_n$",
}


def fragment(record: Counterexample) -> str:
    """Write the simplest form of a counterexample in LaTeX.

    Args:
        record: The counterexample.

    Returns:
        A paragraph with a display; it needs amsmath only.
    """
    form = record.simplest
    p = form.problem
    names = ", ".join(_variable(v) for v in p.variables)
    proved = "Certified" if form.evidence == "proved" else "Observed"
    return "\n".join(
        [
            f"% Found by gdcheck; claim {record.claim}, SHA-256 of its file {record.digest or 'built in'}.",
            rf"\emph{{{proved} counterexample}} to ``{_text(record.sentence)}'':",
            r"\begin{align*}",
            rf"  f({names}) &= {_formula(p.loss)}, \\",
            rf"  \eta &= {_formula(p.step_size)}, \\",
            rf"  x_0 &= {_vector(p.start)}, \qquad x^* = {_vector(p.minimizer)}.",
            r"\end{align*}",
            f"There, {_text(form.found)}.",
            "",
        ]
    )


def _vector(values: Iterable[str]) -> str:
    return r"\left(" + r",\; ".join(_formula(x) for x in values) + r"\right)"


def _formula(text: str) -> str:
    """Return a loss or a rational of the canonical form, typeset."""
    found = re.sub(r"\*\*(\d+)", r"^{\1}", text)
    found = re.sub(r"(?<![\w.^{])(\d+)/(\d+)", r"\\tfrac{\1}{\2}", found)
    found = re.sub(r"[^\W\d]\w*", lambda m: _variable(m[0]) if m[0] not in {"max", "tfrac"} else m[0], found)
    return found.replace("max(", r"\max(").replace("*", r"\,")


def _variable(name: str) -> str:
    match = re.fullmatch(r"([A-Za-z])_?(\d+)", name)
    if match:
        return f"{match[1]}_{{{match[2]}}}"
    return name if len(name) == 1 else rf"\mathit{{{_text(name)}}}"


def _text(text: str) -> str:
    return "".join(_SPECIAL.get(c, c) for c in text)
