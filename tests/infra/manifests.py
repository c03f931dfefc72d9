"""Rendered Kubernetes manifests, and checks of each document against the schema of its kind."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

KUBERNETES = Path(__file__).parents[2] / "infra" / "kubernetes"
FOLDERS = ("base", "sweep", "overlays/cpu-smoke", "overlays/gpu", "overlays/spot")
CRD_FILES = {"RayCluster": "rayclusters.yaml", "RayJob": "rayjobs.yaml"}
KUBERNETES_VERSION = "1.32"


def render(kubectl: str, folder: str) -> list[dict[str, Any]]:
    """The documents that `kubectl apply -k` would send."""
    rendered = subprocess.run([kubectl, "kustomize", KUBERNETES / folder], capture_output=True, text=True)
    assert rendered.returncode == 0, rendered.stderr
    return list(yaml.safe_load_all(rendered.stdout))


def check_built_in(document: dict[str, Any]) -> None:
    """Raises what kubernetes_validate raises for fields that the kind does not have or values that it does not take."""
    kubernetes_validate.validate(document, KUBERNETES_VERSION, strict=True)


def check_custom(document: dict[str, Any], crds: Path) -> None:
    """Raises jsonschema.ValidationError for what the custom resource's definition does not know."""
    error = best_match(_validator(crds / CRD_FILES[document["kind"]]).iter_errors(document))
    if error is not None:
        raise error


@cache
def _validator(crd: Path) -> Draft7Validator:
    versions = yaml.load(crd.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["spec"]["versions"]
    schema = next(version["schema"]["openAPIV3Schema"] for version in versions if version["name"] == "v1")
    return Draft7Validator(_closed({**schema, "properties": {**schema["properties"], "metadata": {"type": "object"}}}))


def _closed(schema: Any) -> Any:
    """The schema as JSON Schema that takes no unknown fields; an API server would drop those without a word."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {
        name: {key: _closed(one) for key, one in value.items()} if name == "properties" else _closed(value)
        for name, value in schema.items()
    }
    if "properties" in schema and "additionalProperties" not in schema:
        closed["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        closed["type"] = ["integer", "string"]
    return closed
