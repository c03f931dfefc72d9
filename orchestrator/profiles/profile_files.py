"""Where profiles lie: `combo/` in the user's folder of settings, a file each, and one that says which is in use."""

from __future__ import annotations

import os
import re
from pathlib import Path

from experiments.atomic_write import write_atomic
from experiments.errors import InputError, Problem, did_you_mean

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
SUFFIX = ".yaml"


def settings_folder() -> Path:
    """`$XDG_CONFIG_HOME/combo`, by default `~/.config/combo`."""
    place = os.environ.get("XDG_CONFIG_HOME", "")
    # The standard has relative paths ignored.
    return (Path(place) if Path(place).is_absolute() else Path.home() / ".config") / "combo"


def profile_file(name: str) -> Path:
    """The file of a profile by its name, which need not be there.

    Raises:
        InputError: it is no name.
    """
    if not NAME.fullmatch(name):
        raise InputError(Problem(f"profile '{name}'", "is no name", "letters, digits, dots, hyphens and underscores"))
    return settings_folder() / "profiles" / f"{name}{SUFFIX}"


def find_profile(named: str) -> Path:
    """The file of a profile by its name, or by its path if there is a slash or `.yaml` in it.

    Raises:
        InputError: there is none.
    """
    file = Path(named).expanduser() if "/" in named or named.endswith(SUFFIX) else profile_file(named)
    if not file.is_file():
        known = profile_names()
        remedy = did_you_mean(named, known) if known else f"write {file}; docs/guides/profiles.md shows one"
        raise InputError(Problem(f"profile '{named}'", f"is not there: {file}", remedy))
    return file


def profile_names() -> list[str]:
    """Names of all profiles, sorted."""
    return sorted(file.name.removesuffix(SUFFIX) for file in (settings_folder() / "profiles").glob(f"*{SUFFIX}"))


def name_in_use() -> str | None:
    """The profile that commands take if they name none."""
    try:
        return _choice().read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def put_in_use(name: str | None) -> None:
    """Makes commands that name no profile take this one, or none."""
    if name is None:
        _choice().unlink(missing_ok=True)
    else:
        write_atomic(_choice(), f"{name}\n")


def _choice() -> Path:
    return settings_folder() / "profile"
