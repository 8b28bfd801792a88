"""The files of a report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.properties.verify.verify import Verification
from gdcheck.reports.schema import as_report, unproved

if TYPE_CHECKING:
    from gdcheck.reports.page import Pictures, Sources


@dataclass(frozen=True)
class Written:
    """Where a report went.

    Attributes:
        data: report.json.
        page: index.html.
        picture: phase.svg.
        sharpness: sharpness.svg.
        problems: The problems that are not as they should be, for ``gdcheck check --problem`` and ``gdcheck replay``.
    """

    data: Path
    page: Path
    picture: Path
    sharpness: Path
    problems: tuple[Path, ...]


def write_report(run: Verification, out_dir: Path) -> Written:
    """Writes the report of a run: data, picture, page, and a file for each problem that is not as it should be.

    The data are written first, so that they survive whatever may happen to the picture.

    Args:
        run: The run.
        out_dir: The directory; made if it is not there.

    Returns:
        The files.

    Raises:
        OSError: If a file cannot be written.
    """
    from gdcheck.reports.charts import phase_picture  # noqa: PLC0415
    from gdcheck.reports.page import Pictures, Sources  # noqa: PLC0415
    from gdcheck.reports.problem_charts import worked_picture  # noqa: PLC0415

    report = as_report(run)
    findings = [finding for finding in unproved(report) if finding.file is not None]
    out_dir.mkdir(parents=True, exist_ok=True)
    written = Written(
        data=out_dir / "report.json",
        page=out_dir / "index.html",
        picture=out_dir / "phase.svg",
        sharpness=out_dir / "sharpness.svg",
        problems=tuple(out_dir / str(finding.file) for finding in findings),
    )
    write_text_atomically(written.data, as_json(report))
    for path, finding in zip(written.problems, findings, strict=True):
        path.parent.mkdir(exist_ok=True)
        stored = {key: value for key, value in finding.record.items() if key in {"verdict", "reason", "problem"}}
        write_text_atomically(path, as_json(stored))
    worked = worked_picture()
    pictures = Pictures(phase_picture(report), phase_picture(report, narrow=True), worked)
    write_text_atomically(written.picture, pictures.wide)
    write_text_atomically(written.sharpness, worked)
    write_page(Sources(verification=report), pictures, out_dir)
    return written


def write_page(sources: Sources, pictures: Pictures, out_dir: Path) -> Path:
    """Writes what runs came to, three times: a page, Markdown for a pull request, JUnit XML for CI.

    Args:
        sources: The runs.
        pictures: What was drawn of them.
        out_dir: The directory, which is there.

    Returns:
        The page, ``index.html``; ``report.md`` and ``junit.xml`` lie beside it.

    Raises:
        OSError: If a file cannot be written.
    """
    from gdcheck.reports.junit import as_junit  # noqa: PLC0415
    from gdcheck.reports.markdown import as_markdown  # noqa: PLC0415
    from gdcheck.reports.page import render_page  # noqa: PLC0415

    write_text_atomically(out_dir / "junit.xml", as_junit(sources))
    write_text_atomically(out_dir / "report.md", as_markdown(sources))
    page = out_dir / "index.html"
    write_text_atomically(page, render_page(sources, pictures))
    return page
