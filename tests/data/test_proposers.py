import numpy as np
import pytest

from model.data.errors import DataError, FileError
from model.data.layout import SUBSET_FOLDERS
from model.data.synthetic.picture import draw
from model.data.synthetic.plan import plan_clips
from model.proposals.proposer import build_proposer
from model.proposals.semantic_sam import StoredMasks
from model.weights.errors import CheckpointError


@pytest.fixture(scope="module")
def picture():
    """Three objects before a background, (224, 224, 3)."""
    planned = plan_clips("s4", 12, 0)[0]
    frames, _ = draw(planned.scene, 224, planned.rng("picture"))
    return frames[0]


@pytest.mark.parametrize("shape", [(64, 64), (224, 224), (360, 640), (1, 3)])
def test_felzenszwalb_covers_every_picture_with_disjoint_regions(picture, shape):
    rows, columns = (np.linspace(0, 223, side).astype(int) for side in shape)
    masks = build_proposer("felzenszwalb").masks(picture[rows][:, columns])

    assert (masks.dtype, masks.shape[1:]) == (np.bool_, shape)
    assert (masks.sum(axis=0) == 1).all()


@pytest.mark.parametrize("side", [64, 224, 448])
def test_felzenszwalb_finds_about_as_many_regions_at_any_resolution(picture, side):
    place = np.linspace(0, 223, side).astype(int)

    assert 5 <= len(build_proposer("felzenszwalb").masks(picture[place][:, place])) <= 60


def test_felzenszwalb_finds_the_objects():
    planned = plan_clips("s4", 12, 0)[0]
    frames, regions = draw(planned.scene, 224, planned.rng("picture"))
    masks = build_proposer("felzenszwalb").masks(frames[0])
    for region in regions[0]:
        overlap = (masks & region).sum(axis=(1, 2)) / (masks | region).sum(axis=(1, 2))
        assert overlap.max() > 0.7


@pytest.mark.parametrize(
    ("name", "weights", "error", "message"),
    [
        ("watershed", None, DataError, "no proposer 'watershed': use one of felzenszwalb, sam, mobile-sam"),
        ("felzenszwalb", "sam.pth", DataError, r"felzenszwalb has no weights: leave .*sam\.pth away"),
        ("sam", None, DataError, "sam needs its weights: name the published file"),
        ("mobile-sam", None, DataError, r"such as mobile_sam\.pt"),
        ("sam", "absent.pth", CheckpointError, r"absent\.pth is missing"),
        ("sam", ".", CheckpointError, r"model\.safetensors is missing"),
    ],
)
def test_a_request_that_cannot_be_met_says_why(tmp_path, name, weights, error, message):
    with pytest.raises(error, match=message):
        build_proposer(name, None if weights is None else tmp_path / weights)


@pytest.fixture
def mirror(tmp_path):
    """A subset root, and a function that stores masks where the authors' tool puts those of a frame."""
    root = tmp_path / "data"

    def store(frame, array, **options):
        path = (tmp_path / "masks" / SUBSET_FOLDERS["avss"] / frame).with_suffix("")
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path.with_name(f"{path.name}_mask.npy"), array, **options)

    return root, store


def _stored(root):
    return StoredMasks(root.parent / "masks", "avss", root)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float64])
def test_stored_masks_are_found_by_the_name_of_the_frame(mirror, dtype):
    root, store = mirror
    masks = np.random.default_rng(0).random((3, 6, 8)) > 0.5
    store("v2/a/frames/0.jpg", masks.astype(dtype))

    found = _stored(root).masks(root / "v2/a/frames/0.jpg")

    assert found.dtype == np.bool_
    np.testing.assert_array_equal(found, masks)


def test_masks_of_prepared_frames_stand_in_for_those_of_released_ones(mirror):
    root, store = mirror
    store("v2/a/processed_frames/0.jpg", np.ones((1, 4, 4), bool))

    assert _stored(root).masks(root / "v2/a/frames/0.jpg").all()


def test_a_missing_masks_file_is_named(mirror):
    root, store = mirror
    store("v2/a/frames/0.jpg", np.ones((1, 4, 4), bool))
    with pytest.raises(FileError, match=r"v2/a/frames/1_mask\.npy is missing: make it with Semantic-SAM"):
        _stored(root).masks(root / "v2/a/frames/1.jpg")


class _Bomb:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return self.trace.write_text, ("ran",)


def test_a_masks_file_with_objects_is_refused_and_never_run(mirror, tmp_path):
    root, store = mirror
    trace = tmp_path / "trace"
    store("v2/a/frames/0.jpg", np.array([_Bomb(trace)], dtype=object), allow_pickle=True)
    with pytest.raises(FileError, match="cannot be read as an array"):
        _stored(root).masks(root / "v2/a/frames/0.jpg")
    assert not trace.exists()


@pytest.mark.parametrize(
    ("array", "message"),
    [(np.zeros((4, 4)), r"holds no array \(masks, height, width\)"), (np.full((1, 4, 4), 2), "other values than 0")],
)
def test_a_masks_file_with_something_else_is_refused(mirror, array, message):
    root, store = mirror
    store("v2/a/frames/0.jpg", array)
    with pytest.raises(FileError, match=message):
        _stored(root).masks(root / "v2/a/frames/0.jpg")
