"""What a profile file may say. Secrets are named in it, never written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from experiments.errors import InputError, Problem
from experiments.validate import validate
from experiments.yaml_files import read_yaml
from orchestrator.redaction import carries_credentials
from orchestrator.storage.local_files import home_expanded

SECRETS = (("s3", "access_key"), ("s3", "secret_key"), ("mlflow", "password"))
"""Section and key of everything that must be a reference."""
BY_REFERENCE = "name its place instead: {file: PATH} or {env: VARIABLE}"


class Section(BaseModel):
    """A frozen part of a profile; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SecretReference(Section):
    """Where a secret lies: in an environment variable, or as the only content of a file."""

    env: str | None = None
    """Name of an environment variable."""
    file: str | None = None
    """Path of a file that holds nothing else."""

    @model_validator(mode="after")
    def _names_one_place(self) -> SecretReference:
        if (self.env is None) == (self.file is None):
            raise ValueError("names either a file or an environment variable")
        return self


class S3Section(Section):
    """The server that holds `s3://` storages; without an endpoint it is Amazon's."""

    endpoint: str | None = None
    """Address of the server."""
    region: str | None = None
    """Region that requests are signed for."""
    access_key: SecretReference | None = None
    secret_key: SecretReference | None = None

    @model_validator(mode="after")
    def _has_both_keys(self) -> S3Section:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key are needed together")
        return self


class MlflowSection(Section):
    """The tracking server, and who asks."""

    uri: str
    """Address of the server."""
    username: str | None = None
    """Who asks, where the server wants a name."""
    password: SecretReference | None = None

    @model_validator(mode="after")
    def _has_user_and_password(self) -> MlflowSection:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password are needed together")
        return self


class RaySection(Section):
    """The cluster: where jobs are submitted, where a driver on one of its machines joins, and its token."""

    jobs: str | None = None
    """Address of the dashboard, such as `http://head:8265`."""
    cluster: str | None = None
    """Address of the head, such as `head:6379`."""
    token_file: str | None = None
    """File of the token that the cluster wants."""


class WeightsSection(Section):
    """Files of weights that experiments start from."""

    vggish: str | None = None
    """File of VGGish's AudioSet weights."""
    backbones: dict[str, str] = Field(default_factory=dict)
    """File by the name that timm gives the backbone."""


class Profile(Section):
    """Everything that differs between places; what is absent keeps its default."""

    storage: str | None = None
    """A folder, or `s3://bucket/prefix`."""
    data: str | None = None
    """The data folder."""
    clip_cache: Annotated[float, Field(ge=0)] | None = None
    """GiB of each machine's disk for decoded clips."""
    s3: S3Section | None = None
    mlflow: MlflowSection | None = None
    ray: RaySection | None = None
    weights: WeightsSection | None = None


def read_profile(file: Path) -> Profile:
    """Reads a profile file.

    Raises:
        InputError: it is absent, no YAML, has unknown keys or wrong types, a relative path, or a secret written out.
    """
    values = read_yaml(file)
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise InputError(Problem(str(file), "holds no keys", "such as storage: s3://bucket/trials"))
    written_out = list(_secrets_written_out(values, str(file)))
    if written_out:  # before anything else, as other messages repeat what they refuse
        raise InputError(*written_out)
    profile = validate(Profile, values, str(file))
    problems = [*_relative_paths(profile, str(file)), *_wrong_addresses(profile, str(file))]
    if problems:
        raise InputError(*problems)
    return profile


def expanded(path: str, where: str) -> Path:
    """A path of a profile, its `~` expanded.

    Raises:
        InputError: it names the home of nobody.
    """
    return home_expanded(path, where)


def _secrets_written_out(values: dict[str, Any], file: str) -> Iterator[Problem]:
    for section, key in SECRETS:
        inside = values.get(section)
        if isinstance(inside, dict) and key in inside and not isinstance(inside[key], dict | None):
            yield Problem(f"{file}: {section}.{key}", "holds the secret itself", BY_REFERENCE)
    for where, text in _texts(values):
        if carries_credentials(text):
            yield Problem(f"{file}: {where}", "carries credentials", f"take them out, and {BY_REFERENCE}")


def _texts(values: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every text in parsed values, with its dotted key."""
    if isinstance(values, str):
        yield where, values
    elif isinstance(values, dict):
        for key, value in values.items():
            yield from _texts(value, f"{where}.{key}" if where else str(key))


def _relative_paths(profile: Profile, file: str) -> Iterator[Problem]:
    weights, ray = profile.weights or WeightsSection(), profile.ray or RaySection()
    secrets = {f"{section}.{key}.file": _secret_file(profile, section, key) for section, key in SECRETS}
    paths = {
        "storage": None if "://" in (profile.storage or "") else profile.storage,
        "data": profile.data,
        "ray.token_file": ray.token_file,
        "weights.vggish": weights.vggish,
        **{f"weights.backbones.{name}": path for name, path in weights.backbones.items()},
        **secrets,
    }
    for key, path in paths.items():
        if path is not None and not expanded(path, f"{file}: {key}").is_absolute():
            what = f"'{path}' is a relative path, but a profile is used from any folder"
            yield Problem(f"{file}: {key}", what, "write it out, or begin with ~")


def _secret_file(profile: Profile, section: str, key: str) -> str | None:
    reference: SecretReference | None = getattr(getattr(profile, section), key, None)
    return None if reference is None else reference.file


def _wrong_addresses(profile: Profile, file: str) -> Iterator[Problem]:
    webs = {
        "s3.endpoint": (profile.s3 or S3Section()).endpoint,
        "ray.jobs": (profile.ray or RaySection()).jobs,
    }
    for key, address in webs.items():
        if address is not None and not _is_web_address(address):
            yield Problem(f"{file}: {key}", f"'{address}' is no address", "such as http://host:8265")


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # the port is no number
        return False
