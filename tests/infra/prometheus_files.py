"""What Prometheus and Grafana are given."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "infra" / "prometheus"
DASHBOARD = ROOT / "infra" / "grafana" / "combo-sweeps.json"


def panels():
    return json.loads(DASHBOARD.read_text())["panels"]


def expressions():
    """Of all panels, by title."""
    return [(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]


def metric_names(text):
    """Names of metrics in expressions or rules."""
    return set(re.findall(r"\b(?:combo|ray|process)_[a-z0-9_]+", text))
