import re

import pandas as pd
import pytest
from fake_storage import FINGERPRINT, make_study
from report_checks import Page, assert_balanced, assert_compiles

from experiments.expand import expand
from reports.build import build_report


@pytest.fixture
def half_full(storage):
    """Two seeds: some variants done, one partly, one unfinished, one damaged."""
    trials = [trial.on_data(FINGERPRINT) for trial in expand(make_study(seeds=(0, 1)))]
    for index, trial in enumerate(trials[:5]):
        storage.finish(trial, 0.60 + index / 100, 0.70 + index / 100)
    storage.start(trials[6])
    (storage.finish(trials[7], 0.6, 0.7) / "result.json").write_text("{")
    return make_study(seeds=(0, 1)), trials, storage.root


def test_report_counts_and_writes_every_form(half_full, tmp_path):
    report = build_report(*half_full, tmp_path / "out")
    assert (report.measured, report.missing) == (6, 10)
    assert {file.relative_to(tmp_path / "out").as_posix() for file in report.files if file.parent.name == "out"} == {
        "table7.md",
        "table7.tex",
        "table7_standalone.tex",
        "table7.csv",
        "table7_parameter.svg",
        "table7_parameter.png",
        "table7_learning.svg",
        "table7_learning.png",
        "index.html",
    }
    assert sum(file.parent.name == "pictures" for file in report.files) == 7 - 1
    assert [problem.where for problem in report.problems] == [f"trials/{half_full[1][7].key}/result.json"]


def test_an_empty_storage_gives_a_report_of_missing_cells(study, trials, tmp_path):
    report = build_report(study, trials, tmp_path / "nothing", tmp_path / "out")
    assert (report.measured, report.missing, report.problems) == (0, 16, ())
    page = (tmp_path / "out" / "index.html").read_text()
    assert page.count("not run") >= 16
    assert "combo run combo/table7 --scale small" in page


def test_rebuilding_gives_the_same_bytes(half_full, tmp_path):
    first = build_report(*half_full, tmp_path / "first").files
    second = build_report(*half_full, tmp_path / "second").files
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    assert not list((tmp_path / "first").rglob(".*"))


def test_the_page_loads_nothing_external(half_full, tmp_path):
    build_report(*half_full, tmp_path / "out")
    page = Page((tmp_path / "out" / "index.html").read_text())
    assert page.addresses
    for address in page.addresses:
        assert re.fullmatch(r"#[\w-]+|[\w-]+\.(svg|png)|pictures/[0-9a-f]{16}-\d\d\.png", address)
        if address.startswith("#"):
            assert address[1:] in page.ids
        else:
            assert (tmp_path / "out" / address).is_file()
    assert not {"script", "link", "iframe", "object", "embed", "form"} & set(page.tags)
    assert len(set(page.ids)) == len(page.ids)


def test_csv_round_trips_through_pandas(half_full, tmp_path):
    report = build_report(*half_full, tmp_path / "out")
    frame = pd.read_csv(tmp_path / "out" / "table7.csv")
    assert len(frame) == 16
    for (_, line), cell in zip(frame.iterrows(), report.table.cells, strict=True):
        assert (line.variant, line.task, line.metric, line.state) == (
            cell.variant,
            cell.column.task,
            cell.column.metric,
            cell.state,
        )
        assert line.reported == cell.reported.percent
        assert line.measured == cell.summary.mean if cell.summary else pd.isna(line.measured)
        assert line.delta == cell.delta if cell.summary else pd.isna(line.delta)
    first = frame.iloc[0]
    assert first.trial_keys == ";".join(trial.key for trial in half_full[1][:2])
    assert first.checkpoint_sha256.count("model.safetensors=") == 2


def test_latex_is_balanced_and_compiles(half_full, tmp_path):
    out = tmp_path / "out"
    build_report(*half_full, out)
    text = (out / "table7.tex").read_text()
    assert_balanced(text)
    assert r"$\lambda_{ada}$" in text
    assert_compiles(out)
