"""Batches are divided only where the network allows it: refused by `plan`, `run` and `submit`, before Ray starts."""

import json

import pytest

from orchestrator.cli.app import main

SENTENCE = (
    "would see only a part of each batch, which changes the result (train with one worker and without micro-batches)"
)
PLACES = {
    "plan": ("--storage", "storage"),
    "run": ("--storage", "storage"),
    "submit": ("--storage", "/shared/storage", "--dry-run"),
}


@pytest.fixture
def said(tmp_path, data, monkeypatch, capsys):
    """Writes an experiment of one batch of two clips, runs a verb on it; returns exit code and error output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    def run(preset, verb, *words, **changes):
        content = {
            "title": "Own",
            "paper": "combo",
            "preset": preset,
            "tasks": ["s4"],
            "overrides": {"data.size": 32, "training.batch": 2},
            "variants": [{"name": "one", "label": "1"}],
            "table": {"number": "1", "caption": "An answer", "row_header": "variant"},
            **changes,
        }
        (tmp_path / "own.yaml").write_text(json.dumps(content))
        argv = ["combo", verb, "own.yaml", *words, *PLACES[verb], "--data", str(data)]
        monkeypatch.setattr("sys.argv", argv)
        with pytest.raises(SystemExit) as end:
            main()
        assert not (tmp_path / "storage").exists()
        return end.value.code or 0, capsys.readouterr().err

    return run


@pytest.mark.parametrize("preset", ["avsbench_demo", "bigen_demo"])
@pytest.mark.parametrize("verb", PLACES)
def test_several_workers_are_refused(said, preset, verb):
    code, err = said(preset, verb, "--workers", "2")

    assert code == 2
    assert err.startswith("error: one s4 seed 0, with 2 workers: ")
    assert err.endswith(f"{SENTENCE}\n")
    assert err.count("\n") == 1


@pytest.mark.parametrize("verb", ["run", "submit"])
def test_micro_batches_are_refused_where_they_are_smaller_than_a_batch(said, verb):
    code, err = said("avsbench_demo", verb, "--micro-batch", "1")

    assert code == 2
    assert err.startswith("error: one s4 seed 0, in micro-batches of 1: batch normalisation in TPAVI ")
    assert said("avsbench_demo", "submit", "--micro-batch", "2")[0] == 0


def test_a_scale_that_names_workers_is_refused_for_the_variants_that_need_their_batch_whole(said):
    variants = [
        {"name": "whole", "label": "1"},
        {"name": "silent", "label": "2", "overrides": {"model.tpavi.stages": []}},
    ]
    scales = {"two": {"workers": {"whole": 2, "silent": 2}}, "one": {"workers": {"silent": 2}}}
    code, err = said("avsbench_demo", "plan", "--scale", "two", variants=variants, scales=scales)

    assert code == 2
    assert err.startswith("error: whole s4 seed 0, with 2 workers: batch normalisation in TPAVI ")
    assert err.count("\n") == 1
    assert said("avsbench_demo", "plan", "--scale", "one", variants=variants, scales=scales) == (0, "")


def test_a_network_without_trained_batch_normalisation_may_be_divided(said):
    assert said("combo_demo", "plan", "--workers", "2") == (0, "")


@pytest.mark.parametrize("verb", PLACES)
def test_uneven_shares_are_refused_by_every_verb(said, verb):
    assert said("combo_demo", verb, "--workers", "3") == (
        2,
        "error: training.batch: 2 clips do not divide among 3 workers (choose a number of workers that divides it)\n",
    )


def test_cuda_graphs_are_refused_where_there_is_no_gpu(said):
    code, err = said("combo_demo", "run", "--gpus-per-worker", "0", "--cuda-graphs")

    assert code == 2
    assert err == "error: --cuda-graphs: workers have no GPU (compile with --compile)\n"


def test_cuda_graphs_of_a_divided_batch_are_refused(said):
    code, err = said("combo_demo", "submit", "--micro-batch", "1", "--cuda-graphs")

    assert code == 2
    assert err.startswith("error: --cuda-graphs: one s4 seed 0 has micro-batches, of which")
    assert err.count("\n") == 1
