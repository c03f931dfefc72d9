"""F23: the endpoint goes away in mid-upload, hangs, or refuses credentials. F9: a stored byte flips."""

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import torch
from torch import nn

from model.training.checkpoint import latest_training_state
from model.weights.folder import WEIGHTS_FILE, damaged_file, write_folder
from orchestrator.storage import s3
from orchestrator.storage.errors import StorageError
from tests.servers.proxy import proxy

STATE = "trials/abc/checkpoints/step-00000002"
LARGE = 24 * 2**20
SINGLE_SIGN_ON = """
[profile lab]
sso_session = lab
sso_account_id = 123456789012
sso_role_name = combo
[sso-session lab]
sso_start_url = https://lab.example.org/start
sso_region = eu-central-1
"""
"""Of somebody who has not logged in."""


def write_state(storage, size=LARGE):
    folder = storage.root / STATE
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(os.urandom(size))
    (folder / "manifest.json").write_bytes(b"{}")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def fetched_state(storage):
    other = storage.for_worker()
    other.fetch(STATE)
    return {path.name: path.read_bytes() for path in (other.root / STATE).iterdir()}


def wait_for_traffic(between, more):
    before, end = between.received, time.monotonic() + 30
    while between.received < before + more:
        assert time.monotonic() < end
        time.sleep(0.005)


def survive_an_outage(bucket, between, seconds):
    content = write_state(bucket)
    uploading = threading.Thread(target=bucket.publish, args=(STATE,))
    uploading.start()
    wait_for_traffic(between, 4 * 2**20)
    between.refuse()
    time.sleep(seconds)
    assert uploading.is_alive()
    between.heal()
    uploading.join()
    assert fetched_state(bucket) == content


def test_f23_an_upload_survives_an_endpoint_that_is_away_for_3_seconds(bucket, between):
    survive_an_outage(bucket, between, seconds=3)


@pytest.mark.minutes
def test_f23_an_upload_survives_an_endpoint_that_is_away_for_20_seconds(bucket, between):
    survive_an_outage(bucket, between, seconds=20)


def test_f23_a_download_survives_broken_connections(bucket, between):
    content = write_state(bucket)
    bucket.publish(STATE)
    breaking = threading.Timer(0.05, between.drop)
    breaking.start()

    assert fetched_state(bucket) == content


def test_the_endpoint_is_the_one_that_the_environment_names_now(bucket, server, monkeypatch):
    bucket.write("trials/abc/trial.json", b"before")
    with proxy(server.endpoint) as link:
        monkeypatch.setenv("AWS_ENDPOINT_URL", link.address)

        assert bucket.read("trials/abc/trial.json") == b"before"
        assert link.received > 0


def test_f23_a_hanging_endpoint_is_left_and_asked_again(bucket, between, monkeypatch):
    monkeypatch.setattr(s3, "READ_SECONDS", 1)
    s3._kept_client.cache_clear()
    bucket.write("trials/abc/trial.json", b"before")
    between.hang()
    healing = threading.Timer(3, lambda: (between.heal(), between.drop()))
    healing.start()
    bucket.write("trials/abc/trial.json", b"after")

    assert bucket.read("trials/abc/trial.json") == b"after"


def test_f23_patience_ends_with_one_sentence(bucket, between, monkeypatch):
    monkeypatch.setattr(s3, "RETRY_SECONDS", 1.0)
    bucket.check()
    between.refuse()

    with pytest.raises(StorageError, match=r"storage 's3://.*': http://127.0.0.1:\d+ cannot be reached \(Endpoint"):
        bucket.write("trials/abc/trial.json", b"")


def test_f23_a_lease_whose_answer_was_lost_is_still_ours(bucket, between):
    between.lose_answer()
    assert bucket.create("trials/abc/attempts/1.json", b"mine")
    assert not bucket.create("trials/abc/attempts/1.json", b"yours")
    assert bucket.read("trials/abc/attempts/1.json") == b"mine"


def test_f23_a_wrong_secret_is_refused_at_once_and_not_repeated(bucket, credentials, command):
    credentials(secret="wrong+secret/0123456789")
    began = time.monotonic()
    with pytest.raises(StorageError, match=r"refuses the credentials \(SignatureDoesNotMatch\)") as refused:
        bucket.write("trials/abc/trial.json", b"")
    assert time.monotonic() - began < s3.RETRY_SECONDS / 2
    assert "wrong+secret" not in str(refused.value)
    assert refused.value.__cause__ is None

    said = command("gc", "--storage", bucket)
    assert said.code == 2
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith(f"error: storage '{bucket}': http://127.0.0.1:")
    assert "SignatureDoesNotMatch" in said.err
    assert "wrong+secret" not in said.err


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIANOBODY"}, "refuses the credentials (InvalidAccessKeyId)"),
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "no credentials were found"),
        ({"AWS_PROFILE": "nobody"}, "no credentials were found"),
        ({"AWS_ENDPOINT_URL": "nowhere"}, "AWS_ENDPOINT_URL: is no address"),
        ({"AWS_ENDPOINT_URL": "http://user:pass@127.0.0.1:9"}, "http://127.0.0.1:9 cannot be reached"),
    ],
)
def test_a_bucket_that_cannot_be_used_is_said_in_one_line(bucket, command, monkeypatch, variables, message):
    monkeypatch.setattr(s3, "FIRST_RETRY_SECONDS", 0.5)
    for name, value in variables.items():
        monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
    said = command("gc", "--storage", bucket)

    assert said.code == 2
    assert message in said.err
    assert len(said.err.splitlines()) == 1
    assert "pass" not in said.err


class Expired(BaseHTTPRequestHandler):
    """Answers as Amazon S3 does when a session has ended."""

    def do_GET(self):
        answer = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
        self.send_response(400)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("login", ["session", "single sign-on"])
@pytest.mark.usefixtures("credentials")
def test_expired_credentials_are_said_with_their_cure(command, monkeypatch, tmp_path, login):
    with HTTPServer(("127.0.0.1", 0), Expired) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        if login == "session":
            monkeypatch.setenv("AWS_SESSION_TOKEN", "of-yesterday")
        else:
            (tmp_path / "config").write_text(SINGLE_SIGN_ON)
            monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
            monkeypatch.setenv("AWS_PROFILE", "lab")
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                monkeypatch.delenv(name)
        said = command("gc", "--storage", "s3://bucket/trials")
        server.shutdown()

    assert said.code == 2
    (line,) = said.err.splitlines()
    assert f"the credentials for http://127.0.0.1:{server.server_port} have expired (log in anew" in line
    assert "of-yesterday" not in line


@pytest.mark.usefixtures("credentials")
def test_a_missing_bucket_is_said_in_one_line(command):
    said = command("gc", "--storage", "s3://no-such-bucket-here/trials")

    assert said.code == 2
    assert said.err.startswith("error: storage 's3://no-such-bucket-here/trials': http://127.0.0.1:")
    assert "has no such bucket (make it, or name another with --storage)" in said.err


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("gs://bucket/trials", "error: storage 'gs://bucket/trials': is neither a folder nor a bucket"),
        ("file:///tmp/trials", "error: storage 'file:///tmp/trials': is neither a folder nor a bucket"),
        ("s3://", "'' is no name of a bucket"),
        ("s3://a_b/c", "'a_b' is no name of a bucket"),
        ("s3://bucket/../other", "has empty parts or '..' in its prefix"),
        ("s3://bucket//other", "has empty parts or '..' in its prefix"),
    ],
)
def test_a_storage_that_is_none_is_said_as_it_was_typed(command, named, message):
    said = command("gc", "--storage", named)

    assert said.code == 2
    assert message in said.err


def test_f9_a_byte_flipped_in_the_bucket_is_found_and_the_checkpoint_before_used(bucket, server, caplog):
    tensors = {WEIGHTS_FILE: nn.Linear(4, 4).state_dict(), "optimizer.safetensors": {"step/a": torch.ones(1)}}
    manifest = {"step": 0, "best_step": 0, "best": None, "scaler": {}, "format": 1}
    for step in (2, 4):
        name = f"trials/abc/checkpoints/step-{step:08d}"
        write_folder(bucket.root / name, tensors, {**manifest, "step": step}, replace=True)
        bucket.publish(name)
    key = f"my/trials/trials/abc/checkpoints/step-00000004/{WEIGHTS_FILE}"
    content = bytearray(server.client.get_object(Bucket=bucket.bucket, Key=key)["Body"].read())
    content[-1] ^= 1
    server.client.put_object(Bucket=bucket.bucket, Key=key, Body=bytes(content))

    other = bucket.for_worker()
    other.fetch("trials/abc")
    checkpoints = other.root / "trials/abc/checkpoints"
    assert damaged_file(checkpoints / "step-00000004") == WEIGHTS_FILE
    found = latest_training_state(checkpoints)
    assert found is not None
    assert found.name == "step-00000002"
    assert "step-00000004 is damaged (model.safetensors)" in caplog.text
