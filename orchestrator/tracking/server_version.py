"""How old an MLflow server may be."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

OLDEST_SERVER = Version("3.0")
"""The client asks for logged models whenever it lists artifacts; older servers answer that with a page, not found."""
ANSWER_SECONDS = 5.0


def server_version(tracking_uri: str) -> Version | None:
    """The version that a server reports; None where no MLflow server answers."""
    if not tracking_uri.startswith("http"):
        return None
    # Brings sockets and TLS, which nobody waits for whose MLflow is a file.
    import urllib.request

    try:
        with urllib.request.urlopen(f"{tracking_uri.rstrip('/')}/version", timeout=ANSWER_SECONDS) as answer:
            return Version(answer.read(100).decode().strip())
    except (OSError, ValueError, InvalidVersion):
        return None
