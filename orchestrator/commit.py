"""Which commit of the code is running."""

from __future__ import annotations

import subprocess
from pathlib import Path

COMMIT_FILE = "combo-lab.commit"
"""Lies beside the packages where they were sent to a cluster, and says which commit they were taken from."""


def current_commit() -> str | None:
    """Short hash of the checkout this package lies in or was sent from, `+dirty` if tracked files differ.

    None outside of a checkout.
    """
    root = Path(__file__).parent.parent
    if (root / COMMIT_FILE).exists():
        return (root / COMMIT_FILE).read_text().strip() or None
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "--short=12", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit + ("+dirty" if changed else "")


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()
