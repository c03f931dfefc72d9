"""What a table says where its statistics ask for more than the clips tell; `verify` must come to the same."""

import json
from dataclasses import replace

import pytest
from whole_storage import WholeStorage, smoke_trials

from experiments.load_experiment import load_experiment
from experiments.schema import Statistics
from reports.stored.results import read_results
from reports.tables.clip_statistics import ClipStatistics
from reports.tables.table import build_table
from reports.verifying.verify import verify

OVER_CLIPS = Statistics(interval="bootstrap", baseline="lambda-0", resamples=200)


@pytest.fixture(scope="module")
def trials():
    """Two seeds of two rows."""
    return [trial for trial in smoke_trials() if trial.variant in ("lambda-0", "lambda-5")]


@pytest.fixture
def storage(tmp_path):
    return WholeStorage(tmp_path / "storage")


@pytest.fixture
def table_of(storage, trials):
    """Builds Table 7 with columns for size and time; returns it and what keeps it from being whole."""

    def build(statistics=OVER_CLIPS):
        scaled = load_experiment("combo/table7", "smoke", {"seeds": [0, 1]})
        layout = scaled.experiment.table.model_copy(
            update={"metrics": ["m_j", "m_f", "parameters", "seconds_per_clip"]}
        )
        experiment = scaled.experiment.model_copy(update={"statistics": statistics, "table": layout})
        clips = ClipStatistics()
        shown = replace(scaled, experiment=experiment)
        return build_table(shown, trials, read_results(storage.root, None), statistics=clips), clips.problems

    return build


@pytest.fixture
def findings_of(storage):
    def check(table):
        results = read_results(storage.root, None)
        return verify([table], results, storage.root, None, lambda _: None, lambda *_: None).findings

    return check


def cell_of(table, row, metric, task=None):
    place = row, metric, task
    return next(cell for cell in table.cells if (cell.row, cell.column.metric, cell.column.task) == place)


def time_clips(storage, trial, seconds):
    path = storage.folder(trial) / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"seconds_per_clip": seconds}))


def test_seeds_on_different_clips_give_neither_interval_nor_comparison_and_the_report_says_so(
    storage, trials, table_of, findings_of
):
    for trial in trials:
        is_odd = (trial.variant, trial.task, trial.seed) == ("lambda-5", "s4", 1)
        storage.finish(trial, clips=11 if is_odd else 12)
    table, problems = table_of()
    for metric in ("m_j", "m_f"):
        cell = cell_of(table, "lambda-5", metric, "s4")
        assert (cell.summary.n, cell.summary.interval, cell.difference) == (2, None, None)
    assert cell_of(table, "lambda-5", "m_j", "avss").difference is not None
    assert list(map(str, problems)) == [
        "row 'lambda-5', S4: has seeds that were scored on different clips, so it gets no interval over clips and no "
        "comparison"
    ]
    assert findings_of(table) == ()


def test_no_interval_over_seeds_stands_where_one_over_clips_was_asked_for(storage, trials, table_of, findings_of):
    for trial in trials:
        storage.finish(trial)
        time_clips(storage, trial, 0.01 * (1 + trial.seed))
    table, _ = table_of()
    assert cell_of(table, "lambda-5", "m_j", "avss").summary.interval is not None
    for metric in ("parameters", "seconds_per_clip"):
        assert cell_of(table, "lambda-5", metric).summary.interval is None
    assert findings_of(table) == ()
    (storage.folder(trials[0]) / "scores.parquet").unlink()
    table, problems = table_of()
    assert cell_of(table, trials[0].variant, "m_j", trials[0].task).summary.interval is None
    assert [problem.what for problem in problems] == ["is missing"]
    times = cell_of(table_of(Statistics())[0], "lambda-5", "seconds_per_clip")
    assert times.summary.interval is not None


def test_four_clips_give_no_dagger_and_the_notes_say_why(storage, trials, table_of, findings_of):
    for trial in trials:
        storage.finish(trial, clips=4)
    table, _ = table_of()
    compared = [cell.difference for cell in table.cells if cell.difference is not None]
    assert compared
    assert all(one.p_value >= 0.125 and not one.significant for one in compared)
    assert [note for note in table.footnotes if "†" in note] == [
        f"No row gets a † on {task}: 4 test clips cannot give a p below 0.125, and p < 0.05 is asked for."
        for task in ("AVSS", "S4")
    ]
    assert findings_of(table) == ()


def test_times_that_only_some_results_hold_are_verified(storage, trials, table_of, findings_of):
    for trial in trials:
        storage.finish(trial)
        if trial.seed == 0:
            time_clips(storage, trial, 0.02)
    table, _ = table_of(Statistics())
    cell = cell_of(table, "lambda-5", "seconds_per_clip")
    assert (cell.summary.n, cell.summary.mean) == (1, pytest.approx(20))
    assert findings_of(table) == ()
    wrong = replace(cell, summary=replace(cell.summary, mean=10.0))
    rows = [replace(row, cells=tuple(wrong if one is cell else one for one in row.cells)) for row in table.rows]
    (finding,) = findings_of(replace(table, rows=tuple(rows)))
    assert (finding.what, finding.stored) == ("mean", "10.0")
