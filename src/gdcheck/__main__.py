"""``python -m gdcheck`` is ``gdcheck``."""

from gdcheck.cli import main

main()
