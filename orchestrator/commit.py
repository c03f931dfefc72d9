"""The commit of the running code, and its uncommitted changes."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from model.regular_files import read_regular
from orchestrator.redaction import redacted_code

DIGITS = 8
"""Length of the digest that tells uncommitted states of one commit apart."""
NOT_SHOWN = "# not known to git, content not shown: "
"""What a patch says before the name of a file that is no code."""
COMMIT_FILE = "combo-lab.commit"
"""Lies beside the packages where they were sent to a cluster, and says which code they are: commit, then patch."""
ROOT = Path(__file__).parent.parent
LONGEST_PATCH = 200_000
"""Characters; what is longer is cut, and says so."""
SHOWN = {".py", ".yaml", ".toml"}
"""Suffixes of untracked files whose content a patch shows; other files may hold anything."""


def current_commit() -> str | None:
    """Short hash of the checkout this package lies in or was sent from, `+dirty` if files differ or git knows them not.

    A digest of the code that differs follows, as in `+dirty.1a2b3c4d`: other changes are other code.
    None outside of a checkout; `unknown` and the reason where git does not tell.
    """
    if (ROOT / COMMIT_FILE).exists():
        return (ROOT / COMMIT_FILE).read_text().partition("\n")[0] or None
    if not (ROOT / ".git").exists():
        return None
    try:
        commit = _git("rev-parse", "--short=12", "HEAD").strip()
        return commit + (_dirt() if _git("status", "--porcelain") else "")
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
        return _cut(redacted_code("".join(_differences())))
    except (FileNotFoundError, subprocess.CalledProcessError):
        return ""


def _dirt() -> str:
    """What follows the hash of a commit; files that are no code do not tell states of the code apart."""
    code = redacted_code("".join(part for part in _differences() if not part.startswith(NOT_SHOWN)))
    return "+dirty" + (f".{hashlib.sha256(code.encode()).hexdigest()[:DIGITS]}" if code else "")


def _differences() -> Iterator[str]:
    """What git knows and is not committed, then file by file what git does not know, up to the longest patch."""
    tracked = _git("diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD")
    yield tracked
    length = len(tracked)
    for name in filter(None, _git("ls-files", "-z", "--others", "--exclude-standard").split("\0")):
        if length > LONGEST_PATCH:
            return
        part = _as_new(name)
        yield part
        length += len(part)


def _as_new(name: str) -> str:
    """A file that git does not know, as a patch makes it; of what is no code only the name."""
    path = ROOT / name
    try:
        text = read_regular(path, LONGEST_PATCH).decode() if path.suffix in SHOWN and not path.is_symlink() else None
    except (OSError, UnicodeDecodeError):
        text = None
    if text is None:
        return f"{NOT_SHOWN}{name}\n"
    if not text:
        return f"# not known to git, empty: {name}\n"
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
