"""A report as a whole: what is written, that it is the same each time, and that nothing that is missing goes unsaid."""

import json

import pandas as pd
import pytest
from built_reports import report_of
from fake_storage import FINGERPRINT, Storage, make_experiment

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from orchestrator.cli.app import main
from reports.drawing.kept_drawings import keeping_drawings

FORMATS = ("csv", "html", "json", "md", "parquet", "tex")
STYLES = ("standalone.tex", "cvpr.tex", "audit.tex", "readme.md", "slide.html")


@pytest.fixture(scope="module")
def half_full(tmp_path_factory):
    """Two seeds: some variants done, one partly, one unfinished, one damaged; not to be changed."""
    storage = Storage(tmp_path_factory.mktemp("half-full") / "storage")
    trials = [trial.on_data(FINGERPRINT) for trial in expand(make_experiment(seeds=(0, 1)))]
    for index, trial in enumerate(trials[:5]):
        storage.finish(trial, 0.60 + index / 100, 0.70 + index / 100)
    storage.start(trials[6])
    (storage.finish(trials[7], 0.6, 0.7) / "result.json").write_text("{")
    return make_experiment(seeds=(0, 1)), trials, storage.root


@pytest.fixture(scope="module")
def built(half_full, tmp_path_factory):
    """The report on them, and its folder; not to be changed."""
    out = tmp_path_factory.mktemp("built") / "out"
    return report_of(*half_full, out), out


def names_in(out, folder):
    return {path.name for path in (out / folder).iterdir()}


def test_a_report_holds_every_form_of_its_table(half_full, built):
    report, out = built
    assert {path.name for path in out.iterdir()} == {
        "assets", "figures", "figures.html", "index.html", "pictures", "qualitative.html", "tables", "trials.html",
    }  # fmt: skip
    table7 = {f"combo-table7.{ending}" for ending in FORMATS} | {f"combo-table7_{style}" for style in STYLES}
    assert names_in(out, "tables") == {*table7, "tables.tex", "supplement.tex", "references.bib", "numbers.tex"}
    plots = {f"combo-table7-{plot}.{ending}" for plot in ("parameter", "learning") for ending in ("svg", "pdf", "png")}
    assert names_in(out, "figures") == plots
    assert len(names_in(out, "pictures")) == 6
    assert report.page == out / "index.html"
    assert [problem.where for problem in report.problems] == [f"trials/{half_full[1][7].key}/result.json"]


def test_a_cell_is_measured_or_says_why_not(built):
    (table,) = built[0].tables
    own = table.own_cells
    assert sum(cell.summary is not None for cell in own) == 6
    assert len(own) == 16
    assert all(cell.why for cell in own if not cell.complete)


def test_an_empty_storage_gives_a_report_of_missing_cells(scaled, trials, tmp_path):
    report = report_of(scaled, trials, tmp_path / "nothing", tmp_path / "out")
    assert not any(cell.summary for cell in report.tables[0].cells)
    assert report.problems == ()
    assert "combo run combo/table7 --scale small" in report.page.read_text()


def test_rebuilding_gives_the_same_bytes(half_full, built, tmp_path):
    report, out = built
    first = report.files  # its figures were perhaps drawn by another process
    with keeping_drawings(None):
        second = report_of(*half_full, tmp_path / "second").files
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    assert not list(out.rglob(".*"))


def test_a_narrower_report_in_the_same_folder_leaves_nothing_of_the_earlier_one(storage, scaled, trials, tmp_path):
    out = tmp_path / "out"
    wider = report_of(scaled, trials, storage.root, out)
    foreign = out / "tables" / "mine.md"
    foreign.write_text("my notes")
    narrower = report_of(load_experiment("bigen/table7"), [], storage.root, out)
    assert {path for path in out.rglob("*") if path.is_file()} == {
        *narrower.files, foreign, out / "assets" / "files.json",
    }  # fmt: skip
    assert out / "tables" / "combo-table7.html" in wider.files
    assert foreign.read_text() == "my notes"
    fresh = report_of(load_experiment("bigen/table7"), [], storage.root, tmp_path / "fresh")
    names = [path.relative_to(tmp_path / "fresh").as_posix() for path in fresh.files]
    assert json.loads((out / "assets" / "files.json").read_text()) == sorted(names)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_every_cell_is_a_row_of_a_data_frame(built, ending):
    report, out = built
    read = pd.read_csv if ending == "csv" else pd.read_parquet
    frame = read(out / "tables" / f"combo-table7.{ending}")
    assert len(frame) == 16
    for (_, line), cell in zip(frame.iterrows(), report.tables[0].cells, strict=True):
        assert (line.row, line.task, line.metric, line.state) == (
            cell.row, cell.column.task, cell.column.metric, cell.state,
        )  # fmt: skip
        assert line.reported == cell.reported.value
        assert line.measured == cell.summary.mean if cell.summary else pd.isna(line.measured)
        assert line.delta == cell.delta if cell.summary else pd.isna(line.delta)


def test_rows_are_compared_with_the_baseline_on_the_same_clips(storage, tmp_path):
    """λ = 0 is the baseline of Table 7; 2 points more on every clip are not the choice of clips."""
    scaled = make_experiment(figure=None)  # which saves drawing one
    trials = [trial.on_data(FINGERPRINT) for trial in expand(scaled)]
    for trial, m_j in zip(trials, (0.60, 0.62, 0.60, 0.58), strict=True):
        storage.finish(trial, m_j, 0.7)
    (table,) = report_of(scaled, trials, storage.root, tmp_path / "out").tables
    found = {row.name: row.cells[0].difference for row in table.rows}
    assert found["lambda-0"] is None
    assert (found["lambda-5"].points, found["lambda-5"].significant) == (pytest.approx(2), True)
    assert (found["lambda-10"].points, found["lambda-10"].significant) == (pytest.approx(0), False)
    assert found["lambda-20"].points == pytest.approx(-2)
    assert any(note.startswith("† differs from “0” by more than") for note in table.footnotes)


def test_rows_that_were_scored_on_other_clips_are_not_compared(storage, tmp_path):
    scaled = make_experiment(figure=None)  # which saves drawing one
    trials = [trial.on_data(FINGERPRINT) for trial in expand(scaled)]
    storage.finish(trials[0], 0.60, 0.7)
    scores = storage.finish(trials[1], 0.62, 0.7) / "scores.parquet"
    pd.read_parquet(scores).iloc[1:].to_parquet(scores)
    report = report_of(scaled, trials, storage.root, tmp_path / "out")
    assert not any(cell.difference for cell in report.tables[0].cells)
    assert any("scored on different clips" in problem.what for problem in report.problems)


def test_the_command_that_shows_runs_is_told_as_combo_however_it_was_started(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    program = str(tmp_path / "orchestrator" / "cli" / "__main__.py")
    words = ("report", "build", "bigen/table1", "--storage", str(tmp_path / "storage"), "--out", str(tmp_path / "out"))
    monkeypatch.setattr("sys.argv", [program, *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert f"runs and metrics: combo mlflow --storage {tmp_path / 'storage'}\n" in capsys.readouterr().out
