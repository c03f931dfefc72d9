"""Ray's authentication token, so that no other user of the network or machine can run code through our Ray.

Importing this file does not import Ray.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from experiments.errors import InputError, Problem

MODE, TOKEN, TOKEN_FILE = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"


def use_given_token() -> bool:
    """Makes Ray send the token that this environment names; returns whether it names one.

    Ray sends a token only in this mode, and ends the process if the file of the token is not there.

    Raises:
        InputError: that file is not there.
    """
    path = os.environ.get(TOKEN_FILE)
    if path and not Path(path).is_file():
        raise InputError(Problem(f"{TOKEN_FILE} {path}", "is not there", "name the file that holds the token"))
    is_given = any(os.environ.get(name) for name in (TOKEN, TOKEN_FILE))
    if is_given:
        os.environ.setdefault(MODE, "token")
    return is_given


def want_token(folder: Path) -> None:
    """Makes a Ray that this process starts require the token that this environment names, or a new one.

    Args:
        folder: for the new one; Ray's own choice is a file that everybody may read.

    Raises:
        InputError: the file of the token is not there.
    """
    if not use_given_token():
        file = folder / "token"
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32))
        os.environ[TOKEN_FILE] = str(file)
    os.environ[MODE] = "token"
