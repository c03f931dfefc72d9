"""`combo data check` on indices, class lists and files that no index row asks for."""

import json
import shutil

import pytest


def _first(root, pattern):
    return min(root.rglob(pattern))


@pytest.fixture(scope="module")
def synthetic(half):
    """What `subset_copy` copies."""
    return half


@pytest.mark.parametrize("subset", ["s4", "ms3", "avss"])
def test_a_clip_in_two_splits_is_found(check, subset_copy, subset):
    root = subset_copy(subset)
    index = next(root.glob("*.csv"))
    train = next(line for line in index.read_text().splitlines() if "train" in line)
    index.write_text(index.read_text() + train.replace("train", "test") + "\n")

    code, found, _ = check(root, subset)

    assert code == 1
    (leak,) = found["index: clip in several splits"]["found"]
    assert leak["problem"].endswith("2 times: test, train")
    assert train.split(",")[0] in leak["problem"]


def test_a_name_in_two_categories_is_two_clips_of_s4_and_one_of_avss(check, subset_copy):
    roots = {subset: subset_copy(subset) for subset in ("s4", "avss")}
    for root, here, there in ((roots["s4"], "dog_barking", "helicopter"), (roots["avss"], "v1s", "v2")):
        index = next(root.glob("*.csv"))
        line = next(line for line in index.read_text().splitlines() if here in line)
        index.write_text(index.read_text() + line.replace(here, there) + "\n")

    assert "index: repeated clip" not in check(roots["s4"], "s4")[1]
    assert "index: repeated clip" in check(roots["avss"], "avss")[1]


@pytest.mark.parametrize("content", ['{"a": 1e999}', "[" * 100_000, "[1]", b"\xff"])
def test_a_class_list_that_is_none_is_found(check, subset_copy, content):
    path = subset_copy("avss") / "label2idx.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())

    assert check(path.parent, "avss")[1].keys() == {"class list: unreadable"}


def test_names_cannot_command_the_terminal(command, subset_copy):
    root = subset_copy("avss")
    path = root / "label2idx.json"
    path.write_text(path.read_text().replace("accordion", "\\u001b[31m:bomb:\\u202e"))
    (root / "v2" / "\x1b[2J\nstray").mkdir()

    code, out, _ = command("data", "check", root, "--subset", "avss")

    assert code == 1
    assert "\x1b" not in out
    assert r"has '\x1b[31m:bomb:\u202e' for class 1" in out
    assert r"v2/\x1b[2J\nstray belongs to no clip" in out


def test_a_lost_index_row_leaves_an_unlisted_clip(check, subset_copy):
    root = subset_copy("s4")
    index = root / "s4_meta_data.csv"
    header, lost, *rows = index.read_text().splitlines()
    index.write_text("\n".join([header, *rows, rows[0]]) + "\n")

    _, found, _ = check(root, "s4")

    assert found.keys() == {"index: unlisted clip", "index: repeated clip"}
    name = lost.split(",")[0]
    assert all(name in one["place"] for one in found["index: unlisted clip"]["found"])
    assert found["index: unlisted clip"]["count"] == 5  # frames, masks, Maskiges, log-mel, sound


def test_files_of_unlisted_avss_clips_are_found(check, subset_copy):
    root = subset_copy("avss")
    shutil.copytree(_first(root, "processed_frames").parent, root / "v2" / "newcomer")

    _, found, _ = check(root, "avss")

    assert [one["place"] for one in found["index: unlisted clip"]["found"]] == ["v2/newcomer"]


def test_splits_are_counted_against_the_published_numbers(check, subset_copy):
    root = subset_copy("avss")
    (root / "dataset.json").unlink()

    _, found, _ = check(root, "avss", "--size", 64)

    assert {one["problem"] for one in found["index: split"]["found"]} == {
        "lists 6 train clips, not 8498",
        "lists 1 val clips, not 1304",
        "lists 2 test clips, not 1554",
    }
    assert len(found) == 1


@pytest.mark.parametrize(
    ("first_id", "swap", "faults"), [(0, False, set()), (1, False, set()), (0, True, {"accordion"})]
)
def test_another_order_of_classes_is_found(check, subset_copy, first_id, swap, faults):
    path = subset_copy("avss") / "label2idx.json"
    names = list(json.loads(path.read_text()))
    if swap:
        names[1], names[2] = names[2], names[1]
    path.write_text(json.dumps({name: place for place, name in enumerate(names, start=first_id)}))

    _, found, _ = check(path.parent, "avss")

    assert set(found) == ({"class list: other order"} if faults else set())
    for name in faults:
        assert f"for class 1, not '{name}'" in found["class list: other order"]["found"][0]["problem"]
