"""One report of several runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.reports.ablation_view import certificate_files
from gdcheck.reports.charts import phase_picture, with_style_sheet
from gdcheck.reports.claims_chart import claims_picture
from gdcheck.reports.claims_view import claims_view
from gdcheck.reports.figures import write_figures
from gdcheck.reports.measured_charts import network_picture, training_picture
from gdcheck.reports.page import Pictures, Sources
from gdcheck.reports.problem_charts import FORMATS, problem_picture, worked_picture
from gdcheck.reports.read import read_sources
from gdcheck.reports.sweep_charts import sweep_pictures
from gdcheck.reports.write import write_page
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError

_MOST_VARIABLES = 6
_STEPS = 2000


def compose(runs: Sequence[Path], out: Path, figures: Sequence[str] = ()) -> Path:
    """Reads the results of runs and writes their report.

    Args:
        runs: Files or directories.
        out: The directory of the report; made if it is not there.
        figures: Forms in which the charts are written beside the page, too.

    Returns:
        The page.

    Raises:
        InputError: If a run cannot be used, or the report cannot be written.
    """
    sources = read_sources(runs)
    forms = list(dict.fromkeys(figures))
    if unknown := [form for form in forms if form not in FORMATS]:
        raise InputError("figures", f"{unknown[0][:40]!r} is no form; give {', '.join(FORMATS)}")
    try:
        out.mkdir(parents=True, exist_ok=True)
        store_certificates(sources, out)
        write_figures(sources, forms, out)
        return write_page(sources, draw(sources), out)
    except OSError as error:
        raise InputError("out", f"cannot write {str(out)[:200]!r} ({error.strerror}); name a writable place") from None


def draw(sources: Sources) -> Pictures:
    """Draws what the page of these runs shows.

    Args:
        sources: The runs.

    Returns:
        The pictures.
    """
    report, claims = sources.verification, sources.claims
    return Pictures(
        wide=phase_picture(report) if report else "",
        narrow=phase_picture(report, narrow=True) if report else "",
        worked=worked_picture() if report else "",
        claims=claims_picture(claims_view(claims)) if claims else "",
        exhibits=dict(_exhibits(sources)),
        sweep=list(sweep_pictures(sources.sweep)) if sources.sweep else [],
        network=network_picture(dict(sources.network)) if sources.network else "",
        training=training_picture(dict(sources.training)) if sources.training else "",
    )


def _exhibits(sources: Sources) -> Iterator[tuple[str, str]]:
    """A picture for the simplest exhibit of each ablation: the trajectory, and what happens to its direction."""
    for row in sources.ablation["rows"] if sources.ablation else ():
        role = "simplest" if row["simplest"] else "shown"
        if row[role] and len(row[role]["problem"]["variables"]) <= _MOST_VARIABLES:
            decision = decide(Problem.from_json(row[role]["problem"]), max_steps=_STEPS)
            name = f"The trajectory of the counterexample {row['name']}"
            yield f"{row['name']}/{role}", with_style_sheet(problem_picture(decision), name)


def store_certificates(sources: Sources, out: Path) -> None:
    """Writes the certificates of an ablation's counterexamples, so that the page's commands find them.

    Args:
        sources: The runs.
        out: The directory of the report.

    Raises:
        OSError: If a file cannot be written.
        InputError: If a name would lead out of the directory.
    """
    for row in sources.ablation["rows"] if sources.ablation else ():
        if not row["name"].replace("-", "").isalnum():
            raise InputError("run", f"the ablation {row['name'][:80]!r} must be named by letters, digits and hyphens")
        for role in ("simplest", "worst"):
            exhibit = row[role]
            files = certificate_files(row["name"], role, exhibit)
            for file, certificate in zip(files, exhibit["certificates"] if exhibit else (), strict=True):
                (out / file).parent.mkdir(exist_ok=True)
                write_text_atomically(out / file, as_json(certificate))
