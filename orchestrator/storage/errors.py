"""What a storage raises when it cannot do what it was asked."""

from __future__ import annotations


class StorageError(Exception):
    """The storage cannot be read or written, after retries where those can help. One sentence, without secrets."""
