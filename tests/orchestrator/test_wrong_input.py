"""Mistakes on the command line or in what it points to: exit code 2, one clear line, and nothing written."""

import errno
import os
import shutil
import sys

import pytest
from combo_command import TINY, Combo

from experiments.expand import expand
from experiments.load_experiment import load_experiment
from model.data.fingerprint import data_fingerprint
from orchestrator.cli.app import main
from orchestrator.storage.folder import FolderStorage
from orchestrator.store.store import Store
from tests.powers import without_overrides

VGGISH = "model.audio_encoder.name=vggish"
IMAGENET = "model.backbone.weights=imagenet"
SYNTH = ("data", "synth", "--subset", "s4")


@pytest.fixture
def refused(tmp_path, data, monkeypatch, capsys):
    """Runs the command line in an own folder; returns what it says, once sure that it wrote nothing else."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMBO_DATA", str(data))
    monkeypatch.setenv("COMBO_STORAGE", "storage")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    def run(*words):
        before = sorted(tmp_path.rglob("*"))
        monkeypatch.setattr(sys, "argv", ["combo", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        assert end.value.code == 2, said.err
        assert "Traceback" not in said.err
        assert said.out.strip() == ""
        assert sorted(tmp_path.rglob("*")) == before
        return said.err.strip()

    return run


@pytest.mark.parametrize("verb", ["run", "show", "status", "report build"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["combo/tabel7"], "error: combo/tabel7: no such experiment (did you mean 'combo/table7'?)"),
        (["combo/table7", "--scale", "dmo"], "has no scale 'dmo' (did you mean 'demo'?)"),
        ([TINY, "loss.lamda_ada=3"], "'lamda_ada' is not a setting of combo trials (did you mean 'lambda_ada'?)"),
        ([TINY, "loss.lambda_ada=much"], "loss.lambda_ada: input should be a valid number"),
        ([TINY, "training.iterations=[6"], "error: 'training.iterations=[6' line 1:"),
        (["loss.lambda_ada=3"], "error: command line: names no experiment"),
        (["missing.yaml"], "error: missing.yaml: no such experiment"),
    ],
)
def test_a_word_that_means_nothing(refused, verb, words, message):
    said = refused(*verb.split(), *words)

    assert message in said
    assert said.startswith("error: ")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", TINY, "--data", "elsewhere"], "no S4 data in"),
        (["status", TINY, "--data", "elsewhere"], "no S4 data in"),
        (["run", TINY, "--workers", 3], "training.batch: 2 clips do not divide among 3 workers"),
        (["run", TINY, VGGISH], "the frozen VGGish needs its AudioSet weights (pass --vggish-weights FILE"),
        (["run", TINY, VGGISH, "--vggish-weights", "absent.pth"], "absent.pth: is not there (name a file of weights)"),
        (
            ["run", TINY, IMAGENET, "--backbone-weights", "absent.pth"],
            "absent.pth: is not there (name a file of weights)",
        ),
        (
            ["run", TINY, IMAGENET, "--backbone-weights", "pvt=absent.pth"],
            "--backbone-weights pvt=absent.pth: is for no",
        ),
        (
            ["run", TINY, "initial_trial=0123456789abcdef"],
            "initial_trial: cannot be overridden in an experiment (say starts_from in the variant)",
        ),
        (["mlflow"], "holds no runs yet (run an experiment first"),
        ([*SYNTH, "--out", ".", "--size", 33], "size 33 is not a multiple of 32"),
        ([*SYNTH, "--out", ".", "--clips", 2], "2 clips do not fill train, val and test"),
        ([*SYNTH, "--out", ".", "--seed", -1], "seed -1 is negative"),
    ],
)
def test_a_request_that_cannot_be_met(refused, words, message):
    said = refused(*words)

    assert message in said
    assert all(line.startswith("error: ") for line in said.splitlines())


@pytest.mark.parametrize(
    "words",
    [
        ["run", TINY, "--workers", 0],
        ["run", TINY, "--checkpoint-every", 0],
        ["run", TINY, "--cpus-per-worker", 0],
        ["run", TINY, "--loader-workers", -1],
        ["run", TINY, "--hang-after", "nan"],
        ["run", TINY, "--bogus"],
        ["run"],
        ["mlflow", "--port", "high"],
        [*SYNTH],
        ["data", "synth", "--subset", "s5", "--out", "."],
        ["train"],
    ],
)
def test_a_word_that_typer_refuses(refused, words):
    said = refused(*words)

    assert said.startswith("Usage: combo")
    assert "Error: " in said.splitlines()[-1]


@pytest.mark.parametrize(
    "words",
    [
        *(
            ["run", TINY, option]
            for option in ("--workers", "--retries", "--max-concurrent", "--max-hours", "--hang-after")
        ),
        *(["plan", TINY, option] for option in ("--workers", "--price")),
        *([*SYNTH, "--out", ".", option] for option in ("--clips", "--size", "--seed")),
        ["watch", TINY, "--every"],
        ["mlflow", "--port"],
    ],
)
def test_a_number_of_four_hundred_digits_is_refused_in_one_sentence(refused, words):
    *_, told = refused(*words, "9" * 400).splitlines()

    assert told.startswith(f"Error: Invalid value for '{words[-1]}': Input should be less than or equal to ")
    assert len(told) < 160


@pytest.mark.parametrize("verb", ["run", "status", "report build"])
@pytest.mark.parametrize("storage", ["gs://bucket/trials", "file:///tmp/trials"])
def test_a_storage_that_is_neither_a_folder_nor_a_bucket(refused, verb, storage):
    said = refused(*verb.split(), TINY, "--storage", storage)

    assert said.startswith(f"error: storage '{storage}': is neither a folder nor a bucket")


@pytest.mark.parametrize("verb", ["sync", "gc", "gc --delete", "report verify"])
@pytest.mark.parametrize("storage", ["nowhere", "."])
def test_a_storage_that_is_not_there_is_not_taken_for_one_in_which_all_is_well(refused, tmp_path, verb, storage):
    said = refused(*verb.split(), "--storage", storage)

    told = "is not there, or holds no trials (name the storage with --storage; `combo run` makes a new one)"
    assert said == f"error: storage '{(tmp_path / storage).resolve()}': {told}"


@pytest.mark.parametrize("verb", ["run", "status", "report build"])
def test_a_storage_that_is_a_file(refused, tmp_path, verb):
    file = tmp_path / "storage"
    file.write_text("not a folder")

    assert f"error: storage '{file}': is a file" in refused(*verb.split(), TINY, "--storage", file)


def test_a_disk_that_is_full_when_a_report_is_written_has_a_code_of_its_own(command, data, tmp_path, monkeypatch):
    def no_room(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", no_room)
    out = tmp_path / "report"
    said = command("report", "build", TINY, "--data", data, "--storage", tmp_path / "storage", "--out", out)

    assert said.code == 4
    (told,) = said.err.splitlines()
    assert told.startswith("error: [Errno 28] No space left on device: ")
    assert str(out) in told


@pytest.mark.parametrize("words", [["report", "build", TINY, "--out", "file"], [*SYNTH, "--clips", 3, "--out", "file"]])
def test_an_output_folder_that_is_a_file(refused, tmp_path, words):
    (tmp_path / "file").write_text("not a folder")

    said = refused(*words)
    assert said.startswith("error: ")
    assert "file" in said


def test_synthetic_data_never_replace_other_data(refused, tmp_path, data):
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    other_request = refused(*SYNTH, "--out", copy, "--clips", 5, "--size", 32)
    next(copy.rglob("dataset.json")).unlink()
    foreign = refused(*SYNTH, "--out", copy, "--clips", 20, "--size", 32)

    assert "holds synthetic data made with" in other_request
    assert "holds data that 'combo data synth' did not write" in foreign


@pytest.mark.parametrize("document", ["trial.json", "result.json"])
@pytest.mark.parametrize("content", ["", '{"key": "0123', '{"key": "0123456789abcdef"}', "[]"])
def test_f4_a_damaged_document_in_storage_is_named_and_other_trials_are_unaffected(
    command, tmp_path, data, document, content
):
    trial = expand(load_experiment(str(TINY)))[0].on_data(data_fingerprint(data, "s4"))
    path = Store(FolderStorage(tmp_path)).trial(trial.key).path / document
    path.parent.mkdir(parents=True)
    path.write_text(content)

    said = command("status", TINY, "--storage", tmp_path, "--data", data)
    assert (said.code, said.err) == (0, "")
    assert f"damaged: lambda-0 s4 seed 0: {path}: is damaged: " in said.out
    assert said.out.endswith(": 0 of 3 trials finished, 2 new, 1 damaged\n")


@pytest.mark.parametrize("verb", ["run", "retry"])
def test_trials_run_under_the_name_of_their_experiment_not_by_their_keys(command, tmp_path, data, verb):
    trial = expand(load_experiment(str(TINY)))[0].on_data(data_fingerprint(data, "s4"))
    Store(FolderStorage(tmp_path)).trial(trial.key).begin(trial)
    said = command(verb, trial.key, "--storage", tmp_path, "--data", data)

    assert said.code == 2
    assert said.err == (
        "error: command line: names trials by their keys (name the experiment or the search that they are of)\n"
    )


def test_f20_more_workers_than_the_machine_has_are_refused_without_starting_ray(tmp_path, data):
    (tmp_path / "ray").mkdir()
    combo = Combo(tmp_path, data, RAY_TMPDIR=str(tmp_path / "ray"))
    run = combo("run", TINY, "--workers", 2, "--cpus-per-worker", 2)

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("error: lambda-0 s4 seed 0: needs 2 workers of 2 CPUs, there is room for 1")
    assert "lower --workers, --cpus-per-worker or --gpus-per-worker" in run.stderr
    assert not combo.storage.exists()
    assert not any((tmp_path / "ray").iterdir())
    assert combo.processes() == []


def test_a_storage_that_may_not_be_written_is_refused_before_ray_starts(command, data, tmp_path):
    place = tmp_path / "storage"
    place.mkdir(mode=0o555)
    with without_overrides():
        said = command("run", TINY, "--data", data, "--storage", place)

    assert (said.code, said.out) == (2, "")
    assert f"storage '{place}': cannot be written: Permission denied" in said.err
    assert list(place.iterdir()) == []


def test_a_storage_that_cannot_be_is_refused_before_ray_starts(command, data):
    said = command("run", TINY, "--data", data, "--storage", "/proc/combo")

    assert (said.code, said.out) == (2, "")
    assert "storage '/proc/combo': cannot be written: No such file or directory (check the place" in said.err
