"""Figures that several tests ask for are drawn once in a run; what a drawing is known by has tests of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from orchestrator.report_inputs import building
from reports.drawing.kept_drawings import keeping_drawings


@pytest.fixture(scope="session", autouse=True)
def shared_drawings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One folder for all storages, and for all processes that share the tests."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "drawings"
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, keeping_drawings(folder):
        patch.setattr(building, "KEPT_DRAWINGS", str(folder))
        yield
