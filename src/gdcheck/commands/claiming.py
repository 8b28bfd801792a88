"""``gdcheck claim``: a claim of one's own, tried on random problems."""

from __future__ import annotations

import typer

from gdcheck.commands.claim_options import ClaimOptions
from gdcheck.commands.common import INTERRUPTED, PROVED, help_end, takes
from gdcheck.commands.talking import talks
from gdcheck.theorem.loss.errors import InputError

commands = typer.Typer()


@commands.command(
    epilog=help_end(
        "0 every claim held on all problems, 1 one is false, 3 one is undecided somewhere; a claim that cannot be used "
        "is bad input, and the others are examined",
        "gdcheck claim --new my_lemma.py",
        "gdcheck claim my_lemma.py",
        "gdcheck claim my_lemma.py --budget 1e5 --jobs 4 --out run",
        "gdcheck claim --resume run",
        "gdcheck claim invariance --out invariance",
        "gdcheck claim theorem --budget 1e4",
    )
)
@talks()
@takes(ClaimOptions)
def claim(options: ClaimOptions) -> int:
    """Try a claim of your own on random problems: a verdict, and a counterexample to send."""
    from gdcheck.commands.claim_run import exit_code, run_and_store, show_claims, write_start
    from gdcheck.properties.storage.files import as_json
    from gdcheck.terminal.show import console_for_people

    if (new := options.new) is not None:
        if options.claims or options.resume is not None:
            raise InputError("new", "stands alone; leave out the claims and --resume")
        write_start(new)
        typer.echo(f"{new}: run it with gdcheck claim {new}")
        return PROVED
    run, root = run_and_store(options)
    if options.as_json:
        typer.echo(as_json(run, indent=None), nl=False)
    else:
        show_claims(console_for_people(), run, root, latex=options.latex)
        typer.echo(f"report: {root / 'index.html'} (data: {root / 'claim.json'})")
    return INTERRUPTED if run.interrupted else exit_code(run)
