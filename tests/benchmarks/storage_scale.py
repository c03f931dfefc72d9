"""What verbs ask of a storage of many trials: requests and seconds, on an S3 server on this machine and in a folder.

    .venv/bin/python tests/benchmarks/storage_scale.py
    .venv/bin/python tests/benchmarks/storage_scale.py --trials 1000 --in-folder 5000

The server is SeaweedFS, as `combo up` starts it, without passwords. Every verb runs in a process of its own, imports
included. A trial has three documents, metrics and two checkpoints, eight objects in all.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3
from many_trials import many_trials, write_documents
from rich.console import Console
from rich.table import Table

BUCKET = "bench"
ASKED_FOR = 4
"""Trials whose state is asked for."""
UPLOADS = 16
TABLE = "combo/table7"
COUNTED = """
import atexit, re, sys, time
from types import SimpleNamespace

sent, looks = [], []
if "s3://" in sys.argv[-1]:
    from botocore.httpsession import URLLib3Session
    send = URLLib3Session.send
    URLLib3Session.send = lambda self, request: sent.append(request) or send(self, request)

def look(seconds):
    looks.append((time.perf_counter(), time.process_time(), len(sent)))
    if len(looks) == 2:
        sys.exit()

def tell():
    first, last = looks or [(0, 0, 0), (time.perf_counter() - began, time.process_time(), len(sent))]
    peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())
    print(*(now - before for before, now in zip(first, last)), int(peak[1]) // 1024, file=sys.stderr)

began = time.perf_counter()
atexit.register(tell)
from orchestrator.cli import status
status.time = SimpleNamespace(sleep=look)
from orchestrator.cli.app import main
main()
"""
"""A verb that says at its end what it took; of `watch`, what the second look took, after which it ends."""


@dataclass(frozen=True)
class Taken:
    """What a verb took."""

    seconds: float
    computing: float
    """Seconds of the processor, which other work on the machine does not lengthen as much."""
    requests: int
    megabytes: int
    """At most in memory."""


def main() -> None:
    """Prepares, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000, help="in the bucket, and in a folder beside it")
    parser.add_argument("--in-folder", type=int, default=50_000, help="in another folder")
    words = parser.parse_args()
    table = Table("storage", "verb", "requests", "seconds", "computing", "peak MB")
    with tempfile.TemporaryDirectory(prefix="combo-bench-") as place:
        folder, large = Path(place, "folder"), Path(place, "large")
        keys = fill(folder, words.trials)
        with seaweed(Path(place, "objects")) as endpoint:
            upload(folder, endpoint)
            environment = client_environment(endpoint, Path(place, "cache"))
            measure(table, f"bucket of {words.trials}", f"s3://{BUCKET}", keys, Path(place), environment)
        measure(table, f"folder of {words.trials}", str(folder), keys, Path(place), {})
        shutil.rmtree(folder)
        measure(table, f"folder of {words.in_folder}", str(large), fill(large, words.in_folder), Path(place), {})
    Console().print(table)


def measure(table: Table, name: str, storage: str, keys: list[str], place: Path, environment: dict[str, str]) -> None:
    """Adds a row for each verb."""
    status = ("status", *keys[:ASKED_FOR])
    report = ("report", "build", TABLE, "--without-mlflow", "--out", str(place / "site"))
    verbs = {
        f"status of {ASKED_FOR}, first": status,
        f"status of {ASKED_FOR}, again": status,
        "watch of a table, another look": ("watch", TABLE),
        "plan of a table, first": ("plan", TABLE),
        "plan of a table, again": ("plan", TABLE),
        "report build, first": report,
        "report build, again": report,
        "status of all sweeps": ("status",),
        "list": ("list",),
        "gc": ("gc",),
    }
    for verb, words in verbs.items():
        taken = run([*words, *(() if words == ("list",) else ("--storage", storage))], environment, place)
        requests = str(taken.requests) if environment else ""
        table.add_row(name, verb, requests, f"{taken.seconds:.1f}", f"{taken.computing:.1f}", str(taken.megabytes))


def run(words: list[str], environment: dict[str, str], place: Path) -> Taken:
    """Runs a verb in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, *words],
        env={**os.environ, **environment},
        cwd=place,
        capture_output=True,
        text=True,
    )
    # `gc` finds that these checkpoints are no weights, once it has checked them.
    assert done.returncode == 0 or words[0] == "gc", done.stderr
    seconds, computing, requests, megabytes = done.stderr.splitlines()[-1].split()
    return Taken(float(seconds), float(computing), int(requests), int(megabytes))


def fill(folder: Path, count: int) -> list[str]:
    """Writes finished trials; returns their keys."""
    keys = []
    for key, config, metrics in many_trials(0, count):
        write_documents(folder, key, config, metrics)
        for checkpoint in ("best-00090000", "step-00090000"):
            path = folder / "trials" / key / "checkpoints" / checkpoint
            path.mkdir(parents=True)
            (path / "model.safetensors").write_bytes(b"weights")
            (path / "manifest.json").write_bytes(b"{}")
        keys.append(key)
    return keys


def upload(folder: Path, endpoint: str) -> None:
    """Puts all files of a folder into the bucket."""
    pool = urllib3.PoolManager(maxsize=UPLOADS)
    pool.request("PUT", f"{endpoint}/{BUCKET}")

    def put(file: Path) -> None:
        answer = pool.request("PUT", f"{endpoint}/{BUCKET}/{file.relative_to(folder)}", body=file.read_bytes())
        assert answer.status == 200, answer.data

    with ThreadPoolExecutor(UPLOADS) as threads:
        for _ in threads.map(put, (file for file in folder.rglob("*") if file.is_file())):
            pass


def client_environment(endpoint: str, cache: Path) -> dict[str, str]:
    """Variables of a process that uses the server, with copies of buckets in a folder of its own."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
        "COMBO_CACHE": str(cache),
    }


@contextmanager
def seaweed(folder: Path) -> Iterator[str]:
    """An S3 server that asks for no password; its address."""
    folder.mkdir()
    s3, master, volume, filer, *rpc = (free_port() for _ in range(8))
    ports = {"master.port": master, "volume.port": volume, "filer.port": filer, "s3.port": s3}
    ports |= {f"{part}.port.grpc": port for part, port in zip(("master", "volume", "filer", "s3"), rpc, strict=True)}
    options = {"dir": folder, "ip": "127.0.0.1", "ip.bind": "127.0.0.1", "master.peers": "none", "filer": "true"}
    options |= {"s3": "true", "s3.port.iceberg": 0, "s3.port.lance": 0, "s3.iam": "false", "volume.max": 0, **ports}
    command = [Path(sys.executable).with_name("weed"), "-logtostderr=true", "server"]
    command += [f"-{name}={value}" for name, value in options.items()]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        endpoint = f"http://127.0.0.1:{s3}"
        end = time.monotonic() + 60
        while not takes_objects(endpoint):
            assert time.monotonic() < end, (folder / "log").read_text()[-2000:]
            time.sleep(0.5)
        yield endpoint
    finally:
        process.kill()
        process.wait()


def takes_objects(endpoint: str) -> bool:
    """Whether the server has started: the volumes come last."""
    try:
        urllib3.request("PUT", f"{endpoint}/probe", retries=False)
        return urllib3.request("PUT", f"{endpoint}/probe/probe", body=b"", retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def free_port() -> int:
    """A port that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
