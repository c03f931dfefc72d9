"""A real S3 server over HTTP on loopback, which checks signatures, and the environment in which clients find it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import boto3
import requests
from botocore.config import Config

SET_UP_CALLS = 3
"""That the server takes without credentials: those that make the user who has them."""
EVERYTHING = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


class S3Server:
    """A server in a process of its own; it keeps objects in memory.

    Args:
        endpoint: its address.
        key: id of an access key that it accepts.
        secret: of that key.
    """

    def __init__(self, endpoint: str, key: str, secret: str) -> None:
        self.endpoint, self.key, self.secret = endpoint, key, secret

    def environment(self, endpoint: str | None = None, secret: str | None = None) -> dict[str, str]:
        """Variables for a process that shall use the server, perhaps through another address or with another secret."""
        return {
            "AWS_ENDPOINT_URL": endpoint or self.endpoint,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": secret or self.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    @cached_property
    def client(self):
        """To look at what is stored, and to damage it."""
        return _client("s3", self.endpoint, self.key, self.secret)

    def new_bucket(self) -> str:
        """The name of a bucket that was just made."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        self.client.create_bucket(Bucket=name)
        return name


@contextmanager
def s3_server():
    """Starts a server on a free port; ends it with the context."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        environment = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(SET_UP_CALLS), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        with log.open("wb") as out:
            process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
        try:
            endpoint = _announced(log, process)
            iam = _client("iam", endpoint, "none-yet", "none-yet")
            iam.create_user(UserName="combo")
            key = iam.create_access_key(UserName="combo")["AccessKey"]
            iam.put_user_policy(UserName="combo", PolicyName="all", PolicyDocument=EVERYTHING)
            yield S3Server(endpoint, key["AccessKeyId"], key["SecretAccessKey"])
        finally:
            process.kill()
            process.wait()


def _announced(log: Path, process: subprocess.Popen) -> str:
    """The address that the server says it listens on, once it answers."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        words = [word for word in log.read_text().split() if word.startswith("http://127.0.0.1:")]
        if words:
            requests.get(f"{words[0]}/moto-api/", timeout=10).raise_for_status()
            return words[0]
        time.sleep(0.05)
    raise TimeoutError(log.read_text())


def _client(service: str, endpoint: str, key: str, secret: str):
    config = Config(s3={"addressing_style": "path"})
    return boto3.client(
        service,
        endpoint_url=endpoint,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name="us-east-1",
        config=config,
    )
