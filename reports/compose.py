"""One report of several runs: a page, Markdown for a pull request, JUnit XML for CI, and what lies beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gdcheck.properties.storage.files import as_json, write_text_atomically, writing_to
from gdcheck.reports.figures import write_figures
from gdcheck.reports.formats import FORMATS
from gdcheck.reports.junit import as_junit
from gdcheck.reports.kinds import KINDS, read_views
from gdcheck.reports.page import outcome_of, render_page
from gdcheck.reports.text import plain
from gdcheck.reports.view import View
from gdcheck.theorem.certificate.shapes import StoredRun
from gdcheck.theorem.loss.errors import InputError


def compose(runs: Sequence[Path], out: Path, figures: Sequence[str] = ()) -> Path:
    """Read the results of runs and write their report.

    Args:
        runs: Files or directories.
        out: The directory of the report; made if it is not there.
        figures: Formats in which the charts are written beside the page, too.

    Returns:
        The page.

    Raises:
        InputError: If a run cannot be used, or the report cannot be written.
    """
    views = read_views(runs)
    forms = list(dict.fromkeys(figures))
    if unknown := [form for form in forms if form not in FORMATS]:
        raise InputError("figures", f"{unknown[0][:40]!r} is not a known format; give {', '.join(FORMATS)}")
    with writing_to(out):
        out.mkdir(parents=True, exist_ok=True)
        write_figures(views, forms, out)
        return _write(views, out)


def write_run(run: StoredRun, out: Path) -> Path:
    """Write the result of a run and its report.

    The data are written first, so that they survive whatever may happen to a picture.

    Args:
        run: The run.
        out: The directory; made if it is not there.

    Returns:
        The page.

    Raises:
        InputError: If a file cannot be written.
    """
    view = _view(run)
    with writing_to(out):
        out.mkdir(parents=True, exist_ok=True)
        write_text_atomically(out / str(view.file), as_json(run))
        return _write([view], out)


def write_measured(run: StoredRun, out: Path) -> None:
    """Write the result of a measurement and its charts, without a page.

    Args:
        run: The measurement.
        out: The directory, which is there.

    Raises:
        InputError: If a file cannot be written.
    """
    view = _view(run)
    with writing_to(out):
        write_text_atomically(out / str(view.file), as_json(run, indent=None))
        write_figures([view], ["svg"], out)


def _view(run: StoredRun) -> View[Any]:
    return next(kind(run) for kind in KINDS if isinstance(run, kind.shape))


def _write(views: Sequence[View[Any]], out: Path) -> Path:
    pictures = draw(views)
    for view in views:
        for name, content in view.files(pictures[view.key]):
            path = out / (view.under + name)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text_atomically(path, content if isinstance(content, str) else as_json(content))
    write_text_atomically(out / "junit.xml", as_junit(views))
    write_text_atomically(out / "report.md", as_markdown(views))
    page = out / "index.html"
    write_text_atomically(page, render_page(views, pictures))
    return page


def draw(views: Sequence[View[Any]]) -> dict[str, dict[str, str]]:
    """Draw the pictures of the page of some runs: for each run's key, its SVGs by name."""
    return {view.key: view.pictures() for view in views}


def _part(view: View[Any]) -> list[str]:
    """Return a run in Markdown, under a heading that no other run has."""
    heading, *lines = view.markdown()
    return [heading + view.number, *lines]


def as_markdown(views: Sequence[View[Any]]) -> str:
    """Write the runs as Markdown; text from them is escaped.

    Args:
        views: The runs.

    Returns:
        The text.
    """
    lines = [f"# gdcheck: {plain(outcome_of(views))}", "", *(line for view in views for line in _part(view))]
    return "\n".join(lines).rstrip() + "\n"
