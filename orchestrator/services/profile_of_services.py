"""The profile by which commands find the services; what a user adds to it stays."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from experiments.atomic_write import write_atomic
from orchestrator.profiles.profile import read_profile
from orchestrator.profiles.profile_files import profile_file
from orchestrator.services import mlflow_server, object_store, ray_head
from orchestrator.services.service_folder import ServiceFolder
from orchestrator.services.service_settings import ServiceSettings
from orchestrator.tracking.server import ADMIN


def refuse_broken_profile(name: str) -> None:
    """Looks, before anything is started, whether an existing profile can be brought up to date.

    Raises:
        InputError: it has mistakes.
    """
    if (file := profile_file(name)).is_file():
        read_profile(file)


def write_profile(name: str, folder: ServiceFolder, settings: ServiceSettings, data: Path | None) -> Path:
    """Writes the profile, or brings an existing one up to date; returns its file.

    Args:
        name: of the profile.
        folder: of the services.
        settings: where they listen.
        data: the data folder; None leaves what the profile says.
    """
    file, yaml = profile_file(name), YAML()
    content: Any = {}
    if file.is_file():
        content = yaml.load(file.read_text(encoding="utf-8")) or {}
    content.setdefault("storage", f"s3://{object_store.TRIALS}/trials")
    if data is not None:
        content["data"] = str(data.absolute())
    content["s3"] = {
        "endpoint": settings.s3_address,
        "region": object_store.REGION,
        "access_key": {"file": str(object_store.key_file(folder, object_store.TRIALS))},
        "secret_key": {"file": str(object_store.secret_key_file(folder, object_store.TRIALS))},
    }
    folder.secret(mlflow_server.PASSWORD)
    content["mlflow"] = {
        "uri": settings.mlflow_address,
        "username": ADMIN,
        "password": {"file": str(folder.secret_file(mlflow_server.PASSWORD))},
    }
    if settings.with_ray:
        # Jobs only: a driver that joined by itself would have to see the same address of this machine as the head.
        content["ray"] = {"jobs": settings.jobs_address, "token_file": str(ray_head.token_file(folder))}
    else:
        content.pop("ray", None)
    text = io.StringIO()
    yaml.dump(content, text)
    return write_atomic(file, text.getvalue())
