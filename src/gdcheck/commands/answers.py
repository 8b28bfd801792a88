"""What the commands print with ``--json``: every object names its schema, and docs/schemas holds that."""

from __future__ import annotations

import json
from typing import Any

ANSWER, STEPS, DIRECTION = "gdcheck-answer/1", "gdcheck-steps/1", "gdcheck-direction/1"


def printed(schema: str, data: dict[str, Any]) -> str:
    """Return one JSON object on a line, its schema first."""
    return json.dumps({"schema": schema, **data}, ensure_ascii=False)
