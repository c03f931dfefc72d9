"""A report that is served: built again as trials end, with the sweep that runs, to this machine alone."""

import http.client
from pathlib import Path

import pytest
from playwright.sync_api import expect

from experiments.printed_commands import ON_PATH
from model.data.synthetic.writer import write_synthetic
from orchestrator.report_inputs.building import ReportBuilder
from orchestrator.report_inputs.request import read_words
from orchestrator.report_inputs.served_report import ServedReport
from orchestrator.report_inputs.site_server import serving_site
from orchestrator.settings import resolve_settings
from orchestrator.store.preview_files import write_previews
from orchestrator.store.store import Store
from orchestrator.store.sweep_request import note_request
from orchestrator.targets import read_targets
from tests.reports.fake_storage import Storage
from tests.reports.predicted_clips import clip_preview
from tests.reports.whole_storage import WholeStorage

TINY = str(Path(__file__).parents[1] / "orchestrator" / "tiny.yaml")
DECODE = "Promise.all([...document.images].map(image => { image.loading = 'eager'; return image.decode() }))"
"""Fails if a picture cannot be shown."""
PHONE = {"width": 390, "height": 844, "has_touch": True, "color_scheme": "dark"}


@pytest.fixture
def settings(tmp_path):
    """A storage in which nothing is stored yet, and a small data set."""
    write_synthetic("s4", tmp_path / "data", 3, seed=0, size=32)
    return resolve_settings(str(tmp_path / "storage"), tmp_path / "data")


def page_of(report):
    return report.live_file("live.html").decode()


def ask(settings, file):
    """Notes that a sweep was asked for."""
    note_request(settings.storage, "tiny-1", (file,), ("tiny",), "long", settings.data)


def test_it_follows_trials_and_shows_the_sweep_as_it_runs(settings, look, tmp_path):
    trials = read_targets([TINY], {}, "long", settings, Store(settings.storage)).trials
    asked = read_words([TINY], {}, "long", settings.data, data_was_named=True)
    builder = ReportBuilder(asked, settings, tmp_path / "out", None, ON_PATH, is_served=True)
    report = ServedReport(builder, [], "long", every=5)
    assert "No sweep has been asked for" in page_of(report)
    assert "0 of 6 cells measured" in report.look()

    ask(settings, TINY)
    Storage(settings.storage.root).start(trials[0], (0.2, 0.45))
    for trial, step in ((trials[0], 200), (trials[1], 100)):
        write_previews(Store(settings.storage).trial(trial.key), trial.task, 1, step, [clip_preview(m_j=step / 400)])
    WholeStorage(settings.storage.root).finish(trials[1])
    assert "2 of 6 cells measured" in report.look()
    assert report.look() == ""

    with serving_site(tmp_path / "out", 0, report.written, report.live_file) as address:
        page = look(f"{address}live.html", **PHONE)
        expect(page.get_by_role("row").nth(1)).to_contain_text("45.00")
        expect(page.get_by_role("row").nth(2)).to_contain_text("finished")
        expect(page.locator("svg.sparkline")).to_have_count(2)
        expect(page.locator(".chart path")).to_have_count(2)
        assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "5"
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        clips = page.get_by_role("region", name="Validation clips during training")
        expect(clips.get_by_role("figure").nth(0)).to_contain_text("truth")
        expect(clips.get_by_role("figure").nth(1)).to_contain_text("validation at step 200 MJ 50.0")
        expect(clips.get_by_role("figure").nth(2)).to_contain_text("validation at step 100 MJ 25.0")
        clips.scroll_into_view_if_needed()
        assert page.evaluate(DECODE) == [None] * 4
        page.get_by_role("link", name="The report").click()
        expect(page.get_by_role("link", name="Live")).to_be_visible()

    (tmp_path / "data").rename(tmp_path / "elsewhere")
    assert report.look() == ""
    assert "2 finished" not in page_of(report)
    assert "1 finished" in page_of(report)
    (tmp_path / "elsewhere").rename(tmp_path / "data")

    ask(settings, "gone.yaml")
    assert "not up to date" in report.look()
    assert report.look() == ""
    assert "not up to date" in page_of(report)


def test_the_command_serves_until_it_is_interrupted(settings, command, monkeypatch, tmp_path):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("orchestrator.cli.report_serve.time.sleep", interrupt)
    folders = ("--data", settings.data, "--storage", settings.storage.root, "--out", tmp_path / "out")
    told = command("report", "serve", TINY, "--scale", "long", *folders, "--port", 0, "--without-mlflow")
    assert told.code == 0
    assert "serving http://127.0.0.1:" in told.out
    assert "0 of 6 cells measured" in told.out
    assert '<a href="live.html">Live</a>' in (tmp_path / "out" / "index.html").read_text()


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/", "", 200),
        ("/index.html?x=1", "", 200),
        ("/live.html", "localhost:1", 200),
        ("/", "evil.example", 421),
        ("/live.html", "evil.example:80", 421),
        ("/mine.html", "", 404),
        ("/../outside.html", "", 404),
        ("/tables/", "", 404),
    ],
)
def test_it_answers_to_its_own_name_with_files_of_the_report_alone(tmp_path, path, host, status):
    out = tmp_path / "out"
    (out / "tables").mkdir(parents=True)
    for file in (out / "index.html", out / "mine.html", tmp_path / "outside.html"):
        file.write_text("<p>")
    with serving_site(out, 0, lambda: frozenset({"index.html"}), {"live.html": b"<p>"}.get) as address:
        place = address.removeprefix("http://").rstrip("/")
        connection = http.client.HTTPConnection(place, timeout=10)
        connection.request("GET", path, headers={"Host": host or place})
        assert connection.getresponse().status == status
        connection.close()
