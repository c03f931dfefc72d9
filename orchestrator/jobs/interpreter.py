"""Makes a job's command run with the cluster's Python, whichever one the PATH of its head has first."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SETUP_HOOK = "orchestrator.jobs.interpreter.put_own_python_first"
"""For a job's runtime environment: each of its processes calls it as it begins, the one that runs the command too."""


def put_own_python_first() -> None:
    """Makes `python` the interpreter of this process for whatever it starts."""
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
