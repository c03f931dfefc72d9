"""`combo data maskige`: from frames to Maskiges that the reader reads."""

import json
import shutil
from pathlib import Path
from threading import Barrier, Thread

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from experiments.errors import InputError
from model.data.avsbench import AVSBench
from model.data.errors import DataError
from model.data.fingerprint import data_fingerprint
from model.data.layout import SUBSET_FOLDERS
from model.data.maskige import ade20k_palette, colour_masks
from model.data.synthetic.writer import write_synthetic
from model.proposals import writer
from model.proposals.proposer import build_proposer
from orchestrator.cli.data import app
from tests.small_proposals import small_proposals

GOLDEN = Path(__file__).parents[1] / "golden"
TASKS = ("s4", "ms3", "avss")
FRAMES = 15
"""Of the three clips of S4 or MS3."""

combo = typer.Typer()
combo.add_typer(app, name="data")


@pytest.fixture(scope="module", autouse=True)
def few_pixels():
    """For what is made here, and for what it is compared with."""
    with small_proposals():
        yield


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A data root with a clip of every split and subset at 64 pixels; not to be changed."""
    out = tmp_path_factory.mktemp("written")
    for task in TASKS:
        write_synthetic(task, out, 3, seed=1, size=64)
    return out


@pytest.fixture
def data(written, tmp_path):
    """A copy that may be changed."""
    return shutil.copytree(written, tmp_path / "data")


@pytest.fixture(scope="module")
def proposed(written, tmp_path_factory):
    """A data root for which Felzenszwalb's method has made the Maskiges of S4 and MS3; not to be changed."""
    out = shutil.copytree(written, tmp_path_factory.mktemp("proposed") / "data")
    for task in ("s4", "ms3"):
        assert _maskige(out, task, "felzenszwalb").exit_code == 0
    return out


@pytest.fixture
def proposed_copy(proposed, tmp_path):
    """A copy that may be changed."""
    return shutil.copytree(proposed, tmp_path / "proposed")


def _maskige(data, task, proposer, *options):
    words = ["data", "maskige", data, "--subset", task, "--proposer", proposer, "--workers", 1, *options]
    return CliRunner().invoke(combo, list(map(str, words)))


def _made(data, task, proposer):
    return sorted((data / SUBSET_FOLDERS[task]).rglob(f"pre_{proposer}_mask/**/*.png"))


@pytest.mark.parametrize("task", TASKS)
def test_the_reader_reads_what_was_made(data, task):
    result = _maskige(data, task, "felzenszwalb")

    assert result.exit_code == 0, result.output
    paths = _made(data, task, "felzenszwalb")
    assert f"{len(paths)} files written, 0 were there already, 0 could not be made" in result.output
    frames = 0
    for split in ("train", "val", "test"):
        dataset = AVSBench(data, task, split, size=64, proposer="felzenszwalb")
        for clip in (dataset[index] for index in range(len(dataset))):
            frames += len(clip.frames)
            colours = {tuple(colour) for colour in clip.maskiges.transpose(0, 2, 3, 1).reshape(-1, 3)}
            assert colours <= {tuple(colour) for colour in ade20k_palette()}
            assert len(colours) > 3
    assert frames == len(paths)
    assert {Image.open(path).mode for path in paths} == {"RGB" if task == "avss" else "P"}


def test_two_processes_make_the_same(data, proposed):
    assert _maskige(data, "s4", "felzenszwalb", "--workers", 2).exit_code == 0
    made, alone = (
        {path.relative_to(root): path.read_bytes() for path in _made(root, "s4", "felzenszwalb")}
        for root in (data, proposed)
    )
    assert len(made) == FRAMES
    assert made == alone


def test_every_proposer_makes_another_data_set(written, proposed):
    published = data_fingerprint(written, "s4")

    assert data_fingerprint(proposed, "s4", "felzenszwalb") != published
    assert data_fingerprint(proposed, "s4") == published


def test_what_is_there_and_intact_stays(proposed_copy):
    data = proposed_copy
    paths = _made(data, "s4", "felzenszwalb")
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}
    paths[0].unlink()
    paths[1].write_bytes(paths[1].read_bytes()[:50])

    result = _maskige(data, "s4", "felzenszwalb")

    assert f"2 files written, {len(paths) - 2} were there already" in result.output
    assert {path: path.read_bytes() for path in paths} == {path: content for path, (_, content) in before.items()}
    assert all(path.stat().st_mtime_ns == before[path][0] for path in paths[2:])
    assert not list(data.rglob("*.draft"))


def test_maskiges_of_the_size_of_prepared_frames_can_be_made(data):
    root = data / SUBSET_FOLDERS["avss"]
    for folder in [*root.glob("v*/*/processed_frames"), *root.glob("v*/*/processed_labels_semantic")]:
        shutil.rmtree(folder)
    prepared = CliRunner().invoke(
        combo, ["data", "prepare", str(data), "--subset", "avss", "--size", "96", "--workers", "1"]
    )
    assert prepared.exit_code == 0, prepared.output

    result = _maskige(data, "avss", "felzenszwalb", "--size", 96)

    assert result.exit_code == 0, result.output
    dataset = AVSBench(data, "avss", "test", size=96, proposer="felzenszwalb")
    assert dataset[0].frames.shape == dataset[0].maskiges.shape == (len(dataset[0].frames), 3, 96, 96)


@pytest.mark.parametrize(("task", "proposer"), [("s4", "felzenszwalb"), ("ms3", "semantic-sam")])
def test_maskiges_of_another_size_are_never_replaced(proposed_copy, task, proposer):
    data = proposed_copy
    options = ("--masks", data) if proposer == "semantic-sam" else ()
    before = {path: path.read_bytes() for path in data.rglob("*.png")}

    result = _maskige(data, task, proposer, *options, "--size", 96)

    assert isinstance(result.exception, DataError)
    assert "is 64x64, not 96x96" in str(result.exception)
    assert {path: path.read_bytes() for path in data.rglob("*.png")} == before


def test_a_damaged_published_maskige_is_told_and_stays(data):
    published = min((data / SUBSET_FOLDERS["ms3"] / "ms3_data" / "pre_SAM_mask").rglob("*.png"))
    published.write_bytes(published.read_bytes()[:50])

    result = _maskige(data, "ms3", "semantic-sam", "--masks", data)

    assert result.exit_code == 1
    assert f"not made: {published} cannot be read as a picture" in result.output
    assert f"0 files written, {FRAMES - 1} were there already, 1 could not be made" in result.output
    assert len(published.read_bytes()) == 50


@pytest.mark.parametrize("note", [None, "", "[]"])
def test_maskiges_whose_origin_is_not_noted_are_not_taken_for_ones_own(proposed_copy, note):
    data = proposed_copy
    (path,) = (data / SUBSET_FOLDERS["ms3"]).rglob(".proposer.json")
    path.unlink() if note is None else path.write_text(note)
    _made(data, "ms3", "felzenszwalb")[0].unlink()

    result = _maskige(data, "ms3", "felzenszwalb")

    assert isinstance(result.exception, DataError)
    assert "delete or rename it first" in str(result.exception)
    assert path.exists() == (note is not None)
    assert len(_made(data, "ms3", "felzenszwalb")) == FRAMES - 1


def test_of_two_that_start_at_once_one_notes_what_it_makes(tmp_path):
    """Both have seen the empty folder when they note who they are."""
    folder, start, refused = tmp_path / "maskiges", Barrier(2), []

    def claim(identity):
        start.wait()
        try:
            writer.claim(folder, {"proposer": "sam", "identity": identity})
        except DataError:
            refused.append(identity)

    for _ in range(20):
        refused.clear()
        threads = [Thread(target=claim, args=(identity,)) for identity in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        noted = json.loads((folder / writer.IDENTITY_FILE).read_text())["identity"]
        assert refused == list({"a", "b"} - {noted})
        shutil.rmtree(folder)


def test_a_frame_that_cannot_be_used_stops_no_other(data):
    frames = sorted((data / SUBSET_FOLDERS["ms3"] / "ms3_data" / "visual_frames").rglob("*.png"))
    frames[3].unlink()
    frames[7].write_bytes(b"no picture")

    result = _maskige(data, "ms3", "felzenszwalb")

    assert result.exit_code == 1
    assert f"{frames[3]} is missing" in result.output
    assert f"{frames[7]} cannot be read as a picture" in result.output
    assert f"{FRAMES - 2} files written, 0 were there already, 2 could not be made" in result.output
    assert len(_made(data, "ms3", "felzenszwalb")) == FRAMES - 2


@pytest.mark.parametrize("split", ["train", "test"])
def test_avss_maskiges_follow_the_released_frames(data, split):
    """Proposed at the native resolution, then cut out of the middle in training and squeezed in testing."""
    root = data / SUBSET_FOLDERS["avss"]
    entry = AVSBench(data, "avss", split, size=64).entries[0]
    released = root / entry.category / entry.name / "frames" / "0.jpg"
    Image.open(released).resize((160, 90)).save(released)
    _maskige(data, "avss", "felzenszwalb")
    (made,) = (path for path in _made(data, "avss", "felzenszwalb") if path.match(f"{entry.name}/*/0_mask_color.png"))

    masks = build_proposer("felzenszwalb").masks(np.asarray(Image.open(released)))
    native = Image.fromarray(colour_masks(masks)[1])
    if split == "train":
        expected = native.resize((113, 64), Image.Resampling.NEAREST).crop((24, 0, 88, 64))
    else:
        expected = native.resize((64, 64), Image.Resampling.NEAREST)
    np.testing.assert_array_equal(np.asarray(Image.open(made)), np.asarray(expected))


@pytest.mark.parametrize(
    ("proposer", "weights"), [("sam", "sam_tiny.safetensors"), ("mobile-sam", "mobile_sam_tiny.pt")]
)
def test_networks_make_maskiges_too_and_other_weights_do_not_join_them(data, monkeypatch, proposer, weights):
    monkeypatch.setattr("model.proposals.sam.POINTS_PER_SIDE", 1)
    (data / SUBSET_FOLDERS["ms3"] / "ms3_meta_data.csv").write_text(_first_clip(data))
    result = _maskige(data, "ms3", proposer, "--weights", GOLDEN / weights, "--device", "cpu")

    assert result.exit_code == 0, result.output
    assert len(_made(data, "ms3", proposer)) == 5

    monkeypatch.setattr("model.proposals.sam.POINTS_PER_SIDE", 2)
    changed = _maskige(data, "ms3", proposer, "--weights", GOLDEN / weights, "--device", "cpu")
    assert isinstance(changed.exception, DataError)
    assert "holds Maskiges that other weights or settings made" in str(changed.exception)


def _first_clip(data):
    header, row, *_ = (data / SUBSET_FOLDERS["ms3"] / "ms3_meta_data.csv").read_text().splitlines()
    return f"{header}\n{row}\n"


def test_stored_masks_of_semantic_sam_are_painted_where_the_published_maskiges_lie(data, tmp_path):
    root = data / SUBSET_FOLDERS["ms3"]
    shutil.rmtree(root / "ms3_data" / "pre_SAM_mask")
    frames = sorted((root / "ms3_data" / "visual_frames").rglob("*.png"))
    masks = np.random.default_rng(0).random((len(frames), 4, 128, 128)) > 0.6
    for frame, array in zip(frames[1:], masks[1:], strict=True):
        path = tmp_path / "masks" / frame.relative_to(data)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path.with_name(f"{path.stem}_mask.npy"), array)

    result = _maskige(data, "ms3", "semantic-sam", "--masks", tmp_path / "masks")

    assert result.exit_code == 1
    assert f"{frames[0].stem}_mask.npy is missing: make it with Semantic-SAM" in result.output
    for frame, array in zip(frames[1:], masks[1:], strict=True):
        made = root / "ms3_data" / "pre_SAM_mask" / frame.parent.name / f"{frame.stem}_mask_color.png"
        np.testing.assert_array_equal(np.asarray(Image.open(made)), colour_masks(array, 64)[0])


@pytest.mark.parametrize(
    ("proposer", "options", "message"),
    [
        ("semantic-sam", (), "--masks: is missing"),
        ("semantic-sam", ("--masks", "{data}", "--weights", "{data}"), "--weights: is given"),
        ("felzenszwalb", ("--masks", "{data}"), "--masks: is given"),
        ("felzenszwalb", ("--weights", "{data}"), "felzenszwalb has no weights"),
        ("sam", ("--workers", "2"), "sam runs in one process"),
        ("sam", ("--device", "quantum"), "--device quantum: is not a device"),
        ("semantic-sam", ("--masks", "{data}/absent"), "absent is no folder"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_anything_is_written(written, proposer, options, message):
    result = _maskige(written, "s4", proposer, *(option.format(data=written) for option in options))

    assert isinstance(result.exception, InputError | DataError)
    assert message in str(result.exception)
    assert not _made(written, "s4", proposer)
