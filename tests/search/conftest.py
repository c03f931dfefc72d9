from __future__ import annotations

from pathlib import Path

import pytest
from search_files import Workshop, load, search_content

from experiments.searches import ScaledSearch


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A storage, and hands that leave trial directories in it."""
    return Workshop(tmp_path / "storage")


@pytest.fixture
def search(tmp_path: Path) -> ScaledSearch:
    """Twelve points by TPE, three of them at random."""
    return load(tmp_path, search_content())


@pytest.fixture
def stopping_search(tmp_path: Path) -> ScaledSearch:
    """The same with early stopping."""
    return load(tmp_path, search_content(early_stopping={"scheduler": "asha", "grace_evaluations": 1}))
