"""What the cluster's autoscaler may start, read where that is configured: beside the head.

Ray's own state does not tell: it has a place for node types (`ClusterConfig`), which the autoscaler of Ray 2.60 leaves
empty. Its process on the head names a file (`ray up`, `ray start --autoscaling-config`), and on Kubernetes KubeRay's
resource is the configuration.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import psutil
import ray
from pydantic import BaseModel, ValidationError
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from orchestrator.sweep.cluster import HEAD, NO_GROWTH, Growth, Node, NodeType

log = logging.getLogger(__name__)

MONITOR = "monitor.py"
"""Ray's process for the autoscaler; on a cluster that cannot grow it runs without a configuration."""
READ_SECONDS = 60.0
KUBERNETES_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where Kubernetes puts what a pod may identify itself with; absent where the head may ask for no pods."""


class _NodeTypeConfig(BaseModel):
    """A node type in Ray's cluster file."""

    resources: dict[str, float] = {}
    max_workers: int | None = None


class _ClusterConfig(BaseModel):
    """The part of Ray's cluster file that says what may be started."""

    available_node_types: dict[str, _NodeTypeConfig] = {}
    head_node_type: str = ""
    max_workers: int = 0


def cluster_growth() -> Growth:
    """What the autoscaler of the cluster that Ray is connected to may start; nothing if there is none."""
    head = next(node["NodeID"] for node in ray.nodes() if node["Alive"] and HEAD in node["Resources"])
    try:
        if head == ray.get_runtime_context().get_node_id():
            return growth_of(read_config(_gcs_port()))
        there = NodeAffinitySchedulingStrategy(head, soft=False)
        task = ray.remote(num_cpus=0, scheduling_strategy=there)(read_config).remote(_gcs_port())
        return growth_of(ray.get(task, timeout=READ_SECONDS))
    except (OSError, RayError, ValidationError, YAMLError) as error:
        log.warning("what the cluster's autoscaler may start cannot be read, its present nodes count: %s", error)
        return NO_GROWTH


def growth_of(config: dict[str, Any]) -> Growth:
    """What a cluster file in Ray's format, complete as `ray up` hands it to the head, lets an autoscaler start."""
    read = _ClusterConfig.model_validate(config)
    types = []
    for name, kind in read.available_node_types.items():
        most = (
            (0 if name == read.head_node_type else read.max_workers) if kind.max_workers is None else kind.max_workers
        )
        if most:
            types.append(NodeType(Node(kind.resources.get("CPU", 0.0), kind.resources.get("GPU", 0.0)), most))
    return Growth(tuple(types), read.max_workers)


def read_config(gcs_port: str) -> dict[str, Any]:
    """The autoscaler's configuration, read on the head; empty if nothing may be started.

    Args:
        gcs_port: of the head, as several may run on one machine.

    Raises:
        OSError: there is one, and it cannot be read.
    """
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if any(Path(word).name == MONITOR for word in words) and _option(words, "gcs-address").endswith(f":{gcs_port}"):
            file = _option(words, "autoscaling-config")
            found: dict[str, Any] = YAML(typ="safe", pure=True).load(Path(file).expanduser()) if file else {}
            return found
    return _kuberay_config()


def _option(words: list[str], name: str) -> str:
    """Value of an option of a command line; empty if it was not given."""
    start = f"--{name}="
    return next((word.removeprefix(start) for word in words if word.startswith(start)), "")


def _kuberay_config() -> dict[str, Any]:
    """The same from KubeRay's resource of the cluster; empty if this is no pod whose cluster may grow."""
    name, namespace = os.environ.get("RAY_CLUSTER_NAME"), KUBERNETES_ACCOUNT / "namespace"
    if not name or not namespace.is_file():
        return {}
    from ray.autoscaler._private.kuberay.node_provider import KubernetesHttpApiClient

    return kuberay_config(KubernetesHttpApiClient(namespace.read_text().strip()).get(f"rayclusters/{name}"))


def kuberay_config(resource: dict[str, Any]) -> dict[str, Any]:
    """A RayCluster resource in the format of Ray's cluster file; empty if it has no autoscaler."""
    from ray.autoscaler._private.kuberay.autoscaling_config import _derive_autoscaling_config_from_ray_cr

    if not resource["spec"].get("enableInTreeAutoscaling"):
        return {}
    derived: dict[str, Any] = _derive_autoscaling_config_from_ray_cr(resource)
    return derived


def _gcs_port() -> str:
    address: str = ray.get_runtime_context().gcs_address
    return address.rpartition(":")[2]
