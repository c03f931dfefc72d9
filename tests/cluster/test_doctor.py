"""`combo doctor` on a machine without anything, and what its checks say of real faults."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from orchestrator.doctor.checkup import checkup
from orchestrator.doctor.data_sets import look_at_subset
from orchestrator.doctor.finding import Check, examine, ok
from orchestrator.doctor.mlflow_check import look_at_mlflow
from orchestrator.doctor.ray_cluster import look_at_ray
from orchestrator.doctor.storage_check import look_at_storage
from orchestrator.doctor.weights import look_at_sam, look_at_vggish
from orchestrator.settings import Settings
from orchestrator.storage.folder import FolderStorage
from tests.servers.ray_head import PROGRAMS


@pytest.fixture(scope="module")
def examined(tmp_path_factory):
    """What the command finds in an empty folder: exit code, findings by check, and what it left there."""
    folder = tmp_path_factory.mktemp("nothing")
    run = subprocess.run(
        [PROGRAMS / "combo", "doctor", "--json"],
        cwd=folder,
        env={"PATH": str(PROGRAMS), "HOME": str(folder), "RAY_OVERRIDE_RESOURCES": '{"CPU": 2}'},
        capture_output=True,
        text=True,
        timeout=240,
    )
    findings = {row["check"]: row for row in json.loads(run.stdout)["checks"]}
    return run.returncode, findings, sorted(path.name for path in folder.iterdir())


def test_a_machine_without_data_fails_for_that_alone_and_is_told_how_to_begin(examined):
    code, findings, _ = examined

    assert code == 1
    assert [name for name, row in findings.items() if row["verdict"] == "fail"] == ["data S4"]
    assert "combo data synth --subset s4" in findings["data S4"]["cure"]


def test_what_works_is_said_to_work(examined):
    _, findings, _ = examined

    assert {findings[name]["verdict"] for name in ("packages", "gloo", "Ray", "storage", "MLflow")} == {"ok"}
    assert "1 node, 2 CPUs" in findings["Ray"]["found"]
    assert "2 processes add up" in findings["gloo"]["found"]


def test_every_finding_that_is_not_well_has_a_cure(examined):
    _, findings, _ = examined

    assert [row for row in findings.values() if row["verdict"] != "ok" and not row["cure"]] == []


def test_nothing_is_left_behind(examined):
    assert examined[2] in ([], [".cache"], [".ray"], [".cache", ".ray"])


def test_a_check_that_breaks_is_a_finding_and_shows_no_secret(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nobodyssecret")

    def breaks():
        raise OSError("https://me:pass-word@server said no to nobodyssecret")

    finding = examine(Check("broken", breaks))

    assert finding.verdict == "fail"
    assert finding.found == "OSError: https://***@server said no to ***"


def test_a_check_that_hangs_ends_in_time():
    began = time.monotonic()
    finding = examine(Check("slow", lambda: ok("at last") if time.sleep(20) else ok("never"), seconds=0.2))

    assert finding.verdict == "fail"
    assert finding.found == "no answer within 0.2 s"
    assert time.monotonic() - began < 5


def test_data_are_counted_and_named_synthetic(clips):
    finding = look_at_subset(clips, "s4")

    assert finding.verdict == "ok"
    assert finding.found.startswith("14 train / 2 val / 4 test clips in")
    assert finding.found.endswith("synthetic")


def test_a_subset_that_is_not_there_is_no_failure_beside_one_that_is(clips):
    assert look_at_subset(clips, "ms3").verdict == "warn"


def test_lost_files_are_found_with_the_command_that_lists_them(clips, tmp_path):
    shutil.copytree(clips, tmp_path / "data")
    frames = tmp_path / "data" / "AVSBench_object" / "Single-source" / "s4_data" / "visual_frames" / "train"
    shutil.rmtree(frames)
    finding = look_at_subset(tmp_path / "data", "s4")

    assert finding.verdict == "fail"
    assert "missing" in finding.found
    assert "combo data check" in finding.cure


def test_a_storage_that_lets_two_claim_the_same_name_fails(tmp_path):
    class Careless(FolderStorage):
        def create(self, name, content, **_):
            self.write(name, content)
            return True

    finding = look_at_storage(Careless(tmp_path / "storage"))

    assert finding.verdict == "fail"
    assert "could create the same name" in finding.found


def test_the_storage_is_as_it_was_before(tmp_path):
    (tmp_path / "storage").mkdir()
    (tmp_path / "storage" / "mine").write_text("mine")

    assert look_at_storage(FolderStorage(tmp_path / "storage")).verdict == "ok"
    assert look_at_storage(FolderStorage(tmp_path / "new" / "storage")).verdict == "ok"
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == ["storage", "storage/mine"]


def test_a_bucket_that_cannot_be_opened_stops_no_other_check(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nobodyssecret")
    checks = {check.name: check for check in checkup("s3://nowhere", tmp_path, None, None)}

    finding = examine(checks["storage"])
    assert finding.verdict == "fail"
    assert finding.cure
    assert {"packages", "Ray", "data S4", "MLflow"} <= set(checks)


def test_an_mlflow_server_that_is_away_is_told_in_time(tmp_path):
    began = time.monotonic()
    finding = look_at_mlflow(Settings(FolderStorage(tmp_path), tmp_path, "http://127.0.0.1:9", None))

    assert finding.verdict == "fail"
    assert "combo sync catches up later" in finding.cure
    assert time.monotonic() - began < 30


def test_a_cluster_that_is_away_is_told_in_time():
    began = time.monotonic()
    finding = look_at_ray("127.0.0.1:9")

    assert finding.verdict == "fail"
    assert finding.found == "RAY_ADDRESS 127.0.0.1:9 cannot be used: no server listens there"
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("look", [look_at_vggish, look_at_sam])
def test_files_that_hold_no_weights_are_refused(look, tmp_path):
    (tmp_path / "weights.pth").write_bytes(b"no weights")

    assert look(tmp_path / "weights.pth").verdict == "fail"
    assert look(Path(tmp_path, "missing.pth")).verdict == "fail"
    assert look(None).verdict == "warn"


def test_the_weights_of_every_backbone_that_a_preset_needs_are_looked_for(tmp_path):
    names = [check.name for check in checkup(str(tmp_path), tmp_path, None, None)]
    assert {"weights resnet50.tv_in1k", "weights pvt_v2_b5.in1k"} <= set(names)
    assert not any("test_" in name for name in names)
