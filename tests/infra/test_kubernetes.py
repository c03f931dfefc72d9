"""Every overlay renders, every document fits the schema of its kind, and nothing in it is more open than it must be."""

import os
import re
from copy import deepcopy
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest

from orchestrator.profiles.profile import read_profile
from orchestrator.profiles.surroundings import effect
from orchestrator.sweep.autoscaler import growth_of, kuberay_config
from orchestrator.sweep.cluster import NO_GROWTH, Growth, Node, NodeType
from tests.infra.manifests import CRD_FILES, FOLDERS, check_built_in, check_custom, render
from tests.repository.shown_commands import ROOT, arguments_of, read_named, split_commands, understand

PROFILE = """
storage: s3://combo/trials
data: /data/avsbench
s3: {endpoint: 'http://s3:8333', region: us-east-1, access_key: {env: KEY}, secret_key: {env: KEY}}
mlflow: {uri: 'http://mlflow:5000', username: admin, password: {env: KEY}}
"""
OF_THE_IMAGE = {"COMBO_CACHE"}
"""Variables that no profile sets, as they are the same everywhere."""


@pytest.fixture(scope="module")
def rendered(program):
    """Documents by folder."""
    kubectl = program("kubectl")
    return {folder: render(kubectl, folder) for folder in FOLDERS}


@pytest.fixture(scope="module")
def crds():
    folder = os.environ.get("KUBERAY_CRD_DIR")
    if not folder:
        pytest.skip("KUBERAY_CRD_DIR does not name a folder with KubeRay's rayclusters.yaml and rayjobs.yaml")
    return Path(folder)


def _pods(documents):
    """Names and pod templates."""
    for document in documents:
        spec = document.get("spec", {})
        if document["kind"] == "RayCluster":
            for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
                yield f"RayCluster {group.get('groupName', 'head')}", group["template"]
        elif document["kind"] == "RayJob":
            yield "RayJob", spec["submitterPodTemplate"]
        elif document["kind"] == "Deployment":
            yield "Deployment", spec["template"]


def _cluster(documents):
    return next(document for document in documents if document["kind"] == "RayCluster")


@pytest.mark.parametrize("folder", FOLDERS)
def test_built_in_kinds_fit_their_schemas(rendered, folder):
    checked = [document for document in rendered[folder] if document["kind"] not in CRD_FILES]
    for document in checked:
        check_built_in(document)

    assert len(checked) == len(rendered[folder]) - (2 if folder.endswith("smoke") else 1)


@pytest.mark.parametrize("folder", FOLDERS)
def test_ray_kinds_fit_the_definitions_of_kuberay(rendered, folder, crds):
    for document in rendered[folder]:
        if document["kind"] in CRD_FILES:
            check_custom(document, crds)


def test_a_misspelt_field_of_a_built_in_kind_is_found(rendered):
    deployment = deepcopy(next(one for one in rendered["base"] if one["kind"] == "Deployment"))
    deployment["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}

    with pytest.raises(kubernetes_validate.ValidationError, match="livenesProbe"):
        check_built_in(deployment)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "authOption"), {"mode": "token"}),
        (("spec", "authOptions", "mode"), "tokens"),
        (("spec", "workerGroupSpecs", 0, "replicas"), "two"),
        (("spec", "headGroupSpec", "template", "spec", "containers", 0, "imag"), "combo-lab"),
    ],
)
def test_a_wrong_field_of_a_ray_cluster_is_found(rendered, crds, path, value):
    cluster = deepcopy(_cluster(rendered["base"]))
    place = cluster
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    with pytest.raises(jsonschema.ValidationError):
        check_custom(cluster, crds)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_pod_is_root_or_may_become_it_or_takes_more_than_its_limits(rendered, folder):
    pods = list(_pods(rendered[folder]))

    assert pods
    for name, template in pods:
        assert template["spec"]["securityContext"]["runAsNonRoot"], name
        for container in template["spec"]["containers"]:
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"], name
            assert not security["allowPrivilegeEscalation"], name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            assert {"cpu", "memory"} <= container["resources"]["limits"].keys(), name


@pytest.mark.parametrize("folder", FOLDERS)
def test_secrets_are_named_and_not_written_down(rendered, folder):
    assert [document["kind"] for document in rendered[folder] if document["kind"] == "Secret"] == []
    for _, template in _pods(rendered[folder]):
        for container in template["spec"]["containers"]:
            for variable in container.get("env", []):
                if variable["name"].endswith(("PASSWORD", "TOKEN", "SECRET_KEY", "STORE_URI")):
                    assert "secretKeyRef" in variable["valueFrom"]


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder != "sweep"])
def test_ray_wants_a_token_and_nobody_reaches_a_pod_but_by_a_policy(rendered, folder):
    policies = {one["metadata"]["name"]: one["spec"] for one in rendered[folder] if one["kind"] == "NetworkPolicy"}

    assert _cluster(rendered[folder])["spec"]["authOptions"] == {"mode": "token"}
    assert policies["combo-closed"]["podSelector"] == {}
    assert policies["combo-closed"].get("ingress", []) == []
    assert [name for name, spec in policies.items() for rule in spec.get("ingress", []) if "from" not in rule] == []


def test_a_sweep_counts_on_all_spot_workers_that_kuberay_may_make(rendered):
    spot, standing = _cluster(rendered["overlays/spot"]), _cluster(rendered["overlays/gpu"])

    assert growth_of(kuberay_config(spot)) == Growth((NodeType(Node(6, 1), 16),), 16)
    assert growth_of(kuberay_config(standing)) == NO_GROWTH


def test_spot_workers_begin_with_none_and_keep_the_state_of_the_head(rendered):
    spec = _cluster(rendered["overlays/spot"])["spec"]
    workers = spec["workerGroupSpecs"][0]

    assert spec["enableInTreeAutoscaling"]
    assert (workers["replicas"], workers["minReplicas"], workers["maxReplicas"]) == (0, 0, 16)
    assert workers["template"]["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert "secretKeyRef" in spec["gcsFaultToleranceOptions"]["redisPassword"]["valueFrom"]


def test_the_smoke_cluster_needs_nothing_but_a_disk_and_the_passwords(rendered):
    documents = rendered["overlays/cpu-smoke"]
    config = next(one for one in documents if one["kind"] == "ConfigMap")
    claims = [one["metadata"]["name"] for one in documents if one["kind"] == "PersistentVolumeClaim"]

    assert config["data"]["COMBO_STORAGE"] == "/data/trials"
    assert claims == ["combo-data"]
    assert "gcsFaultToleranceOptions" not in _cluster(documents)["spec"]


@pytest.fixture(scope="module")
def profile_variables(tmp_path_factory):
    """Names of the variables that stand for the keys of a profile."""
    file = tmp_path_factory.mktemp("profiles") / "lab.yaml"
    file.write_text(PROFILE)
    return effect(read_profile(file), file, {"KEY": "secret"}).variables.keys()


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder != "sweep"])
def test_pods_of_ray_have_exactly_the_variables_that_a_profile_sets(rendered, folder, profile_variables):
    guide = (ROOT / "docs" / "guides" / "kubernetes.md").read_text()
    secret = {*re.findall(r"--from-literal=(AWS_\w+)=", guide), *re.findall(r"add `(AWS_\w+)` to `combo-s3`", guide)}
    config = next(one["data"] for one in rendered[folder] if one["kind"] == "ConfigMap")
    named = {"configMapRef": config.keys(), "secretRef": secret}
    pods = [pod for name, pod in _pods(rendered[folder]) if name.startswith("RayCluster")]

    assert len(pods) == 2
    for pod in pods:
        container = pod["spec"]["containers"][0]
        sources = {name for source in container["envFrom"] for kind in source for name in named[kind]}
        assert (sources | {entry["name"] for entry in container["env"]}) - OF_THE_IMAGE == profile_variables


@pytest.mark.parametrize("folder", ["sweep", "overlays/cpu-smoke"])
def test_what_the_job_runs_is_understood_and_takes_storage_and_data_from_the_pods(rendered, folder):
    entrypoint = next(one["spec"]["entrypoint"] for one in rendered[folder] if one["kind"] == "RayJob")
    words = list(split_commands(entrypoint))
    script = [command for line in words[0][2:] for command in split_commands(line)] if words[0][0] == "sh" else words
    *made, (command, options) = [understand(words) for words in arguments_of("combo", script)]
    (sweep,) = read_named(command.name, options)

    assert command.name == "run"
    assert (options["storage"], options["data"]) == (None, None)
    if made:  # the data that it needs, all of it
        assert {made_options["subset"] for _, made_options in made} == set(sweep.tasks)
    else:
        assert options["vggish_weights"]
        assert options["backbone_weights"]
