"""`combo report bundle` packs what cells follow from; `combo report verify` needs nothing else to see that they do."""

import json
import shutil
import zipfile
from importlib import resources
from unittest.mock import patch

import pytest
from whole_storage import WholeStorage, smoke_trials

from experiments.errors import InputError
from orchestrator.cli.report_bundle import bundle
from reports.bundle.archive import pack
from reports.bundle.checksums import CHECKSUMS_FILE, write_checksums
from reports.bundle.request import BundleRequest
from tests.own_papers import write_paper

WORDS = ("combo/table7", "seeds=[0,1]")


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    storage = WholeStorage(tmp_path_factory.mktemp("whole") / "storage")
    for trial in smoke_trials():
        if trial.variant in ("lambda-0", "lambda-5") and trial.task == "s4":
            storage.finish(trial)
    return storage


@pytest.fixture(scope="module")
def packed(storage, tmp_path_factory):
    """The bundle without and with weights."""
    folder = tmp_path_factory.mktemp("packed")
    for name, options in (("plain.zip", {}), ("weights.zip", {"with_weights": True, "licence": "CC-BY-4.0"})):
        bundle(list(WORDS), "smoke", out=folder / name, storage=str(storage.root), **options)
    return folder


@pytest.fixture
def elsewhere(packed, tmp_path, monkeypatch):
    """Another machine: the bundles, but no storage and no data."""
    for name in ("COMBO_DATA", "COMBO_STORAGE", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(packed, tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "elsewhere"


def changed(folder, name, change):
    """The bundle with another content of the files whose names end so."""
    with zipfile.ZipFile(folder / "plain.zip") as source, zipfile.ZipFile(folder / "changed.zip", "w") as target:
        assert any(entry.endswith(name) for entry in source.namelist())
        for entry in source.namelist():
            content = source.read(entry)
            target.writestr(entry, change(content) if entry.endswith(name) else content)
    return "changed.zip"


def test_every_number_of_an_untouched_bundle_follows_without_the_storage(command, elsewhere):
    said = command("report", "verify", "plain.zip")
    assert (said.code, said.err) == (0, "")
    assert "all 4 cells follow from the per-clip scores and the trial directories (4 trials)" in said.out
    assert "the weights are not in the bundle" in said.out
    said = command("report", "verify", "weights.zip")
    assert (said.code, "weights" in said.out) == (0, False)
    assert sorted(path.name for path in elsewhere.iterdir()) == ["plain.zip", "weights.zip"]


def test_the_same_storage_gives_the_same_files_and_weights_on_request(packed):
    plain, weights = (zipfile.ZipFile(packed / name) for name in ("plain.zip", "weights.zip"))
    added = set(weights.namelist()) - set(plain.namelist())
    assert len(added) == 4
    assert all(name.endswith("/model.safetensors") for name in added)
    differ = [name for name in plain.namelist() if plain.read(name) != weights.read(name)]
    assert differ == ["bundle.json", "checksums.sha256", "ro-crate-metadata.json"]


@pytest.mark.parametrize("name", ["scores.parquet", "attempt-1.jsonl", "tables/combo-table7.tex", "trial.json"])
def test_a_file_that_was_changed_is_found(command, elsewhere, name):
    said = command("report", "verify", changed(elsewhere, name, lambda content: content + b" "))
    assert said.code == 1
    assert name.rpartition("/")[2] in " ".join(said.out.split())
    assert "not what was packed" in said.out


def test_a_number_that_was_changed_with_its_checksum_is_found_by_what_it_contradicts(command, elsewhere):
    folder = elsewhere / "folder"
    zipfile.ZipFile(elsewhere / "plain.zip").extractall(folder)
    table = folder / "report" / "tables" / "combo-table7.json"
    document = json.loads(table.read_text())
    document["rows"][0]["cells"][0]["measured"]["value"] += 1
    table.write_text(json.dumps(document))
    repack(folder, elsewhere / "forged.zip")
    said = command("report", "verify", "forged.zip")
    assert said.code == 1
    assert "combo/table7 lambda-0, S4 M_J" in " ".join(said.out.split())
    assert "1 cell does not follow from the data" in said.out


def repack(folder, out):
    """With a list of checksums that fits."""
    (folder / CHECKSUMS_FILE).unlink()
    write_checksums(folder)
    pack(folder, out)


@pytest.mark.parametrize("name", ["bundle.json", "scores.parquet", "combo-table7.json"])
def test_a_bundle_that_was_damaged_on_its_way_is_refused(command, elsewhere, name):
    content = bytearray((elsewhere / "plain.zip").read_bytes())
    with zipfile.ZipFile(elsewhere / "plain.zip") as archive:
        entry = next(entry for entry in archive.infolist() if entry.filename.endswith(name))
    end = content.index(entry.filename.encode(), entry.header_offset) + len(entry.filename) + entry.compress_size
    for place in range(end - entry.compress_size // 2, end - entry.compress_size // 2 + 8):
        content[place] ^= 255
    (elsewhere / "damaged.zip").write_bytes(content)
    said = command("report", "verify", "damaged.zip")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: damaged.zip: is no sound ZIP file: ")


@pytest.mark.usefixtures("elsewhere")
def test_a_bundle_stands_alone(command):
    for beside in (("combo/table7",), ("--scale", "smoke"), ("--storage", "storage")):
        said = command("report", "verify", "plain.zip", *beside)
        assert (said.code, said.out) == (2, "")
        assert "names a bundle beside something else" in said.err


@pytest.mark.parametrize("name", ["../outside", "/outside"])
def test_what_is_no_bundle_is_refused(command, elsewhere, name):
    (elsewhere / "none.zip").write_bytes(b"PK")
    with zipfile.ZipFile(elsewhere / "empty.zip", "w") as archive:
        archive.writestr("a", "b")
    with zipfile.ZipFile(elsewhere / "evil.zip", "w") as archive:
        archive.writestr(name, "b")
    for file, told in (("none.zip", "is no sound ZIP file"), ("empty.zip", "is no bundle"), ("evil.zip", "outside")):
        said = command("report", "verify", elsewhere / file)
        assert (said.code, said.out) == (2, "")
        assert told in said.err
    assert "is missing" in command("report", "verify", "absent.zip").err
    said = command("report", "bundle", "combo/table7", "--storage", elsewhere / "nothing", "--out", "nothing.zip")
    assert (said.code, "no measured cell" in said.err) == (2, True)
    assert not (elsewhere / "nothing.zip").exists()
    assert not (elsewhere / "outside").exists()


@pytest.mark.parametrize("word", ["file:../../own.yaml", "file:/etc/own.yaml", "own.yaml", "OWN PAPER"])
def test_a_bundle_that_names_files_outside_of_it_is_refused(packed, tmp_path, word):
    own = write_paper(tmp_path / "mine").folder
    with zipfile.ZipFile(packed / "plain.zip") as bundle:
        request = BundleRequest.model_validate_json(bundle.read("bundle.json"))
    with pytest.raises(InputError, match=r"bundle\.json: names a file outside of the bundle"):
        request.model_copy(update={"words": (word.replace("OWN PAPER", str(own)),)}).words_at(tmp_path / "unpacked")


def test_it_is_a_process_run_crate(packed, tmp_path):
    from rocrate_validator import services
    from rocrate_validator.models import Severity
    from rocrate_validator.utils.http import HttpRequester

    folder = tmp_path / "crate"
    zipfile.ZipFile(packed / "plain.zip").extractall(folder)
    terms = json.loads((resources.files("rocrate") / "data" / "ro-crate.jsonld").read_bytes())
    with patch.object(HttpRequester, "get", lambda *_, **__: Answer(terms), create=True):
        settings = services.ValidationSettings(
            rocrate_uri=str(folder),
            profile_identifier="process-run-crate",
            requirement_severity=Severity.REQUIRED,
            cache_path=tmp_path / "cache",
            offline=True,
        )
        outcome = services.validate(settings)
        issues = [f"{issue.check.identifier}: {issue.message}" for issue in outcome.get_issues()]
        assert issues == []
        broken = json.loads((folder / "ro-crate-metadata.json").read_text())
        for entity in broken["@graph"]:
            if entity["@type"] == "CreateAction":
                del entity["instrument"]
        (folder / "ro-crate-metadata.json").write_text(json.dumps(broken))
        assert services.validate(settings).has_issues()


class Answer:
    """The terms of RO-Crate as they come with its library: tests ask nothing of the network."""

    status_code, ok, headers, from_cache = 200, True, {"Content-Type": "application/ld+json"}, True

    def __init__(self, terms):
        self._terms = terms
        self.text = json.dumps(terms)
        self.content = self.text.encode()

    def json(self):
        return self._terms

    def raise_for_status(self):
        pass
