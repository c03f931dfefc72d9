"""Writes a bundle: report, evidence, checksums and metadata in one ZIP file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments.atomic_write import write_atomic
from experiments.errors import InputError, Problem
from experiments.records import STORAGE_FILE
from reports.build import Request, build_report
from reports.bundle.archive import pack
from reports.bundle.checksums import write_checksums
from reports.bundle.crate import write_crate
from reports.bundle.evidence import Evidence, evidence_of
from reports.bundle.request import EXPERIMENTS, REPORT, REQUEST_FILE, STORAGE, BundleRequest
from reports.stored.results import Results
from reports.tables.cells import Table

README = """# Evidence of a report

`report/index.html` shows tables and figures, `storage/` holds what they follow from, `bundle.json` what was asked for.
`ro-crate-metadata.json` describes every file (RO-Crate, profile Process Run Crate).

    combo report verify THIS_FILE.zip     # recomputes every number from the scores of single clips
    sha256sum -c checksums.sha256         # or, unpacked and without combo, whether the files are those that were packed
"""


def write_bundle(
    request: BundleRequest,
    report: Request,
    results: Results,
    own_files: Mapping[str, Path],
    storage: Path,
    fetch: Callable[[Sequence[str]], None],
    out: Path,
) -> tuple[Evidence, tuple[Table, ...]]:
    """Writes a bundle and returns what is in it.

    Args:
        request: what it is asked for.
        report: the same as a report.
        results: of the storage.
        own_files: YAML files that do not ship with the package, by their names in the bundle.
        storage: folder that holds `trials/` and `evaluations/`.
        fetch: makes folders below it equal to what is stored.
        out: the ZIP file, replaced if it exists.

    Raises:
        InputError: no cell is measured, or a figure's parameter is no number in some variant.
        OSError: something cannot be read or written.
    """
    with TemporaryDirectory(prefix="combo-bundle-") as made:
        folder = Path(made)
        built = build_report(report, results, folder / REPORT)
        measured = tuple(table for table in built.tables if table.own_cells)
        evidence = evidence_of(measured, results)
        if not (evidence.trials or evidence.evaluations):
            raise InputError(Problem("the tables", "hold no measured cell, so there is no evidence", "run them first"))
        fetch(evidence.folders())
        for path in (*evidence.files(storage, with_weights=request.has_weights), storage / STORAGE_FILE):
            if path.is_file():
                _copy(path, folder / STORAGE / path.relative_to(storage))
        for name, path in own_files.items():
            _copy(path, folder / EXPERIMENTS / name)
        write_atomic(folder / REQUEST_FILE, request.model_dump_json(indent=1) + "\n")
        write_atomic(folder / "README.md", README)
        write_crate(folder, measured, evidence, request)
        write_checksums(folder)
        pack(folder, out)
    return evidence, measured


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
