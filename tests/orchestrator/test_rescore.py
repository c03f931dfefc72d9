"""Finished trials of `tests/golden/earlier_version`, scored by an older version of today's protocol than there is."""

from __future__ import annotations

import json
import shlex
import shutil

import pytest
from combo_command import EARLIER, Combo

from orchestrator.cli.report_tables import stored_tables
from orchestrator.report_inputs.protocols import chosen_protocols
from orchestrator.settings import resolve_settings

EXPERIMENT = EARLIER / "earlier.yaml"
FINISHED = ("55ed5fde69d957f4", "703da90087ced4bd")
OTHER = ("--protocol", "avsbench-binary-batch4")


@pytest.fixture(scope="module")
def stale(earlier_data, tmp_path_factory):
    """The command, with a storage whose results are of an older version of their protocol."""
    combo = Combo(tmp_path_factory.mktemp("stale"), earlier_data)
    shutil.copytree(EARLIER / "storage", combo.storage)
    for key in FINISHED:
        file = combo.storage / "trials" / key / "result.json"
        result = json.loads(file.read_text())
        result["protocol"]["version"] = 0
        file.write_text(json.dumps(result))
    return combo


@pytest.fixture(scope="module")
def rescored(stale, earlier_data, tmp_path_factory):
    """The same scored again, under today's protocol and another one; what the two commands said."""
    combo = Combo(tmp_path_factory.mktemp("rescored"), earlier_data)
    shutil.copytree(stale.storage, combo.storage)
    return combo, combo("rescore", EXPERIMENT), combo("rescore", EXPERIMENT, *OTHER, "--json")


def table_of(combo, protocol=None):
    """The table as `combo report build` shows it."""
    settings = resolve_settings(str(combo.storage), combo.folder / "no-data")
    stored = stored_tables([str(EXPERIMENT)], "full", settings, chosen_protocols(protocol), data_was_named=False)
    return stored.measured[0]


def mean(scores):
    """M_J of some results or evaluations, in percent."""
    values = [score["j_sum"] / score["count"] for score in scores]
    return 100 * sum(values) / len(values)


def test_the_command_that_fills_stale_cells_is_printed_below_the_table_and_by_plan(stale, tmp_path):
    assert table_of(stale).cells[0].state == "stale"
    built = stale("report", "build", EXPERIMENT, "--out", tmp_path / "reports", "--without-mlflow")
    assert built.returncode == 0, built.stderr
    (line,) = [line for line in built.stdout.splitlines() if " rescore " in line]
    command = line.partition(": ")[2]
    assert shlex.split(command)[1:] == ["rescore", str(EXPERIMENT)]
    planned = json.loads(stale("plan", EXPERIMENT, "--json").stdout)
    assert (sorted(planned["to_rescore"]), planned["rescore"]) == (sorted(FINISHED), [command])
    assert f"score again from the stored weights: {command}" in stale("plan", EXPERIMENT).stdout


def test_scored_again_the_cells_are_measured_and_verify(rescored):
    combo, scored, _ = rescored
    assert scored.returncode == 0, scored.stderr
    assert "2 trials scored again, 2 without a result left out" in scored.stdout
    table = table_of(combo)
    results = [json.loads((combo.storage / "trials" / key / "result.json").read_text()) for key in FINISHED]
    # The rules are those of the older version, so the same weights score the same, bit by bit.
    assert table.cells[0].summary.mean == pytest.approx(mean(result["score"] for result in results), abs=1e-12)
    assert {run.stored.result.protocol.version for run in table.cells[0].counted} == {1}
    assert any("All trials were scored so again on S4" in note for note in table.footnotes)
    assert not any(" rescore " in remedy.command for remedy in table.remedies)
    assert json.loads(combo("plan", EXPERIMENT, "--json").stdout)["to_rescore"] == []
    assert "nothing to score again, 2 had such a score already" in combo("rescore", EXPERIMENT).stdout
    assert combo("report", "verify", EXPERIMENT, "--without-mlflow").returncode == 0


def test_tables_can_be_filled_by_another_protocol(stale, rescored):
    assert table_of(stale, OTHER[1]).cells[0].is_to_rescore
    combo, _, scored = rescored
    records = json.loads(scored.stdout)
    assert {record["protocol"]["name"] for record in records} == {OTHER[1]}
    table = table_of(combo, OTHER[1])
    assert table.cells[0].summary.mean == pytest.approx(mean(record["score"] for record in records))
    assert any(note.startswith("S4 is scored under avsbench-binary-batch4@1 (test)") for note in table.footnotes)
    m_f = 1  # F's threshold is chosen per batch instead of per clip
    assert table_of(combo).cells[m_f].summary.mean != table.cells[m_f].summary.mean


def test_an_evaluation_that_was_changed_is_found(rescored, tmp_path):
    combo = Combo(tmp_path, tmp_path)
    shutil.copytree(rescored[0].storage, combo.storage)
    for file in (combo.storage / "evaluations").glob("*/evaluation.json"):
        record = json.loads(file.read_text())
        record["score"]["j_sum"] /= 2
        file.write_text(json.dumps(record))
    verified = combo("report", "verify", EXPERIMENT, "--without-mlflow")
    assert verified.returncode == 1
    assert "M_J of the test split" in " ".join(verified.stdout.split())


def test_what_cannot_be_scored_again_is_told(stale, earlier_data, tmp_path):
    assert "no protocol 'none' scores S4" in stale("rescore", EXPERIMENT, "--protocol", "none").stderr
    combo = Combo(tmp_path, earlier_data)
    shutil.copytree(stale.storage, combo.storage)
    weights = next((combo.storage / "trials" / FINISHED[0] / "checkpoints").glob("best-*/model.safetensors"))
    weights.write_bytes(b"damaged")
    broken = combo("rescore", EXPERIMENT)
    assert (broken.returncode, broken.stdout) == (2, "")
    assert "damaged" in broken.stderr


def test_a_run_that_has_nothing_to_run_proposes_it(stale, earlier_data, command, tmp_path):
    shutil.copytree(stale.storage, tmp_path / "storage")
    lines = EXPERIMENT.read_text().splitlines(keepends=True)
    experiment = tmp_path / "finished.yaml"
    experiment.write_text("".join(line for line in lines if "name: lambda-10" not in line))
    places = ("--data", earlier_data, "--storage", tmp_path / "storage")
    said = command("run", experiment, *places)
    assert (said.code, "all 2 trials are finished already" in said.out) == (0, True)
    assert f"rescore {shlex.join(map(str, (experiment, *places)))}\n" in said.out
