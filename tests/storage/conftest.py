from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from botocore.loaders import create_loader

from orchestrator.storage.bucket import BucketStorage
from orchestrator.storage.folder import FolderStorage
from orchestrator.storage.opening import open_storage
from orchestrator.storage.storage import Storage
from tests.servers.proxy import Proxy, proxy
from tests.servers.s3 import S3Server, s3_server


@pytest.fixture(scope="session")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def one_loader() -> Iterator[None]:
    """The description of S3 is read once: a new session, which each change of the credentials takes, reads its own."""
    loader = create_loader()
    with patch("botocore.session.create_loader", lambda *_: loader):
        yield


@pytest.fixture
def credentials(server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets this process use the server; called with an endpoint or a secret, use those instead."""

    def use(endpoint: str | None = None, secret: str | None = None) -> None:
        for name, value in server.environment(endpoint, secret).items():
            monkeypatch.setenv(name, value)

    monkeypatch.setenv("COMBO_CACHE", str(tmp_path / "cache"))
    use()
    return use


@pytest.fixture
def bucket(server: S3Server, credentials: Callable[..., None]) -> BucketStorage:
    """A storage in a new bucket, below a prefix."""
    credentials()
    storage = open_storage(f"s3://{server.new_bucket()}/my/trials")
    assert isinstance(storage, BucketStorage)
    return storage


@pytest.fixture
def between(server: S3Server, credentials: Callable[..., None]) -> Iterator[Proxy]:
    """A proxy through which this process reaches the server from now on."""
    with proxy(server.endpoint) as link:
        credentials(endpoint=link.address)
        yield link


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """A storage of each kind."""
    if request.param == "folder":
        return FolderStorage(tmp_path / "storage")
    opened: BucketStorage = request.getfixturevalue("bucket")
    return opened
