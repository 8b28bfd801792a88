"""What the site changes in pages that are written for a viewer of the repository too: links and formulas."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from urllib.parse import urlsplit

_CODE = re.compile(r"(^```.*?^```|(?<=\n\n)(?: {4}[^\n]*\n)+|`[^`\n]*`)", flags=re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
# A letter, perhaps with a mark above it, or the end of a bracket or norm.
_BASE = r"([^\W\d_][\u0300-\u036f\u20d0-\u20ff]?|[)‖|∑∏}])"
_MINIMIZER = re.compile(r"(?<![\w\\*])x\*(?![\w(*])")
_SUBSCRIPT = re.compile(_BASE + r"_(\{[^{}\n]{1,30}\}|[^\W_]|\\?\*)(?![a-z0-9_]|[./]\w)")
_SUPERSCRIPT = re.compile(r"(?<=[\w)‖|>₊])\^(\{[^{}\n]{1,30}\}|[^\W_]+)")
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(?=\S)((?:[^$\n]|\n(?!\n)){1,500}?)(?<=\S)\$(?!\d)", flags=re.DOTALL)


def links_within(text: str, page: str) -> str:
    """Replace links that leave the documentation, or lead to what the site has under another name.

    A link to a file of the repository becomes the path of that file; one to a mini-paper's script, its page; one to a
    folder, the page that describes it.

    Args:
        text: A page in Markdown.
        page: Its path in the documentation, such as ``concepts/trust.md``.

    Returns:
        The page with links that the site can follow.
    """

    def moved(found: re.Match[str]) -> str:
        said, target = found.groups()
        if urlsplit(target).scheme or target.startswith("#"):
            return found[0]
        path, hash_, where = target.partition("#")
        full = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
        if full == ".." or full.startswith("../"):
            here = full.removeprefix("../")
            code = f"`{here}`"
            return code if said.strip("`") in {here, f"{here}/"} else f"{said} ({code})"
        if full.startswith("examples/") and path.endswith(".py"):
            return f"[{said}]({path.removesuffix('.py')}.md{hash_}{where})"
        if path.endswith("/"):
            return f"[{said}]({path}README.md)"
        return found[0]

    return _outside_code(text, lambda part: _LINK.sub(moved, part), keep_spans=True)


def formulas_as_mathml(text: str) -> str:
    """Turn LaTeX between dollar signs into MathML, which browsers show without a script.

    Args:
        text: A page in Markdown.

    Returns:
        The page; code is left as it is.
    """

    def converted(found: re.Match[str]) -> str:
        from latex2mathml.converter import convert

        block, inline = found.groups()
        made = convert(block or inline, display="block" if block else "inline")
        # Markdown would read signs between the tags.
        made = re.sub(r"(?<=>)[*_](?=<)", lambda sign: f"&#{ord(sign[0])};", made)
        # A line that begins with <math> would be a paragraph of its own.
        return f"\n\n{made}\n\n" if block else f"<span>{made}</span>"

    return _outside_code(text, lambda part: _FORMULA.sub(converted, part))


def indices_as_html(text: str) -> str:
    """Lower and raise what stands behind ``_`` and ``^`` in plain formulas, such as x_{k+1} and ρ^j.

    Args:
        text: A page in Markdown.

    Returns:
        The page; code is left as it is.
    """

    def small(tag: str, index: str) -> str:
        # A star would be read as emphasis.
        said = index.strip("{}\\").replace("<", "&lt;").replace("*", "&#42;")
        return f"<{tag}>{said}</{tag}>"

    def changed(part: str) -> str:
        # The minimizer's star is none of emphasis, escaped or not.
        part = _MINIMIZER.sub(r"x\*", part).replace("\\<", "&lt;")
        lowered = _SUBSCRIPT.sub(lambda found: found[1] + small("sub", found[2]), part)
        return _SUPERSCRIPT.sub(lambda found: small("sup", found[1]), lowered)

    return _outside_code(text, changed)


def _outside_code(text: str, change: Callable[[str], str], *, keep_spans: bool = False) -> str:
    """Change a text, but not its code; a link whose words are code is still one."""
    if keep_spans:
        fences = re.split(r"(^```.*?^```)", text, flags=re.DOTALL | re.MULTILINE)
        return "".join(part if i % 2 else change(part) for i, part in enumerate(fences))
    return "".join(part if i % 2 else change(part) for i, part in enumerate(_CODE.split(text)))
