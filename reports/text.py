"""Numbers, losses and problems in common notation, and quoted for a shell."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from gdcheck.theorem.certificate.shapes import StoredExample, StoredProblem
from gdcheck.theorem.loss.errors import InputError

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
DASH = "–"
_FEW = 6
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def mathematical(text: str) -> str:
    """Return a loss in common notation: ½ x₁², no stars."""
    lowered = re.sub(r"(?<=[^\W\d_])(\d+)(?![\w.])", lambda match: match[1].translate(_SUBSCRIPTS), text)
    raised = re.sub(r"\*\*(\d+)", lambda match: match[1].translate(SUPERSCRIPTS), lowered)
    raised = re.sub(r"(?<![\d/])1/2(?![\d/])", "½", raised)
    return re.sub(r"(?<![eE])-", "−", raised.replace("*", "\u2009"))


def function(loss: str, variables: Sequence[str]) -> str:
    """Return a loss with its variables, as f(x, y) = x² + y²."""
    names = list(variables) if len(variables) <= _FEW else [*variables[:2], "…", variables[-1]]
    return f"f({', '.join(map(mathematical, names))}) = {mathematical(loss)}"


def point(values: Iterable[object]) -> str:
    """Return a point in brackets; of many coordinates, the first ones."""
    said = [decimal(str(x)).replace("-", "−") for x in values]
    return f"({', '.join(said if len(said) <= _FEW else [*said[: _FEW - 1], '…'])})"


def decimal(text: str | None) -> str:
    """Return a rational as a short decimal where that is exact, else unchanged."""
    if text is None:
        return DASH
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return text
    short = f"{float(value):.6g}"
    return short if "e" not in short and Fraction(short) == value else text


def scientific(value: float | None) -> str:
    """Return a number of three digits, as 3.2·10⁻⁵ where that is shorter."""
    if value is None:
        return DASH
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.3g}".replace("-", "−")
    mantissa, exponent = f"{value:.2e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".").replace("-", "−")
    power = "10" + str(int(exponent)).translate(SUPERSCRIPTS)
    return mantissa.replace("1", power) if mantissa in {"1", "−1"} else f"{mantissa}·{power}"


def ratio(margin: float | None) -> str:
    """Return amplitude over tail from its decimal logarithm, rounded down so that it remains a lower bound."""
    if margin is None:
        return "tail 0"
    if 0 < margin < 0.005:
        excess = math.expm1(margin * math.log(10))
        unit = 10.0 ** (math.floor(math.log10(excess)) - 2)
        return f"1 + {scientific(math.floor(excess / unit) * unit)}"
    if margin > 4:
        return f"10{str(math.floor(margin)).translate(SUPERSCRIPTS)}"
    return f"{math.floor(10**margin * 1000) / 1000:.3f}"


def rate(value: float | None) -> str:
    """Return a factor per step; as 1 − 3.2·10⁻⁵ where it is just below one, since only the difference tells there."""
    if value is None or not 0.99 < value <= 1:
        return scientific(value)
    if value == 1:
        return "below 1 by less than 10⁻¹⁵"
    # The difference is exact, by Sterbenz's lemma.
    return f"1 − {scientific(1 - value)}"


def vector(values: Sequence[float]) -> str:
    """Return a direction with six digits."""
    return "(" + ", ".join(f"{x:.6g}".replace("-", "−") for x in values) + ")"


def shell(problem: StoredProblem) -> str:
    """Return the command that decides a problem again, to be pasted into a POSIX shell; it needs no file."""
    words = ["gdcheck", "check", "--variables", ",".join(problem.variables)]
    if isinstance(problem, StoredExample) and problem.residuals:
        words += [word for residual in problem.residuals for word in ("--residual", residual)]
        words += ["--scale", problem.scale]
    else:
        words += ["--loss", problem.loss]
    words += ["--step-size", problem.step_size]
    # A leading minus sign must not look like an option.
    if any(x != "0" for x in problem.minimizer):
        words.append(f"--minimizer={','.join(problem.minimizer)}")
    words.append(f"--start={','.join(problem.start)}")
    return shlex.join([*words, *method_options(problem.method)])


def method_options(method: dict[str, Any] | None) -> list[str]:
    """Return the options of ``gdcheck check`` that name a method; none for gradient descent.

    Args:
        method: Its JSON form.
    """
    words = []
    for field, value in (method or {}).items():
        said = ";".join(",".join(row) for row in value) if field == "preconditioner" else value
        words.append(f"--{'method' if field == 'name' else field}={said}")
    return words


def own_file(name: str) -> str:
    """Return the name of a user's Python file, which is written beside a page.

    Args:
        name: The name, as a stored result has it.

    Raises:
        InputError: If it would lead out of the directory.
    """
    if name in {"", ".", ".."} or not name.endswith(".py") or re.search(r"[/\\\0]", name):
        raise InputError("run", f"the file {name[:80]!r} must be a Python file without a folder")
    return name


def plain(value: object) -> str:
    """Return text escaped, on one line, so that Markdown shows it as it is."""
    text = re.sub(r"([\\`*_{}\[\]<>#|&~$])", r"\\\1", str(value))
    return " ".join(text.split())


def code(value: str) -> str:
    """Return code in Markdown, within a fence that no text can break out of."""
    longest = max((len(run) for run in re.findall("`+", value)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{' '.join(value.split())}{pad}{fence}"


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """Return a table in Markdown, by lines."""
    titles = list(heads)
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    lines += ["| " + " | ".join(plain(cell) for cell in row) + " |" for row in rows]
    return [*lines, ""]
