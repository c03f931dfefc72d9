"""One bucket of an S3 endpoint. Every call is repeated while the endpoint is away, and fails at once when refused."""

from __future__ import annotations

import os
import random
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import boto3
from boto3.s3.transfer import TransferConfig, create_transfer_manager
from botocore.config import Config
from botocore.exceptions import ClientError

from orchestrator.storage.errors import StorageError
from orchestrator.storage.listed_objects import FIELD, StoredObject, read_listings
from orchestrator.storage.s3_errors import ABSENT, S3_ERRORS, code_of, may_pass, refusal

Answer = TypeVar("Answer")

RETRY_SECONDS = 120.0
"""For how long a call is repeated while the endpoint is away."""
FIRST_RETRY_SECONDS = 5.0
"""The same for the first look at a bucket, where a wrong address is likelier than an outage."""
PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Seconds between two tries; the last repeats."""
CONNECT_SECONDS, READ_SECONDS = 5, 20
CONNECTIONS = 32
DELETED_AT_ONCE = 1000
"""The most that S3 allows."""
PAGE = 1000
"""Objects that one request lists: the most that S3 allows."""
SMALL = 8 * 2**20
"""Up to so many bytes an object is read and written in one piece."""
MARK = "combo-write"
"""Metadata of each object: which call wrote it, so that a caller knows its own write again."""


@dataclass(frozen=True)
class Bucket:
    """A bucket by name; the endpoint and the credentials are those of boto3's own chain where this is used."""

    name: str
    address: str
    """For messages."""

    @property
    def endpoint(self) -> str:
        """Scheme, host and port, without a user and a password."""
        try:
            url = urlsplit(_client().meta.endpoint_url)
        except S3_ERRORS as error:
            raise refusal(error, self.address, "the endpoint") from None
        return f"{url.scheme}://{url.hostname}" + (f":{url.port}" if url.port else "")

    def check(self) -> None:
        """Looks once whether the bucket can be listed.

        Raises:
            StorageError: it is absent, the credentials are refused, or the endpoint is away.
        """
        self._insist(lambda s3: s3.list_objects_v2(Bucket=self.name, MaxKeys=1), FIRST_RETRY_SECONDS)

    def page(self, prefix: str, after: str = "") -> tuple[list[StoredObject], bool]:
        """The next objects whose keys begin so, `PAGE` at most, in the order of their keys; and whether there are more.

        Args:
            prefix: of the keys.
            after: a key, whether or not it is there, that they follow.
        """
        start = {"StartAfter": after} if after else {}
        page = self._insist(lambda s3: s3.list_objects_v2(Bucket=self.name, Prefix=prefix, MaxKeys=PAGE, **start))
        return page[FIELD], bool(page.get("IsTruncated"))

    def read(self, key: str) -> bytes | None:
        """An object's content; None if there is none."""
        return self._unless_absent(lambda s3: bytes(s3.get_object(Bucket=self.name, Key=key)["Body"].read()))

    def write(self, key: str, content: bytes) -> None:
        """Stores an object over what was there."""
        self._insist(lambda s3: s3.put_object(Bucket=self.name, Key=key, Body=content))

    def create(self, key: str, content: bytes) -> bool:
        """Stores an object that must not be there yet; False if it is."""
        mark = {MARK: uuid.uuid4().hex}

        def put(s3: Any) -> bool:
            try:
                s3.put_object(Bucket=self.name, Key=key, Body=content, Metadata=mark, IfNoneMatch="*")
            except ClientError as error:
                if code_of(error) != "PreconditionFailed":
                    raise
                # An earlier try may have been stored although its answer was lost.
                return self._mark_of(s3, key) == mark
            return True

        return self._insist(put)

    def upload(self, path: Path, key: str) -> str:
        """Stores a file, a large one in parallel parts; returns its ETag, empty if somebody wrote over it at once."""
        mark = {MARK: uuid.uuid4().hex}

        def send(s3: Any) -> str:
            if path.stat().st_size <= SMALL:
                return str(s3.put_object(Bucket=self.name, Key=key, Body=path.read_bytes())["ETag"])
            with create_transfer_manager(s3, _TRANSFER) as manager:
                manager.upload(str(path), self.name, key, extra_args={"Metadata": mark}).result()
            head = s3.head_object(Bucket=self.name, Key=key)
            return str(head["ETag"]) if head["Metadata"] == mark else ""

        return self._insist(send)

    def download(self, stored: StoredObject, path: Path) -> bool:
        """Writes an object to a file, a large one from parallel parts; False if it is gone by now."""

        def receive(s3: Any) -> bool:
            if stored.size <= SMALL:
                path.write_bytes(s3.get_object(Bucket=self.name, Key=stored.key)["Body"].read())
            else:
                with create_transfer_manager(s3, _TRANSFER) as manager:
                    manager.download(self.name, stored.key, str(path)).result()
            return True

        return self._unless_absent(receive) or False

    def copy(self, key: str, to: str) -> None:
        """Stores an object under another key as well, without bringing it here."""
        source = {"Bucket": self.name, "Key": key}
        self._insist(lambda s3: s3.copy(source, self.name, to))

    def delete(self, keys: Iterable[str]) -> None:
        """Deletes objects in the order given; what is not there is no error."""
        left = iter(keys)
        while some := list(islice(left, DELETED_AT_ONCE)):
            wanted = {"Objects": [{"Key": key} for key in some], "Quiet": True}
            answer = self._insist(lambda s3: s3.delete_objects(Bucket=self.name, Delete=wanted))  # noqa: B023
            for failed in answer.get("Errors", ()):
                raise refusal(ClientError({"Error": failed}, "DeleteObjects"), self.address, self.endpoint)

    def _mark_of(self, s3: Any, key: str) -> object:
        return s3.head_object(Bucket=self.name, Key=key)["Metadata"]

    def _unless_absent(self, call: Callable[[Any], Answer]) -> Answer | None:
        def tolerant(s3: Any) -> Answer | None:
            try:
                return call(s3)
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return None
                raise

        return self._insist(tolerant)

    def _insist(self, call: Callable[[Any], Answer], retry_seconds: float | None = None) -> Answer:
        """Calls until it succeeds, or cannot succeed, or the time for retries is over."""
        end = time.monotonic() + (RETRY_SECONDS if retry_seconds is None else retry_seconds)
        pauses = chain(PAUSES, repeat(PAUSES[-1]))
        while True:
            try:
                return call(_client())
            except S3_ERRORS as error:
                if not may_pass(error) or time.monotonic() > end:
                    raise refusal(error, self.address, self.endpoint) from None
            time.sleep(next(pauses) * random.uniform(0.5, 1.0))


_TRANSFER = TransferConfig(multipart_threshold=SMALL, multipart_chunksize=SMALL, max_concurrency=8)


def _client() -> Any:
    """The client for what the environment says now, which a program may change between two storages."""
    said = sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_"))
    return _kept_client(os.getpid(), tuple(said))


@cache
def _kept_client(_process: int, _said: tuple[tuple[str, str], ...]) -> Any:
    """Threads may share a client, forked processes may not."""
    s3 = _new_client()
    read_listings(s3)
    return s3


def _new_client() -> Any:
    session = boto3.session.Session()
    # Nobody asks when an object was written, and to parse that takes long.
    session._session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)
    options: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "max_pool_connections": CONNECTIONS,
        "retries": {"mode": "standard", "total_max_attempts": 2},
    }
    try:
        s3 = session.client("s3", config=Config(**options))
    except ValueError:
        raise StorageError("AWS_ENDPOINT_URL: is no address (such as https://s3.example.org)") from None
    if _is_amazon(s3) or "addressing_style" in session._session.get_scoped_config().get("s3", {}):
        return s3
    # Most servers other than Amazon's know buckets as folders of one host, not as hosts of their own.
    return session.client("s3", config=Config(**options, s3={"addressing_style": "path"}))


def _is_amazon(s3: Any) -> bool:
    return str(urlsplit(s3.meta.endpoint_url).hostname).endswith((".amazonaws.com", ".amazonaws.com.cn"))
