"""``gdcheck verify``, ``ablate`` and ``report``: runs that end in a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gdcheck.commands.common import INTERRUPTED, PROVED, REFUTED, help_end, make_directory, proofs_with_progress
from gdcheck.commands.options import AsJson, Jobs, RunAsJson, number, whole
from gdcheck.commands.talking import talks
from gdcheck.properties.storage.workers import default_jobs

commands = typer.Typer()


@commands.command(
    epilog=help_end(
        "0 all as expected, 1 anything refuted or unresolved",
        "gdcheck verify",
        "gdcheck verify --problems 2000 --seed 7 --jobs 4 --out reports/out/seed7",
    )
)
@talks(lambda given: given["out"] / "report.json")
def verify(
    problems: Annotated[int, typer.Option(**whole(0, 1_000_000), help="How many random problems.")] = 300,
    seed: Annotated[int, typer.Option(**whole(), help="The seed of the random problems.")] = 0,
    jobs: Jobs = None,
    out: Annotated[Path, typer.Option(help="The directory of the report.")] = Path("reports/out"),
    kernel: Annotated[
        bool, typer.Option("--kernel", help="Also have Coq's kernel check every instance that it has a theorem about.")
    ] = False,
) -> int:
    """Prove and recheck the paper's instances and random problems, and write the report."""
    from gdcheck.properties.verify.verify import verify as run_verification
    from gdcheck.properties.verify.verify import workload
    from gdcheck.terminal.progress import progress_bar
    from gdcheck.terminal.show import console_for_people, show_verification

    make_directory(out)
    library = proofs_with_progress() if kernel else None
    with progress_bar(workload(problems), "deciding and rechecking") as on_done:
        run_ = run_verification(problems, seed, jobs or default_jobs(), on_done)
    if library is not None and not run_.interrupted:
        from gdcheck.properties.verify.kernel_pass import check_run_in_kernel, kernel_workload

        with progress_bar(kernel_workload(run_), "checking in Coq's kernel") as on_done:
            run_ = check_run_in_kernel(run_, library, jobs or default_jobs(), on_done)
    from gdcheck.reports.compose import write_run

    page = write_run(run_, out)
    show_verification(console_for_people(), run_)
    typer.echo(f"report: {page} (data: {out / 'report.json'})")
    if run_.interrupted:
        return INTERRUPTED
    return PROVED if run_.outcome == "passed" else REFUTED


@commands.command(
    epilog=help_end(
        "0 every row is answered, 1 some row is open",
        "gdcheck ablate",
        "gdcheck ablate --assumption off-boundary --budget 1000",
        "gdcheck ablate --load my_claim.py --assumption decided-early",
    )
)
@talks()
def ablate(
    assumption: Annotated[
        list[str] | None, typer.Option(help="An assumption or an ablation by name; all if not given. May be repeated.")
    ] = None,
    budget: Annotated[int, typer.Option(**whole(1, 10_000_000), help="Problems to examine for each row.")] = 200,
    seed: Annotated[int, typer.Option(**whole(), help="The seed of the search.")] = 0,
    jobs: Jobs = None,
    time_limit: Annotated[
        float, typer.Option(**number(0.1, 86400), help="Seconds that one problem may take; then it is undecided.")
    ] = 600.0,
    load: Annotated[Path | None, typer.Option(help="A Python file with ablations of your own; it is run.")] = None,
    out: Annotated[Path, typer.Option(help="The directory of the results.")] = Path("reports/out/ablation"),
    as_json: RunAsJson = False,
) -> int:
    """Drop each assumption in turn and look for a counterexample with proof."""
    from gdcheck.properties.ablation.run import chosen, known, run_ablations, workload
    from gdcheck.properties.storage.files import as_json as text
    from gdcheck.reports.compose import write_run
    from gdcheck.terminal.progress import progress_bar
    from gdcheck.terminal.show import console_for_people
    from gdcheck.terminal.show_ablations import show_ablations

    names = chosen(assumption or [], known(load))
    make_directory(out)
    with progress_bar(workload(names, budget, load), "dropping assumptions") as on_done:
        run_ = run_ablations(
            names, budget, seed=seed, jobs=jobs or default_jobs(), time_limit=time_limit, load=load, on_done=on_done
        )
    write_run(run_, out)
    if as_json:
        typer.echo(text(run_, indent=None), nl=False)
    else:
        show_ablations(console_for_people(), run_, out)
        typer.echo(f"report: {out / 'index.html'} (data: {out / 'ablation.json'})")
    if run_.interrupted:
        return INTERRUPTED
    return REFUTED if any(row.verdict == "open" for row in run_.rows) else PROVED


@commands.command(
    epilog=help_end(
        "0 the report is written",
        "gdcheck report reports/out reports/out/ablation --out page --open",
        before="A run is the JSON result of gdcheck verify, ablate, sweep, train or network, or of a run of the claims "
        "(gdcheck claim), or the directory that holds it.",
    )
)
@talks()
def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Results of runs, files or directories.")],
    out: Annotated[Path, typer.Option(help="The directory of the report.")] = Path("reports/out/report"),
    figures: Annotated[
        list[str] | None, typer.Option(help="Write the charts as svg, png, pdf or html (interactive). May be repeated.")
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    as_json: AsJson = False,
) -> int:
    """Put runs on one offline page, with Markdown and JUnit XML beside it."""
    from gdcheck.commands.answer_schemas import Page
    from gdcheck.properties.storage.files import as_json as as_text
    from gdcheck.reports.compose import compose

    page = compose(runs, out, figures or [])
    if as_json:
        typer.echo(as_text(Page(str(page), str(out / "report.md"), str(out / "junit.xml")), indent=None), nl=False)
    else:
        typer.echo(f"report: {page}")
    if open_:
        import webbrowser

        webbrowser.open(page.resolve().as_uri())
    return PROVED
