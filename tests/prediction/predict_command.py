"""The `combo` command in this process, which spares every test the start of a new one."""

import sys

from orchestrator.cli.app import main


def run_combo(*words):
    """Returns the exit code."""
    argv, sys.argv = sys.argv, ["combo", *map(str, words)]
    try:
        main()
    except SystemExit as end:
        return end.code or 0
    finally:
        sys.argv = argv
    return 0
