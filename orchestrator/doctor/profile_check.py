"""Does everything that a profile names answer, and let this user in?"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from model.data.errors import DataError
from orchestrator.doctor import ray_cluster
from orchestrator.doctor.data_sets import SYNTHESISE, TASKS, look_at_subset
from orchestrator.doctor.finding import Check, Finding, fail, ok, warn
from orchestrator.doctor.job_server import look_at_job_server
from orchestrator.doctor.mlflow_check import look_at_mlflow
from orchestrator.doctor.ray_cluster import look_at_ray
from orchestrator.doctor.storage_check import CURES, look_at_storage
from orchestrator.doctor.weights import look_at_vggish
from orchestrator.profiles.profile import Profile, expanded
from orchestrator.profiles.surroundings import secret_files
from orchestrator.settings import DEFAULT_STORAGE, Settings, resolve_settings
from orchestrator.storage.errors import StorageError

OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def profile_checks(profile: Profile, file: Path) -> list[Check]:
    """The checks of what a profile names, in an environment to which it was applied."""
    return list(_checks(profile, file))


def _checks(profile: Profile, file: Path) -> Iterator[Check]:
    if files := secret_files(profile):
        yield Check("secrets", partial(look_at_secrets, files))
    settings, storage = _settings()
    yield storage
    if profile.data is not None:
        yield from _data_checks(settings.data)
    yield Check("MLflow", partial(look_at_mlflow, settings), 60.0)
    if profile.ray is not None and profile.ray.jobs:
        yield Check("Ray jobs", partial(look_at_job_server, profile.ray.jobs), 60.0)
    if settings.ray_address is not None:
        yield Check("Ray cluster", partial(look_at_ray, settings.ray_address), ray_cluster.SECONDS + 10.0)
    if profile.weights is not None:
        if profile.weights.vggish:
            yield Check("weights VGGish", partial(look_at_vggish, expanded(profile.weights.vggish, str(file))), 60.0)
        for name, path in profile.weights.backbones.items():
            yield Check(f"weights {name}", partial(look_at_file, expanded(path, str(file))))


def look_at_secrets(files: dict[str, Path]) -> Finding:
    """Whether only this user can read the files of secrets."""
    for key, path in files.items():
        if path.stat().st_mode & OPEN_TO_OTHERS:
            return warn(f"{key}: others can read {path}", f"chmod 600 {path}")
    return ok(", ".join(files))


def look_at_file(path: Path) -> Finding:
    """Whether a file is there and readable; its content is checked when an experiment needs it."""
    try:
        with path.open("rb"):
            return ok(str(path))
    except OSError as error:
        return fail(f"{path} cannot be read: {error.strerror}", "put it there, or name another file in the profile")


def _settings() -> tuple[Settings, Check]:
    """The settings, and the check of the storage; with another storage if that one cannot even be opened."""
    try:
        settings = resolve_settings()
    except StorageError as error:
        return resolve_settings(DEFAULT_STORAGE), Check("storage", partial(fail, str(error), CURES))
    return settings, Check("storage", partial(look_at_storage, settings.storage), 60.0)


def _data_checks(data: Path) -> Iterator[Check]:
    """One for each subset that is there; that others are not is no fault of the profile."""
    from model.data.index import subset_root

    there = []
    for task in TASKS:
        try:
            subset_root(data, task)
        except DataError:
            continue
        there.append(task)
    if not there:
        yield Check("data", partial(fail, f"no subset in {data}", SYNTHESISE.format(task=TASKS[0], data=data)))
    for task in there:
        yield Check(f"data {task.upper()}", partial(look_at_subset, data, task), 120.0)
