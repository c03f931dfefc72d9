"""Tables laid out as in the papers: rows of others, gains, second columns, columns of the network, settings."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from fake_storage import FINGERPRINT

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.reported import Column, transcription
from experiments.settings_tables import settings_tables
from experiments.target_files import experiment_names
from reports.stored.results import read_results
from reports.tables.settings_table import build_settings_table
from reports.tables.table import build_table

NOTHING = read_results(Path("/nonexistent"), None)


def empty_table(name):
    scaled = load_experiment(name)
    return build_table(scaled, expand(scaled), NOTHING)


@pytest.mark.parametrize("name", experiment_names())
def test_every_number_that_a_table_reports_has_its_cell(name):
    """But for the deltas in brackets, which are gains, and dashes."""
    scaled = load_experiment(name)
    table = empty_table(name)
    shown = [cell.reported.record for cell in table.cells if cell.reported is not None]
    paper, number = scaled.paper, scaled.experiment.table.number
    printed = [
        record.id
        for record in transcription(paper).records
        if (record.table, record.kind) == (number, "value") and record.value is not None
    ]
    assert Counter(shown) == Counter(printed)
    gains = [cell.reported_gain.record for cell in table.cells if cell.reported_gain is not None]
    assert len(gains) == sum((r.table, r.kind) == (number, "delta") for r in transcription(paper).records)


@pytest.mark.parametrize("name", experiment_names())
def test_every_method_that_a_paper_compares_with_has_a_row(name):
    scaled = load_experiment(name)
    experiment = scaled.experiment
    named = {method for group in experiment.table.published for method in group.methods}
    trained = {variant.method for variant in experiment.variants if variant.method is not None}
    assert not named & trained
    records = transcription(scaled.paper).records
    printed = {record.row.method for record in records if record.table == experiment.table.number}
    assert named | trained == printed - {*scaled.paper.said.own_methods}


def test_table_1_of_combo_has_rows_of_others_above_its_own():
    table = empty_table("combo/table1")
    assert table.side_header == "Backbone"
    assert [(row.label, row.side) for row in table.rows[-6:-4]] == [("AVSBench", "ResNet-50"), ("AVSBench", "PVT-v2")]
    assert [row.is_published for row in table.rows] == [True] * 17 + [False] * 6
    assert list(dict.fromkeys(row.group for row in table.rows)) == [
        "Related tasks", "Audio-visual segmentation", "Trained here",
    ]  # fmt: skip
    own = table.rows[-2].cells[0]
    assert (own.reported.value, own.reported_gain.printed, own.best_reported) == (81.7, "+3.7", False)
    assert [row.cells[0].best_reported for row in table.rows].index(True) == 22


def test_a_gain_is_over_the_best_of_the_others_with_the_same_backbone(storage):
    scaled = load_experiment("combo/table1")
    trials = [trial.on_data(FINGERPRINT) for trial in expand(scaled)]
    for trial in trials:
        storage.finish(trial, 0.80, 0.90)
    table = build_table(scaled, trials, read_results(storage.root, None))
    s4 = {row.side: row.cells[0] for row in table.rows[-2:]}
    assert s4["ResNet-50"].gain == pytest.approx(80 - 78.0)  # BAVS
    assert s4["PVT-v2"].gain == pytest.approx(80 - 82.1)  # AVSegFormer
    assert all(cell.gain is None for row in table.rows[:-2] for cell in row.cells)


def test_parameters_are_those_of_the_last_tasks_network(storage):
    scaled = load_experiment("combo/table4")
    trials = [trial.on_data(FINGERPRINT) for trial in expand(scaled)]
    for trial in trials:
        folder = storage.finish(trial, 0.80, 0.90)
        count = 158_900_000 if trial.task == "avss" else 158_800_000
        storage.edit(folder / "result.json", lambda values, count=count: values.update(parameters=count))
    table = build_table(scaled, trials, read_results(storage.root, None))
    assert table.columns[-1] == Column(None, "parameters")
    cell = table.rows[1].cells[-1]
    assert (cell.summary.mean, cell.reported.value, cell.delta) == (158.9, 158.9, 0)
    assert (cell.best, cell.gain) == (False, None)


def test_columns_tell_where_training_starts():
    table = empty_table("bigen/table6")
    assert table.variants_are == "columns"
    assert [(column.task, column.start) for column in table.columns[::2]] == [
        ("s4", None), ("ms3", None), ("ms3", "s4"),
    ]  # fmt: skip
    (pvt,) = [row for row in table.rows if row.name == "bigen-pvt"]
    assert [cell.reported.value for cell in pvt.cells] == [81.71, 90.4, 55.10, 66.8, 58.58, 71.5]


def test_rows_of_others_that_are_trained_here_hold_what_the_paper_reports_of_them():
    table = empty_table("bigen/table2")
    (pvt,) = [row for row in table.rows if row.name == "avsbench-pvt"]
    assert (pvt.is_of_others, pvt.is_published) == (True, False)
    assert [cell.reported.value for cell in pvt.cells] == [78.74, 87.9, 54.00, 64.5]


def test_the_size_of_a_network_is_compared_without_its_frozen_audio_encoder(storage):
    scaled = load_experiment("bigen/table7")
    trials = [trial.on_data(FINGERPRINT) for trial in expand(scaled)]
    for trial in trials:
        folder = storage.finish(trial, 0.8, 0.9)
        storage.edit(
            folder / "result.json",
            lambda values: values.update(parameters=157_640_699, trainable_parameters=85_499_515),
        )
    table = build_table(scaled, trials, read_results(storage.root, None))
    sizes = [row.cells[0] for row in table.rows]
    assert [cell.reported.value for cell in sizes] == [101.32, 85.50]
    assert [cell.summary.mean for cell in sizes] == pytest.approx([85.499515] * 2)


def test_settings_stand_beside_what_the_paper_prints():
    (settings,) = settings_tables()
    table = build_settings_table(settings)
    cells = {row.label: row.cells for row in table.rows}
    assert [cell.text for cell in cells["Batch size"]] == ["8", "8", "8"]
    assert [(cell.text, cell.printed) for cell in cells["$\\lambda_{ada}$"]] == [
        ("10", "10.0"), ("10", "10.0"), ("5", "5.0"),
    ]  # fmt: skip
    assert cells["Optimiser"][0].why == "decided by model/training/optim.py"
    assert all(cell.printed for row in table.rows for cell in row.cells)
    assert any("Adam" in note for note in table.footnotes)


def test_times_of_different_devices_are_neither_averaged_nor_ranked(storage):
    scaled = load_experiment("combo/table4")
    spec = scaled.experiment.table.model_copy(update={"metrics": ["m_j", "seconds_per_clip"]})
    experiment = scaled.experiment.model_copy(update={"table": spec, "seeds": [0, 1]})
    scaled = replace(scaled, experiment=experiment)
    trials = [trial.on_data(FINGERPRINT) for trial in expand(scaled)]

    def times(devices):
        for trial in trials:
            folder = storage.finish(trial, 0.8, 0.9, device=devices[trial.seed])
            storage.edit(folder / "result.json", lambda values: values.update(seconds_per_clip=0.5))
        table = build_table(scaled, trials, read_results(storage.root, None))
        return [row.cells[-1] for row in table.rows]

    assert [(cell.state, cell.summary.mean) for cell in times(("cpu", "cpu"))] == [("measured", 500)] * 2
    mixed = times(("cpu", "H200"))
    assert {cell.state for cell in mixed} == {"mixed_data"}
    assert mixed[0].why == "times of different devices are not compared: H200, cpu"


def test_results_older_than_a_measure_are_not_counted_in_its_column(storage):
    scaled = load_experiment("combo/table4")
    spec = scaled.experiment.table.model_copy(update={"metrics": ["seconds_per_clip"]})
    scaled = replace(scaled, experiment=scaled.experiment.model_copy(update={"table": spec, "seeds": [0, 1]}))
    trials = [trial.on_data(FINGERPRINT) for trial in expand(scaled)]
    for trial in trials:
        folder = storage.finish(trial, 0.8, 0.9)
        seconds = 0.5 if trial.seed == 0 and trial.variant == "shared" else None
        storage.edit(folder / "result.json", lambda values, seconds=seconds: values.update(seconds_per_clip=seconds))
    half, none = (row.cells[-1] for row in build_table(scaled, trials, read_results(storage.root, None)).rows)
    assert (half.state, half.summary.n, len(half.counted)) == ("measured", 1, 1)
    assert half.why == "1 of its results are older than this measure"
    assert (none.state, none.counted) == ("stale", ())
