"""Stored predictions: what is written is read, and nothing else is."""

import io
import re
import tracemalloc
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from predicted_clips import clip_prediction, clip_preview, store_prediction

from experiments.errors import InputError
from experiments.prediction_record import ARRAYS
from orchestrator.storage.folder import FolderStorage
from orchestrator.storage.names import check_name
from orchestrator.store.prediction_files import prediction_name
from orchestrator.store.preview_files import write_previews
from orchestrator.store.store import Store
from reports.stored.predictions import read_prediction, read_predictions
from reports.stored.previews import read_previews


@pytest.fixture
def trial(trials):
    return trials[0]


@pytest.fixture
def stored(storage, trial):
    return store_prediction(storage.root, trial, clip_prediction("a clip"))


def rewritten(path, **changes):
    """The file with some arrays replaced."""
    with np.load(path) as arrays:
        content = {name: arrays[name] for name in arrays} | changes
    np.savez_compressed(path, **content)
    return path


def refusal(path):
    with pytest.raises(InputError) as refused:
        read_prediction(path)
    return str(refused.value)


def test_what_is_written_is_read(stored, trial):
    written, found = clip_prediction("a clip"), read_prediction(stored)

    assert (found.record.clip, found.record.category, found.record.task) == ("a clip", "dog", "s4")
    assert (found.record.m_j, found.record.seconds, found.record.sound_rate) == (0.5, 5, 200)
    assert found.record.proposer == trial.config.data.maskige
    for name in ARRAYS:
        assert np.array_equal(getattr(found, name), getattr(written, name))


def test_attention_is_read_as_it_was_written_and_refused_where_nobody_could_draw_it(storage, trial):
    maps = {"gate-1": np.full((5, 4, 4), 0.25, np.float16), "gate-2": np.full((5, 2, 2), 0.5, np.float16)}
    path = store_prediction(storage.root, trial, clip_prediction(attention=maps))
    found = read_prediction(path).attention
    assert found.keys() == maps.keys()
    assert all(np.array_equal(found[name], array) for name, array in maps.items())
    for wrong in (maps["gate-1"][:4], maps["gate-1"].astype(np.float32), maps["gate-1"] * np.float16(np.nan)):
        said = refusal(rewritten(path, **{"attention.gate-1": wrong}))
        assert "is damaged: 'attention.gate-1' is" in said


def test_equal_predictions_are_equal_bytes_at_any_time(stored, storage, trial):
    before = stored.read_bytes()
    assert {member.date_time for member in zipfile.ZipFile(stored).infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert store_prediction(storage.root, trial, clip_prediction("a clip")).read_bytes() == before


def test_predictions_are_read_in_the_order_of_the_rule_and_damage_is_told(storage, trial):
    for rank, clip in enumerate(("b", "a", "c")):
        store_prediction(storage.root, trial, clip_prediction(clip), rank=rank)
    asked_for = store_prediction(storage.root, trial, clip_prediction("d"), rule="by-id")
    store_prediction(storage.root, trial, clip_prediction("c")).write_bytes(b"PK")
    predictions, problems = read_predictions(asked_for.parents[1])

    assert [prediction.record.clip for prediction in predictions] == ["b", "a", "d"]
    assert [problem.what for problem in problems] == ["is damaged: File is not a zip file"]


@pytest.mark.parametrize(
    "clip", ["../../outside", "a/b", ".hidden", "x" * 400, "ein Hündchen 犬", "<script>$x$", "con", "", "a\\b", "-"]
)
def test_whatever_a_clip_is_called_its_file_has_a_plain_name(clip, storage, trial):
    path = store_prediction(storage.root, trial, clip_prediction(clip))

    assert path.parent == storage.root / "trials" / trial.key / "predictions"
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}\.npz", path.name)
    assert check_name(prediction_name("dog", clip))
    assert read_prediction(path).record.clip == clip


def test_clips_that_differ_in_strange_letters_only_have_files_of_their_own():
    clips = [("dog", "a b"), ("dog", "a-b"), ("dog", "a/b"), ("cat", "a b"), ("dog", "A b")]
    assert len({prediction_name(*clip).lower() for clip in clips}) == len(clips)


def test_nothing_in_a_file_is_ever_run(stored):
    class Trap:
        def __reduce__(self):
            return pytest.fail, ("something in the file was run",)

    said = refusal(rewritten(stored, heat=np.array([Trap()], dtype=object)))
    assert "is damaged" in said
    assert "allow_pickle" in said


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("frames", np.zeros((5, 16, 16), dtype=np.uint8)),
        ("frames", np.zeros((5, 16, 16, 4), dtype=np.uint8)),
        ("truth", np.zeros((4, 16, 16), dtype=np.uint8)),
        ("prediction", np.zeros((5, 16, 16), dtype=np.float64)),
        ("heat", np.full((5, 16, 16), np.nan, dtype=np.float16)),
        ("sound", np.zeros((9, 3), dtype=np.int16)),
        ("record", np.frombuffer(b"{", dtype=np.uint8)),
        ("record", np.frombuffer(b'{"clip": "x"}', dtype=np.uint8)),
        ("record", np.zeros(0, dtype=np.uint8)),
    ],
)
def test_arrays_that_do_not_fit_are_refused_with_the_files_name(stored, name, array):
    assert refusal(rewritten(stored, **{name: array})).startswith(f"{stored.parts[-3]}/predictions/{stored.name}")


def test_files_cut_off_anywhere_are_refused(stored):
    content = stored.read_bytes()
    for length in range(0, len(content), len(content) // 9):
        stored.write_bytes(content[:length])
        assert "is damaged" in refusal(stored)


@pytest.mark.filterwarnings("ignore:Data type alias")
def test_a_flipped_byte_never_crashes(stored):
    content = stored.read_bytes()
    for place in range(0, len(content), 3):
        changed = bytearray(content)
        changed[place] ^= 0x01
        stored.write_bytes(changed)
        with suppress(InputError):
            read_prediction(stored)


def test_an_array_whose_shape_is_cut_off_is_refused(stored):
    with zipfile.ZipFile(stored) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["frames.npy"] = members["frames.npy"].replace(b"}", b"(")
    with zipfile.ZipFile(stored, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert "is damaged" in refusal(stored)


def test_a_file_that_unpacks_to_more_than_memory_is_refused_before_it_is_unpacked(stored):
    with zipfile.ZipFile(stored, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("more.npy", "w") as member:
        for _ in range(17):
            member.write(bytes(2**24))
    tracemalloc.start()
    said = refusal(stored)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "bytes" in said
    assert peak < 2**22


def test_an_array_that_claims_to_be_huge_is_refused(stored):
    header = io.BytesIO()
    claim = {"descr": "|u1", "fortran_order": False, "shape": (10**15, 16, 16, 3)}
    np.lib.format.write_array_header_1_0(header, claim)
    members = {}
    with zipfile.ZipFile(stored) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(stored, "w") as archive:
        for name, content in (members | {"frames.npy": header.getvalue()}).items():
            archive.writestr(name, content)
    assert "is damaged" in refusal(stored)


@pytest.mark.filterwarnings("ignore:Data type alias")
def test_previews_are_read_as_written_and_damage_never_crashes(storage, trial):
    folder = Store(FolderStorage(storage.root)).trial(trial.key)
    write_previews(folder, "s4", 2, 300, [clip_preview()])
    path, written = folder.newest_previews_file, clip_preview()
    (found,) = read_previews(path).clips
    assert np.array_equal(found.truth, written.truth)
    assert np.array_equal(found.prediction, written.prediction)
    assert np.abs(found.frames.astype(int) - written.frames).mean() < 12  # JPEG
    content = path.read_bytes()
    for place in range(0, len(content), 29):
        changed = bytearray(content)
        changed[place] ^= 0x01
        path.write_bytes(changed)
        with suppress(InputError):
            read_previews(path)
    jpeg = np.frombuffer(np.load(io.BytesIO(content))["frames.0"].tobytes(), np.uint8)
    for place in range(0, len(jpeg), 31):
        path.write_bytes(content)
        damaged = jpeg.copy()
        damaged[place] ^= 0xFF
        with suppress(InputError):
            read_previews(rewritten(path, **{"frames.0": damaged}))
    with pytest.raises(InputError, match="is damaged: the frames of clip 0"):
        read_previews(rewritten(path, **{"frames.0": jpeg[:40]}))
