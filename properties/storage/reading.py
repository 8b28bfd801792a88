"""Reading users' files: problems and certificates as JSON or JSON Lines, always as data and never trusted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gdcheck.theorem.certificate.certificate import FORMAT as CERTIFICATE
from gdcheck.theorem.certificate.certificate import WITH_CONE
from gdcheck.theorem.certificate.rechecking import (
    EVERY_START,
    LONG_RUN,
    METHOD,
    METHOD_EVERY_START,
    ORBIT,
    SEPARABLE,
    SHARPNESS,
    SMOOTH,
    SMOOTH_END,
    SMOOTH_EVERY_START,
    SMOOTH_METHOD,
    SMOOTH_SHARPNESS,
    SMOOTH_STEPS,
    SMOOTH_SYMMETRY,
    VALLEY,
    VALLEY_METHOD,
    VALLEY_RANK,
)
from gdcheck.theorem.descent.problem import EveryStartProblem, Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.smooth.problem import (
    EveryStartSmoothProblem,
    SmoothProblem,
    smooth_from_json,
    startless_from_json,
)
from gdcheck.theorem.valleys.problem import ValleyProblem

_MOST_BYTES = 64 * 1024 * 1024
AnyProblem = Problem | SmoothProblem | ValleyProblem
"""The problems that a file can hold; ``EveryStartProblem`` is a ``Problem``."""

_LINES = {".jsonl", ".ndjson"}


def read_text(path: Path) -> str:
    """Return the text of a file, or of standard input for ``-``.

    Args:
        path: The file.

    Returns:
        Its content.

    Raises:
        InputError: If it cannot be read, is not UTF-8, or is larger than 64 MiB.
    """
    name = str(path)[:200]
    try:
        if str(path) == "-":
            raw = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with path.open("rb") as stream:
                raw = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InputError("file", f"cannot read {name!r} ({error.strerror}); name a readable file") from None
    if len(raw) > _MOST_BYTES:
        raise InputError("file", f"{name!r} is larger than 64 MiB; split it")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("file", f"{name!r} is not UTF-8 text; save it as JSON in UTF-8") from None


def parse_json(text: str, where: str, *, decimals: bool = False) -> Any:
    """Parse JSON strictly: no NaN, no infinities, no repeated keys, no endless nesting.

    Args:
        text: The JSON text.
        where: Its name in messages.
        decimals: Whether numbers with a point or an exponent come as their texts, which are exact, and not as floats.

    Returns:
        The data.

    Raises:
        InputError: If it is not such JSON; the sentence says where it stops.
    """
    try:
        return json.loads(
            text,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_repeats,
            parse_float=str if decimals else None,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputError(
            "json", f"{where} is not complete JSON ({error.msg} at {place}); fix or regenerate it"
        ) from None
    except RecursionError:
        raise InputError("json", f"{where} is nested too deeply; a problem is a flat object") from None
    except ValueError as error:
        raise InputError("json", f"{where}: {str(error)[:200]}") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number here; write rationals as text, such as '1/3'")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a key is repeated in an object; keep one of them")
    return data


def read_problems(
    path: Path,
) -> tuple[bool, Iterator[tuple[int, AnyProblem | InputError]]]:
    """Read one problem, or many as JSON Lines.

    Args:
        path: A JSON file with one problem, or a JSON Lines file; the content decides where the suffix does not.

    Returns:
        Whether it is JSON Lines, and an iterator over (line number, problem or the error of that line).

    Raises:
        InputError: If the file cannot be read, or is neither.
    """
    text = read_text(path)
    # Not splitlines(): JSON strings may hold U+2028 and the like.
    lines = [(i, line) for i, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise InputError("file", f"{str(path)[:200]!r} is empty; it needs a problem as JSON")
    # One object a line: some line alone is complete JSON.
    many = path.suffix in _LINES or (len(lines) > 1 and any(_is_object(line) for _, line in lines))
    if not many:
        return False, iter([(1, _problem(text, "the file"))])
    return True, ((i, _problem(line, f"line {i}")) for i, line in lines)


def stored_problem(file: Path) -> AnyProblem:
    """Return the problem in a file: by itself, or in a certificate.

    Args:
        file: The file; ``-`` is standard input.

    Returns:
        The problem.

    Raises:
        InputError: If the file holds none.
    """
    return problem_inside(parse_json(read_text(file), "the file", decimals=True))


def problem_inside(data: Any) -> AnyProblem:
    """Return the problem in parsed JSON: the JSON itself, or the problem of a stored record or a certificate.

    Args:
        data: The data.

    Returns:
        The problem; one about every start if it is not in a record and has no start, or is in a certificate for them.

    Raises:
        InputError: If it holds none, or is a certificate of another version.
    """
    if (
        isinstance(data, dict)
        and data.get("schema") in {SHARPNESS, SMOOTH_SHARPNESS, SMOOTH_STEPS}
        and isinstance(data.get("theorem"), dict)
    ):
        data = data["theorem"]
    if isinstance(data, dict) and str(data.get("schema")).startswith("gdcheck-network"):
        how = "gdcheck recheck verifies a network's certificate, and gdcheck plot draws it"
        raise InputError("schema", f"{str(data['schema'])[:60]!r} is about a network, not about a loss; {how}")
    if isinstance(data, dict) and "residuals" in data:
        return ValleyProblem.from_json(data)
    if not isinstance(data, dict) or "problem" not in data:
        startless = isinstance(data, dict) and "start" not in data
        return startless_from_json(data) if startless else smooth_from_json(data)
    schema = data.get("schema", "")
    known = {CERTIFICATE, WITH_CONE, SEPARABLE, ORBIT, LONG_RUN, EVERY_START, SHARPNESS, METHOD, METHOD_EVERY_START}
    known |= {
        SMOOTH,
        SMOOTH_END,
        SMOOTH_EVERY_START,
        SMOOTH_METHOD,
        SMOOTH_SHARPNESS,
        SMOOTH_STEPS,
        SMOOTH_SYMMETRY,
        VALLEY,
        VALLEY_METHOD,
        VALLEY_RANK,
    }
    if isinstance(schema, str) and schema.startswith("gdcheck-") and schema not in known:
        raise InputError("schema", f"{schema[:60]!r} is another version; this program knows {', '.join(sorted(known))}")
    if schema in {VALLEY, VALLEY_METHOD, VALLEY_RANK}:
        return ValleyProblem.from_json(data["problem"])
    if schema in {SMOOTH, SMOOTH_END, SMOOTH_METHOD, SMOOTH_SYMMETRY}:
        # Its loss may be a polynomial: then it is the minimizer that is irrational.
        return SmoothProblem.from_json(data["problem"])
    if schema == SMOOTH_EVERY_START:
        # A loss may have several minimizers: the certificate names the one that it is about.
        found, ball = EveryStartSmoothProblem.from_json(data["problem"]), data.get("minimizer")
        centre = ball.get("centre") if isinstance(ball, dict) else None
        return found if centre is None else found.searched_from(centre)
    kind = EveryStartProblem if schema in {EVERY_START, METHOD_EVERY_START} else Problem
    return kind.from_json(data["problem"])


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _problem(text: str, where: str) -> AnyProblem | InputError:
    try:
        return problem_inside(parse_json(text, where, decimals=True))
    except InputError as error:
        return error
