"""The page of one or more runs: one HTML file that needs no network; its script only sorts, filters and copies."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gdcheck.properties.storage.files import as_json
from gdcheck.properties.storage.versions import versions
from gdcheck.reports import text
from gdcheck.reports.view import View
from gdcheck.theorem.methods.words import method_words


def _command(line: str) -> Markup:
    """Show a command whose options are not broken at their hyphens."""
    words = (Markup('<span class="nowrap">{}</span>' if w.startswith("-") else "{}").format(w) for w in line.split(" "))
    return Markup(" ").join(words)


_FILTERS: dict[str, Callable[..., str]] = {
    "command": _command,
    # The narrow no-break space keeps a term together where a narrow cell breaks the line.
    "mathematical": lambda loss: text.mathematical(loss).replace("\u2009", "\u202f"),
    "method": method_words,
    "decimal": text.decimal,
    "scientific": text.scientific,
    "ratio": text.ratio,
    "rate": text.rate,
    "vector": text.vector,
    "shell": text.shell,
    "pretty_json": lambda data: as_json(data).rstrip(),
}


def outcome_of(views: Sequence[View[Any]]) -> str:
    """Return ``failed``, ``incomplete`` or ``passed``: the worst outcome of the runs."""
    found = [view.outcome for view in views]
    return next((word for word in ("failed", "incomplete") if word in found), found[0] if found else "incomplete")


def render_page(views: Sequence[View[Any]], pictures: Mapping[str, Mapping[str, str]]) -> str:
    """Render the page.

    Args:
        views: The runs; every text in them is shown as text.
        pictures: SVGs of our own making by the key of a view, put into the page as they are; see ``View.pictures``.

    Returns:
        HTML.
    """
    script = files("gdcheck.reports").joinpath("templates", "page.js").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=PackageLoader("gdcheck.reports"),
    )
    environment.filters |= _FILTERS
    return environment.get_template("page.html.j2").render(
        outcome=outcome_of(views),
        views=views,
        cautions=[
            replace(caution, label=f"{caution.label} ({view.title}{view.number})") if view.number else caution
            for view in views
            for caution in view.cautions()
        ],
        made_by=", ".join(f"{name} {number}" for name, number in versions().items()),
        facts=_facts(views),
        # The script and the pictures are our own; all else is escaped.
        script=Markup(script),
        script_hash="sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        drawn={
            view.key: defaultdict(Markup, {name: Markup(svg) for name, svg in pictures.get(view.key, {}).items()})
            for view in views
        },
    )


def _facts(views: Sequence[View[Any]]) -> list[tuple[str, str]]:
    """Return seeds, versions and the like: each once, with the values of all runs."""
    found: dict[str, dict[str, None]] = {}
    for name, value in (fact for view in views for fact in view.facts()):
        found.setdefault(name, {})[str(value)] = None
    return [(name, ", ".join(values)) for name, values in found.items()]
