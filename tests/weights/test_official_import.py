"""The authors' files become checkpoints of ours and come out again, bit for bit; others are refused and named."""

import os
import pickle
import shutil
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from time import sleep

import pytest
import torch
from official_states import SMALL, few_weights_of_vggish, hollow_state, official_shapes, random_bits, same_bits
from safetensors.torch import load_file

from experiments.presets import resolve_preset
from model.atomic_writes import drafts
from model.audio.vggish import VGGish
from model.combo.network import Combo
from model.combo.official_names import official_names
from model.weights.errors import CheckpointError
from model.weights.export_official import export_official
from model.weights.folder import file_checksum, write_folder
from model.weights.import_official import import_official
from model.weights.state_dict_mismatch import shapes
from model.weights.stored_model import Origin, describe, load_model, read_stored_model, save_model

R50_S4 = ("--preset", "combo_r50", "--task", "s4")
TYPES = [torch.float16, torch.bfloat16, torch.float64, torch.int64]
EMPTY_WEIGHT = "criterion.empty_weight"
CLASS_HEAD = "sem_seg_head.predictor.class_embed.weight"


def random_state(vggish):
    """Random bits for all of COMBO-R50 with such a VGGish; some are of another type."""
    generator = torch.Generator().manual_seed(0)
    heard = {f"audio_backbone.{name}": list(shape) for name, shape in shapes(vggish).items()}
    official = official_shapes("r50", "s4")
    assert heard.keys() == {key for key in official if key.startswith("audio_backbone.")}
    types = {key: TYPES[place // 100 % 4] for place, key in enumerate(official) if place % 100 == 0}
    return OrderedDict(
        (key, random_bits(shape, types.get(key, torch.float32), generator)) for key, shape in (official | heard).items()
    )


@pytest.mark.usefixtures("light_vggish")
def test_import_and_export_are_the_identity(combo, roomy_path):
    file, back, storage = roomy_path / "model_best.pth", roomy_path / "back.pth", roomy_path / "storage"
    vggish = VGGish()
    state = random_state(vggish)
    torch.save({"model": state, "optimizer": {"state": {0: torch.ones(3)}}, "iteration": 89_999}, file)

    imported = combo(
        *("model", "import", file, *R50_S4, "--storage", storage, "--verbose", "--source", "example.org/combo")
    )
    assert (imported.code, imported.err) == (0, "")
    assert [key for key in state if key not in imported.out.split()] == []
    heard = sum(weight.numel() for weight in vggish.parameters())
    assert {"23,454,912", f"{heard:,}", "14,459,395"} <= set(imported.out.split())
    stored = read_stored_model(storage / "imported" / "combo_r50-s4")
    assert stored.config == resolve_preset("combo_r50", "s4")
    assert (stored.origin.kind, stored.origin.file, stored.step) == ("official", "model_best.pth", 0)
    assert stored.origin.source == "example.org/combo"
    assert {path.suffix for path in stored.folder.iterdir()} == {".safetensors", ".json"}

    again = combo("model", "import", file, *R50_S4, "--storage", storage)
    assert again.code == 0
    assert "already imported" in again.out

    exported = combo("model", "export", "combo_r50-s4", "--out", back, "--storage", storage)
    assert (exported.code, exported.err) == (0, "")
    content = torch.load(back, weights_only=True, mmap=True)
    assert list(content) == ["model"]
    assert list(content["model"]) == list(state)
    assert [key for key, value in state.items() if not same_bits(value, content["model"][key])] == []
    assert sorted(path.name for path in roomy_path.iterdir()) == ["back.pth", "model_best.pth", "storage"]


@pytest.fixture(scope="module")
def stored_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "best"
    config = resolve_preset("combo_r50", "s4", {**SMALL, "loss.no_object_weight": 0.25})
    torch.manual_seed(0)
    with few_weights_of_vggish():
        save_model(folder, Combo(config).state_dict(), config, step=7)
    yield read_stored_model(folder)
    shutil.rmtree(folder)


@pytest.fixture
def trained(stored_once, light_vggish):  # noqa: ARG001
    """A stored model with random weights and one encoder for frames and Maskiges, as training leaves it."""
    return stored_once


def test_a_model_trained_here_is_exported_and_comes_back(trained, roomy_path):
    file = roomy_path / "exported.pth"
    written = export_official(trained, file)
    content = torch.load(file, weights_only=True)["model"]
    assert written == len(content)
    assert content[EMPTY_WEIGHT].tolist() == [1.0, 1.0, 0.25]
    assert same_bits(content["backbone.stem.conv1.weight"], content["pre_sam_backbone.stem.conv1.weight"])

    assert import_official(file, trained.config, roomy_path / "imported")
    imported = read_stored_model(roomy_path / "imported")
    ours, theirs = (load_file(stored.folder / "model.safetensors") for stored in (trained, imported))
    assert ours.keys() == theirs.keys()
    assert all(same_bits(ours[name], theirs[name]) for name in ours)
    assert load_model(imported).state_dict().keys() == ours.keys()


def test_the_copies_of_a_shared_encoder_must_be_equal(trained, roomy_path):
    file = roomy_path / "unequal.pth"
    export_official(trained, file)
    content = torch.load(file, weights_only=True)
    content["model"]["pre_sam_backbone.stem.conv1.weight"] = content["model"]["backbone.stem.conv1.weight"] + 1
    file.unlink()
    torch.save(content, file)
    with pytest.raises(
        CheckpointError, match=r"1 different from .* shared encoder: pre_sam_backbone\.stem\.conv1\.weight$"
    ):
        import_official(file, trained.config, roomy_path / "imported")
    assert not (roomy_path / "imported").exists()


def test_an_export_replaces_no_file(trained, roomy_path):
    file = roomy_path / "mine.pth"
    file.write_bytes(b"mine")
    with pytest.raises(CheckpointError, match=r"mine\.pth is there already"):
        export_official(trained, file)
    assert file.read_bytes() == b"mine"


@pytest.mark.parametrize(
    "change",
    [lambda order: order[1:], lambda order: [*order, "more"], lambda order: [*order[1:], order[1]], lambda _: 3],
)
def test_an_order_of_other_tensors_is_refused(trained, tmp_path, change):
    folder = tmp_path / "imported"
    tensors = {"model.safetensors": load_file(trained.folder / "model.safetensors")}
    named = official_names(trained.config, tensors["model.safetensors"])
    order = [EMPTY_WEIGHT, *chain.from_iterable(named.values())]
    manifest = {**describe(trained.config, 0), "official_order": change(order)}
    write_folder(folder, tensors, manifest, replace=False)
    with pytest.raises(CheckpointError, match="lists other tensors as 'official_order' than"):
        export_official(read_stored_model(folder), tmp_path / "out.pth")
    assert not (tmp_path / "out.pth").exists()
    shutil.rmtree(folder)


def test_an_export_to_a_full_disk_is_told_and_leaves_nothing(trained, tmp_path, full_disk):
    with full_disk(100_000), pytest.raises(CheckpointError, match=r"out\.pth could not be written, \d+ MB are free"):
        export_official(trained, tmp_path / "out.pth")
    assert list(tmp_path.iterdir()) == []


def test_an_export_says_what_the_authors_code_computes_otherwise(combo, trained, roomy_path):
    config = trained.config.model_copy(
        update={"truths": trained.config.truths.model_copy(update={"audio_query_expand": "paper"})}
    )
    folder = save_model(roomy_path / "paper", load_file(trained.folder / "model.safetensors"), config, step=7)
    said = combo("model", "export", folder, "--out", roomy_path / "paper.pth")
    assert said.code == 0
    assert "the authors' code knows no truths.audio_query_expand=paper: it computes something else" in said.out


def test_an_import_replaces_nothing_that_appeared_meanwhile(trained, roomy_path):
    file, folder = roomy_path / "exported.pth", roomy_path / "imported"
    export_official(trained, file)
    other = Origin("official", "other.pth", "0" * 64)
    quicker = save_model(roomy_path / "quicker", {"a": torch.ones(1)}, trained.config, 0, other)
    with ThreadPoolExecutor() as threads:
        slower = threads.submit(import_official, file, trained.config, folder)
        while not drafts(roomy_path) and not slower.done():
            sleep(0.001)
        quicker.rename(folder)
    assert "holds other.pth of other content: name another folder" in str(slower.exception())
    assert read_stored_model(folder).origin == other
    assert drafts(roomy_path) == []


@pytest.fixture
def refused(combo, tmp_path):
    """Imports a file that must not be imported; returns the one line that says why."""

    def run(file, *words):
        said = combo("model", "import", file, *(words or R50_S4))
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("error: ")
        assert len(said.err.splitlines()) == 1
        assert not (tmp_path / "storage").exists()
        return said.err

    return run


def without(state, *prefixes):
    return OrderedDict((key, value) for key, value in state.items() if not key.startswith(prefixes))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: without(state, CLASS_HEAD), f"1 missing: {CLASS_HEAD}"),
        (lambda state: without(state, EMPTY_WEIGHT), f"1 missing: {EMPTY_WEIGHT}"),
        (
            lambda state: without(state, "audio_backbone."),
            "18 missing: audio_backbone.features.0.weight, audio_backbone.features.0.bias, "
            "audio_backbone.features.3.weight and 15 more",
        ),
        (lambda state: {**state, "sem_seg_head.extra": torch.zeros(2)}, "1 unexpected: sem_seg_head.extra"),
        (lambda state: {**state, "\x1b[2J\n": torch.zeros(2)}, r"1 unexpected: '\x1b[2J\n'"),
        (
            lambda state: {**without(state, CLASS_HEAD), "class_embed": torch.zeros(3, 256)},
            f"1 missing: {CLASS_HEAD}; 1 unexpected: class_embed",
        ),
        (
            lambda state: {**state, EMPTY_WEIGHT: torch.zeros(4)},
            f"1 of another shape: {EMPTY_WEIGHT} is (4,) instead of (3,)",
        ),
        (
            lambda _: hollow_state(official_shapes("r50", "avss")),
            f"name --task avss, which it fits: 3 of another shape: {CLASS_HEAD} is (72, 256) instead of (3, 256), ",
        ),
        (lambda _: hollow_state(official_shapes("pvt", "s4")), " missing: backbone.stem.conv1.weight, "),
    ],
)
def test_a_file_of_another_network_is_refused_with_its_keys(refused, tmp_path, change, message):
    torch.save({"model": change(hollow_state(official_shapes("r50", "s4")))}, tmp_path / "other.pth")
    said = refused("other.pth")
    assert "other.pth does not fit, name " in said
    assert message in said


def test_the_other_presets_and_tasks_are_asked_for_their_own_keys(refused, tmp_path):
    torch.save(hollow_state(official_shapes("pvt", "avss")), tmp_path / "other.pth")
    said = refused("other.pth", "--preset", "combo_pvt", "--task", "ms3")
    assert (
        f"name --task avss, which it fits: 3 of another shape: {CLASS_HEAD} is (72, 256) instead of (3, 256), " in said
    )


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


class Harmless:
    pass


@pytest.mark.parametrize("save", [torch.save, lambda content, path: path.write_bytes(pickle.dumps(content))])
@pytest.mark.parametrize(
    ("content", "asked"),
    [
        ({"model": {"weight": Bomb()}}, "posix.mkdir"),
        ({"model": {}, "args": Bomb()}, "posix.mkdir"),
        ({"model": {"weight": Harmless()}}, ""),
    ],
)
def test_a2_a_file_that_asks_for_more_than_tensors_is_refused_and_nothing_of_it_runs(
    refused, tmp_path, save, content, asked
):
    save(content, tmp_path / "bomb.pth")
    said = refused("bomb.pth")
    assert f"bomb.pth asks for '{asked}" in said
    assert "have its tensors saved alone, as safetensors" in said
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"model": {"weight": 3}}, "holds 'weight', which is of type int"),
        ({"model": {"weight": [torch.ones(2)]}}, "holds 'weight', which is of type list"),
        ({"model": {}}, "holds no tensors by name"),
        ([torch.ones(2)], "holds no tensors by name"),
        (torch.ones(2), "holds no tensors by name"),
    ],
)
def test_a_file_without_named_tensors_is_refused(refused, tmp_path, content, message):
    torch.save(content, tmp_path / "odd.pth")
    assert f"odd.pth {message}" in refused("odd.pth")


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04garbage", b"\x80\x02garbage"])
@pytest.mark.parametrize("name", ["odd.pth", "odd.pkl", "odd.safetensors"])
def test_garbage_is_refused(refused, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert f"{name} is damaged, or no file of weights" in refused(name)


def test_a_cut_file_is_refused(refused, tmp_path):
    torch.save(hollow_state(official_shapes("r50", "s4")), tmp_path / "cut.pth")
    content = (tmp_path / "cut.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(content[: len(content) // 2])
    assert "cut.pth is damaged" in refused("cut.pth")


def test_an_absent_file_is_named(refused):
    assert "absent.pth is not there" in refused("absent.pth")


def test_what_has_no_official_form_is_refused_before_the_file_is_read(refused, tmp_path):
    (tmp_path / "odd.pth").write_bytes(b"garbage")
    assert "has no official form" in refused("odd.pth", "--preset", "combo_demo", "--task", "s4")


def test_an_imported_checkpoint_is_kept_as_it_is(tmp_path):
    config = resolve_preset("combo_r50", "s4")
    other_settings = resolve_preset("combo_r50", "s4", {"loss.lambda_ada": 5.0})
    file, other_file, folder = tmp_path / "first.pth", tmp_path / "second.pth", tmp_path / "imported"
    file.write_bytes(b"first")
    other_file.write_bytes(b"second")
    save_model(folder, {"a": torch.ones(1)}, config, 0, Origin("official", "first.pth", file_checksum(file)))
    before = read_stored_model(folder)

    assert not import_official(file, config, folder)
    with pytest.raises(CheckpointError, match=r"holds first\.pth of other content: name another folder with --out"):
        import_official(other_file, config, folder)
    with pytest.raises(CheckpointError, match=r"holds the same file under other settings"):
        import_official(file, other_settings, folder)
    with pytest.raises(CheckpointError, match=r"holds the same file without a stated source: name another folder"):
        import_official(file, config, folder, source="example.org")
    assert read_stored_model(folder) == before


@pytest.mark.parametrize("out", [".", "sub/.."])
def test_the_current_folder_does_not_become_a_checkpoint(refused, tmp_path, monkeypatch, out):
    file = tmp_path / "other.pth"
    torch.save(hollow_state(official_shapes("r50", "s4")), file)
    (tmp_path / "empty" / "sub").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "empty")
    assert f"{out} is the current folder: name a new one with --out" in refused(file, *R50_S4, "--out", out)
    assert tmp_path.joinpath("empty").is_dir()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_not_ours_is_never_replaced(refused, tmp_path, kind):
    torch.save(hollow_state(official_shapes("r50", "s4")), tmp_path / "other.pth")
    place = tmp_path / "mine"
    note = place / "note.txt" if kind == "folder" else place
    note.parent.mkdir(exist_ok=True)
    note.write_text("mine")
    refused("other.pth", *R50_S4, "--out", place)
    assert note.read_text() == "mine"
