"""Imported weights, scored here, stand in a table; a stated source makes them official."""

import pandas as pd
import pytest
from built_reports import report_of
from fake_storage import PROTOCOL
from report_checks import assert_compiles

from experiments.presets import resolve_preset
from model.config import CLASSES
from model.metrics.protocol import protocol_for
from reports.stored.imported import AUTHORS_PROTOCOLS, of_imported_weights
from reports.stored.results import read_results
from reports.stored.scored_weights import read_evaluations
from reports.tables.table import Known, build_table


def imported_cells(scaled, trials, storage):
    records = of_imported_weights(read_evaluations(storage.root)[0])
    table = build_table(scaled, trials, read_results(storage.root, None), Known(records))
    return {(cell.row, cell.column.metric): cell.imported.percent for cell in table.cells if cell.imported is not None}


@pytest.fixture
def released(trials):
    """The configuration under which the authors' weights were imported: of the third row, on no particular data."""
    config = trials[2].config
    return config.model_copy(update={"data": config.data.model_copy(update={"fingerprint": ""})})


def test_imported_weights_stand_in_the_row_of_their_configuration(storage, scaled, trials, released):
    storage.evaluate_imported(released, 0.815)
    assert imported_cells(scaled, trials, storage) == {
        ("lambda-10", "m_j"): pytest.approx(81.5),
        ("lambda-10", "m_f"): pytest.approx(81.5),
    }


def test_they_are_never_shown_beside_results_of_another_protocol(storage, scaled, trials, released):
    storage.evaluate_imported(released, 0.815)
    storage.finish(trials[0], 0.6, 0.7, protocol=PROTOCOL.model_copy(update={"version": 2}))
    assert imported_cells(scaled, trials, storage) == {}


def test_they_are_never_shown_for_other_data_than_the_table_asks_for(storage, scaled, trials, released):
    storage.evaluate_imported(released, 0.815, data_fingerprint="f" * 16)
    assert imported_cells(scaled, trials, storage) == {}


def test_where_nothing_is_trained_the_authors_protocol_is_shown(storage, scaled, trials, released):
    pool_free = PROTOCOL.model_copy(update={"name": "avsbench-binary-dataset", "f_pooling": "dataset"})
    storage.evaluate_imported(released, 0.7, key="1" * 16, protocol=pool_free, finished="2026-11-09T10:00:00Z")
    storage.evaluate_imported(released, 0.6, key="2" * 16, protocol=PROTOCOL.model_copy(update={"split": "val"}))
    assert imported_cells(scaled, trials, storage) == {}
    storage.evaluate_imported(released, 0.8, key="3" * 16)
    assert list(imported_cells(scaled, trials, storage).values()) == pytest.approx([80.0, 80.0])


def test_the_authors_protocols_are_those_that_trials_are_scored_under():
    assert {protocol_for(task).rules.name for task in CLASSES} == set(AUTHORS_PROTOCOLS)


def test_weights_trained_here_are_not_imported(storage, scaled, trials, released):
    path = storage.evaluate_imported(released, 0.815)
    storage.edit(path, lambda values: values["weights"].update(origin="trained"))
    assert imported_cells(scaled, trials, storage) == {}


def test_every_format_shows_them(storage, scaled, trials, released, tmp_path):
    storage.finish(trials[2], 0.6, 0.7)
    storage.evaluate_imported(released, 0.8149)
    report = report_of(scaled, trials, storage.root, tmp_path / "out")
    tables = tmp_path / "out" / "tables"
    endings = (".md", "_audit.tex", ".html")
    markdown, latex, page = ((tables / f"combo-table7{ending}").read_text() for ending in endings)
    assert "60.0<br><sub>official 81.5" in markdown
    assert r"& official & 81.5 & 81.5 &  &  \\" in latex
    assert "e" * 16 in page
    assert "a" * 64 in page
    frame = pd.read_csv(tables / "combo-table7.csv")
    shown = frame[frame.imported.notna()]
    assert shown.imported.tolist() == pytest.approx([81.49, 81.49])
    assert set(shown.imported_evaluation) == {"e" * 16}
    assert any("released weights model_best.pth" in note for note in report.tables[0].footnotes)
    assert_compiles(tables, "combo-table7_standalone.tex")


def test_weights_of_no_stated_source_are_never_called_official(storage, scaled, trials, released, tmp_path):
    storage.evaluate_imported(released, 0.8149, source="")
    report = report_of(scaled, trials, storage.root, tmp_path / "out")
    for path in (tmp_path / "out" / "tables").iterdir():
        assert "official 81.5" not in path.read_text(encoding="utf-8", errors="replace")
        assert "the authors' released weights" not in path.read_text(encoding="utf-8", errors="replace")
    assert "imported 81.5" in (tmp_path / "out" / "tables" / "combo-table7.md").read_text()
    (note,) = [note for note in report.tables[0].footnotes if note.startswith("Imported S4")]
    assert "weights imported from model_best.pth (SHA-256 aaaaaaaaaaaa)" in note


@pytest.mark.parametrize(("m_j", "warned"), [(0.0, True), (0.8, False)])
def test_a_score_far_from_the_reported_one_is_warned_of(storage, scaled, trials, released, m_j, warned):
    storage.evaluate_imported(released, m_j)
    known = Known(of_imported_weights(read_evaluations(storage.root)[0]))
    notes = build_table(scaled, trials, read_results(storage.root, None), known).footnotes
    opening = "Warning: in row 'lambda-10' weights imported from model_best.pth score 0.0 on S4 M_J, 81.7 points from"
    assert any(note.startswith(opening) for note in notes) == warned


def test_a_damaged_evaluation_is_a_problem_of_the_report(storage, scaled, trials, released, tmp_path):
    storage.evaluate_imported(released, 0.815).write_text("{")
    impossible = storage.evaluate_imported(released, 0.5, key="f" * 16)
    storage.edit(impossible, lambda values: values["score"].update(j_sum=60.0))
    report = report_of(scaled, trials, storage.root, tmp_path / "out")
    assert [problem.where for problem in report.problems] == [
        f"evaluations/{key * 16}/evaluation.json" for key in ("e", "f")
    ]
    assert [problem.what.partition(": ")[0] for problem in report.problems] == ["is damaged", "is damaged"]
    assert "score" in report.problems[1].what
    assert not report.tables[0].imported


def test_weights_that_fit_no_row_are_told_with_the_setting_that_differs(storage, scaled, trials, released, tmp_path):
    loss = released.loss.model_copy(update={"lambda_ada": 7.0})
    storage.evaluate_imported(released.model_copy(update={"loss": loss}), 0.8)
    storage.evaluate_imported(released, 0.8, key="f" * 16, data_fingerprint="0" * 16)
    told = [str(problem) for problem in report_of(scaled, trials, storage.root, tmp_path / "out").problems]
    assert [line.partition(":")[0] for line in told] == [f"evaluations/{'e' * 16}", f"evaluations/{'f' * 16}"]
    assert "imported under loss.lambda_ada=7.0, the nearest row has loss.lambda_ada=" in told[0]
    assert "on data 0000000000000000, not as its column" in told[1]


def test_weights_of_another_model_belong_to_no_row_and_stop_no_report(storage, scaled, trials, released, tmp_path):
    storage.evaluate_imported(resolve_preset("avsbench_r50", "s4"), 0.7)
    storage.evaluate_imported(released, 0.815, key="f" * 16)
    report = report_of(scaled, trials, storage.root, tmp_path / "out")
    assert report.problems == ()
    assert report.tables[0].imported
