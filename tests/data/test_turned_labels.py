"""AVSS labels that do not lie over their frames are refused by preparation and found by the check."""

import numpy as np
import pytest
from PIL import Image

OBJECT = np.zeros((180, 320), dtype=np.uint8)
OBJECT[40:120, 200:300] = 5


@pytest.fixture
def released(tmp_path, subset_copy):
    """A released AVSS of one validation clip, its folder, and the frames and labels of an object in a wide picture."""
    source = subset_copy("avss")
    root, clip = tmp_path / "released", tmp_path / "released" / "v1s" / "one"
    for folder in ("frames", "labels_semantic"):
        (clip / folder).mkdir(parents=True)
    (root / "metadata.csv").write_text("uid,label,split\none,v1s,val\n")
    frame = np.full((180, 320, 3), 90, dtype=np.uint8)
    frame[OBJECT > 0] = (250, 250, 10)
    for k in range(5):
        Image.fromarray(frame).save(clip / "frames" / f"{k}.jpg", quality=95)
        Image.fromarray(OBJECT).save(clip / "labels_semantic" / f"{k}.png")
    (clip / "audio.wav").write_bytes(next(source.rglob("audio.wav")).read_bytes())
    return root


def _turn_label(clip):
    Image.fromarray(np.rot90(OBJECT).copy()).save(clip / "labels_semantic" / "0.png")


def _squeeze_label(clip):
    Image.fromarray(OBJECT).resize((224, 224), Image.Resampling.NEAREST).save(clip / "labels_semantic" / "0.png")


def _turn_frame_by_exif(clip):
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(clip / "frames" / "0.jpg") as frame:
        Image.fromarray(np.rot90(np.asarray(frame)).copy()).save(clip / "frames" / "0.jpg", exif=exif, quality=95)


FAULTS = [
    (_turn_label, "labels_semantic/0.png", "released label: size", "is 180x320, its frame 320x180"),
    (_squeeze_label, "labels_semantic/0.png", "released label: size", "is 224x224, its frame 320x180"),
    (_turn_frame_by_exif, "frames/0.jpg", "released frame: mode", "is to be turned before it is shown"),
]


@pytest.mark.parametrize(("change", "place", "kind", "problem"), FAULTS)
@pytest.mark.parametrize("was_prepared", [False, True])
def test_what_does_not_lie_over_its_frame_is_refused_and_found(
    check, command, released, change, place, kind, problem, was_prepared
):
    prepare = ("data", "prepare", released, "--subset", "avss", "--size", 64, "--workers", 1)
    if was_prepared:
        assert command(*prepare)[0] == 0
    change(released / "v1s" / "one")

    code, out, _ = command(*prepare)
    _, found, _ = check(released, "avss", "--size", 64)

    assert code == 1
    assert f"{released / 'v1s' / 'one' / place} {problem}" in out
    assert found[kind]["found"][0]["place"] == f"v1s/one/{place}"
    assert problem in found[kind]["found"][0]["problem"]
    assert found[kind]["count"] == 1


@pytest.mark.parametrize("height", [90, 271])
def test_a_label_of_another_resolution_and_the_same_view_is_prepared(check, command, released, height):
    label = Image.fromarray(OBJECT).resize((round(height * 16 / 9), height), Image.Resampling.NEAREST)
    label.save(released / "v1s" / "one" / "labels_semantic" / "0.png")

    code, _, _ = command("data", "prepare", released, "--subset", "avss", "--size", 64, "--workers", 1)

    assert code == 0
    assert not any("label" in kind for kind in check(released, "avss", "--size", 64)[1])
