from dataclasses import replace

import pytest
from fake_storage import FINGERPRINT, PROTOCOL, make_experiment

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.records import FAILURE_FILE, FailureRecord
from reports.stored.results import read_results
from reports.tables.cells import RunLink
from reports.tables.table import Known, build_table

MEASURED = {
    "lambda-0": (0.612, 0.741),
    "lambda-5": (0.634, 0.768),
    "lambda-10": (0.651, 0.772),
    "lambda-20": (0.6, 0.7),
}
REPORTED = {"lambda-0": (81.0, 89.8), "lambda-5": (81.1, 90.1), "lambda-10": (81.7, 90.1), "lambda-20": (81.2, 89.7)}


def table_of(scaled, trials, storage, **known):
    return build_table(scaled, trials, read_results(storage.root, None), Known(**known))


def cells_of(table, task):
    return {(cell.row, cell.column.metric): cell for cell in table.cells if cell.column.task == task}


def test_values_deltas_and_reported_numbers(storage, scaled, trials):
    for trial in trials:
        storage.finish(trial, *MEASURED[trial.variant])
    cells = cells_of(table_of(scaled, trials, storage), "s4")
    for variant, scores in MEASURED.items():
        for metric, score, reported in zip(("m_j", "m_f"), scores, REPORTED[variant], strict=True):
            cell = cells[variant, metric]
            assert cell.state == "measured"
            assert cell.summary.mean == pytest.approx(100 * score)
            assert cell.reported.value == reported
            assert cell.delta == pytest.approx(100 * score - reported)
    assert [place for place, cell in cells.items() if cell.best] == [("lambda-10", "m_j"), ("lambda-10", "m_f")]


def test_a_task_that_the_scale_does_not_train_is_not_run(storage, scaled, trials):
    for trial in trials:
        storage.finish(trial, *MEASURED[trial.variant])
    table = table_of(scaled, trials, storage)
    assert [column.task for column in table.columns] == ["s4", "s4", "avss", "avss"]
    cells = cells_of(table, "avss")
    assert {(cell.state, cell.summary, cell.delta, cell.wanted) for cell in cells.values()} == {
        ("not_run", None, None, 0)
    }
    assert cells["lambda-5", "m_j"].reported.value == 33.3
    assert cells["lambda-5", "m_j"].why == "this scale does not train AVSS"
    assert [remedy.command for remedy in table.remedies] == ["combo run combo/table7"]


def test_a_single_measured_value_is_not_the_best(storage, scaled, trials):
    storage.finish(trials[0], 0.6, 0.7)
    table = table_of(scaled, trials, storage)
    assert not any(cell.best for cell in table.cells)
    assert table.remedies[0].command == "combo run combo/table7 --scale small"


def test_seeds_give_mean_spread_and_count(storage):
    scaled = make_experiment(seeds=(0, 1, 2))
    trials = [trial.on_data(FINGERPRINT) for trial in expand(scaled)]
    storage.finish(trials[0], 0.60, 0.7)
    storage.finish(trials[1], 0.62, 0.7)
    storage.start(trials[2])
    cell = cells_of(table_of(scaled, trials, storage), "s4")["lambda-0", "m_j"]
    assert (cell.summary.n, cell.wanted, cell.complete) == (2, 3, False)
    assert cell.summary.mean == pytest.approx(61.0)
    assert cell.summary.sd == pytest.approx(2**0.5)
    assert cell.summary.interval[0] < 61.0 < cell.summary.interval[1]


def test_unfinished_and_unreadable_cells(storage, scaled, trials):
    storage.start(trials[0])
    storage.edit(storage.finish(trials[1], 0.6, 0.7) / "result.json", lambda values: values.update(key="0" * 16))
    cells = cells_of(table_of(scaled, trials, storage), "s4")
    assert (cells["lambda-0", "m_j"].state, cells["lambda-0", "m_j"].why) == ("unfinished", "seed 0 is unfinished")
    assert cells["lambda-5", "m_j"].state == "unreadable"
    assert "is of trial 0000000000000000" in cells["lambda-5", "m_j"].why
    assert cells["lambda-5", "m_j"].summary is None


def test_protocols_are_never_mixed_in_a_column(storage, scaled, trials):
    storage.finish(trials[0], 0.6, 0.7)
    storage.finish(trials[1], 0.6, 0.7, protocol=PROTOCOL.model_copy(update={"version": 2}))
    table = table_of(scaled, trials, storage)
    cells = cells_of(table, "s4")
    assert {cells[variant, "m_j"].state for variant in ("lambda-0", "lambda-5")} == {"mixed_protocol"}
    assert all(cell.summary is None for cell in cells.values())
    (note,) = [note for note in table.footnotes if "different protocols" in note]
    assert f"avsbench-binary@2 (test): {trials[1].key}" in note
    assert len(table.protocols) == 2


def test_seeds_under_two_protocols_are_not_averaged(storage):
    scaled = make_experiment(seeds=(0, 1))
    trials = [trial.on_data(FINGERPRINT) for trial in expand(scaled)]
    storage.finish(trials[0], 0.6, 0.7)
    storage.finish(trials[1], 0.8, 0.9, protocol=PROTOCOL.model_copy(update={"f_pooling": "frame_class"}))
    cell = cells_of(table_of(scaled, trials, storage), "s4")["lambda-0", "m_f"]
    assert (cell.state, cell.summary, len(cell.counted)) == ("mixed_protocol", None, 2)


def test_trials_without_fingerprint_match_any_data(storage, scaled):
    unbound = expand(scaled)
    storage.finish(unbound[0].on_data("a" * 16), 0.6, 0.7)
    assert cells_of(table_of(scaled, unbound, storage), "s4")["lambda-0", "m_j"].state == "measured"
    storage.finish(unbound[1].on_data("b" * 16), 0.6, 0.7)
    table = table_of(scaled, unbound, storage)
    assert cells_of(table, "s4")["lambda-0", "m_j"].state == "mixed_data"
    assert any("different data sets" in note for note in table.footnotes)


def test_what_was_measured_on_other_data_is_stale(storage, scaled, trials):
    storage.finish(expand(scaled)[0].on_data("a" * 16), 0.6, 0.7)
    cell = cells_of(table_of(scaled, trials, storage), "s4")["lambda-0", "m_j"]
    assert (cell.state, cell.summary) == ("stale", None)
    assert cell.why == "measured on other data, aaaaaaaaaaaaaaaa"


def test_what_was_scored_under_an_older_protocol_is_stale_and_never_counted(storage):
    scaled = make_experiment(seeds=(0, 1))
    trials = [trial.on_data(FINGERPRINT) for trial in expand(scaled)]
    today = PROTOCOL.model_copy(update={"version": 2})
    storage.finish(trials[0], 0.6, 0.7)
    storage.finish(trials[2], 0.6, 0.7)
    storage.finish(trials[3], 0.8, 0.9, protocol=today)
    cells = cells_of(table_of(scaled, trials, storage, protocols={"s4": today}), "s4")
    old, half = cells["lambda-0", "m_j"], cells["lambda-5", "m_j"]
    assert (old.state, old.summary) == ("stale", None)
    assert old.why == "scored under avsbench-binary@1 (test), and cells are filled by avsbench-binary@2 (test)"
    assert (half.state, half.summary.n, half.summary.mean) == ("measured", 1, pytest.approx(80))
    assert half.why.startswith("1 of 2 seeds")


def test_a_failed_cell_says_which_seed_failed_and_how(storage, scaled, trials):
    folder = storage.start(trials[0])
    failure = FailureRecord(attempt=1, category="out-of-memory", kind="Error", message="no room", time="2026-11-01")
    storage.write(folder / FAILURE_FILE, failure)
    table = table_of(scaled, trials, storage)
    cell = cells_of(table, "s4")["lambda-0", "m_j"]
    assert (cell.state, cell.why) == ("failed", "seed 0 failed: out-of-memory, no room")
    assert table.remedies[0].command == "combo retry combo/table7 --scale small"


def test_a_run_knows_where_mlflow_shows_it(storage, scaled, trials):
    storage.finish(trials[0], 0.6, 0.7)
    link = RunLink("abc", "http://127.0.0.1:5000/#/experiments/1/runs/abc")
    cell = cells_of(table_of(scaled, trials, storage, links={trials[0].key: link}), "s4")["lambda-0", "m_j"]
    assert [run.link for run in cell.runs] == [link]


def test_footnotes_name_source_protocol_and_the_papers_own_remarks(storage, scaled, trials):
    storage.finish(trials[0], 0.6, 0.7)
    notes = "\n".join(table_of(scaled, trials, storage).footnotes)
    assert "Table 7 of COMBO [yang2024combo], CVPR 2024" in notes
    assert "S4 is scored under avsbench-binary@1 (test)" in notes
    assert "10 on S4, 5 on AVSS" in notes


def test_clips_that_were_left_out_are_named(storage, scaled, trials):
    folder = storage.finish(trials[0], 0.6, 0.7)
    storage.edit(folder / "result.json", lambda values: values.update(quarantined={"test": ["clip-7"], "train": []}))
    (note,) = [note for note in table_of(scaled, trials, storage).footnotes if "left out" in note]
    assert note == "S4 test clips that could not be read and were left out: clip-7."


def test_rows_with_maskiges_of_different_proposers_stand_side_by_side(storage):
    """A fingerprint covers the Maskiges, so Table II has three of them on one data folder."""
    scaled = load_experiment("combo/tableII")
    trials = [trial.on_data(letter * 16) for trial, letter in zip(expand(scaled), "abc", strict=True)]
    for trial, score in zip(trials, (0.6, 0.7, 0.65), strict=True):
        storage.finish(trial, score, score, data_fingerprint=trial.config.data.fingerprint)
    cells = cells_of(table_of(scaled, trials, storage), "s4")
    assert {cell.state for cell in cells.values()} == {"measured"}
    assert [row for (row, metric), cell in cells.items() if metric == "m_j" and cell.best] == ["semantic-sam"]


def test_a_seed_never_counts_twice(storage):
    """Two trials of one seed, started from weights of different data, are found where no data are named."""
    experiment = load_experiment("combo/table3").experiment.model_copy(
        update={"tasks": ["s4", "ms3"], "also_from": {"ms3": "s4"}, "task_overrides": {}, "seeds": [0, 1]}
    )
    scaled = replace(load_experiment("combo/table3"), experiment=experiment)
    unbound = [trial for trial in expand(scaled) if (trial.variant, trial.start) == ("combo", "s4")]
    for source_data in ("a" * 16, "b" * 16):
        parent = unbound[0].parent.on_data(source_data)
        storage.finish(parent, 0.8, 0.9)
        storage.finish(unbound[0].on_data(FINGERPRINT).starting_from(parent), 0.6, 0.7)
    table = table_of(scaled, expand(scaled), storage)
    (cell,) = [c for c in table.rows[0].cells if (c.column.start, c.column.metric) == ("s4", "m_j")]
    assert (cell.state, cell.summary) == ("mixed_data", None)


def test_training_from_scratch_and_from_another_task_stand_side_by_side(storage):
    scaled = load_experiment("bigen/table4")
    trials = expand(scaled, lambda *_: FINGERPRINT)
    for trial in trials:
        storage.finish(trial, 0.6, 0.7)
    table = table_of(scaled, trials, storage)
    assert {cell.state for row in table.rows for cell in row.cells} == {"measured"}


def test_a_cell_that_lacks_a_seed_says_what_became_of_it(storage):
    scaled = make_experiment(seeds=(0, 1))
    trials = [trial.on_data(FINGERPRINT) for trial in expand(scaled)]
    storage.finish(trials[0], 0.6, 0.7)
    storage.finish(expand(scaled)[1].on_data("a" * 16), 0.6, 0.7)
    cell = cells_of(table_of(scaled, trials, storage), "s4")["lambda-0", "m_j"]
    assert (cell.why, cell.is_to_run) == ("1 of 2 seeds: measured on other data, aaaaaaaaaaaaaaaa", True)
    today = PROTOCOL.model_copy(update={"version": 2})
    storage.finish(trials[2], 0.6, 0.7, protocol=today)
    storage.finish(trials[3], 0.6, 0.7)
    half = cells_of(table_of(scaled, trials, storage, protocols={"s4": today}), "s4")["lambda-5", "m_j"]
    assert half.why.startswith("1 of 2 seeds: scored under avsbench-binary@1")
    assert not half.is_to_run


def test_nothing_is_offered_to_be_run_that_running_would_not_fill(storage, scaled, trials):
    today = PROTOCOL.model_copy(update={"version": 2})
    for trial in trials:
        storage.finish(trial, 0.6, 0.7)
    table = table_of(scaled, trials, storage, protocols={"s4": today})
    assert {cell.state for cell in table.cells if cell.column.task == "s4"} == {"stale"}
    assert [remedy.command for remedy in table.remedies] == [
        "combo rescore combo/table7 --scale small",
        "combo run combo/table7",  # AVSS, which the small scale does not train
    ]
