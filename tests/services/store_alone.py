"""Starts the S3 store alone in a folder, writes into both of its buckets, stops it: `store_alone.py FOLDER`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from unittest.mock import patch

import boto3
from botocore.config import Config

from orchestrator.services import bring_up, object_store
from orchestrator.services.service_folder import ServiceFolder
from orchestrator.services.service_settings import ServiceSettings


def main() -> None:
    """Does so, and prints what was written."""
    folder, settings = ServiceFolder(Path(sys.argv[1])), ServiceSettings()
    store = object_store.object_store(folder, settings)
    with folder.alone(), patch.object(bring_up, "services_of", lambda *_: [store]):
        bring_up.bring_up(folder, settings, on_start=lambda _: None)
        try:
            for bucket in (object_store.TRIALS, object_store.ARTIFACTS):
                os.environ |= object_store.client_environment(folder, settings, bucket)
                client = boto3.Session().client("s3", config=Config(s3={"addressing_style": "path"}))
                client.put_object(Bucket=bucket, Key="object", Body=os.urandom(10_000_000))
                print(f"{bucket} took an object")
        finally:
            bring_up.bring_down(folder, settings)


if __name__ == "__main__":
    main()
