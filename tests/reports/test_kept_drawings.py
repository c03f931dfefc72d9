"""Drawings that are kept: a damaged one is drawn anew, a sound one is not."""

import struct
import zipfile
from functools import partial

import pytest

from reports.drawing.hot_spots import Spot
from reports.drawing.kept_drawings import drawn_once, keeping_drawings

DRAWING = ("<svg/>", b"%PDF-", b"\x89PNG", (Spot(0.5, 0.25, "seed 1: 62.0", "run-1"),))
FLAGS, METHOD = 6, 8
"""Where a member's header states them; the directory at the end does again, two bytes further on."""


@pytest.fixture
def kept(tmp_path):
    """The file of a drawing, which is drawn already."""
    with keeping_drawings(tmp_path):
        drawn_once(partial(len, "a"), lambda: DRAWING)
    (path,) = tmp_path.glob("*.zip")
    return path


@pytest.fixture
def draw(tmp_path):
    """Looks the drawing up; tells whether it was drawn."""

    def looked_up():
        drawn = []
        with keeping_drawings(tmp_path):
            found = drawn_once(partial(len, "a"), lambda: drawn.append(1) or DRAWING)
        assert found == DRAWING
        return bool(drawn)

    return looked_up


def with_field(content, offset, value):
    """The zip with a two-byte field of its first member replaced, in both places."""
    changed = bytearray(content)
    struct.pack_into("<H", changed, offset, value)
    struct.pack_into("<H", changed, content.index(b"PK\x01\x02") + offset + 2, value)
    return bytes(changed)


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"no zip",
        lambda content: content.replace(b"<svg/>", b"<avg/>"),
        lambda content: content.replace(b"<svg/>", b"\xff\xff\xff\xff/>"),
        lambda content: content.replace(b"svg", b"gvs", 1),
        lambda content: with_field(content, FLAGS, 1),
        lambda content: with_field(content, METHOD, zipfile.ZIP_DEFLATED),
        lambda content: with_field(content, METHOD, zipfile.ZIP_BZIP2),
        lambda content: with_field(content, METHOD, zipfile.ZIP_LZMA),
        lambda content: with_field(content, METHOD, 99),
    ],
    ids=["no zip", "changed", "no text", "renamed", "encrypted", "deflated", "bzip2", "lzma", "unknown method"],
)
def test_a_damaged_drawing_is_drawn_anew(damage, kept, draw):
    kept.write_bytes(damage(kept.read_bytes()))
    assert draw()
    assert not draw()


def test_a_drawing_that_ends_too_early_is_drawn_anew(kept, draw):
    """Its directory promises more than the file holds."""
    content = kept.read_bytes()
    changed = bytearray(content)
    for offset in (18, 22):
        place = content.rindex(b"PK\x01\x02") + offset + 2
        struct.pack_into("<I", changed, place, 10**6)
    kept.write_bytes(bytes(changed))
    assert draw()


def test_a_drawing_in_a_folder_that_cannot_be_written_is_not_drawn_again(kept, draw, monkeypatch):
    def refused(path):
        raise PermissionError(path)

    monkeypatch.setattr(type(kept), "touch", refused)
    assert not draw()
