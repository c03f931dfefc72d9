"""Maskiges of small pictures: what the method finds has tests of its own, and takes most of the time of others."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

AREA = 64 * 64


@contextmanager
def small_proposals() -> Iterator[None]:
    """While it lasts, Felzenszwalb's method works on small pictures, in this process and those forked from it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.proposals.felzenszwalb.WORKING_AREA", AREA)
        patch.setattr("model.proposals.felzenszwalb.MIN_AREA", AREA // 400)
        yield
