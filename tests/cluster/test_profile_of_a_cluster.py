"""A profile of a cluster: its token goes along, and `combo profile check` says whether it fits."""

import platform
from importlib.metadata import version

import pytest


@pytest.fixture
def profile(head, tmp_path):
    """A profile of the running cluster whose token file holds this text."""

    def write(token):
        (tmp_path / "token").touch(mode=0o600)
        (tmp_path / "token").write_text(token)
        file = tmp_path / "lab.yaml"
        file.write_text(f"storage: {tmp_path}/storage\nray: {{jobs: '{head.address}', token_file: {tmp_path}/token}}\n")
        return file

    return write


@pytest.mark.slow
def test_check_gets_in_with_the_token_and_compares_versions(head, profile):
    said = head.combo("profile", "check", profile(head.token), RAY_AUTH_TOKEN="")

    assert said.returncode == 0, said.stdout + said.stderr
    assert f"answers with our token; Ray {version('ray')}, Python {platform.python_version()}" in said.stdout


@pytest.mark.slow
def test_check_says_that_the_token_is_refused(head, profile):
    said = head.combo("profile", "check", profile("of-another-cluster"), RAY_AUTH_TOKEN="")

    assert said.returncode == 1
    assert f"Ray at {head.address} refuses the token" in said.stdout
