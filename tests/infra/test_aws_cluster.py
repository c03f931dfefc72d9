"""The cluster file of `ray up`: Ray's own schema and checks, its calls to EC2, and what the policy beside it allows."""

import json
from copy import deepcopy
from fnmatch import fnmatchcase
from pathlib import Path

import boto3
import botocore.client
import pytest
import yaml
from jsonschema import ValidationError

from orchestrator.sweep.autoscaler import growth_of
from orchestrator.sweep.cluster import Growth, Node, NodeType

AWS = Path(__file__).parents[2] / "infra" / "aws"
REGION = "eu-central-1"


@pytest.fixture(scope="module")
def checks():
    """Ray's own preparation and validation of a cluster file."""
    from ray.autoscaler._private.util import prepare_config, validate_config

    def check(config):
        prepared = prepare_config(deepcopy(config))
        validate_config(prepared)
        return prepared

    return check


@pytest.fixture
def cluster():
    return yaml.safe_load((AWS / "cluster.yaml").read_text())


def test_ray_accepts_the_cluster_file(checks, cluster):
    prepared = checks(cluster)

    assert prepared["head_node_type"] in prepared["available_node_types"]


def test_ray_refuses_a_misspelt_key(checks, cluster):
    cluster["idle_timeout_minute"] = cluster.pop("idle_timeout_minutes")

    with pytest.raises(ValidationError, match="idle_timeout_minute"):
        checks(cluster)


def test_workers_are_spot_machines_with_a_gpu_and_go_when_idle(checks, cluster):
    workers = checks(cluster)["available_node_types"]["spot-gpu"]

    assert workers["min_workers"] == 0
    assert workers["resources"]["GPU"] == 1
    assert workers["node_config"]["InstanceMarketOptions"]["MarketType"] == "spot"


def test_a_sweep_counts_on_all_machines_that_the_cluster_file_allows(checks, cluster):
    assert growth_of(checks(cluster)) == Growth((NodeType(Node(4, 1), 8),), 8)


def test_every_start_of_ray_wants_the_token(cluster):
    starts = [
        command
        for command in cluster["head_start_ray_commands"] + cluster["worker_start_ray_commands"]
        if "ray start" in command
    ]

    assert len(starts) == 2
    assert all("RAY_AUTH_MODE=token" in command for command in starts)
    assert "~/.ray/auth_token" in cluster["file_mounts"]


def test_no_policy_allows_everything_of_a_service_or_changes_anything_anywhere():
    for file in (AWS / "head-policy.json", AWS / "storage-policy.json"):
        for statement in json.loads(file.read_text())["Statement"]:
            actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
            assert not [action for action in actions if action.endswith("*")]
            if statement["Resource"] == "*":
                assert [action for action in actions if not action.startswith("ec2:Describe")] == []


@pytest.fixture
def account(monkeypatch):
    """An account of moto's with what the cluster file names; yields the real ids, and records all calls."""
    moto = pytest.importorskip("moto")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    calls, call = set(), botocore.client.BaseClient._make_api_call

    def recorded(client, operation, parameters):
        calls.add(f"{client.meta.service_model.service_name}:{operation}")
        return call(client, operation, parameters)

    with moto.mock_aws():
        ec2, iam = boto3.client("ec2", REGION), boto3.client("iam", REGION)
        vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        group = ec2.create_security_group(GroupName="combo", Description="combo", VpcId=vpc)["GroupId"]
        ec2.create_key_pair(KeyName="combo")
        for name in ("combo-head", "combo-worker"):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
            iam.create_instance_profile(InstanceProfileName=name)
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        there = {
            "ImageId": ec2.describe_images()["Images"][0]["ImageId"],
            "SubnetIds": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
            "SecurityGroupIds": [group],
        }
        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", recorded)
        yield there, calls


@pytest.mark.minutes  # moto's EC2 alone takes half a minute to load
def test_ray_starts_and_ends_a_spot_machine_with_no_more_rights_than_the_policy_gives(
    checks, cluster, account, tmp_path, monkeypatch
):
    from ray.autoscaler._private.aws.config import bootstrap_aws
    from ray.autoscaler._private.aws.node_provider import AWSNodeProvider

    there, calls = account
    monkeypatch.setenv("HOME", str(tmp_path))
    key = tmp_path / ".ssh" / "combo.pem"
    key.parent.mkdir()
    key.touch()
    for node_type in cluster["available_node_types"].values():
        node_type["node_config"].update(there)
    config = bootstrap_aws(checks(cluster))
    calls.clear()  # so far it was the operator's own rights; from here on it is the head's

    provider = AWSNodeProvider(config["provider"], "combo")
    worker = config["available_node_types"]["spot-gpu"]
    tags = {"ray-node-kind": "worker", "ray-user-node-type": "spot-gpu"}
    provider.create_node(worker["node_config"], tags, 1)
    started = provider.non_terminated_nodes({"ray-node-kind": "worker"})
    instances = boto3.client("ec2", REGION).describe_instances(InstanceIds=started)["Reservations"]
    found = [instance for reservation in instances for instance in reservation["Instances"]]
    provider.terminate_nodes(started)

    assert [instance["InstanceLifecycle"] for instance in found] == ["spot"]
    assert {instance["IamInstanceProfile"]["Arn"].rpartition("/")[2] for instance in found} == {"combo-worker"}
    assert provider.non_terminated_nodes({}) == []
    statements = json.loads((AWS / "head-policy.json").read_text())["Statement"]
    allowed = {
        action
        for statement in statements
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert "ec2:RunInstances" in calls
    assert [call for call in sorted(calls) if not any(fnmatchcase(call, action) for action in allowed)] == []
