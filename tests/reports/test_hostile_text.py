import csv
import io
import json
import re
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from fake_storage import FINGERPRINT, Storage, make_experiment
from golden_tables import golden_tables, on_terminal
from report_checks import Page, assert_balanced, assert_compiles

from experiments.expand import expand
from experiments.reported_schema import Citation
from reports.render.formats import table_files
from reports.render.latex_text import escape
from reports.render.plain_text import one_line
from reports.stored.results import read_results
from reports.tables.cells import Remedy, RunLink
from reports.tables.table import Known, build_table

HOSTILE = (
    '=cmd|"/C calc"!A1 <script>alert(1)</script> <img src=http://evil.example/x> \\input{/etc/passwd} '
    "$\\write18{id}$ \x1b[31mred\x1b[0m a|b\nc *b* [l](http://evil.example) --x [red]r[/red] 日 {{7*7}} %d ~^&#_ `q` "
    "\u202eabc"
)
SHOWN = one_line(HOSTILE)


@pytest.fixture(scope="module")
def golden(tmp_path_factory):
    return golden_tables(tmp_path_factory.mktemp("golden"))


@pytest.fixture(scope="module")
def hostile(golden, tmp_path_factory):
    """Table 7 in which every text that a file can set is hostile: measured, failed, published and turned."""
    storage = Storage(tmp_path_factory.mktemp("hostile"))
    scaled = make_experiment(note=HOSTILE, title=HOSTILE)
    variants = [
        variant.model_copy(update={"label": f"{prefix}{HOSTILE}\ud800", "side": HOSTILE})
        for variant, prefix in zip(scaled.experiment.variants, ("", "[x] ", "*", "_"), strict=True)
    ]
    changes = {"caption": HOSTILE, "row_header": HOSTILE, "side_header": HOSTILE, "own_group": HOSTILE}
    layout = scaled.experiment.table.model_copy(update=changes)
    scaled = make_experiment(note=HOSTILE, title=HOSTILE, variants=variants, table=layout)
    trials = [trial.on_data(FINGERPRINT) for trial in expand(scaled)]
    for trial in trials[:2]:
        storage.finish(trial, 0.6, 0.7, device=HOSTILE, commit=f"-{HOSTILE}", code_version=HOSTILE)
    storage.fail(trials[2], message=HOSTILE)
    storage.evaluate_imported(trials[0].config, 0.8)
    links = {trials[0].key: RunLink(HOSTILE, HOSTILE)}
    table = build_table(scaled, trials, read_results(storage.root, None), Known(links=links))
    others = golden["combo-table1"].rows[0]
    published = replace(
        others,
        label=f"*{HOSTILE}",
        side=HOSTILE,
        group=f"[{HOSTILE}",
        cite=Citation(key=HOSTILE, venue=HOSTILE),
        cells=tuple(replace(cell, column=column) for cell, column in zip(others.cells, table.columns, strict=True)),
    )
    return replace(
        table,
        rows=(published, *table.rows),
        footnotes=(*table.footnotes, HOSTILE),
        remedies=(Remedy(HOSTILE, HOSTILE),),
    )


@pytest.fixture(scope="module")
def settings(golden):
    """Table I with hostile settings."""
    table = golden["settings-combo"]
    rows = [
        replace(row, cells=tuple(replace(cell, text=HOSTILE, printed=f"[{HOSTILE}") for cell in row.cells))
        for row in table.rows
    ]
    return replace(table, rows=tuple(rows))


@pytest.fixture(scope="module")
def files(hostile, settings):
    turned = replace(hostile, variants_are="columns")
    return table_files({"hostile": hostile, "turned": turned, "settings": settings})


NAMES = ("hostile", "turned", "settings")


@pytest.mark.parametrize("name", NAMES)
def test_a6_hostile_text_in_latex_is_text(files, name, tmp_path):
    for style in ("", "_cvpr", "_audit"):
        text = files[f"{name}{style}.tex"]
        assert_balanced(text)
        assert not re.search(r"\\(input|write)\b", text)
        assert r"\textbackslash{}input\{/etc/passwd\}" in text
    for file, content in files.items():
        if file.endswith(".tex"):
            (tmp_path / file).write_text(content)
    assert_compiles(tmp_path, f"{name}_standalone.tex")


def test_every_letter_that_latex_is_given_can_be_printed(tmp_path):
    text = "\n\n".join(escape(chr(code)) for code in range(0x20, 0x250))
    head = (
        r"\documentclass{article}",
        r"\usepackage[utf8]{inputenc}",
        r"\usepackage[T1]{fontenc}",
        r"\begin{document}",
    )
    (tmp_path / "letters.tex").write_text("\n".join((*head, text, r"\end{document}")))
    assert "[U+0166]" in text.replace("{[}", "[")
    assert_compiles(tmp_path, "letters.tex")


@pytest.mark.parametrize("name", NAMES)
def test_a6_hostile_text_in_a_slide_is_text(files, name):
    page = Page(files[f"{name}_slide.html"])
    assert page.addresses == []
    assert not {"script", "img"} & set(page.tags)
    assert "\x1b" not in files[f"{name}_slide.html"]


@pytest.mark.parametrize("style", ["", "_readme"])
@pytest.mark.parametrize("name", NAMES)
def test_a6_hostile_text_in_markdown_is_text(files, name, style):
    name += style
    lines = files[f"{name}.md"].splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
    commands = [line for line in lines if line.startswith("    ")]
    text = re.sub(r"\\.", "", "\n".join(line for line in lines if line not in commands))
    assert set(re.findall(r"<[^>]*>", text)) <= {"<br>", "<sub>", "</sub>", "<ins>", "</ins>"}
    assert "](" not in text
    assert "\x1b" not in files[f"{name}.md"]


@pytest.mark.parametrize("name", NAMES)
def test_a6_hostile_text_in_csv_is_text(files, name):
    lines = list(csv.DictReader(io.StringIO(files[f"{name}.csv"], newline="")))
    measures = ("delta", "gain", "interval_low", "baseline_difference")
    for line in lines:
        for column, value in line.items():
            assert "\x1b" not in value
            assert not value.startswith(("=", "+", "@"))
            assert not re.search(r";[=+@-]", value.replace(SHOWN, ""))
            assert not value.startswith("-") or column in measures
    told = {value for line in lines for value in line.values()}
    assert f"'{SHOWN}" in told


@pytest.mark.parametrize("name", NAMES)
def test_a6_hostile_text_in_parquet_is_text(files, name):
    rows = pq.read_table(io.BytesIO(files[f"{name}.parquet"])).to_pylist()
    texts = {value for row in rows for value in row.values() if isinstance(value, str)}
    assert SHOWN in texts
    assert not any("\x1b" in text or "\u202e" in text for text in texts)


@pytest.mark.parametrize("name", NAMES)
def test_a6_hostile_text_in_json_is_text(files, name):
    text = files[f"{name}.json"]
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\u001b" not in text
    json.loads(text)
    assert json.dumps(SHOWN, ensure_ascii=False) in text


def test_a6_hostile_text_on_the_terminal_is_text(hostile, settings):
    for table in (hostile, replace(hostile, variants_are="columns"), settings):
        shown = on_terminal(table, width=2000)
        assert "\x1b" not in shown
        assert "[red]r[/red]" in shown


def test_a6_a_hostile_failure_is_told_below_the_table(files):
    (line,) = [line for line in files["hostile.md"].splitlines() if line.startswith("- Failed")]
    assert line.endswith("abc.")
    assert "diverged" in line
