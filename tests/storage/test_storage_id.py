"""The id of a storage: one, whoever writes it and however the storage is named."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from experiments.errors import InputError
from orchestrator.settings import resolve_settings
from orchestrator.storage.opening import open_storage
from orchestrator.store.storage_identity import ensure_storage_id, storage_id


def test_several_writers_give_a_storage_one_id_that_stays(storage):
    assert storage_id(storage) is None
    with ThreadPoolExecutor(8) as pool:
        given = set(pool.map(lambda _: ensure_storage_id(storage), range(8)))

    assert given == {storage_id(storage), ensure_storage_id(storage)}


def test_two_storages_have_two_ids(tmp_path):
    ids = {ensure_storage_id(open_storage(str(tmp_path / name))) for name in ("one", "other")}

    assert len(ids) == 2


def test_a_damaged_id_is_refused_and_not_replaced(storage):
    storage.write("storage.json", b'{"id": "mine"}')

    with pytest.raises(InputError, match=r"storage\.json: is damaged"):
        ensure_storage_id(storage)
    assert storage.read("storage.json") == b'{"id": "mine"}'


def test_a_tilde_is_the_home_also_where_no_shell_expands_it(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COMBO_STORAGE", "~/trials")

    assert resolve_settings().storage.root == resolve_settings("~/trials").storage.root == tmp_path / "trials"
    assert open_storage("./~").root == Path.cwd() / "~"


def test_the_home_of_nobody_is_one_sentence(command):
    said = command("sync", "--storage", "~nobody-at-all/trials")

    assert said.code == 2
    assert said.err.startswith("error: storage '~nobody-at-all/trials': names the home of an unknown user")
