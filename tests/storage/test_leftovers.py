"""What kills have left in a storage, looked for while trials live in it."""

import os
import threading

from orchestrator.storage.folder import FolderStorage
from orchestrator.store.retention import leftovers
from orchestrator.store.store import Store


def test_drafts_of_killed_writers_are_found_although_living_ones_come_and_go(tmp_path):
    old = tmp_path / "trials" / "a" / ".result.json.1.draft"
    old.parent.mkdir(parents=True)
    old.write_text("half")
    os.utime(old, (0, 0))
    over = threading.Event()

    def live():
        while not over.is_set():
            folder = tmp_path / "trials" / "b" / ".step.draft" / "inside"
            folder.mkdir(parents=True)
            (folder / "part").write_text("")
            (folder / "part").unlink()
            for path in (folder, *folder.parents[:2]):
                path.rmdir()

    writer = threading.Thread(target=live)
    writer.start()
    found = [[leftover.name for leftover in leftovers(Store(FolderStorage(tmp_path)))] for _ in range(300)]
    over.set()
    writer.join()
    assert found == [["trials/a/.result.json.1.draft"]] * 300
