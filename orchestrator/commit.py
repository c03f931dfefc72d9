"""Which code is running: its commit, and what differs from that."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from model.regular_files import read_regular
from orchestrator.redaction import redacted_code

COMMIT_FILE = "combo-lab.commit"
"""Lies beside the packages where they were sent to a cluster, and says which code they are: commit, then patch."""
ROOT = Path(__file__).parent.parent
LONGEST_PATCH = 200_000
"""Characters; what is longer is cut, and says so."""
SHOWN = {".py", ".yaml", ".toml"}
"""Of the files that git does not know, those whose content a patch shows; the others may hold anything."""


def current_commit() -> str | None:
    """Short hash of the checkout this package lies in or was sent from, `+dirty` if files differ or git knows them not.

    None outside of a checkout; `unknown` and the reason where git does not tell.
    """
    if (ROOT / COMMIT_FILE).exists():
        return (ROOT / COMMIT_FILE).read_text().partition("\n")[0] or None
    if not (ROOT / ".git").exists():
        return None
    try:
        commit = _git("rev-parse", "--short=12", "HEAD").strip()
        return commit + ("+dirty" if _git("status", "--porcelain") else "")
    except FileNotFoundError:
        return "unknown (git is not installed)"
    except subprocess.CalledProcessError as error:
        return f"unknown (git refuses: {_reason(error)})"


def uncommitted() -> str:
    """What the running code has that its commit has not, as a patch without secrets; empty if nothing, or unknown."""
    if (ROOT / COMMIT_FILE).exists():
        return (ROOT / COMMIT_FILE).read_text().partition("\n")[2]
    if not (ROOT / ".git").exists():
        return ""
    try:
        tracked = _git("diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD")
        unknown = [name for name in _git("ls-files", "-z", "--others", "--exclude-standard").split("\0") if name]
    except (FileNotFoundError, subprocess.CalledProcessError):
        return ""
    patch, length = [tracked], len(tracked)
    for part in map(_as_new, unknown):
        if length > LONGEST_PATCH:
            break
        patch.append(part)
        length += len(part)
    return _cut(redacted_code("".join(patch)))


def _as_new(name: str) -> str:
    """A file that git does not know, as a patch makes it; of what is no code only the name."""
    path = ROOT / name
    try:
        text = read_regular(path, LONGEST_PATCH).decode() if path.suffix in SHOWN and not path.is_symlink() else None
    except (OSError, UnicodeDecodeError):
        text = None
    if not text:
        return f"# not known to git, {'content not shown' if text is None else 'empty'}: {name}\n"
    lines = text.splitlines()
    return "".join(
        f"{line}\n" for line in ("--- /dev/null", f"+++ b/{name}", f"@@ -0,0 +1,{len(lines)} @@", *_added(lines))
    )


def _added(lines: list[str]) -> Iterator[str]:
    return (f"+{line}" for line in lines)


def _cut(patch: str) -> str:
    if len(patch) <= LONGEST_PATCH:
        return patch
    return f"{patch[:LONGEST_PATCH]}\n# cut here: a patch keeps {LONGEST_PATCH:,} characters\n"


def _reason(error: subprocess.CalledProcessError) -> str:
    """The first line of what git says, without the path of the checkout, which says nothing elsewhere."""
    first = next(iter(str(error.stderr).splitlines()), f"exit code {error.returncode}")
    return first.removeprefix("fatal: ").partition(" at '")[0]


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=True)
    return done.stdout
