import io
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from golden_tables import FOLDER, golden_files, golden_tables, on_terminal
from report_checks import assert_balanced, assert_compiles
from rich.console import Console

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.papers import shipped_papers
from experiments.references import references
from experiments.reported import transcription
from experiments.target_files import experiment_names
from reports.render import terminal
from reports.render.formats import COLLECTION, SUPPLEMENT, table_files
from reports.slugs import slug
from reports.stored.results import read_results
from reports.tables.statistics import summarise
from reports.tables.table import build_table

ONE_COLUMN = r"""\documentclass{article}
\usepackage{booktabs,graphicx}
\usepackage[T1]{fontenc}
\begin{document}
See Table~\ref{tab:combo-table7}.
\input{combo-table7.tex}
\end{document}
"""


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return golden_tables(tmp_path_factory.mktemp("golden"))


@pytest.fixture
def folder(tables, tmp_path):
    """All files of the tables, as a report has them."""
    return written(table_files(tables), tmp_path)


def written(files, folder):
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def test_every_text_format_is_what_it_was(tables):
    files = golden_files(tables)
    assert sorted(files) == sorted(path.name for path in FOLDER.iterdir())
    for name, content in files.items():
        assert content == (FOLDER / name).read_text(encoding="utf-8"), f"{name} differs from {FOLDER / name}"


def test_the_same_trials_in_another_place_give_the_same_bytes(tables, tmp_path):
    assert table_files(golden_tables(tmp_path)) == table_files(tables)


def test_parquet_has_a_typed_row_for_each_cell(tables):
    table = tables["combo-table7"]
    found = pq.read_table(io.BytesIO(table_files({"t": table})["t.parquet"]))
    types = {name: str(found.schema.field(name).type) for name in ("label", "measured", "significant", "seeds")}
    assert types == {"label": "string", "measured": "double", "significant": "bool", "seeds": "list<element: int64>"}
    rows = found.to_pylist()
    assert len(rows) == len(table.cells)
    for row, cell in zip(rows, table.cells, strict=True):
        assert (row["row"], row["task"], row["metric"], row["state"], row["why"]) == (
            cell.row,
            cell.column.task,
            cell.column.metric,
            cell.state,
            cell.why,
        )
        assert row["measured"] == (cell.summary.mean if cell.summary else None)
        assert row["reported"] == cell.reported.value
        assert row["trial_keys"] == [run.key for run in cell.counted]


def test_csv_says_what_parquet_says(tables):
    files = table_files({"t": tables["combo-table1"]})
    frame = pd.read_csv(io.StringIO(files["t.csv"]))
    rows = pq.read_table(io.BytesIO(files["t.parquet"])).to_pylist()
    assert list(frame.columns) == list(rows[0])
    for (_, line), row in zip(frame.iterrows(), rows, strict=True):
        assert line.measured == row["measured"] or (pd.isna(line.measured) and row["measured"] is None)
        assert line.reported == row["reported"]
        joined = ";".join(row["checkpoint_sha256"])
        assert line.checkpoint_sha256 == joined or (pd.isna(line.checkpoint_sha256) and not joined)


def test_json_answers_for_every_number(tables):
    table = json.loads(table_files({"t": tables["combo-table7"]})["t.json"])
    assert table["schema_version"] == 1
    cell = table["rows"][0]["cells"][0]
    assert (cell["measured"]["value"], cell["measured"]["n"], cell["delta"]) == (61.0, 3, -20.0)
    run = cell["runs"][0]
    assert run["mlflow"]["url"].endswith(run["mlflow"]["run_id"])
    assert set(run) >= {"trial_key", "commit", "data_fingerprint", "finished", "protocol", "checkpoint_sha256"}
    assert table["rows"][1]["cells"][0]["difference"] == {
        "baseline": "lambda-0",
        "points": pytest.approx(3.0),
        "p_value": 1 / 2001,
        "significant": True,
    }
    states = {cell["state"]: cell["why"] for row in table["rows"] for cell in row["cells"]}
    assert states["not_run"] == "this scale does not train AVSS"


def test_rows_of_others_are_italic_and_cited_and_their_method_stands_once(tables):
    lines = table_files(tables)["combo-table1.md"].splitlines()
    first = next(index for index, line in enumerate(lines) if "CATR*" in line)
    assert lines[first].startswith(r"| *CATR* \[li2023catr\] | *ResNet-50* | *74.8* |")
    assert lines[first + 1].startswith("|  | *PVT-v2* | *81.4* |")
    assert "| **Audio-visual segmentation** |  |  |  |  |  |" in lines
    assert any(
        line.startswith("| COMBO | ResNet-50 | **83.0** (+5.0)<br><sub>paper 81.7 (+3.7), Δ +1.3") for line in lines
    )


def test_a_table_of_two_methods_is_turned_as_the_paper_has_it(tables):
    shown = on_terminal(tables["combo-tableII"]).splitlines()
    assert [name.strip() for name in shown[2].split("┃")] == [
        "Foundation model",
        "",
        "SAM",
        "Semantic-SAM",
        "MobileSAM",
    ]
    assert [name.strip() for name in shown[4].split("│")][:3] == ["S4", "M_J", "83.9†"]


@pytest.mark.parametrize("name", ["combo-table1", "combo-table7", "combo-tableII", "settings-combo"])
def test_latex_compiles_alone_and_fits_its_page(folder, name):
    for style in ("", "_cvpr", "_audit"):
        assert_balanced((folder / f"{name}{style}.tex").read_text())
    assert_compiles(folder, f"{name}_standalone.tex")


def test_a_paper_has_one_line_a_row_and_bold_is_the_best_of_all_of_them(tables):
    whole, columns = tables["combo-table1"], tables["combo-table1"].columns[2:]
    ours = whole.rows[-2]
    values = zip(ours.cells[2:], (99.0, 67.2), strict=True)
    measured = replace(
        ours, cells=tuple(replace(cell, summary=summarise([value]), gain=None) for cell, value in values)
    )
    rows = [replace(one, cells=one.cells[2:]) for one in whole.rows if one.is_published]
    text = table_files({"t": replace(whole, columns=columns, rows=(*rows, measured))})["t.tex"]
    lines = [line.strip() for line in text.splitlines() if line.endswith(r"\\")]
    assert len([line for line in lines if "ResNet" in line or "PVT" in line or "-B" in line]) == len(rows) + 1
    assert lines[-1].endswith(r"& ResNet-50 & \textbf{99.0} & 67.2 \\")
    assert r"& \textit{58.2} & \textbf{\textit{70.9}} \\" in text
    assert r"& \underline{\textit{59.0}} & \textit{70.0} \\" in text
    assert "best in bold, second underlined" in text


def test_whatever_a_paper_cites_is_in_the_bibliography():
    for paper in shipped_papers():
        cited = {record.cite.key for record in transcription(paper).records if record.cite is not None}
        assert cited | {paper.said.cite.key} == references(paper).keys()


def test_latex_fits_a_paper_of_one_column(folder):
    (folder / "paper.tex").write_text(ONE_COLUMN)
    assert_compiles(folder, "paper.tex")


def test_all_tables_of_both_papers_compile_as_one_document(tmp_path):
    nothing = read_results(Path("/nonexistent"), None)
    experiments = [load_experiment(name) for name in experiment_names()]
    tables = {slug(scaled.name): build_table(scaled, expand(scaled), nothing) for scaled in experiments}
    folder = written(table_files(tables), tmp_path)
    assert_compiles(folder, COLLECTION)
    assert_compiles(folder, SUPPLEMENT)


def test_the_overview_tells_what_is_measured_of_each_table(tables):
    console = Console(width=120, force_terminal=False)
    with console.capture() as capture:
        console.print(terminal.overview(list(tables.values())))
    lines = [[part.strip() for part in line.split("│")] for line in capture.get().splitlines()[2:]]
    told = {line[0]: line[2:] for line in lines}
    assert told["COMBO 7"] == ["6/16", "8 not run, 2 unfinished"]
    assert told["COMBO II"] == ["4/6", "2 stale"]
    assert told["COMBO I"] == ["—", "nothing to measure"]
