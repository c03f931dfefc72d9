"""How old an MLflow server may be."""

from __future__ import annotations

import urllib.request

from packaging.version import InvalidVersion, Version

OLDEST_SERVER = Version("3.0")
"""The client asks for logged models whenever it lists artifacts; older servers answer that with a page, not found."""
ANSWER_SECONDS = 5.0


def server_version(tracking_uri: str) -> Version | None:
    """The version that a server reports; None where no MLflow server answers."""
    if not tracking_uri.startswith("http"):
        return None
    try:
        with urllib.request.urlopen(f"{tracking_uri.rstrip('/')}/version", timeout=ANSWER_SECONDS) as answer:
            return Version(answer.read(100).decode().strip())
    except (OSError, ValueError, InvalidVersion):
        return None
