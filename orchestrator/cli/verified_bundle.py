"""Verifies a bundle where it was unpacked, without the storage that it comes from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from reports.verifying.verify import Verification

OnProgress: TypeAlias = Callable[[float, int], None]
NO_DATA = "no-data"
"""A folder that is not there: the trials of a bundle are found by their configuration alone."""


@dataclass(frozen=True)
class VerifiedBundle:
    """Outcome of verifying a bundle."""

    found: Verification
    has_weights: bool


def verify_bundle(bundle: Path, progress: Callable[[], AbstractContextManager[OnProgress]]) -> VerifiedBundle:
    """Recomputes the numbers of a bundle from what it holds, and compares its files with its checksums.

    Args:
        bundle: the ZIP file.
        progress: begins to tell how far it is.

    Raises:
        InputError: it is no bundle.
    """
    from orchestrator.cli.report_tables import stored_tables
    from orchestrator.settings import Settings
    from orchestrator.storage.opening import open_storage
    from reports.bundle.archive import unpack
    from reports.bundle.checksums import check_checksums
    from reports.bundle.request import STORAGE, read_request
    from reports.bundle.tables import check_tables
    from reports.verifying.verify import verify

    with TemporaryDirectory(prefix="combo-bundle-") as made:
        folder = Path(made)
        unpack(bundle, folder)
        request = read_request(folder)
        changed = list(check_checksums(folder))  # first, as reading a storage may write its cache
        root = folder / STORAGE
        root.mkdir(exist_ok=True)
        settings = Settings(open_storage(str(root)), folder / NO_DATA, tracking_uri="", ray_address=None)
        words, protocols = request.words_at(folder), request.protocols
        stored = stored_tables(words, request.scale, settings, protocols, data_was_named=False)
        with progress() as on_progress:
            found = verify(
                stored.measured,
                stored.results,
                root,
                None,
                lambda _: None,
                on_progress,
                protocols,
                has_weights=request.has_weights,
            )
        findings = (*changed, *found.findings, *check_tables(folder, stored.measured))
        return VerifiedBundle(replace(found, findings=findings), request.has_weights)
