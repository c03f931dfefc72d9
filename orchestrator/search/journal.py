"""A search as a file for Optuna's own tools, such as its dashboard and plots. Written, never read."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from optuna.samplers import RandomSampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from orchestrator.search.optuna_study import make_study
from orchestrator.search.study import SearchStudy
from orchestrator.storage.storage import Storage

SEARCHES = "searches"
JOURNAL_FILE = "optuna.journal"


def journal_name(study: SearchStudy) -> str:
    """Where the journal of a search lies in storage, such as `searches/search-lambda_ada-5f2c1e0a/optuna.journal`."""
    return f"{SEARCHES}/{study.search.sweep}/{JOURNAL_FILE}"


def write_journal(study: SearchStudy, storage: Storage) -> None:
    """Stores all points with an outcome and replaces the file. Running points are left out, as nothing would end them.

    Raises:
        StorageError: it cannot be written.
    """
    told = [tried for tried in study.points if tried.outcome.state != "running"]
    with TemporaryDirectory() as folder:
        path = Path(folder) / JOURNAL_FILE
        make_study(study.search, told, RandomSampler(), JournalStorage(JournalFileBackend(str(path))))
        storage.write(journal_name(study), path.read_bytes())
