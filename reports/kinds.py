"""The kinds of run that a report shows, in the order of the page, and how they are read back from files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gdcheck.properties.storage.reading import parse_json, read_text
from gdcheck.reports.ablation_view import AblationView
from gdcheck.reports.measured_view import NetworkView, TrainingView
from gdcheck.reports.own_claims_view import CounterexampleView, OwnClaimsView
from gdcheck.reports.sweep_view import SweepView
from gdcheck.reports.verification_view import VerificationView
from gdcheck.reports.view import View
from gdcheck.theorem.certificate.shapes import ShapeError, read_as
from gdcheck.theorem.loss.errors import InputError

KINDS: tuple[type[View[Any]], ...] = (
    VerificationView,
    OwnClaimsView,
    CounterexampleView,
    AblationView,
    SweepView,
    NetworkView,
    TrainingView,
)
_BY_FORMAT = {str(kind.shape.__struct_config__.tag): kind for kind in KINDS}
_EARLIER = {
    "gdcheck-claims/1": "a run of the theorem's claims of an earlier version; gdcheck claim theorem makes one anew"
}
_FILES = [kind.file for kind in KINDS if kind.file is not None]


def read_views(runs: Sequence[Path]) -> list[View[Any]]:
    """Read the results of runs: plain data, checked against their shapes and their own counts, never executed.

    Args:
        runs: JSON files, or directories that hold one under the name that its command gives it.

    Returns:
        Their views, in the order of the page.

    Raises:
        InputError: If a file cannot be read, is not the result of a run or contradicts itself, or one is named twice.
    """
    views, seen = list[View[Any]](), set[Path]()
    for path in (file for run in runs for file in _files(run)):
        if path.resolve() in seen:
            raise InputError("run", f"{str(path)[:200]!r} is named twice; name each run once")
        seen.add(path.resolve())
        views.append(_read(path))
    ordered = [view for kind in KINDS for view in views if type(view) is kind]
    for view in ordered:
        # Of several runs of one kind, the second and later ones have a number in their key.
        number = sum(other.name == view.name for other in ordered[: ordered.index(view)]) + 1
        view.key = view.name if number == 1 else f"{view.name}-{number}"
    return ordered


def _files(run: Path) -> list[Path]:
    if not run.is_dir():
        return [run]
    found = [run / name for name in _FILES if (run / name).is_file()]
    if not found:
        raise InputError("run", f"{str(run)[:200]!r} holds none of {', '.join(_FILES)}; name the directory of a run")
    return found


def _read(path: Path) -> View[Any]:
    name = repr(str(path)[:200])
    data = parse_json(read_text(path), str(path)[:200])
    written_as = data.get("schema") if isinstance(data, dict) else None
    if isinstance(written_as, str) and written_as in _EARLIER:
        raise InputError("run", f"{name} is {_EARLIER[written_as]}")
    if not isinstance(written_as, str) or written_as not in _BY_FORMAT:
        said = f" ({written_as[:60]!r})" if isinstance(written_as, str) else ""
        raise InputError("run", f"{name} has no known schema{said}; give one of {', '.join(_BY_FORMAT)}")
    kind = _BY_FORMAT[written_as]
    try:
        run = read_as(data, kind.shape)
    except ShapeError as error:
        raise InputError("run", f"{name}: {error}; give the file as it was written") from None
    for field, stated, counted in run.contradictions():
        if stated != counted:
            wrong = f"{field} is {str(stated)[:80]!r}, but the rest of the file comes to {str(counted)[:80]!r}"
            raise InputError("run", f"{name}: {wrong}; give the file as it was written")
    return kind(run)
