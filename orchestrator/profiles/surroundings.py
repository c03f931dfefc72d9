"""From a profile to environment variables, which every part of a command reads anyway, workers and libraries included.

What the environment says already stays. Credentials are sent only where the profile says, so they are left out where
the environment names another server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from experiments.errors import InputError, Problem
from orchestrator.profiles.profile import Profile, SecretReference, expanded

Credentials = Mapping[str, tuple[str, SecretReference | Path | str]]
"""By variable: the key in the profile, and a reference to the secret, a file that is named to others, or plain text."""


@dataclass(frozen=True)
class Part:
    """Variables that belong together: where a server is, and what it wants to see."""

    addresses: Mapping[str, str]
    """Variables that say where; the environment may have any of them already."""
    other_addresses: tuple[str, ...] = ()
    """Further variables in which the environment can name another server."""
    credentials: Credentials = field(default_factory=dict)
    other_credentials: tuple[str, ...] = ()
    """Further variables in which the environment can hold credentials for it."""


@dataclass(frozen=True)
class Effect:
    """What a profile does to an environment."""

    variables: Mapping[str, str]
    """Those that it adds."""
    overruled: tuple[str, ...]
    """Those that the environment had with another value, or for which it had other credentials."""


def effect(profile: Profile, file: Path, environ: Mapping[str, str]) -> Effect:
    """What a profile adds to an environment, and what it would have added.

    Raises:
        InputError: a secret that is needed is not there.
    """
    added: dict[str, str] = {}
    overruled: list[str] = []
    for part in _parts(profile, str(file)):
        for name, value in part.addresses.items():
            if environ.get(name, "") in ("", value):
                added[name] = value
            else:
                overruled.append(name)
        is_elsewhere = any(name in overruled for name in part.addresses) or _are_set(part.other_addresses, environ)
        if is_elsewhere or _are_set((*part.credentials, *part.other_credentials), environ):
            overruled += part.credentials
        else:
            for name, (key, secret) in part.credentials.items():
                added[name] = _resolved(secret, f"{file}: {key}", environ)
    return Effect(added, tuple(overruled))


def apply(profile: Profile, file: Path, environ: MutableMapping[str, str]) -> Effect:
    """Adds a profile to an environment; see `effect`."""
    found = effect(profile, file, environ)
    environ.update(found.variables)
    return found


def secret_files(profile: Profile) -> dict[str, Path]:
    """Files of secrets by their keys in the profile."""
    found: dict[str, Path] = {}
    for part in _parts(profile, ""):
        for key, secret in part.credentials.values():
            if isinstance(secret, Path):
                found[key] = secret
            elif isinstance(secret, SecretReference) and secret.file:
                found[f"{key}.file"] = expanded(secret.file, key)
    return found


def _parts(profile: Profile, file: str) -> Iterator[Part]:
    if profile.storage is not None:
        yield Part({"COMBO_STORAGE": profile.storage})
    if profile.data is not None:
        yield Part({"COMBO_DATA": str(expanded(profile.data, f"{file}: data"))})
    if profile.clip_cache is not None:
        yield Part({"COMBO_CLIP_CACHE": str(profile.clip_cache)})
    if (s3 := profile.s3) is not None:
        keys: Credentials = {}
        if s3.access_key is not None and s3.secret_key is not None:
            keys = {
                "AWS_ACCESS_KEY_ID": ("s3.access_key", s3.access_key),
                "AWS_SECRET_ACCESS_KEY": ("s3.secret_key", s3.secret_key),
            }
        yield Part(
            {"AWS_ENDPOINT_URL": s3.endpoint} if s3.endpoint else {},
            ("AWS_ENDPOINT_URL_S3",) if s3.endpoint else ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"),
            keys,
            ("AWS_PROFILE", "AWS_SESSION_TOKEN"),
        )
        if s3.region:
            yield Part({"AWS_DEFAULT_REGION": s3.region})
    if (mlflow := profile.mlflow) is not None:
        who: Credentials = {}
        if mlflow.username is not None and mlflow.password is not None:
            who = {
                "MLFLOW_TRACKING_USERNAME": ("mlflow.username", mlflow.username),
                "MLFLOW_TRACKING_PASSWORD": ("mlflow.password", mlflow.password),
            }
        yield Part({"MLFLOW_TRACKING_URI": mlflow.uri}, (), who, ("MLFLOW_TRACKING_TOKEN",))
    if (ray := profile.ray) is not None:
        named = {"RAY_API_SERVER_ADDRESS": ray.jobs, "RAY_ADDRESS": ray.cluster}
        addresses = {name: address for name, address in named.items() if address}
        token: Credentials = {}
        if ray.token_file:
            token = {"RAY_AUTH_TOKEN_PATH": ("ray.token_file", expanded(ray.token_file, f"{file}: ray.token_file"))}
        yield Part(addresses, (), token, ("RAY_AUTH_TOKEN",))


def _are_set(names: Iterable[str], environ: Mapping[str, str]) -> bool:
    return any(environ.get(name) for name in names)


def _resolved(secret: SecretReference | Path | str, where: str, environ: Mapping[str, str]) -> str:
    """The value of the variable.

    Raises:
        InputError: the variable is not set, or the file is not there or empty.
    """
    if isinstance(secret, str):
        return secret
    if isinstance(secret, Path):
        if not secret.is_file():
            raise InputError(Problem(where, f"{secret} is not there", "put the token there"))
        return str(secret)
    if secret.env is not None:
        if not environ.get(secret.env):
            raise InputError(Problem(f"{where}.env", f"the variable {secret.env} is not set", "export it"))
        return environ[secret.env]
    assert secret.file is not None
    path = expanded(secret.file, f"{where}.file")
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError(Problem(f"{where}.file", f"{path} cannot be read: {reason}", "put the secret there")) from None
    if not text:
        raise InputError(Problem(f"{where}.file", f"{path} is empty", "put the secret there"))
    return text
