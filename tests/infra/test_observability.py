"""Alert rules, dashboard and their documentation speak of metrics that there are."""

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_files import PROMETHEUS, ROOT, expressions, metric_names, panels

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.records import MetricLine
from orchestrator.monitoring.sweep_metrics import SweepMetrics
from orchestrator.trial.updates import Measured, Started

OBSERVABILITY = (ROOT / "docs" / "guides" / "observability.md").read_text()


@pytest.fixture(scope="module")
def families():
    """All metrics of a sweep whose only trial has measured something."""
    trial = expand(load_experiment("combo/table7", "demo"))[0]
    metrics = SweepMetrics("table7", [trial], {}, lambda: 0.0)
    metrics.on_update(Started(trial, 1, 0))
    for kind, values in (("step", {"seconds": 1.0}), ("evaluation", {"m_j": 0.5})):
        metrics.on_update(Measured(trial.key, MetricLine(kind=kind, attempt=1, step=1, time=0, values=values)))
    registry = CollectorRegistry()
    registry.register(metrics)
    ProcessCollector(registry=registry)
    return list(text_string_to_metric_families(generate_latest(registry).decode()))


@pytest.fixture(scope="module")
def names(families):
    return {sample.name for family in families for sample in family.samples}


@pytest.mark.parametrize("file", ["alerts.yml", "alerts_test.yml"])
def test_rules_speak_of_metrics_that_there_are(file, names):
    assert _unknown(metric_names((PROMETHEUS / file).read_text()), names) == set()


def test_panels_show_metrics_that_there_are(names):
    for title, expression in expressions():
        used = metric_names(expression)
        assert used, title
        assert _unknown(used, names) == set(), title


def test_panels_lie_side_by_side():
    places = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in panels()
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]

    assert len(set(places)) == len(places)
    assert max(x for x, _ in places) < 24
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_every_metric_is_documented_with_type_and_labels(families):
    there = {
        sample.name.removesuffix("_bucket"): (family.type, set(sample.labels) - {"le"})
        for family in families
        if family.name.startswith("combo_")
        for sample in family.samples[:1]
    }
    rows = re.findall(r"^\| `(combo_\w+)` \| (\w+) \| ([^|]+) \|", OBSERVABILITY, re.MULTILINE)

    assert {name: (kind, set(labels.split(", "))) for name, kind, labels in rows} == there


def test_every_panel_and_every_alert_is_documented():
    listed = re.findall(r"^\| (.+?) \|", OBSERVABILITY, re.MULTILINE)
    alerts = re.findall(r"- alert: (\w+)", (PROMETHEUS / "alerts.yml").read_text())
    titles = [panel["title"] for panel in panels()]

    assert [title for title in listed if title in titles] == titles
    assert [alert for alert in alerts if f"`{alert}`" not in listed] == []


def test_alerts_fire_when_they_should_and_only_then(program):
    promtool = program("promtool")
    for words in (["check", "config", "prometheus.yml"], ["test", "rules", "alerts_test.yml"]):
        told = subprocess.run([promtool, *words], cwd=PROMETHEUS, capture_output=True, text=True)
        assert told.returncode == 0, told.stdout + told.stderr


def test_every_alert_is_tested():
    alerts = re.findall(r"- alert: (\w+)", (PROMETHEUS / "alerts.yml").read_text())
    tested = set(re.findall(r"alertname: (\w+)", (PROMETHEUS / "alerts_test.yml").read_text()))

    assert set(alerts) == tested


def _unknown(used, names):
    """Names that neither we nor Ray's nodes have; Ray lists its own without their prefix."""
    reporter = Path(find_spec("ray").origin).parent / "dashboard/modules/reporter/reporter_agent.py"
    of_ray = {f"ray_{name}" for name in re.findall(r'^    "(node_\w+)": Gauge\(', reporter.read_text(), re.MULTILINE)}
    return used - names - of_ray
