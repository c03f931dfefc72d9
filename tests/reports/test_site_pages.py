import base64
import hashlib
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from experiments.errors import Problem
from experiments.expand import expand
from reports.drawing.plot import PaperFigure
from reports.search_outcomes import SearchOutcome, SearchPoint
from reports.site.contents import Contents, SearchPage, TablePage
from reports.site.pages import render_site
from reports.site.pictures import collect_pictures
from reports.stored.effort import effort_of
from reports.stored.results import read_results
from reports.tables.cells import RunLink
from reports.tables.table import Known, build_table
from tests.reports.fake_storage import FINGERPRINT, Storage, make_experiment
from tests.reports.site_contents import MISSING_FIGURE, build_site, fill, table7

VOID = {"meta", "link", "img", "br", "hr", "input", "wbr"}
ADDRESSES = ("src", "href", "xlink:href", "srcset", "data", "action", "poster")
LINK = "http://127.0.0.1:5000/#/experiments/1/runs/"
HOSTILE = (
    '"><script>alert(1)</script> <img src=http://evil.example/x> {{7*7}} \x1b[31mred\x1b[0m \u202eabc '
    "$\\write18{id}$ ' onclick=alert(3) & &lt; </style> --> ]]>\nsecond line"
)
TEXT, GRAPHICS = 4.5, 3.0
"""Contrast that WCAG 2.2 AA asks for."""


class Page(HTMLParser):
    """Tags, ids and addresses; refuses a page whose tags do not close."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.targets, self.addresses, self._open = [], [], [], [], []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        self.ids += [values[name] for name in ("id",) if name in values]
        self.targets += [values[name] for name in ("popovertarget", "aria-labelledby") if name in values]
        self.addresses += [values[name] for name in ADDRESSES if name in values]
        assert not [name for name in values if name.startswith("on")]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        assert self._open.pop() == tag


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("storage"))


@pytest.fixture(scope="module")
def site(storage, tmp_path_factory):
    links = {trial.key: RunLink("c" * 32, f"{LINK}{'c' * 32}") for trial in table7()[1][:1]}
    return build_site(storage, tmp_path_factory.mktemp("site"), links)


@pytest.fixture(scope="module")
def pages(site):
    """By their path; tables to paste into slides are no pages of the site."""
    found = [path for path in sorted(site.rglob("*.html")) if not path.stem.endswith("_slide")]
    return {path.relative_to(site).as_posix(): path.read_text() for path in found}


def drawer(page, number):
    return re.search(rf'<aside[^>]* id="{number}".*?</aside>', page, re.DOTALL)[0]


def words(markup):
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def test_there_is_a_page_for_everything(pages):
    assert sorted(pages) == [
        "figures.html",
        "index.html",
        "qualitative.html",
        "searches/search-architecture.html",
        "tables/bigen-table6.html",
        "tables/combo-table1.html",
        "tables/combo-table7.html",
        "tables/settings-combo.html",
        "trials.html",
    ]


def test_pages_are_whole_and_run_their_own_script_alone(pages):
    for name, text in pages.items():
        page = Page(text)
        assert not {"iframe", "object", "embed", "form", "base"} & set(page.tags), name
        assert page.tags.count("script") == 1
        (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
        allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"script-src 'sha256-{allowed}';" in unescape(text)
        assert len(set(page.ids)) == len(page.ids), name
        assert {"header", "nav", "main", "h1", "footer"} <= set(page.tags), name
        assert page.tags.count("h1") == 1
        assert set(page.targets) <= set(page.ids), name
        assert 'lang="en"' in text
        assert "default-src 'none'" in unescape(text)


def test_every_address_leads_to_a_file_of_the_site_or_to_a_run(pages, site):
    parsed = {(site / name).resolve(): Page(text) for name, text in pages.items()}
    for place, page in parsed.items():
        for address in page.addresses:
            if address.startswith((LINK, "data:,")):
                continue
            path, _, anchor = address.partition("#")
            target = (place.parent / path).resolve() if path else place
            assert target.is_file(), f"{place.name}: {address}"
            assert not anchor or target not in parsed or anchor in parsed[target].ids, f"{place.name}: {address}"


def test_a_number_tells_all_that_stands_behind_it(pages, storage):
    trial = table7()[1][0]
    told = words(drawer(pages["tables/combo-table7.html"], "cell-0-0"))
    for fact in (
        "62.0 ± 1.0",
        "Seeds 3 of 3",
        "95 %, Student's t over seeds",
        "Reported 81.0 in COMBO",
        "−19.0 from what is reported",
        "COMBO-T7-",
        "avsbench-binary, version 1, on the test split",
        f"Trial {trial.key}",
        "c" * 32,
        "checkpoints/best-00000300",
        "c0ffee1",
        "dddddddddddddddd",
        "62 s on cpu, 1 worker, 1 attempt",
        "2026-11-01T10:01:00Z",
    ):
        assert fact in told
    (checksum,) = re.findall(r"SHA-256 (\w{64})", told)[:1]
    assert checksum in (storage.folder(trial) / "result.json").read_text()


def test_a_link_into_mlflow_opens_beside_the_page(pages):
    (link,) = set(re.findall(rf'<a href="{LINK}[^>]*>', pages["tables/combo-table7.html"]))
    assert 'target="_blank" rel="noopener noreferrer"' in link


def test_cells_without_a_number_say_why(pages):
    page = pages["tables/combo-table7.html"]
    assert "2 of 3 seeds" in words(drawer(page, "cell-1-0"))
    assert "failed" in words(drawer(page, "cell-2-0"))
    assert "loss is NaN" in words(drawer(page, "cell-2-0"))
    assert "unfinished" in words(drawer(page, "cell-3-0"))
    assert "this scale does not train AVSS" in words(drawer(page, "cell-0-2"))
    states = set(re.findall(r'<button type="button" class="cell (\w+)', page))
    assert states == {"measured", "failed", "unfinished", "not_run"}
    assert '<button type="button" class="cell stale' in pages["tables/combo-table1.html"]


def test_numbers_of_others_are_marked_and_cited(pages):
    page = pages["tables/combo-table1.html"]
    row = re.search(r'<tr class="published">(?:(?!</tr>).)*AVSegFormer.*?</tr>', page, re.DOTALL)[0]
    assert "76.5" in words(row)
    told = words(drawer(page, re.search(r'popovertarget="([\w-]+)"', row)[1]))
    assert "reported, not measured here" in told
    assert "gao2023avsegformer" in told


def test_a_table_turned_in_the_paper_is_turned_here(pages):
    page = pages["tables/bigen-table6.html"]
    head, body = re.search(r"<thead>(.*?)</thead>\s*<tbody>(.*?)</tbody>", page, re.DOTALL).groups()
    assert words(head) == "Method AVSBench AVS-BiGen Backbone ResNet-50 PVT-v2 ResNet-50 PVT-v2"
    lines = re.findall(r'<th class="line.*?scope="row"><span>(.*?)</span>', body, re.DOTALL)
    assert [words(line) for line in lines] == ["S4", "S4", "MS3", "MS3", "MS3 from S4", "MS3 from S4"]


def test_settings_stand_beside_what_the_paper_prints(pages):
    page = pages["tables/settings-combo.html"]
    row = re.search(r"<tr>(?:(?!</tr>).)*Decoder layers.*?</tr>", page, re.DOTALL)[0]
    assert "9 paper 3" in words(row)
    assert "What is missing" not in page


def test_the_overview_says_what_holds_and_how_to_get_the_rest(pages):
    told = words(pages["index.html"])
    assert "4 of 16 cells measured" in told
    assert "combo retry combo/table7 --scale small" in told
    assert "combo run combo/table1" in told
    assert "5 trials, 5 min on cpu" in told
    assert "1 of 2 rebuilt" in told
    assert "3 of 12 points, 2 finished" in told


def test_papers_and_tables_stand_in_the_order_of_the_papers(pages):
    links = re.findall(r'class="name" href="tables/([\w-]+)\.html"', pages["index.html"])
    assert links == ["combo-table1", "combo-table7", "settings-combo", "bigen-table6"]
    assert re.findall(r'rel="(?:prev|next)" href="../([^"]+)"', pages["tables/combo-table7.html"]) == [
        "tables/combo-table1.html",
        "tables/settings-combo.html",
    ]


def test_a_figure_that_is_missing_says_why(pages):
    assert MISSING_FIGURE in words(pages["figures.html"])
    assert 'src="figures/combo-figure-4.png"' in pages["figures.html"]


def test_drawn_plots_are_part_of_the_page_and_take_its_colours(pages):
    page = pages["tables/combo-table7.html"]
    assert page.count("<svg") >= 1
    assert "var(--series-0)" in page


def test_the_same_storage_gives_the_same_pages(storage):
    scaled, trials = table7()

    def render():
        results = read_results(storage.root, None)
        table = build_table(scaled, trials, results)
        pictures, problems = collect_pictures(table)
        page = TablePage("combo-table7", table, (), tuple(pictures), effort_of(run.stored for run in table.runs))
        return render_site(Contents("", (page,), (), (), results.effort(), tuple(problems)))

    assert render() == render()


def test_a6_hostile_text_on_pages_is_text(tmp_path):
    storage = Storage(tmp_path)
    scaled = make_experiment(note=HOSTILE, title=HOSTILE)
    variants = [
        variant.model_copy(update={"label": HOSTILE + "\ud800", "side": HOSTILE})
        for variant in scaled.experiment.variants
    ]
    changes = {"caption": HOSTILE, "row_header": HOSTILE, "side_header": HOSTILE, "own_group": HOSTILE}
    layout = scaled.experiment.table.model_copy(update=changes)
    scaled = make_experiment(note=HOSTILE, title=HOSTILE, variants=variants, table=layout)
    trials = [trial.on_data(FINGERPRINT) for trial in expand(scaled)]
    folder = storage.finish(trials[0], 0.6, 0.7, device=HOSTILE, commit=HOSTILE, code_version=HOSTILE)
    (folder / "pictures" / "clip-0.png").rename(folder / "pictures" / "<script>alert(2)<.png")
    storage.fail(trials[1], message=HOSTILE)
    storage.evaluate_imported(trials[0].config, 0.8)
    results = read_results(storage.root, None)
    links = {trials[0].key: RunLink(HOSTILE, "javascript:alert(4)")}
    table = build_table(scaled, trials, results, Known(links=links))
    pictures, _ = collect_pictures(table)
    point = SearchPoint("1" * 16, {HOSTILE: HOSTILE}, {}, HOSTILE, False)
    outcome = SearchOutcome(HOSTILE, HOSTILE, HOSTILE, HOSTILE, ("m_j",), (point,), HOSTILE, 1, HOSTILE, note=HOSTILE)
    contents = Contents(
        storage=HOSTILE,
        tables=(TablePage("hostile", table, (), tuple(pictures), effort_of(run.stored for run in table.runs)),),
        searches=(SearchPage("hostile", outcome, ()),),
        figures=(PaperFigure("figure", HOSTILE, HOSTILE, HOSTILE, HOSTILE, None, HOSTILE),),
        effort=results.effort(),
        problems=(Problem(HOSTILE, HOSTILE, HOSTILE),),
    )
    for name, text in render_site(contents).items():
        text.encode()
        assert "\x1b" not in text
        assert "\u202e" not in text
        if name.endswith(".html"):
            page = Page(text)
            assert page.tags.count("script") == 1
            assert not [address for address in page.addresses if "evil" in address or "javascript" in address]
            assert "&lt;script&gt;alert(" in text
            assert "{{7*7}}" in text or name == "qualitative.html"


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_in_both_schemes(site, scheme):
    css = Path(site / "assets" / "site.css").read_text()
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css.split(":root")[1 + scheme]))
    for name in ("ink", "muted", "accent", "reported", "trouble"):
        assert contrast(colours[name], colours["paper"]) >= TEXT, name
    for name in ("ink", "muted"):
        assert contrast(colours[name], colours["surface"]) >= TEXT, name
    assert contrast(colours["notice-ink"], colours["notice"]) >= TEXT
    for index in range(8):
        assert contrast(colours[f"series-{index}"], colours["paper"]) >= GRAPHICS, index


def contrast(first, second):
    low, high = sorted(map(luminance, (first, second)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
