"""What a storage raises when it cannot do what it was asked."""

from __future__ import annotations

import errno

OUT_OF_SPACE = (errno.ENOSPC, errno.EDQUOT)
"""What the system says of a full disk, or of a quota that is used up."""


class StorageError(Exception):
    """The storage cannot be read or written, after retries where those can help. One sentence, without secrets."""
