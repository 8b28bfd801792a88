"""Whether a built site loads anything from elsewhere: ``python docs/building/offline.py site``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

_ELSEWHERE = r"\s*=\s*[\"']?(?:https?:)?//"
_LOADS = tuple(
    re.compile(pattern, flags=re.IGNORECASE)
    for pattern in (
        # Links that a reader follows are none; stylesheets, scripts, fonts, pictures and frames are.
        r"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\b(?:src|srcset)" + _ELSEWHERE,
        r"<link\b(?![^>]*\brel\s*=\s*[\"']?canonical)[^>]*?\bhref" + _ELSEWHERE,
        r"<(?:object\b[^>]*?\bdata|use\b[^>]*?\bhref|image\b[^>]*?\bhref)" + _ELSEWHERE,
        r"url\(\s*[\"']?(?:https?:)?//",
        r"@import\s+[\"'](?:https?:)?//",
        # The theme's script would fetch a renderer for these.
        r"class=[\"']?mermaid",
    )
)


def loads_from_elsewhere(site: Path) -> list[str]:
    """Name the files of a site that load something, with what they load; none is as it should be.

    Args:
        site: The folder of the built site.
    """
    found = []
    for path in sorted(site.rglob("*")):
        if path.suffix in {".html", ".css", ".svg"}:
            text = path.read_text(encoding="utf-8")
            found += [f"{path.relative_to(site)}: {text[m.start() :][:100]}" for p in _LOADS for m in p.finditer(text)]
    return found


def main() -> int:
    """Check the site that is named; the exit code is 1 if something is loaded."""
    site = Path(sys.argv[1])
    pages = len(list(site.rglob("*.html")))
    found = loads_from_elsewhere(site)
    sys.stdout.write("\n".join([*found, f"{pages} pages, {len(found)} loads from elsewhere"]) + "\n")
    return 1 if found or not pages else 0


if __name__ == "__main__":
    raise SystemExit(main())
