import resource
from contextlib import contextmanager

import pytest


@pytest.fixture
def full_disk():
    """While it lasts, the system refuses to make files larger than so many bytes, as it does on a full disk."""

    @contextmanager
    def limited(room):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited
