"""Whatever happens to one document of a trial: every verb says so in a sentence and tells the other trials as usual."""

from __future__ import annotations

import io
import json
import math
import os
import shutil
import sys
import time
from contextlib import chdir, redirect_stderr, redirect_stdout
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from stored_trio import QUESTION, store_trio, trio

from orchestrator.cli.app import main
from tests.reports.whole_storage import FINGERPRINTS, WholeStorage

SLOWEST = 5.0
"""Seconds that a verb may take."""
DOCUMENTS = ("trial.json", "result.json", "attempts/1.json", "metrics/attempt-1.jsonl", "checkpoints/{}/manifest.json")
VERBS = (("status",), ("logs",), ("plan",), ("sync",), ("gc", "--delete"), ("report", "verify"))
BUILD = ("report", "build")
"""Draws figures, which takes seconds."""
NUMBERS = (0, -1, 1, 2**31, 2**63, 10**20, 0.5, 1e300, math.nan, math.inf, -math.inf)
OTHER = (None, True, "", "²", "x", "2026-91-01T00:00:00Z", "\ud800", [], {})


@pytest.fixture(scope="module")
def trials():
    """A sound one, a finished one and an unfinished one that get damaged."""
    return trio()


@pytest.fixture(scope="module")
def original(trials, tmp_path_factory, empty_database):
    """With all its runs in MLflow, so that to sync a copy takes a tenth of a second."""
    storage = store_trio(tmp_path_factory.mktemp("original") / "storage")
    shutil.copy(empty_database, storage.root / "mlflow.db")
    assert say(("sync",), storage, [], storage.root.parent / "out")[0] == 0
    copy = tmp_path_factory.mktemp("first")
    shutil.copytree(storage.root, copy / "storage")
    for verb in VERBS:  # the first call of each imports much, which is no hang
        say(verb, WholeStorage(copy / "storage"), [trial.key for trial in trials], copy / "out")
    return storage


@pytest.fixture(scope="module")
def drawing(original, tmp_path_factory):
    """A first report has been built, which imports what draws."""
    copy = tmp_path_factory.mktemp("built")
    say(BUILD, WholeStorage(shutil.copytree(original.root, copy / "storage")), [], copy / "out")


def leaves(value, path=()):
    """Places of all values in a document."""
    if isinstance(value, dict):
        yield from (place for key in value for place in leaves(value[key], (*path, key)))
    else:
        yield path


@st.composite
def damages(draw):
    """Which document, and what becomes of it: other bytes, another value at one place, or no file at all."""
    document, kind = draw(st.sampled_from(DOCUMENTS)), draw(st.sampled_from(["byte", "value", "cut", "place"]))
    return (
        document,
        kind,
        draw(st.floats(0, 0.999)),
        draw(st.sampled_from([*NUMBERS, *OTHER])),
        draw(st.integers(0, 255)),
    )


def apply(path, kind, where, value, byte):
    """Changes one file; says whether it is another one now. What `value` makes of a line is JSON, NaN included."""
    content = path.read_bytes()
    place = int(where * len(content))
    if kind == "byte":
        path.write_bytes(content[:place] + bytes([byte]) + content[place + 1 :])
    elif kind == "cut":
        path.write_bytes(content[:place])
    elif kind == "value":
        lines = content.splitlines() if path.suffix == ".jsonl" else [content]
        row = int(where * len(lines))
        document = json.loads(lines[row])
        places = list(leaves(document))
        *sections, name = places[int(where * len(places))]
        section = document
        for key in sections:
            section = section[key]
        section[name] = value
        lines[row] = json.dumps(document).encode()
        path.write_bytes(b"\n".join(lines))
    else:
        path.unlink()
        makers = (path.mkdir, lambda: os.mkfifo(path), lambda: path.symlink_to("/dev/zero"), lambda: None)
        makers[byte % len(makers)]()
        return True
    return path.read_bytes() != content


def say(verb, storage, keys, out):
    """Exit code and all output of a verb in this process."""
    words = [*verb, *(QUESTION if verb[0] in ("report", "plan") else keys if verb[0] in ("status", "logs") else ())]
    words += ["--storage", str(storage.root)] + (["--without-mlflow"] if verb[0] == "report" else [])
    words += ["--out", str(out)] if verb == BUILD else []
    said = io.StringIO()
    argv = patch.object(sys, "argv", ["combo", *words])
    columns = patch.dict(os.environ, {"COLUMNS": "300"})
    data = patch("model.data.fingerprint.data_fingerprint", return_value=FINGERPRINTS["s4"])
    with argv, columns, data, chdir(out.parent), redirect_stdout(said), redirect_stderr(said):
        try:
            main()
        except SystemExit as end:
            return end.code or 0, said.getvalue()
    raise AssertionError("a command always exits")


def fresh_copy(original, root):
    """Copies a storage, but for a database that is there already: MLflow keeps it open, and every sync mends it."""
    for path in root.glob("*"):
        if path.is_dir():
            shutil.rmtree(path)
    ignored = shutil.ignore_patterns("mlflow.db*") if root.exists() else None
    return shutil.copytree(original.root, root, ignore=ignored, dirs_exist_ok=True)


def check(original, trials, folder, damage, finished, verbs=VERBS):
    """Damages one trial of a copy, and calls every verb."""
    document, *change = damage
    victim, sound = trials[1 if finished else 2], trials[0]
    name = document.format("best-00000010" if finished else "step-00000010")
    storage = WholeStorage(fresh_copy(original, folder / "storage"))
    path = storage.folder(victim) / name
    if not path.exists():
        return
    before = WholeStorage(original.root).store.trial(victim.key)
    is_changed = apply(path, *change)
    weights = sorted(storage.folder(victim).glob("checkpoints/*/model.safetensors"))
    for verb in verbs:
        began = time.monotonic()
        code, text = say(verb, storage, [sound.key, victim.key], folder / "out")
        took = time.monotonic() - began
        assert "Traceback" not in text, (verb, damage, text)
        assert took < SLOWEST, (verb, damage, took)
        assert code in (0, 1, 2), (verb, damage, text)
        if verb[0] in ("status", "logs", "plan"):
            assert sound.key in text, (verb, damage, text)
            assert "finished" in text, (verb, damage, text)
        if verb[0] == "sync":
            assert "MLflow holds" in text, (verb, damage, text)
        if verb[0] == "gc":
            assert storage.store.trial(sound.key).tested_checkpoint.is_dir()
            left = sorted(storage.folder(victim).glob("checkpoints/*/model.safetensors"))
            assert left == weights or (finished and _is_told_as_it_was(storage, victim, before)), (damage, text)
        if verb == ("report", "verify") and is_changed and finished and document in ("result.json",):
            assert code == 1 or _is_told_as_it_was(storage, victim, before), (damage, text)


def _is_told_as_it_was(storage, victim, before):
    """Whether what has a second source is as it was: scores, weights, data, protocol, attempt; or all of it is gone."""
    if not os.path.lexists(storage.folder(victim) / "result.json"):
        return True
    result, original = storage.store.trial(victim.key).result, before.result
    if result is None:
        return False
    free = {"parameters", "trainable_parameters", "seconds_per_clip", "provenance"}
    same = result.model_dump(exclude=free) == original.model_dump(exclude=free)
    made, was = result.provenance, original.provenance
    return same and (made.data_fingerprint, made.attempts) == (was.data_fingerprint, was.attempts)


def _profile(examples):
    """As many examples, the same ones each time; one that fails is told as it is, since each takes seconds."""
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@_profile(8)  # of which the slow suite has 400
@given(damage=damages(), finished=st.booleans())
def test_f4_no_damage_of_one_document_stops_a_verb_or_hides_another_trial(original, trials, tmp_path, damage, finished):
    check(original, trials, tmp_path / "copy", damage, finished)


@pytest.mark.minutes
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("drawing")
@_profile(400)
@given(damage=damages(), finished=st.booleans())
def test_f4_no_damage_of_many_stops_a_verb_or_hides_another_trial(original, trials, tmp_path, damage, finished):
    check(original, trials, tmp_path / "copy", damage, finished, (*VERBS, BUILD))
