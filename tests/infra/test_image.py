"""The image, built from its Dockerfile as it stands, and containers of it under the limits of the manifests."""

import os
import re
import shutil

import pytest

from tests.infra.image_builder import DOCKERFILE, Builder
from tests.orchestrator.combo_command import wait_until

TAG = "localhost/combo-lab:0.1.0"
START_SECONDS = 400
"""In which a server comes up on a machine that is busy with other things."""

pytestmark = [
    pytest.mark.minutes,  # 2 GB of packages are fetched and unpacked
    pytest.mark.timeout(3600),
]


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    if missing := [name for name in ("buildah", "mmdebstrap", "unshare", "ip") if not shutil.which(name)]:
        pytest.skip(f"not installed here: {', '.join(missing)} (Debian: buildah, mmdebstrap, util-linux, iproute2)")
    if os.geteuid() != 0:
        pytest.skip("unpacking and mounting an image without a container engine takes root")
    builder = Builder(tmp_path_factory.mktemp("image"))
    try:
        builder.make_base()
        builder.build(TAG)
        yield builder.unpack(TAG)
    finally:
        builder.close()


def test_its_command_helps_and_knows_its_experiments(image):
    helped = image.run("combo", "--help")
    shown = image.run("combo", "show", "combo/table7", "--scale", "smoke")

    assert helped.returncode == 0, helped.stderr
    assert "Usage: combo" in helped.stdout
    assert shown.returncode == 0, shown.stderr
    assert "lambda-10" in shown.stdout


def test_it_runs_as_the_user_of_the_manifests_who_can_write_below_tmp_only(image):
    assert image.user == "10001:10001"
    assert image.run("id", "--user").stdout == "10001\n"
    assert image.run("touch", "/tmp/file").returncode == 0
    assert image.run("touch", "/opt/combo/file").returncode != 0


def test_it_computes_and_speaks_to_servers(image):
    code = "import torch, ray, mlflow, boto3, psycopg2, cv2, av; print(torch.ones(2).sum().item())"
    said = image.run("python", "-c", code)

    assert said.returncode == 0, said.stderr
    assert said.stdout == "2.0\n"


def test_it_holds_no_package_beyond_its_lock(image):
    lock = (DOCKERFILE.parent / "requirements.lock").read_text()
    locked = set(re.findall(r"^([\w.-]+)==", re.sub(r"\[.*?\]", "", lock), re.MULTILINE))
    code = "from importlib.metadata import distributions; print(*(one.name for one in distributions()), sep='\\n')"
    installed = {re.sub(r"[-_.]+", "-", name).lower() for name in image.run("python", "-c", code).stdout.split()}

    assert installed - locked == {"combo-lab"}
    assert len(installed) > 50


@pytest.mark.parametrize(
    "words",
    [
        ("mlflow", "server", "--host", "0.0.0.0", "--port", "5000", "--workers", "1"),
        ("ray", "start", "--head", "--block", "--num-cpus=0", "--dashboard-host=0.0.0.0"),
    ],
    ids=lambda words: words[0],
)
def test_health_is_that_of_what_the_container_was_started_for(image, words):
    with image.running(*words) as container:
        wait_until(lambda: container.exec("true") == 0, 10)
        assert container.exec("healthy") != 0
        wait_until(lambda: container.exec("healthy") == 0, START_SECONDS, every=1)
