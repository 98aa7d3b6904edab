"""``python -m portal.cli``."""

from portal.cli.main import main

main()
