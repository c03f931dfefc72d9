"""Files and folders appear whole or not at all, whoever else makes them, fails or is killed."""

import subprocess
import sys

import pytest

from model.atomic_writes import atomic_file, atomic_folder, drafts


def content(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def in_another_process(code, *words):
    command = [
        sys.executable,
        "-c",
        f"import os, sys\nfrom pathlib import Path\nfrom model.atomic_writes import *\n{code}",
    ]
    return subprocess.run([*command, *map(str, words)], capture_output=True, text=True)


def be_killed(place):
    """Leaves what a process leaves that is killed while it makes a folder."""
    said = in_another_process(
        "with atomic_folder(Path(sys.argv[1])) as draft:\n"
        "    (draft / 'a').write_text('half')\n"
        "    os.kill(os.getpid(), 9)\n",
        place,
    )
    assert said.returncode == -9
    assert not place.exists()


def fail(whole, place):
    with whole(place) as draft:
        (draft / "a" if draft.is_dir() else draft).write_text("half")
        raise ZeroDivisionError


def make_while_another_process_does(place):
    with atomic_folder(place) as draft:
        (draft / "a").write_text("ours")
        said = in_another_process(
            "with atomic_folder(Path(sys.argv[1])) as draft: (draft / 'a').write_text('theirs')", place
        )
        assert (said.returncode, said.stderr) == (0, "")
        assert content(draft) == {"a": "ours"}


def test_a_folder_appears_with_all_that_is_in_it(tmp_path):
    with atomic_folder(tmp_path / "new" / "one") as draft:
        (draft / "a").write_text("A")
        assert not (tmp_path / "new" / "one").exists()
    assert content(tmp_path / "new" / "one") == {"a": "A"}
    assert drafts(tmp_path / "new") == []


@pytest.mark.parametrize("whole", [atomic_file, atomic_folder])
def test_a_failure_leaves_nothing_behind(tmp_path, whole):
    with pytest.raises(ZeroDivisionError):
        fail(whole, tmp_path / "one")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_former_file_as_it_was(tmp_path):
    (tmp_path / "one").write_text("former")
    with pytest.raises(ZeroDivisionError):
        fail(atomic_file, tmp_path / "one")
    assert content(tmp_path) == {"one": "former"}


def test_two_processes_that_make_the_same_folder_do_not_disturb_each_other(tmp_path):
    place = tmp_path / "one"
    with pytest.raises(FileExistsError):
        make_while_another_process_does(place)
    assert content(place) == {"a": "theirs"}
    assert drafts(tmp_path) == []


def test_what_a_killed_process_left_is_removed_and_what_belongs_to_others_is_kept(tmp_path):
    be_killed(tmp_path / "one")
    be_killed(tmp_path / "other")
    assert len(drafts(tmp_path)) == 2
    with atomic_folder(tmp_path / "one") as draft:
        (draft / "a").write_text("A")
    assert content(tmp_path / "one") == {"a": "A"}
    (left,) = drafts(tmp_path)
    assert left.name.startswith(".other.")


def test_an_empty_folder_is_filled_and_a_relative_path_will_do(tmp_path, monkeypatch):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    monkeypatch.chdir(tmp_path / "two")
    with atomic_folder(tmp_path / "two" / ".." / "one") as draft:
        (draft / "a").write_text("A")
    assert content(tmp_path / "one") == {"a": "A"}
