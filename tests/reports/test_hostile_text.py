import csv
import re

import pytest
from fake_storage import FINGERPRINT, make_study
from report_checks import Page, assert_balanced, assert_compiles
from rich.console import Console

from experiments.expand import expand
from reports.build import build_report
from reports.render import terminal

pytestmark = pytest.mark.filterwarnings("ignore:Glyph", "ignore:constrained_layout")

HOSTILE = (
    '=cmd|"/C calc"!A1 <script>alert(1)</script> <img src=http://evil.example/x> \\input{/etc/passwd} '
    "$\\write18{id}$ \x1b[31mred\x1b[0m a|b\nc *b* [l](http://evil.example) --x [red]r[/red] 日 {{7*7}} %d ~^&#_ `q`"
)


@pytest.fixture
def hostile_out(storage, tmp_path):
    """A report in which every text that a file can set is hostile."""
    study = make_study(note=HOSTILE, title=HOSTILE)
    experiment = study.experiment
    variants = [
        variant.model_copy(update={"label": f"{prefix}{HOSTILE}"})
        for variant, prefix in zip(experiment.variants, ("", "[x] ", "*", "_"), strict=True)
    ]
    table = experiment.table.model_copy(update={"caption": HOSTILE, "row_header": HOSTILE})
    study = make_study(note=HOSTILE, title=HOSTILE, variants=variants, table=table)
    trials = [trial.on_data(FINGERPRINT) for trial in expand(study)]
    for trial in trials:
        folder = storage.finish(trial, 0.6, 0.7, device=HOSTILE, commit=HOSTILE, code_version=HOSTILE)
        picture = folder / "pictures" / "clip-0.png"
        picture.rename(picture.with_name("<script>alert(2)<.png"))
    (storage.root / "trials" / "<script>alert(3)<").mkdir()
    return build_report(study, trials, storage.root, tmp_path / "out"), tmp_path / "out"


def test_a6_hostile_text_in_html_is_text(hostile_out):
    text = (hostile_out[1] / "index.html").read_text()
    page = Page(text)
    assert "script" not in page.tags
    assert set(page.tags) >= {"svg", "img"}
    assert not [address for address in page.addresses if "evil" in address]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "{{7*7}}" in text
    assert "\x1b" not in text


def test_a6_hostile_text_in_latex_is_text(hostile_out):
    text = (hostile_out[1] / "table7.tex").read_text()
    assert_balanced(text)
    assert not re.search(r"\\(input|write)\b", text)
    assert r"\textbackslash{}input\{/etc/passwd\}" in text
    assert_compiles(hostile_out[1])


def test_a6_hostile_text_in_csv_is_text(hostile_out):
    with (hostile_out[1] / "table7.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 16
    assert lines[0]["label"].startswith("'=cmd|")
    for line in lines:
        for name, value in line.items():
            assert "\x1b" not in value
            assert not value.startswith(("=", "+", "@"))
            assert not value.startswith("-") or name in ("delta", "interval_low")


def test_a6_hostile_text_in_markdown_is_text(hostile_out):
    lines = (hostile_out[1] / "table7.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == 6
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}
    text = re.sub(r"\\.", "", "\n".join(lines))
    assert set(re.findall(r"<[^>]*>", text)) == {"<br>", "<sub>", "</sub>"}
    assert "](" not in text


def test_a6_hostile_text_on_the_terminal_is_text(hostile_out):
    console = Console(width=400, force_terminal=False)
    with console.capture() as capture:
        console.print(terminal.render(hostile_out[0].table))
    assert "\x1b" not in capture.get()
    assert "[red]r[/red]" in capture.get()


def test_a6_hostile_text_in_figures_is_text(hostile_out):
    for file in ("table7_parameter.svg", "table7_learning.svg"):
        text = (hostile_out[1] / file).read_text()
        assert "script" not in Page(text).tags
        assert "\x1b" not in text
