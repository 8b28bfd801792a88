"""``python -m properties`` is ``gdcheck``."""

from properties.cli import main

main()
