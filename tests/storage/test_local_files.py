"""Files below a folder, whatever lies among them."""

from pathlib import Path

import pytest

from orchestrator.storage.local_files import files_below, names_below

FOUND = {"trials/a/link": None, "trials/a/loop": None, "trials/a/result.json": 5, "trials/a/trial.json": 2}


@pytest.fixture
def root(tmp_path, monkeypatch):
    folder = tmp_path / "trials" / "a"
    folder.mkdir(parents=True)
    (folder / "trial.json").write_text("{}")
    (folder / "loop").symlink_to("loop")
    (folder / "link").symlink_to("nowhere")
    (folder / "folder").symlink_to(tmp_path)
    (folder / "result.json").write_text("12345")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("start", ["", "trials", "trials/a"])
def test_links_that_lead_nowhere_hide_no_file(root, start):
    sizes = files_below(root, start)
    assert sorted(names_below(root, start)) == sorted(sizes) == sorted(FOUND)
    assert {name: sizes[name] for name in FOUND if FOUND[name]} == {name: size for name, size in FOUND.items() if size}


def test_a_root_may_be_relative_and_a_folder_absent(root):
    assert sorted(names_below(Path(), "trials")) == sorted(FOUND)
    assert files_below(Path("trials"), "a").keys() == {name.removeprefix("trials/") for name in FOUND}
    assert names_below(root, "evaluations") == []
