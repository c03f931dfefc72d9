"""The folder of a site that is built again: what goes, and what stays."""

import json

import pytest

from reports.site.site_folder import write_site

PAGE = {"index.html": "<p>1</p>"}
TABLE = {"tables/a.html": "<p>2</p>", "tables/a.png": b"3"}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def manifest(out):
    return out / "assets" / "files.json"


def test_files_that_the_next_site_lacks_go_and_those_of_others_stay(out):
    assert write_site({**TABLE, **PAGE}, out) == (out / "tables/a.html", out / "tables/a.png", out / "index.html")
    foreign = out / "tables" / "mine.html"
    foreign.write_text("my notes")
    assert write_site(PAGE, out) == (out / "index.html",)
    assert {path for path in out.rglob("*") if path.is_file()} == {out / "index.html", foreign, manifest(out)}
    assert foreign.read_text() == "my notes"
    assert json.loads(manifest(out).read_text()) == ["index.html"]


def test_a_site_that_was_cut_short_is_cleared_away_too(out):
    write_site(PAGE, out)
    (out / "tables").write_text("in the way")
    with pytest.raises(OSError, match="tables"):
        write_site({"new.html": "", **TABLE}, out)
    assert (out / "new.html").exists()
    write_site(PAGE, out)
    assert not (out / "new.html").exists()
    assert (out / "tables").read_text() == "in the way"


def test_files_that_did_not_change_keep_their_date(out):
    write_site({**TABLE, **PAGE}, out)
    dates = {path: path.stat().st_mtime_ns for path in (*out.rglob("*.*"),)}
    write_site({**TABLE, **PAGE}, out)
    assert manifest(out) in dates
    assert {path: path.stat().st_mtime_ns for path in dates} == dates


@pytest.mark.parametrize(
    "written",
    [
        b'["../outside.md", "tables/../../outside.md", "{root}/outside.md", "linked/outside.md"]',
        b'["./index.html", "tables/../index.html", "tables", "assets/files.json", "\\u0000", ""]',
        b'["tables/mine.md", 1]',
        b'{"tables/mine.md": ""}',
        b'["tables/mine.md"',
        b"\xff",
    ],
)
def test_a_manifest_that_was_tampered_with_removes_nothing_that_it_should_not(out, tmp_path, written):
    outside, foreign = tmp_path / "outside.md", out / "tables" / "mine.md"
    site = write_site({**TABLE, **PAGE}, out)
    for path in (outside, foreign):
        path.write_text("my notes")
    (out / "linked").symlink_to(tmp_path)
    manifest(out).write_bytes(written.replace(b"{root}", str(tmp_path).encode()))
    write_site({**TABLE, **PAGE}, out)
    assert all(path.is_file() for path in (outside, foreign, *site, manifest(out)))
