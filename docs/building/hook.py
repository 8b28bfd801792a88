"""What MkDocs calls while it builds the site (mkdocs.yml, ``tox -e docs``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from command_page import command_page
from example_pages import example_page, script_names
from mkdocs.structure.files import File, Files
from rewriting import formulas_as_mathml, links_within
from schema_page import schema_page


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made from the code, the schemas and the mini-papers."""
    docs = Path(config.docs_dir)
    made: dict[str, str | bytes] = {
        "reference/commands.md": command_page(),
        "reference/schemas.md": schema_page(docs),
    }
    for name in script_names(docs / "examples"):
        page, picture, content = example_page(docs / "examples", name)
        made |= {f"examples/{name}.md": page, f"examples/{picture}": content}
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Make links and formulas ones that the site can show."""
    return formulas_as_mathml(links_within(markdown, page.file.src_uri))
