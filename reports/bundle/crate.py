"""A bundle as a Process Run Crate: which code made which result from which configuration and data, and when.

Specification: https://w3id.org/ro/wfrun/process/0.5, on RO-Crate 1.1.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.model.softwareapplication import SoftwareApplication
from rocrate.rocrate import ROCrate

from experiments.records import (
    EVALUATION_FILE,
    EVALUATIONS,
    RESULT_FILE,
    SCORES_FILE,
    TRIAL_FILE,
    TRIALS,
    EvaluationRecord,
)
from model.config import Task
from reports.bundle.checksums import digest_of
from reports.bundle.evidence import Evidence
from reports.bundle.request import REPORT, REQUEST_FILE, STORAGE, BundleRequest
from reports.render import wording
from reports.slugs import slug
from reports.stored.stored_trial import StoredTrial
from reports.tables.cells import Table

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
METADATA_FILE = "ro-crate-metadata.json"
_SHA256 = "http://schema.org/sha256"
_TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".jsonl": "application/jsonl",
    ".safetensors": "application/octet-stream",
    ".npz": "application/octet-stream",
    ".patch": "text/x-diff",
    ".yaml": "application/yaml",
    ".tex": "application/x-tex",
    ".bib": "application/x-bibtex",
    ".md": "text/markdown",
}


def write_crate(folder: Path, tables: Sequence[Table], evidence: Evidence, request: BundleRequest) -> None:
    """Writes the metadata of a bundle whose other files are all there.

    Args:
        folder: the bundle.
        tables: that it holds.
        evidence: behind them.
        request: what it was asked for.
    """
    _Crate(folder, tables, evidence, request).write()


class _Crate:
    def __init__(self, folder: Path, tables: Sequence[Table], evidence: Evidence, request: BundleRequest) -> None:
        self._folder, self._tables, self._evidence, self._request = folder, tables, evidence, request
        self._crate = ROCrate(version="1.1")
        self._files: dict[str, Any] = {}

    def write(self) -> None:
        crate = self._crate
        crate.metadata.extra_terms["sha256"] = _SHA256
        # Not the moment of writing, so that the same storage gives the same bundle.
        moment = max(
            (
                *(one.own_result.provenance.finished for one in self._evidence.trials if one.own_result),
                *(record.finished for record in self._evidence.evaluations),
            ),
            default="1980-01-01T00:00:00+00:00",
        )
        crate.name = f"Evidence for {', '.join(f'Table {table.number} of {table.paper}' for table in self._tables)}"
        crate.description = (
            "Tables of a report with the configurations, scores of single clips, training curves, checksums and code "
            f"behind every number. `combo report verify` recomputes them; scale {self._request.scale}."
        )
        crate.datePublished = moment
        crate.license = self._request.licence
        self._add_context(PROFILE, "CreativeWork", name="Process Run Crate", version="0.5")
        crate.root_dataset["conformsTo"] = {"@id": PROFILE}
        for path in sorted(path for path in self._folder.rglob("*") if path.is_file()):
            self._add_file(path)
        for trial in self._evidence.trials:
            self._add_training(trial)
        for record in self._evidence.evaluations:
            self._add_scoring(record)
        self._add_report(moment)
        crate.metadata.write(self._folder)

    def _add_file(self, path: Path) -> None:
        name = path.relative_to(self._folder).as_posix()
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        properties = {
            "name": name,
            "contentSize": str(path.stat().st_size),
            "encodingFormat": kind,
            "sha256": digest_of(path),
        }
        self._files[name] = self._crate.add_file(path, name, properties=properties)

    def _add_training(self, trial: StoredTrial) -> None:
        result, config, folder = trial.own_result, trial.config, f"{STORAGE}/{TRIALS}/{trial.key}"
        if result is None or config is None:
            return
        made = result.provenance
        data = self._data(config.data.task, made.data_fingerprint)
        score = f"M_J {100 * result.score.m_j:.2f} and M_F {100 * result.score.m_f:.2f}"
        self._crate.add_action(
            self._code(made.code_version, made.commit, made.packages),
            identifier=f"#training-{trial.key}",
            object=[self._files[f"{folder}/{TRIAL_FILE}"], {"@id": data}],
            result=[self._files[f"{folder}/{name}"] for name in (RESULT_FILE, SCORES_FILE)],
            properties={
                "name": f"Training and test of trial {trial.key}",
                "description": f"{score} under {result.protocol.label} on {made.workers} x {made.device}",
                "startTime": made.started,
                "endTime": made.finished,
            },
        )

    def _add_scoring(self, record: EvaluationRecord) -> None:
        folder = f"{STORAGE}/{EVALUATIONS}/{record.key}"
        weights = record.weights.file or f"step {record.weights.step}"
        self._crate.add_action(
            self._code(record.code_version, record.commit, record.packages),
            identifier=f"#evaluation-{record.key}",
            object=[{"@id": self._data(record.weights.config.data.task, record.data_fingerprint)}],
            result=[self._files[f"{folder}/{name}"] for name in (EVALUATION_FILE, SCORES_FILE)],
            properties={
                "name": f"Evaluation {record.key} of stored weights",
                "description": f"{weights}, SHA-256 {record.weights.sha256}, under {record.protocol.label}",
                "endTime": record.finished,
            },
        )

    def _add_report(self, moment: str) -> None:
        names = [f"{REPORT}/tables/{slug(table.experiment)}.json" for table in self._tables]
        results = [f"{STORAGE}/{TRIALS}/{one.key}/{RESULT_FILE}" for one in self._evidence.trials]
        measured = sum(cell.summary is not None for table in self._tables for cell in table.own_cells)
        told = ", ".join(wording.heading(table) for table in self._tables)
        self._crate.add_action(
            self._code(self._request.code_version, self._request.commit, {}),
            identifier="#report",
            object=[self._files[REQUEST_FILE], *(self._files[name] for name in results if name in self._files)],
            result=[self._files[name] for name in names],
            properties={"name": f"Tables from {measured} measured cells", "description": told, "endTime": moment},
        )

    def _code(self, version: str, commit: str | None, packages: Mapping[str, str]) -> Any:
        """This package at one commit with the packages that it ran with; each is described once."""
        parts = [f"{name}-{packages[name]}" for name in sorted(packages)]
        identifier = f"#{slug('-'.join(filter(None, ('combo-lab', version, commit, *parts))))}"
        known = self._crate.dereference(identifier)
        if known is not None:
            return known
        told = version if commit is None else f"{version}, commit {commit}"
        properties: dict[str, Any] = {"name": "combo-lab", "softwareVersion": told}
        needed = [self._package(name, packages[name]) for name in sorted(packages)]
        if needed:
            properties["softwareRequirements"] = needed
        return self._crate.add(SoftwareApplication(self._crate, identifier, properties=properties))

    def _package(self, name: str, version: str) -> dict[str, str]:
        identifier = f"pkg:pypi/{name}@{version}"  # a package URL, https://github.com/package-url/purl-spec
        self._add_context(identifier, "SoftwareApplication", name=name, softwareVersion=version, url=identifier)
        return {"@id": identifier}

    def _data(self, task: Task, fingerprint: str) -> str:
        identifier, name = f"#data-{fingerprint}", f"{task.upper()} of AVSBench, fingerprint {fingerprint}"
        self._add_context(identifier, "CreativeWork", name=name, identifier=fingerprint)
        return identifier

    def _add_context(self, place: str, kind: str, **properties: str) -> None:
        """Describes something that is no file of the bundle, once."""
        if self._crate.dereference(place) is None:
            self._crate.add(ContextEntity(self._crate, place, properties={"@type": kind, **properties}))
