"""Which code made a result: the commit, what it lacked, and what is said where that cannot be known."""

import subprocess

import pytest

from orchestrator import commit
from orchestrator.jobs.job_files import JobFiles
from orchestrator.redaction import redacted_code


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with one committed file, as if the packages lay in it."""
    for name, value in {"HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}.items():
        monkeypatch.setenv(name, value)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "train.py").write_text("lr = 1e-4\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(["git", "-C", folder, *words], check=True)
    monkeypatch.setattr(commit, "ROOT", folder)
    return folder


@pytest.mark.usefixtures("checkout")
def test_a_clean_checkout_has_a_commit_and_no_patch():
    assert len(commit.current_commit()) == 12
    assert commit.uncommitted() == ""


def test_a_file_that_git_does_not_know_makes_it_dirty_too(checkout):
    (checkout / "model.py").write_text("width = 2\n")

    assert "+dirty." in commit.current_commit()
    assert "+++ b/model.py\n@@ -0,0 +1,1 @@\n+width = 2\n" in commit.uncommitted()


def test_two_uncommitted_states_of_one_commit_are_told_apart_and_each_is_known_again(checkout):
    states = []
    for width in (2, 3, 2):
        (checkout / "model.py").write_text(f"width = {width}\n")
        states.append(commit.current_commit())
    (checkout / "train.py").write_text("lr = 3e-4\n")
    states.append(commit.current_commit())

    assert states[0] == states[2]
    assert len(set(states)) == 3
    assert len({state.partition("+")[0] for state in states}) == 1


def test_files_that_are_no_code_do_not_make_it_other_code(checkout):
    (checkout / "notes.txt").write_text("first")
    alone = commit.current_commit()
    (checkout / "model.py").write_text("width = 2\n")
    before = commit.current_commit()
    (checkout / "more.txt").write_text("second")

    assert alone.endswith("+dirty")
    assert commit.current_commit() == before


def test_the_patch_restores_the_code_that_ran(checkout, tmp_path):
    (checkout / "train.py").write_text("lr = 3e-4\n")
    (checkout / "model.py").write_text("width = 2\n\ndepth = 3\n")
    (checkout / "empty.py").touch()
    patch, other = tmp_path / "a.patch", tmp_path / "other"
    patch.write_text(commit.uncommitted())
    subprocess.run(["git", "clone", "-q", checkout, other], check=True)
    subprocess.run(["git", "-C", other, "apply", patch], check=True)

    assert (other / "train.py").read_text() == "lr = 3e-4\n"
    assert (other / "model.py").read_text() == "width = 2\n\ndepth = 3\n"


def test_a_patch_holds_no_secrets_and_nothing_but_code(checkout, monkeypatch):
    monkeypatch.setenv("MY_API_TOKEN", "t0ken-of-this-process")
    (checkout / "train.py").write_text('place = "http://ada:hunter2@db"\nPASSWORD = "correct-horse"\n')
    (checkout / "run.py").write_text("use('t0ken-of-this-process')\n")
    (checkout / "secrets.json").write_text('{"key": "from-a-file"}')
    patch = commit.uncommitted()

    assert "train.py" in patch
    assert "not shown: secrets.json" in patch
    assert not any(secret in patch for secret in ("hunter2", "correct-horse", "t0ken-of", "from-a-file"))


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("+AWS_SECRET_ACCESS_KEY=abc/def", "abc/def"),
        ("-  'api_token': 'abcdef',", "abcdef"),
        ("+self.password = r'abcdef'", "abcdef"),
        ('db_password: "abcdef"', "abcdef"),
    ],
)
def test_values_that_code_gives_to_names_of_secrets_are_left_out(line, kept):
    assert kept not in redacted_code(line)


@pytest.mark.parametrize(
    "line", ["+key = trial_key(config)", "+tokens = 5", '+name = "abcdef"', "+token = next(words)"]
)
def test_other_code_is_left_as_it_is(line):
    assert redacted_code(line) == line


def test_a_long_patch_is_cut_and_says_so(checkout):
    (checkout / "train.py").write_text("x = 1\n" * 100_000)
    patch = commit.uncommitted()

    assert len(patch) < commit.LONGEST_PATCH + 100
    assert patch.endswith("# cut here: a patch keeps 200,000 characters\n")


def test_code_that_was_sent_to_a_cluster_knows_both(checkout, tmp_path, monkeypatch):
    (checkout / "train.py").write_text("lr = 3e-4\n")
    here, there = (commit.current_commit(), commit.uncommitted()), tmp_path / "there"
    there.mkdir()
    JobFiles([]).pack(there)
    monkeypatch.setattr(commit, "ROOT", there)

    assert (commit.current_commit(), commit.uncommitted()) == here


@pytest.mark.usefixtures("checkout")
def test_a_git_that_refuses_is_told(monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")

    assert commit.current_commit() == "unknown (git refuses: detected dubious ownership in repository)"
    assert commit.uncommitted() == ""
