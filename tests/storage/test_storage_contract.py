"""What trials rely on, whichever storage they are in."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

from orchestrator.storage.errors import StorageError

STATE = "trials/abc/checkpoints/step-00000002"
FILES = ("manifest.json", "model.safetensors", "optimizer.safetensors")
HOSTILE = ["../x", "trials/../../x", "/etc/passwd", "trials//x", "./x", "trials/.", "tri\0als", "x" * 256]


def put_state(storage, name=STATE, content=b"weights"):
    """A checkpoint as training leaves it."""
    folder = storage.root / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in (("model.safetensors", content), ("optimizer.safetensors", content), ("manifest.json", b"{}")):
        (folder / file).write_bytes(text)
    storage.publish(name)


def test_what_is_written_can_be_read_by_others(storage):
    storage.write("trials/abc/trial.json", b"first")
    storage.write("trials/abc/trial.json", b"second")

    other = storage.for_worker()
    assert other.read("trials/abc/trial.json") == b"second"
    other.fetch("trials/abc")
    assert (other.root / "trials/abc/trial.json").read_bytes() == b"second"


def test_what_is_not_there_reads_as_nothing(storage):
    storage.write("trials/abc/trial.json", b"")

    assert storage.read("trials/abc/result.json") is None
    assert storage.read("trials/abc/trial.json/result.json") is None
    assert storage.read("trials/abc/trial.json") == b""


def test_a_file_is_created_once(storage):
    assert storage.create("trials/abc/attempts/1.json", b"mine")
    assert not storage.create("trials/abc/attempts/1.json", b"yours")
    assert storage.read("trials/abc/attempts/1.json") == b"mine"
    assert (storage.root / "trials/abc/attempts/1.json").read_bytes() == b"mine"


def test_of_eight_racing_threads_one_creates(storage):
    for number in range(5):
        name = f"trials/abc/attempts/{number}.json"
        contents = [f"thread {thread}".encode() for thread in range(8)]
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(lambda content, name=name: storage.create(name, content), contents))
        assert sum(won) == 1
        assert storage.read(name) == contents[won.index(True)]


def test_a_published_folder_comes_out_as_it_went_in(storage):
    put_state(storage)

    other = storage.for_worker()
    other.fetch(STATE)
    fetched = {path.name: path.read_bytes() for path in (other.root / STATE).iterdir()}
    assert fetched == {"model.safetensors": b"weights", "optimizer.safetensors": b"weights", "manifest.json": b"{}"}


def test_a_folder_that_is_published_again_is_replaced(storage):
    put_state(storage)
    other = storage.for_worker()
    other.fetch(STATE)
    put_state(storage, content=b"better!")
    other.fetch(STATE)

    assert (other.root / STATE / "model.safetensors").read_bytes() == b"better!"
    assert not list((other.root / STATE).parent.glob(".*"))


def test_a_file_that_is_published_grows(storage):
    path = storage.root / "trials/abc/metrics/attempt-1.jsonl"
    path.parent.mkdir(parents=True)
    for lines in (b"1\n", b"1\n2\n"):
        path.write_bytes(lines)
        storage.publish("trials/abc/metrics/attempt-1.jsonl")

    assert storage.read("trials/abc/metrics/attempt-1.jsonl") == b"1\n2\n"
    with pytest.raises(FileNotFoundError):
        storage.publish("trials/abc/metrics/attempt-2.jsonl")


def test_fetching_brings_what_is_wanted_only(storage):
    storage.write("trials/abc/trial.json", b"{}")
    put_state(storage)
    other = storage.for_worker()
    other.fetch("trials", lambda name: name.endswith("trial.json"))

    assert (other.root / "trials/abc/trial.json").exists()
    assert (other.root / STATE).exists() == (other.root == storage.root)


def test_what_was_deleted_is_gone_from_the_next_fetch(storage):
    storage.write("trials/abc/failure.json", b"{}")
    storage.write("trials/abc/trial.json", b"{}")
    put_state(storage)
    other = storage.for_worker()
    other.fetch("trials/abc")
    storage.delete("trials/abc/failure.json")
    storage.delete(STATE)
    storage.delete("trials/never")
    other.fetch("trials/abc")

    assert storage.names("trials") == ["trials/abc/trial.json"]
    for root in (storage.root, other.root):
        assert not (root / STATE).exists()
        assert not (root / "trials/abc/failure.json").exists()
        assert (root / "trials/abc/trial.json").exists()


def test_names_are_those_below_a_folder(storage):
    for name in ("trials/a/trial.json", "trials/ab/trial.json", "evaluations/a/evaluation.json"):
        storage.write(name, b"12")

    assert storage.names("trials/a") == ["trials/a/trial.json"]
    assert storage.names("trials") == ["trials/a/trial.json", "trials/ab/trial.json"]
    assert len(storage.names("")) == 3
    assert storage.names("nothing") == []
    assert storage.sizes("trials/ab") == {"trials/ab/trial.json": 2}


def test_names_may_hold_what_addresses_and_xml_write_otherwise(storage):
    odd = ["größe 100% + 5%20&amp;<1>.txt", "trials/abc/a=b?c#d.json"]
    for name in odd:
        storage.write(name, b"x")

    assert storage.names("") == sorted(odd)
    other = storage.for_worker()
    other.fetch("")
    assert [(other.root / name).read_bytes() for name in odd] == [b"x", b"x"]


def test_drafts_and_half_written_folders_are_no_names(storage):
    for name in ("trials/.abc.draft/trial.json", "trials/abc/.trial.json.1.draft", f"{STATE}/model.safetensors"):
        storage.write(name, b"half")
    storage.write("trials/abc/trial.json", b"{}")

    assert storage.names("trials") == ["trials/abc/trial.json"]
    assert set(storage.sizes("trials")) > set(storage.names("trials"))


@pytest.mark.parametrize("name", HOSTILE)
def test_a3_names_that_lead_elsewhere_are_refused(storage, name):
    for action in (storage.read, storage.fetch, storage.publish, storage.names, storage.sizes, storage.delete):
        with pytest.raises(StorageError, match="is no name of a stored file"):
            action(name)
    for action in (storage.write, storage.create):
        with pytest.raises(StorageError, match="is no name of a stored file"):
            action(name, b"")


def test_the_whole_storage_is_never_deleted_by_an_empty_name(storage):
    storage.write("trials/abc/trial.json", b"{}")
    with pytest.raises(StorageError):
        storage.delete("")
    assert storage.names("") == ["trials/abc/trial.json"]


def test_a5_a_storage_travels_to_other_processes_without_secrets(storage, server):
    storage.write("trials/abc/trial.json", b"{}")
    pickled = pickle.dumps(storage)

    assert pickle.loads(pickled).read("trials/abc/trial.json") == b"{}"
    assert server.secret.encode() not in pickled


def test_a_moved_folder_is_at_its_new_name_only(storage):
    put_state(storage)
    storage.move("trials/abc/checkpoints", "trials/abc/earlier/1/checkpoints")
    storage.move("trials/abc/logs", "trials/abc/earlier/1/logs")

    moved = [name.replace("abc/", "abc/earlier/1/") for name in map(f"{STATE}/{{}}".format, FILES)]
    assert storage.names("trials/abc") == moved
    other = storage.for_worker()
    other.fetch("trials/abc")
    assert (other.root / moved[1]).read_bytes() == b"weights"
    assert not (storage.root / STATE).exists()


def test_a_moved_file_is_at_its_new_name_only(storage):
    storage.write("trials/abc/result.json", b"{}")
    storage.move("trials/abc/result.json", "trials/abc/earlier/2/result.json")

    assert storage.read("trials/abc/result.json") is None
    assert storage.read("trials/abc/earlier/2/result.json") == b"{}"
