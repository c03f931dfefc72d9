"""`combo report verify` finds what does not follow from the data and names the cell; what is sound it leaves alone."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from whole_storage import WholeStorage, smoke_trials

from experiments.load_experiment import load_experiment
from experiments.schema import Statistics
from orchestrator.settings import resolve_settings
from orchestrator.store.membership import join_sweep
from orchestrator.tracking.synchronise import synchronise
from reports.stored.results import read_results
from reports.tables.table import build_table
from reports.verifying.verify import verify

WORDS = ("report", "verify", "combo/table7", "seeds=[0,1]", "--scale", "smoke")
S4_CELL, AVSS_CELL = "combo/table7 lambda-5, S4 M_J", "combo/table7 lambda-0, AVSS M_J"


def nothing(*_):
    """Fetches nothing, and tells nobody of progress."""


@pytest.fixture(scope="module")
def trials():
    """Two seeds of two rows on S4, one seed of two rows on AVSS."""
    chosen = [trial for trial in smoke_trials() if trial.variant in ("lambda-0", "lambda-5")]
    return [trial for trial in chosen if trial.task == "s4" or trial.seed == 0]


@pytest.fixture(scope="module")
def original(trials, tmp_path_factory, empty_database):
    """A storage that nobody has touched, with its runs in a real MLflow."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("MLFLOW_TRACKING_URI", raising=False)
        storage = WholeStorage(tmp_path_factory.mktemp("whole") / "storage")
        for trial in trials:
            storage.finish(trial)
            join_sweep(storage.store.storage, trial, "combo-table7-smoke", "combo", {"test": 12})
        shutil.copy(empty_database, storage.root / "mlflow.db")
        synchronise(resolve_settings(str(storage.root)), [], nothing)
    return storage


@pytest.fixture
def storage(original, tmp_path, monkeypatch):
    """A copy that a test may change."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("COMBO_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(original.root, tmp_path / "storage")
    return WholeStorage(tmp_path / "storage")


@pytest.fixture
def said(command, storage):
    return lambda *words: command(*WORDS, "--storage", storage.root, *words)


@pytest.fixture
def s4(trials):
    """The first seed of λ_ada = 5 on S4."""
    return next(trial for trial in trials if (trial.variant, trial.task) == ("lambda-5", "s4"))


@pytest.fixture
def avss(trials):
    return next(trial for trial in trials if (trial.variant, trial.task) == ("lambda-0", "avss"))


def edit(path, change):
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def rewrite_clip(path, column, change):
    """Changes what the score table says of its first clip."""
    table = pq.read_table(path)
    values = table.column(column).to_pylist()
    values[0] = change(values[0])
    place = table.column_names.index(column)
    pq.write_table(table.set_column(place, column, pa.array(values, table.schema.field(column).type)), path)


def edit_mlflow(storage, statement, *values):
    with closing(sqlite3.connect(storage.root / "mlflow.db")) as database, database:
        assert database.execute(statement, values).rowcount == 1


def run_of(storage, trial):
    with closing(sqlite3.connect(storage.root / "mlflow.db")) as database:
        query = "SELECT run_uuid FROM tags WHERE key = 'combo.trial_key' AND value = ?"
        return database.execute(query, (trial.key,)).fetchone()[0]


def assert_found(outcome, cell, *parts):
    """The table of findings is wrapped, so words are looked for one by one."""
    assert outcome.code == 1
    text = " ".join(outcome.out.split())
    for part in (*cell.split(), *parts):
        assert part in text
    assert "not follow from the data" in text


def test_an_untouched_storage_verifies(said):
    outcome = said()
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == ("all 8 cells follow from the per-clip scores, the trial directories and MLflow (6 trials)\n")


def test_what_gc_frees_is_not_missed(said, command, storage):
    assert "freed" in command("gc", "--delete", "--storage", storage.root).out
    assert said().code == 0


@pytest.mark.parametrize("score", ["j_sum", "f_sum"])
def test_a_score_that_was_made_better_is_found(said, storage, s4, score):
    edit(
        storage.folder(s4) / "result.json", lambda values: values["score"].update({score: values["score"][score] + 0.5})
    )
    outcome = said("--without-mlflow")
    assert_found(outcome, S4_CELL.replace("M_J", "M_J" if score == "j_sum" else "M_F"), s4.key, "mean")
    assert "lambda-0, S4" not in outcome.out  # but for the comparison with it, the other row is as it was


def test_a_score_that_was_made_better_differs_from_mlflow_too(said, storage, s4):
    edit(
        storage.folder(s4) / "result.json", lambda values: values["score"].update(j_sum=values["score"]["j_sum"] + 0.5)
    )
    assert_found(said(), S4_CELL, "test/m_j_percent", run_of(storage, s4))


def test_a_clips_score_that_was_changed_is_found_even_with_a_new_checksum(said, storage, s4):
    path = storage.folder(s4) / "scores.parquet"
    rewrite_clip(path, "m_j", lambda value: value + 0.01)
    assert_found(said(), S4_CELL, "checksum", "scores.parquet")
    storage.agree_again(s4)
    outcome = said()
    assert_found(outcome, S4_CELL, s4.key)
    assert "checksum" not in outcome.out


def test_a_classes_sum_that_was_changed_is_found_even_with_a_new_checksum(said, storage, avss):
    def change(classes):
        return [{**classes[0], "j_sum": classes[0]["j_sum"] / 2}, *classes[1:]]

    rewrite_clip(storage.folder(avss) / "scores.parquet", "classes", change)
    storage.agree_again(avss)
    assert_found(said(), AVSS_CELL, avss.key)


def test_a_flipped_byte_of_the_checkpoint_is_found(said, storage, s4):
    path = storage.folder(s4) / "checkpoints/best-00000010/model.safetensors"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(bytes(content))
    assert_found(said(), S4_CELL, "checksum", "checkpoints/best-00000010/")
    path.unlink()
    assert_found(said(), S4_CELL, "missing")


def test_a_better_validation_than_the_chosen_one_is_found(said, storage, s4):
    path = storage.folder(s4) / "metrics/attempt-2.jsonl"
    path.write_text(path.read_text().replace("0.35", "0.95"))
    assert_found(said(), S4_CELL, "checksum", "metrics/attempt-2.jsonl")
    storage.agree_again(s4)
    outcome = said()
    assert_found(outcome, S4_CELL, "step", "tested", "20", "best")
    assert "checksum" not in outcome.out


def test_of_equally_good_validations_the_first_must_have_been_tested(said, storage, s4):
    path = storage.folder(s4) / "metrics/attempt-2.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join((*lines[:-1], lines[1].replace('"step":10', '"step":20'))))
    storage.agree_again(s4)
    assert said("--without-mlflow").code == 0
    (storage.folder(s4) / "checkpoints/best-00000010").rename(storage.folder(s4) / "checkpoints/best-00000020")

    def forge(values):
        values.update(best_step=20, checkpoint="checkpoints/best-00000020")
        values["checksums"] = {
            name.replace("best-00000010", "best-00000020"): sha for name, sha in values["checksums"].items()
        }

    edit(storage.folder(s4) / "result.json", forge)
    assert_found(said("--without-mlflow"), S4_CELL, "step", "tested", "20", "10", "first")


def test_a_validation_other_than_the_stored_one_is_found(said, storage, s4):
    edit(storage.folder(s4) / "result.json", lambda values: values["validation"].update(f_sum=7.0))
    assert_found(said(), S4_CELL, "M_F", "validation")


def test_metrics_that_are_gone_are_found(said, storage, s4):
    shutil.rmtree(storage.folder(s4) / "metrics")
    assert_found(said(), S4_CELL, "no", "validation", "logged", "missing")


def test_an_attempt_that_a_power_loss_emptied_contradicts_nothing(said, storage, s4):
    attempts = storage.folder(s4) / "attempts"
    attempts.mkdir()
    (attempts / "2.json").touch()
    test_an_untouched_storage_verifies(said)

    (attempts / "2.json").write_text("{")
    assert_found(said(), S4_CELL, "attempt", "finished")


def test_a_configuration_under_another_key_is_found(said, storage, s4):
    edit(storage.folder(s4) / "trial.json", lambda values: values["config"]["loss"].update(lambda_ada=9.0))
    outcome = said()
    assert outcome.code == 1
    assert s4.key in outcome.out
    assert "some finished trials cannot be trusted, and it is unknown which cells they belong to" in outcome.out


def test_a_file_outside_of_the_trial_is_not_read(said, storage, s4):
    edit(storage.folder(s4) / "result.json", lambda values: values["checksums"].update({"../../secret": "0" * 64}))
    assert_found(said(), S4_CELL, "outside")


def test_a_metric_of_mlflow_that_was_changed_is_found(said, storage, s4):
    run = run_of(storage, s4)
    edit_mlflow(storage, "UPDATE latest_metrics SET value = 99 WHERE run_uuid = ? AND key = 'test/m_f_percent'", run)
    outcome = said()
    assert_found(outcome, "combo/table7 lambda-5, S4 M_F", "test/m_f_percent", "99.0", run)
    assert said("--without-mlflow").code == 0


def test_a_param_of_mlflow_that_was_changed_is_found(said, storage, s4):
    run = run_of(storage, s4)
    edit_mlflow(storage, "UPDATE params SET value = '7.0' WHERE run_uuid = ? AND key = 'loss.lambda_ada'", run)
    assert_found(said(), S4_CELL, "loss.lambda_ada", "5.0", "7.0")


def test_a_run_that_mlflow_lacks_is_no_contradiction(said, storage, s4):
    run = run_of(storage, s4)
    edit_mlflow(storage, "UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = ?", run)
    outcome = said()
    assert outcome.code == 0
    assert "MLflow lacks 1 of the trials; `combo sync` adds them" in outcome.out


def test_without_mlflow_the_data_are_verified_all_the_same(said, storage):
    (storage.root / "mlflow.db").write_bytes(b"no database" * 1000)
    outcome = said()
    assert outcome.code == 0
    assert "its database is damaged (move the file away, then `combo sync` makes it again)" in outcome.out
    assert "all 8 cells follow from the per-clip scores and the trial directories (6 trials)" in outcome.out


def test_scores_from_before_classes_were_kept_are_told_apart(said, storage, avss):
    path = storage.folder(avss) / "scores.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["classes"]), path)
    storage.agree_again(avss)
    assert_found(said(), AVSS_CELL, "stored", "before", "per-class", "scores", "kept")


def test_a_score_of_official_weights_that_was_changed_is_found(said, storage, s4):
    record = storage.evaluate_imported(s4)
    assert said().code == 0
    edit(record, lambda values: values["score"].update(j_sum=values["score"]["j_sum"] + 0.1))
    assert_found(said(), S4_CELL, f"evaluations/{'e' * 16}")


def test_a_cache_that_lies_is_found(storage, trials, s4):
    results = read_results(storage.root, None)
    shown = build_table(load_experiment("combo/table7", "smoke"), trials, results)
    edit(storage.folder(s4) / "result.json", lambda values: values["provenance"].update(commit="badcafe"))
    found = check([shown], storage)
    assert {(finding.what, finding.stored) for finding in found.findings} >= {
        ("trial.json and result.json", "as the table has them")
    }


def check(tables, storage):
    return verify(tables, read_results(storage.root, None), storage.root, None, nothing, nothing)


@pytest.mark.parametrize(
    "statistics", [Statistics(interval="bootstrap", baseline="lambda-0", resamples=300), Statistics()]
)
def test_spread_interval_and_comparison_are_recomputed(storage, trials, statistics):
    scaled = load_experiment("combo/table7", "smoke", {"seeds": [0, 1]})
    scaled = replace(scaled, experiment=scaled.experiment.model_copy(update={"statistics": statistics}))
    table = build_table(scaled, trials, read_results(storage.root, None))
    assert check([table], storage).findings == ()
    cell = next(cell for cell in table.cells if (cell.row, cell.column.task) == ("lambda-5", "s4"))
    low, high = cell.summary.interval
    for change, what in (
        ({"mean": cell.summary.mean + 0.1}, "mean"),
        ({"sd": cell.summary.sd * 1.01}, "standard deviation"),
        ({"interval": (low, high - 0.01)}, "interval to"),
    ):
        wrong = replace(cell, summary=replace(cell.summary, **change))
        rows = [replace(row, cells=tuple(wrong if one is cell else one for one in row.cells)) for row in table.rows]
        (finding,) = check([replace(table, rows=tuple(rows))], storage).findings
        assert (finding.cells, finding.what) == ((S4_CELL,), what)


def test_progress_goes_from_nothing_to_everything(storage, trials):
    results, told = read_results(storage.root, None), []
    table = build_table(load_experiment("combo/table7", "smoke"), trials, results)
    verify([table], results, storage.root, None, nothing, lambda done, total: told.append((done, total)))
    assert told[0][0] == 0
    assert told[-1] == (6, 6)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
