"""From what a user calls a storage to the storage."""

from __future__ import annotations

import re

from experiments.errors import InputError, Problem
from orchestrator.storage.folder import FolderStorage
from orchestrator.storage.local_files import home_expanded
from orchestrator.storage.storage import Storage

S3 = "s3://"


def open_storage(named: str) -> Storage:
    """A folder by its path, or a bucket as `s3://bucket` or `s3://bucket/prefix`. A folder is not made yet.

    A leading `~` is the user's home, also where no shell has seen it.

    Raises:
        InputError: it is neither.
        StorageError: the bucket is absent, the credentials are refused, or the endpoint is away.
    """
    where = f"storage '{named}'"
    if named.startswith(S3):
        return _open_bucket(named, where)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", named):
        raise InputError(Problem(where, "is neither a folder nor a bucket", "name a path or s3://bucket/prefix"))
    place = home_expanded(named, where).absolute()
    if place.exists() and not place.is_dir():
        raise InputError(Problem(where, "is a file", "name a folder with --storage"))
    return FolderStorage(place)


def _open_bucket(named: str, where: str) -> Storage:
    # boto3 takes a third of a second, which nobody who stores in a folder should wait for.
    from orchestrator.storage.bucket import open_bucket
    from orchestrator.storage.names import is_name

    bucket, _, prefix = named.removeprefix(S3).rstrip("/").partition("/")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
        problem = f"{bucket!r} is no name of a bucket"
        raise InputError(Problem(where, problem, "3 to 63 small letters, digits, dots and hyphens"))
    if prefix and not is_name(prefix):
        raise InputError(Problem(where, "has empty parts or '..' in its prefix", "such as s3://bucket/my/trials"))
    return open_bucket(bucket, prefix)
