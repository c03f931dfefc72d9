"""Secrets in the environment, in addresses and in the text of exceptions stay out of all that a sweep writes down."""

from __future__ import annotations

import textwrap

import pytest

from tests.faults.watched_sweep import FOLDER, WatchedSweep
from tests.orchestrator.combo_command import Combo

pytestmark = pytest.mark.minutes
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "nobodys+secret/access+key",
    "HF_TOKEN": "nobodys-model-token",
    "MLFLOW_TRACKING_PASSWORD": "nobodys-tracking-password",
}
PASSWORD = "nobodys-url-password"
BLABBING = f"""
    import os
    from pathlib import Path

    told = " ".join(os.environ[name] for name in {list(SECRETS)})
    raise ImportError("no mirror answers: " + Path(__file__).with_name("mirror").read_text() + f" ({{told}})")
"""
"""A package whose import fails and tells everything that it knows."""


@pytest.fixture(scope="module")
def blabbed(tmp_path_factory, data):
    """A sweep whose trial fails with secrets in the text of its exception, and all that the commands said."""
    folder = tmp_path_factory.mktemp("blabbing")
    (folder / "timm").mkdir()
    (folder / "timm" / "__init__.py").write_text(textwrap.dedent(BLABBING))
    (folder / "timm" / "mirror").write_text(f"https://me:{PASSWORD}@mirror.example/timm?token={PASSWORD}")
    combo = Combo(tmp_path_factory.mktemp("secrets"), data, PYTHONPATH=str(folder), **SECRETS)
    sweep = WatchedSweep(combo, FOLDER / "group.yaml")
    said = [sweep.run("--verbose"), combo("status", *sweep.words)]
    said.append(combo("report", "build", *sweep.words))
    said.append(combo("logs", sweep.keys["pair"]))
    elsewhere = Combo(
        combo.folder, data, COMBO_STORAGE=str(combo.storage), MLFLOW_TRACKING_URI=f"http://me:{PASSWORD}@127.0.0.1:9"
    )
    return sweep, [*said, elsewhere("sync")]


def test_a5_what_failed_is_told_without_the_secrets_in_it(blabbed):
    sweep, said = blabbed
    failure = sweep.trial("pair").failure

    assert failure is not None
    assert failure.category == "import-error"
    assert failure.message == "no mirror answers: https://***@mirror.example/timm?token=*** (*** *** ***)"
    assert [told.returncode for told in said] == [1, 0, 0, 0, 2]
    assert "no mirror answers" in said[0].stdout
    assert "127.0.0.1:9" in said[-1].stderr


def test_a5_no_secret_is_in_any_file_of_the_storage_in_mlflow_or_in_reports(blabbed):
    sweep, _ = blabbed
    files = [path for path in sweep.combo.folder.rglob("*") if path.is_file()]

    assert sweep.combo.storage / "mlflow.db" in files
    assert [path for path in files if _holds_secret(path.read_bytes().decode(errors="replace"))] == []


def test_a5_no_secret_is_said_on_the_terminal(blabbed):
    assert [told.args for told in blabbed[1] if _holds_secret(told.stdout + told.stderr)] == []


def _holds_secret(text):
    return any(secret in text for secret in (PASSWORD, *SECRETS.values()))
