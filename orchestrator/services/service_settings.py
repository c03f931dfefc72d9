"""On which address and ports services listen; kept, so that they come up where they were."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from experiments.atomic_write import write_atomic
from experiments.errors import InputError, Problem
from orchestrator.services.service_folder import ServiceFolder
from orchestrator.tracking.server import is_loopback

LOOPBACK = "127.0.0.1"
EVERYWHERE = ("0.0.0.0", "::")


@dataclass(frozen=True)
class ServiceSettings:
    """What `combo up` was told, or its defaults."""

    host: str = LOOPBACK
    """Where MLflow, the S3 store and Ray's dashboard listen; everything else listens on loopback."""
    mlflow_port: int = 5000
    postgres_port: int = 5433
    s3_port: int = 9000
    """The store's own parts listen on the seven ports that follow."""
    ray_port: int = 6379
    jobs_port: int = 8265
    with_ray: bool = False

    @property
    def reached_at(self) -> str:
        """Host in the addresses that this machine's commands use."""
        return LOOPBACK if self.host in EVERYWHERE or is_loopback(self.host) else self.host

    @property
    def mlflow_address(self) -> str:
        """URL of MLflow."""
        return f"http://{self.reached_at}:{self.mlflow_port}"

    @property
    def s3_address(self) -> str:
        """URL of the S3 store."""
        return f"http://{self.reached_at}:{self.s3_port}"

    @property
    def jobs_address(self) -> str:
        """URL of Ray's dashboard, to which jobs are submitted."""
        return f"http://{self.reached_at}:{self.jobs_port}"


def read_settings(folder: ServiceFolder) -> ServiceSettings:
    """The settings of the last `combo up`, or the defaults.

    Raises:
        InputError: the file is damaged.
    """
    try:
        return ServiceSettings(**json.loads(folder.settings.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ServiceSettings()
    except (ValueError, TypeError):
        problem = Problem(str(folder.settings), "is damaged", "delete it; combo up writes a new one")
        raise InputError(problem) from None


def write_settings(folder: ServiceFolder, settings: ServiceSettings) -> None:
    """Keeps settings for the next `combo up`."""
    write_atomic(folder.settings, json.dumps(asdict(settings), indent=1) + "\n")


def with_changes(settings: ServiceSettings, **changes: str | int | bool | None) -> ServiceSettings:
    """The settings with those changes that are not None."""
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(settings, **given)  # type: ignore[arg-type]
