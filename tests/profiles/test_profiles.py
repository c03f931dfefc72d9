"""Profiles: what they set, what overrules them, and what is said of mistakes in them."""

import os
from unittest.mock import patch

import pytest

SWEEP = ("submit", "combo/table7", "--scale", "demo", "--dry-run")


@pytest.fixture(autouse=True)
def environment():
    """What commands and `monkeypatch` do to the environment ends with the test, as this is torn down after them."""
    with patch.dict(os.environ):
        yield


@pytest.fixture
def profiles(tmp_path, monkeypatch):
    """The folder of profiles, in an environment that names nothing else."""
    for name in list(os.environ):
        if name.startswith(("COMBO_", "MLFLOW_", "AWS_", "RAY_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "combo" / "profiles"
    folder.mkdir(parents=True)
    return folder


def write(folder, name, text):
    (folder / f"{name}.yaml").write_text(text)


def storage_of(said):
    """Which storage a command looked into, by what it says of an empty one."""
    assert said.code == 2
    return said.err.splitlines()[-1].removeprefix("error: ").partition(":")[0]


def test_options_overrule_the_environment_which_overrules_the_profile(profiles, command, monkeypatch, tmp_path):
    write(profiles, "lab", f"storage: {tmp_path}/of-the-profile\n")

    assert storage_of(command("--profile", "lab", "mlflow")) == f"{tmp_path}/of-the-profile"
    monkeypatch.setenv("COMBO_STORAGE", f"{tmp_path}/of-the-environment")
    said = command("--profile", "lab", "mlflow")
    assert storage_of(said) == f"{tmp_path}/of-the-environment"
    assert "the environment overrules COMBO_STORAGE" in said.err
    assert storage_of(command("--profile", "lab", "mlflow", "--storage", tmp_path / "named")) == f"{tmp_path}/named"


def test_the_profile_in_use_is_named_in_one_line_and_can_be_left(profiles, command, monkeypatch):
    write(profiles, "lab", "mlflow: {uri: 'http://lab:5000'}\n")
    write(profiles, "cloud", "mlflow: {uri: 'http://cloud:5000'}\n")
    assert command("profile", "use", "lab").code == 0

    said = command("mlflow")
    assert said.out == "MLflow runs elsewhere: http://lab:5000\n"
    assert said.err == f"profile lab ({profiles / 'lab.yaml'})\n"
    assert ["*", "lab"] in [line.split()[:2] for line in command("profile", "list").out.splitlines()]

    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.setenv("COMBO_PROFILE", "cloud")
    assert "http://cloud:5000" in command("mlflow").out
    monkeypatch.delenv("COMBO_PROFILE")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    command("profile", "use", "--none")
    assert "profile" not in command("mlflow").err


def test_a_secret_goes_to_the_server_of_the_profile_only(profiles, command, monkeypatch, tmp_path):
    (tmp_path / "password").write_text("a-long-password\n")
    write(
        profiles,
        "lab",
        f"mlflow: {{uri: 'http://lab:5000', username: eve, password: {{file: {tmp_path}/password}}}}\n",
    )
    shown = command("profile", "show", "lab")
    assert "MLFLOW_TRACKING_PASSWORD=***" in shown.out
    assert "a-long-password" not in shown.out

    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere:5000")
    command("--profile", "lab", "mlflow")
    assert "MLFLOW_TRACKING_PASSWORD" not in os.environ


def test_weights_and_places_of_a_profile_reach_a_submitted_job(profiles, command):
    write(
        profiles,
        "lab",
        "storage: s3://bucket/trials\ndata: /shared/avsbench\nclip_cache: 20\ns3: {region: eu-north-1}\n"
        "mlflow: {uri: 'http://lab:5000'}\n"
        "weights: {vggish: /shared/vggish.pth, backbones: {resnet50.tv_in1k: /shared/r50.pth}}\n",
    )
    said = command("--profile", "lab", *SWEEP)

    job = next(line for line in said.out.splitlines() if line.startswith("command:"))
    for words in (
        "--storage s3://bucket/trials",
        "--data /shared/avsbench",
        "--clip-cache 20.0",
        "--vggish-weights /shared/vggish.pth",
        "--backbone-weights resnet50.tv_in1k=/shared/r50.pth",
    ):
        assert words in job
    assert "MLFLOW_TRACKING_URI=http://lab:5000" in said.out
    assert "AWS_DEFAULT_REGION=eu-north-1" in said.out
    given = command("--profile", "lab", *SWEEP, "--vggish-weights", "/other/vggish.pth")
    assert "--vggish-weights /other/vggish.pth" in given.out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stroage: /data\n", ["stroage: unknown key", "did you mean 'storage'?"]),
        ("mlflow: {uri: 'http://lab:5000', user: eve}\n", ["mlflow.user: unknown key"]),
        ("storage: [a, b]\n", ["storage: input should be a valid string"]),
        ("data: avsbench\n", ["data: 'avsbench' is a relative path"]),
        ("ray: {jobs: 'lab:8265'}\n", ["ray.jobs: 'lab:8265' is no address"]),
        ("s3: {access_key: {env: KEY}}\n", ["s3: access_key and secret_key are needed together"]),
        ("s3: {access_key: {env: NO_SUCH}, secret_key: {env: NO_SUCH}}\n", ["s3.access_key.env", "NO_SUCH is not set"]),
        ("ray: {jobs: 'http://lab:8265', token_file: /no/token}\n", ["ray.token_file: /no/token is not there"]),
        (
            "mlflow: {uri: 'http://lab:5000', username: eve, password: {file: /no/password}}\n",
            ["mlflow.password.file: /no/password cannot be read"],
        ),
        (
            "mlflow: {uri: 'http://lab', username: eve, password: open-sesame}\n",
            ["mlflow.password: holds the secret"],
        ),
        ("mlflow: {uri: 'http://eve:open-sesame@lab:5000'}\n", ["mlflow.uri: carries credentials"]),
    ],
)
def test_a_mistake_is_one_sentence_with_file_and_key(profiles, command, text, told):
    write(profiles, "lab", text)
    said = command("--profile", "lab", "mlflow")

    assert said.code == 2
    (line,) = said.err.splitlines()
    assert line.startswith(f"error: {profiles / 'lab.yaml'}: ")
    assert [words for words in told if words not in line] == []
    assert "open-sesame" not in said.err


def test_a_profile_that_is_not_there_is_refused_with_the_nearest(profiles, command):
    write(profiles, "lab", "storage: /data\n")

    said = command("--profile", "lap", "mlflow")
    assert said.code == 2
    assert "did you mean 'lab'?" in said.err
    assert command("profile", "use", "lap").code == 2


def test_check_tries_each_part_and_says_what_cures_it(profiles, command, tmp_path):
    (tmp_path / "password").write_text("a-long-password")
    (tmp_path / "password").chmod(0o644)
    write(
        profiles,
        "lab",
        f"storage: {tmp_path}/storage\ndata: {tmp_path}/data\n"
        f"mlflow: {{uri: 'http://127.0.0.1:9', username: eve, password: {{file: {tmp_path}/password}}}}\n"
        "ray: {jobs: 'http://127.0.0.1:9'}\n"
        f"weights: {{backbones: {{resnet50.tv_in1k: {tmp_path}/r50.pth}}}}\n",
    )
    said = command("profile", "check", "lab")

    assert said.code == 1
    assert f"chmod 600 {tmp_path}/password" in said.out
    assert "write, read, lease and delete work" in said.out
    assert f"no subset in {tmp_path}/data" in said.out
    assert "Ray at http://127.0.0.1:9 does not answer" in said.out
    assert f"{tmp_path}/r50.pth cannot be read" in said.out
    assert "1 ok, 1 to note, 4 failed" in said.out
    assert not (tmp_path / "storage").exists()
