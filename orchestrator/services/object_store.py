"""The S3 store: SeaweedFS, which checks signatures, knows conditional writes and keeps objects on disk.

With `--host`, other machines reach its S3 port and that port's gRPC twin. Its own parts (master, volume, filer) listen
on loopback. Over HTTP they want tokens signed with keys of this installation;
over gRPC, as for the twin, its certificate.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from experiments.errors import InputError, Problem
from orchestrator.services.certificate import own_certificate
from orchestrator.services.service import Launch, Service
from orchestrator.services.service_folder import ServiceFolder
from orchestrator.services.service_settings import LOOPBACK, ServiceSettings

NAME = "s3"
TRIALS, ARTIFACTS = "combo", "mlflow"
"""Buckets, and the identities that may use one of them each and nothing else."""
ADMIN = "admin"
"""The identity that makes the buckets; only `combo up` uses it."""
REGION = "us-east-1"
INNER_PORTS = 7
MB = 1024**2
SIGNING_KEYS = (
    "WEED_JWT_SIGNING_KEY",
    "WEED_JWT_SIGNING_READ_KEY",
    "WEED_JWT_FILER_SIGNING_KEY",
    "WEED_JWT_FILER_SIGNING_READ_KEY",
)
LARGEST_VOLUME_MB, SMALLEST_VOLUME_MB, VOLUMES = 1024, 64, 64
"""A volume holds objects of one bucket. A disk has room for so many of them, within the limits of their size."""
LEAST_FREE_MB = 200
"""For a first volume of each bucket, and what else the store writes."""
INSTALL = "pip install 'combo-lab[services]', which brings SeaweedFS"


def object_store(folder: ServiceFolder, settings: ServiceSettings) -> Service:
    """The service."""
    port = settings.s3_port
    return Service(
        name=NAME,
        ports=tuple(range(port, port + 1 + INNER_PORTS)),
        port_option="--s3-port",
        host=settings.host,
        prepare=lambda: _prepare(folder, settings),
        is_up=lambda: _takes_objects(folder, settings),
        address=settings.s3_address,
        stop_seconds=4.0,  # it writes out what it has at once, and does not always end
    )


def key_file(folder: ServiceFolder, identity: str) -> Path:
    """File of an identity's access key."""
    folder.secret(f"s3-{identity}-access-key")
    return folder.secret_file(f"s3-{identity}-access-key")


def secret_key_file(folder: ServiceFolder, identity: str) -> Path:
    """File of the secret that belongs to it."""
    folder.secret(f"s3-{identity}-secret-key")
    return folder.secret_file(f"s3-{identity}-secret-key")


def client_environment(folder: ServiceFolder, settings: ServiceSettings, identity: str) -> dict[str, str]:
    """Variables of a program that uses the store as an identity."""
    return {
        "AWS_ENDPOINT_URL": settings.s3_address,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": key_file(folder, identity).read_text().strip(),
        "AWS_SECRET_ACCESS_KEY": secret_key_file(folder, identity).read_text().strip(),
    }


def _prepare(folder: ServiceFolder, settings: ServiceSettings) -> Launch:
    objects = folder.path / "objects"
    objects.mkdir(mode=0o700, exist_ok=True)
    _refuse_full_disk(objects)
    identities = folder.write_secret("s3-identities.json", json.dumps({"identities": _identities(folder)}))
    port = settings.s3_port
    master, master_rpc, volume, volume_rpc, filer, filer_rpc, s3_rpc = range(port + 1, port + 1 + INNER_PORTS)
    words = {
        "dir": objects,
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,
        "master.port": master,
        "master.port.grpc": master_rpc,
        "master.peers": "none",
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": _volume_mb(objects),
        "volume.port": volume,
        "volume.port.grpc": volume_rpc,
        "volume.max": 0,  # as many as the disk has room for
        "volume.preStopSeconds": 0,
        "filer": "true",
        "filer.port": filer,
        "filer.port.grpc": filer_rpc,
        "s3": "true",
        "s3.ip.bind": settings.host,
        "s3.port": port,
        "s3.port.grpc": s3_rpc,
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.config": identities,
        "s3.iam": "false",
        "s3.autoCreateBucket": "false",
    }
    command = [_program(), "-logtostderr=true", "server", *(f"-{name}={value}" for name, value in words.items())]
    # By default a bucket takes seven volumes at once, and the first one all that a small disk has.
    return Launch(command, {**_inner_credentials(folder), "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"})


def _volume_mb(objects: Path) -> int:
    """Size of a volume, MB."""
    disk_mb = shutil.disk_usage(objects).total // MB
    return min(LARGEST_VOLUME_MB, max(SMALLEST_VOLUME_MB, disk_mb // VOLUMES))


def _refuse_full_disk(objects: Path) -> None:
    """Refuses a new store that could take nothing. One with objects starts on a full disk too: they can be read."""
    free_mb = shutil.disk_usage(objects).free // MB
    if free_mb < LEAST_FREE_MB and not any(objects.iterdir()):
        what = f"its disk has {free_mb} MB free, the store needs {LEAST_FREE_MB} MB to begin with"
        raise InputError(Problem(str(objects), what, "free some there, or name a folder elsewhere with --folder"))


def _inner_credentials(folder: ServiceFolder) -> dict[str, str]:
    """Variables by which the store's parts know each other."""
    certificate, key = map(str, own_certificate(folder, "s3-inner"))
    variables = {name: folder.secret(name.lower()) for name in SIGNING_KEYS} | {"WEED_GRPC_CA": certificate}
    for part in ("MASTER", "VOLUME", "FILER", "S3", "CLIENT"):
        variables |= {f"WEED_GRPC_{part}_CERT": certificate, f"WEED_GRPC_{part}_KEY": key}
    return variables


def _program() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.is_file() else shutil.which("weed")
    if found is None:
        raise InputError(Problem(NAME, "is not installed: there is no program weed", INSTALL))
    return found


def _identities(folder: ServiceFolder) -> list[dict[str, Any]]:
    rights = {ADMIN: ["Admin"]} | {
        bucket: [f"{right}:{bucket}" for right in ("Read", "Write", "List", "Tagging")]
        for bucket in (TRIALS, ARTIFACTS)
    }
    return [
        {
            "name": identity,
            "credentials": [
                {
                    "accessKey": key_file(folder, identity).read_text().strip(),
                    "secretKey": secret_key_file(folder, identity).read_text().strip(),
                }
            ],
            "actions": actions,
        }
        for identity, actions in rights.items()
    ]


def _takes_objects(folder: ServiceFolder, settings: ServiceSettings) -> bool:
    """Makes the buckets where they are missing, and whether an object can be written, which comes last at a start."""
    from botocore.exceptions import BotoCoreError, ClientError

    client = _client(folder, settings)
    try:
        known = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
        for bucket in (TRIALS, ARTIFACTS):
            if bucket not in known:
                client.create_bucket(Bucket=bucket)
        client.put_object(Bucket=ARTIFACTS, Key="written-by-combo-up", Body=b"")
    except (BotoCoreError, ClientError):
        return False
    return True


def _client(folder: ServiceFolder, settings: ServiceSettings) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=settings.s3_address,
        aws_access_key_id=key_file(folder, ADMIN).read_text().strip(),
        aws_secret_access_key=secret_key_file(folder, ADMIN).read_text().strip(),
        region_name=REGION,
        config=Config(
            s3={"addressing_style": "path"}, connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 1}
        ),
    )
