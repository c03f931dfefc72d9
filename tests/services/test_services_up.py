"""`combo up`: real services with passwords, found by a profile, which outlive a power cut."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import boto3
import psutil
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from ruamel.yaml import YAML

from orchestrator.doctor.mlflow_check import look_at_mlflow
from orchestrator.services.service_folder import ServiceFolder
from orchestrator.settings import Settings
from orchestrator.storage.folder import FolderStorage

ONE_TRIAL = Path(__file__).parents[1] / "cluster" / "one_trial.yaml"


def profile_of(lab):
    return YAML(typ="safe").load((lab.folder / "config" / "combo" / "profiles" / "lab.yaml").read_text())


def store(profile, secret=None):
    """A client of the S3 store with the keys of the profile."""
    keys = profile["s3"]
    return boto3.client(
        "s3",
        endpoint_url=keys["endpoint"],
        aws_access_key_id=Path(keys["access_key"]["file"]).read_text(),
        aws_secret_access_key=secret or Path(keys["secret_key"]["file"]).read_text(),
        region_name=keys["region"],
        config=Config(s3={"addressing_style": "path"}),
    )


def refusal(call):
    with pytest.raises(ClientError) as error:
        call()
    return error.value.response["Error"]["Code"]


def test_up_says_what_runs_and_how_to_find_it(running):
    lab, said = running

    assert said.returncode == 0, said.stderr
    assert "started postgres, s3, mlflow" in said.stdout
    assert "combo profile use lab" in said.stdout
    status = lab.combo("up", "--name", "lab", "--status")
    assert status.returncode == 0
    assert [line.split()[:2] for line in status.stdout.splitlines()[1:]] == [
        ["postgres", "up"],
        ["s3", "up"],
        ["mlflow", "up"],
    ]


def test_up_again_starts_nothing_and_keeps_what_the_user_wrote_in_the_profile(running):
    lab, _ = running
    file = lab.folder / "config" / "combo" / "profiles" / "lab.yaml"
    file.write_text("# ours\n" + file.read_text().replace("s3://combo/trials", "s3://combo/ours"))
    before = [process.pid for process in lab.processes()]

    said = lab.up()
    assert said.returncode == 0, said.stderr
    assert "all of them ran already" in said.stdout
    assert [process.pid for process in lab.processes()] == before
    assert file.read_text().startswith("# ours")
    assert profile_of(lab)["storage"] == "s3://combo/ours"
    assert profile_of(lab)["data"] == str(lab.folder / "data")


def test_secrets_are_for_their_owner_and_no_command_line_shows_one(running):
    lab, _ = running
    secrets = list((lab.services / "secrets").iterdir())
    words = " ".join(word for process in lab.processes() for word in process.cmdline())

    assert len(secrets) > 5
    assert {oct(file.stat().st_mode & 0o777) for file in secrets} == {"0o600"}
    assert [file.name for file in secrets if file.read_text().strip() in words] == []


def test_nobody_gets_in_without_credentials_and_nothing_listens_beyond_this_machine(running):
    lab, _ = running
    profile = profile_of(lab)
    uri = profile["mlflow"]["uri"]
    asked = f"{uri}/api/2.0/mlflow/experiments/search?max_results=1"
    who = (profile["mlflow"]["username"], Path(profile["mlflow"]["password"]["file"]).read_text())

    assert requests.get(asked, timeout=20).status_code == 401
    assert requests.get(asked, auth=(who[0], "wrong"), timeout=20).status_code == 401
    assert requests.get(asked, auth=who, timeout=20).status_code == 200
    assert requests.get(asked, auth=who, headers={"Host": "evil.example"}, timeout=20).status_code == 403
    search, foreign = f"{uri}/ajax-api/2.0/mlflow/experiments/search", {"Origin": "http://evil.example"}
    assert requests.post(search, json={"max_results": 1}, auth=who, headers=foreign, timeout=20).status_code == 403
    assert refusal(lambda: store(profile, "wrong").list_objects_v2(Bucket="combo")) == "SignatureDoesNotMatch"
    assert refusal(lambda: store(profile).list_objects_v2(Bucket="mlflow")) == "AccessDenied"
    assert refusal(lambda: store(profile).create_bucket(Bucket="others")) == "AccessDenied"
    listening = {
        connection.laddr.ip
        for process in lab.processes()
        for each in (process, *process.children(recursive=True))
        for connection in each.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def names_in_the_store(lab, **environment):
    """What SeaweedFS' own shell lists of the bucket, by the store's inner ports."""
    first = int(lab.ports[-1])
    master, filer = (f"127.0.0.1:{first + port}.{first + port + 1}" for port in (1, 5))
    weed = Path(sys.executable).with_name("weed")
    command = [weed if weed.is_file() else "weed", "shell", f"-master={master}", f"-filer={filer}"]
    caller = {name: os.environ[name] for name in ("PATH", "HOME")}
    try:
        asked = {"input": "fs.ls /buckets/combo\n", "text": True, "timeout": 4, "env": caller | environment}
        return subprocess.run(command, **asked, capture_output=True, cwd=lab.folder).stdout
    except subprocess.TimeoutExpired as late:  # it goes on trying
        return (late.stdout or b"").decode()


def test_the_stores_inner_ports_let_no_other_user_of_the_machine_in(running):
    lab, _ = running
    store(profile_of(lab)).put_object(Bucket="combo", Key="private/file", Body=b"content")
    certificate, key = (str(lab.services / "secrets" / f"s3-inner-{part}.pem") for part in ("certificate", "key"))
    known = {"WEED_GRPC_CA": certificate}
    for part in ("MASTER", "FILER", "CLIENT"):
        known |= {f"WEED_GRPC_{part}_CERT": certificate, f"WEED_GRPC_{part}_KEY": key}

    assert "private" in names_in_the_store(lab, **known)
    assert "private" not in names_in_the_store(lab)
    inside = f"http://127.0.0.1:{int(lab.ports[-1]) + 5}/buckets/combo/private/file"
    assert requests.get(inside, timeout=20).status_code == 401


def test_the_guides_words_give_a_person_an_account_that_may_write(running, tmp_path, monkeypatch):
    lab, _ = running
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "lab-server.md").read_text()
    words = next(block for block in re.findall(r"```sh[^\n]*\n(.*?)```", guide, re.DOTALL) if block.startswith("curl"))
    uri = profile_of(lab)["mlflow"]["uri"]
    monkeypatch.setenv("COMBO_SERVICES", str(lab.services))
    made = subprocess.run(["sh", "-c", words.replace("http://lab.example.org:5000", uri)], capture_output=True)
    assert made.returncode == 0, made.stderr

    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "eve")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "a-password-of-hers")
    settings = Settings(FolderStorage(tmp_path), tmp_path, uri, None)
    assert look_at_mlflow(settings).verdict == "ok"
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "another")
    assert look_at_mlflow(settings).verdict == "fail"


def test_other_ports_are_refused_while_services_run(running):
    lab, _ = running
    said = lab.combo("up", "--name", "lab", "--mlflow-port", "1")

    assert said.returncode == 2
    assert "run with other settings (combo down first" in said.stderr


def test_profile_check_finds_all_of_it_in_order(running):
    lab, _ = running
    said = lab.combo("profile", "check", "lab")

    assert said.returncode == 0, said.stdout
    assert ", 0 failed" in said.stdout
    assert "data S4" in said.stdout
    assert "answers and takes writes" in said.stdout


def test_a_taken_port_is_named_and_nothing_is_left_running(running, lab):
    taken = running[0].ports[-1]
    said = lab.combo("up", "--name", "lab", *lab.ports[:4], "--s3-port", taken)

    assert said.returncode == 2
    (line,) = said.stderr.splitlines()
    assert f"s3: port {taken} of 127.0.0.1: cannot be listened on" in line
    assert "--s3-port" in line
    assert lab.processes() == []
    assert not (lab.services / "postgres").exists()


def test_a_broken_profile_is_told_before_anything_starts(lab):
    file = lab.folder / "config" / "combo" / "profiles" / "lab.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("stroage: /data\n")
    said = lab.up()

    assert said.returncode == 2
    assert f"{file}: stroage: unknown key" in said.stderr
    assert not (lab.services / "postgres").exists()


def test_a_postgres_folder_that_is_not_whole_is_refused(lab):
    (lab.services / "postgres" / "base").mkdir(parents=True)
    said = lab.up()

    assert said.returncode == 2
    assert "is not a whole Postgres folder" in said.stderr
    assert "move it away" in said.stderr
    assert lab.processes() == []


def test_a_process_with_the_id_of_a_dead_service_is_left_alone(lab):
    lab.services.mkdir()
    stale = {"mlflow": {"pid": os.getpid(), "started": time.time() - 1e6}}
    (lab.services / "running.json").write_text(json.dumps(stale))

    status = lab.combo("up", "--name", "lab", "--status")
    assert status.returncode == 1
    assert ["mlflow", "dead"] in [line.split()[:2] for line in status.stdout.splitlines()]
    assert lab.combo("down", "--name", "lab").returncode == 0
    assert ServiceFolder(lab.services).running.read_text() == "{}\n"


@pytest.mark.minutes  # a Ray head of its own: half a minute on an idle machine
def test_a_ray_head_takes_jobs_with_the_token_only_and_ends_with_all_it_started(lab):
    said = lab.up_with_ray()
    assert said.returncode == 0, said.stderr
    family = [each for process in lab.processes() for each in (process, *process.children(recursive=True))]

    assert requests.get(f"{profile_of(lab)['ray']['jobs']}/api/jobs/", timeout=20).status_code == 401
    checked = lab.combo("profile", "check", "lab")
    assert checked.returncode == 0, checked.stdout
    assert "answers with our token" in checked.stdout
    assert "stopped postgres, s3, mlflow, ray" in lab.combo("down", "--name", "lab").stdout
    assert [each for each in family if each.is_running()] == []


@pytest.mark.minutes  # a sweep on a Ray of its own, and all services twice: half a minute on an idle machine
def test_a_sweep_by_profile_is_there_after_a_power_cut(running):
    lab, _ = running
    words = (ONE_TRIAL, "training.iterations=2", "training.evaluate_every=2")
    run = lab.combo("--profile", "lab", "run", *words)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr.startswith("profile lab (")

    lab.cut_the_power()
    assert lab.combo("--profile", "lab", "up", "--name", "lab", "--status").returncode == 1
    again = lab.up()
    assert again.returncode == 0, again.stderr
    assert "started postgres, s3, mlflow" in again.stdout

    lab.combo("profile", "use", "lab")
    report = lab.combo("report", "build", *words, "--out", lab.folder / "site")
    assert report.returncode == 0, report.stderr
    assert report.stderr.startswith("profile lab (")
    pages = "".join(page.read_text() for page in (lab.folder / "site").rglob("*.html"))
    assert f"{profile_of(lab)['mlflow']['uri']}/#/experiments/" in pages  # a link to a run, which was found
    synced = lab.combo("sync")
    assert "all up to date" in synced.stdout, synced.stdout + synced.stderr

    down = lab.combo("down", "--name", "lab")
    assert "stopped postgres, s3, mlflow" in down.stdout
    assert lab.processes() == []
