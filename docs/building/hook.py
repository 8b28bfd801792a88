"""What MkDocs calls while it builds the site (mkdocs.yml, ``tox -e docs``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from command_page import command_reference
from example_pages import example_page, script_names
from mkdocs.structure.files import File, Files
from rewriting import formulas_as_mathml, indices_as_html, links_within
from schema_page import schema_tables


def on_files(files: Files, config: Any) -> Files:
    """Add the pages and pictures that are made from the mini-papers."""
    folder = Path(config.docs_dir) / "examples"
    for name in script_names(folder):
        page, picture, content = example_page(folder, name)
        files.append(File.generated(config, f"examples/{name}.md", content=page))
        files.append(File.generated(config, f"examples/{picture}", content=content))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Put in what is made from the code, and make links and formulas ones that the site can show."""
    for name, make in {
        "commands": command_reference,
        "schemas": lambda: schema_tables(Path(config.docs_dir)),
    }.items():
        if (mark := f"<!-- made: {name} -->") in markdown:
            markdown = markdown.replace(mark, make())
    return indices_as_html(formulas_as_mathml(links_within(markdown, page.file.src_uri)))
