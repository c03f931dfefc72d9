"""A frozen audio encoder hears every clip once, whatever batch, run or file brings it.

Any encoder serves, so most tests take the small one: VGGish's 72 million weights are hashed anew for every cache.
"""

import hashlib
import shutil
from copy import deepcopy

import numpy as np
import pytest
import torch
from safetensors.torch import save

from model.audio.compact import CompactAudioEncoder
from model.audio.vggish import VGGish
from model.data.batch import collate
from model.data.clip import Clip
from model.training.embedding_cache import EmbeddingCache


def compact(seed):
    torch.manual_seed(seed)
    return CompactAudioEncoder(128).eval()


@pytest.fixture(scope="module")
def encoder():
    return compact(0)


@pytest.fixture
def heard(encoder):
    """Sizes of the batches that it has encoded."""
    sizes = []
    hook = encoder.register_forward_hook(lambda _module, inputs, _output: sizes.append(len(inputs[0])))
    yield sizes
    hook.remove()


def clip(name, seconds=5):
    rng = np.random.default_rng(sum(map(ord, name)))
    picture = np.zeros((seconds, 3, 32, 32), dtype=np.uint8)
    return Clip(
        name=name,
        category="",
        frames=picture,
        maskiges=picture,
        log_mel=rng.standard_normal((seconds, 1, 96, 64)).astype(np.float32),
        labels=np.zeros((seconds, 32, 32), dtype=np.int64),
        annotated=np.ones(seconds, dtype=np.bool_),
    )


def batch(*clips):
    return collate(clips, range(len(clips)))


def test_embeddings_are_what_vggish_says_of_each_clip(tmp_path):
    vggish = VGGish().eval()
    one, other = clip("one"), clip("other", seconds=10)
    embedded = EmbeddingCache(vggish, tmp_path).embed(batch(one, other)).sound
    assert embedded.shape == (15, 128)
    expected = torch.cat([vggish(torch.from_numpy(c.log_mel)) for c in (one, other)])
    assert torch.equal(embedded, expected)


def test_a_clip_is_heard_once_over_batches_and_runs(encoder, heard, tmp_path):
    first = EmbeddingCache(encoder, tmp_path)
    before = first.embed(batch(clip("one"), clip("other"))).sound
    first.embed(batch(clip("other"), clip("third")))
    assert heard == [5, 5, 5]
    after = EmbeddingCache(encoder, tmp_path).embed(batch(clip("one"), clip("other"))).sound
    assert heard == [5, 5, 5]
    assert torch.equal(before, after)


def test_changed_sound_is_heard_again(encoder, heard, tmp_path):
    EmbeddingCache(encoder, tmp_path).embed(batch(clip("one")))
    changed = clip("one")
    changed.log_mel[3, 0, 50, 20] += 1e-6
    EmbeddingCache(encoder, tmp_path).embed(batch(changed))
    assert heard == [5, 5]


def test_other_weights_hear_for_themselves(encoder, tmp_path):
    before = EmbeddingCache(encoder, tmp_path).embed(batch(clip("one"))).sound
    after = EmbeddingCache(compact(1), tmp_path).embed(batch(clip("one"))).sound
    assert not torch.equal(before, after)
    assert len(list(tmp_path.iterdir())) == 2


def test_another_order_of_the_weights_hears_for_itself(encoder, heard, tmp_path):
    """Convolutions round by it, and what one trial keeps another one reads."""
    EmbeddingCache(encoder, tmp_path).embed(batch(clip("one")))
    other = deepcopy(encoder).to(memory_format=torch.channels_last)
    EmbeddingCache(other, tmp_path).embed(batch(clip("one")))
    assert heard == [5, 5]


def flipped(content, place):
    changed = bytearray(content)
    changed[place] ^= 1
    return bytes(changed)


def entry_of(embedding):
    content = save({"embedding": embedding})
    return hashlib.sha256(content).digest() + content


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:200],
        lambda _: b"",
        lambda whole: flipped(whole, 0),
        lambda whole: flipped(whole, 40),
        lambda whole: flipped(whole, -1),
        lambda _: entry_of(torch.zeros(5, 7)),
        lambda _: entry_of(torch.zeros(4, 128)),
        lambda _: entry_of(torch.zeros(())),
        lambda _: entry_of(torch.zeros(5, 128, dtype=torch.float64)),
        lambda _: hashlib.sha256(b"no tensors").digest() + b"no tensors",
    ],
)
def test_an_entry_that_is_not_what_was_written_is_made_again(encoder, heard, tmp_path, damage):
    whole = EmbeddingCache(encoder, tmp_path).embed(batch(clip("one"))).sound
    (entry,) = tmp_path.rglob("*.embedding")
    before = entry.read_bytes()
    entry.write_bytes(damage(before))
    again = EmbeddingCache(encoder, tmp_path).embed(batch(clip("one"))).sound
    assert torch.equal(again, whole)
    assert heard == [5, 5]
    assert entry.read_bytes() == before


def test_kinds_of_devices_answer_for_themselves(encoder, tmp_path):
    EmbeddingCache(encoder, tmp_path).embed(batch(clip("one")))
    (folder,) = tmp_path.iterdir()
    assert folder.name.endswith("-cpu")


def test_a_folder_that_cannot_be_used_costs_a_warning_and_nothing_else(encoder, heard, tmp_path, caplog):
    (tmp_path / "cache").write_text("no folder")
    cache = EmbeddingCache(encoder, tmp_path / "cache")
    embedded = cache.embed(batch(clip("one"), clip("other"))).sound
    assert torch.equal(cache.embed(batch(clip("one"), clip("other"))).sound, embedded)
    assert heard == [5, 5]
    (message,) = caplog.messages
    assert "embeddings are not kept for other runs" in message
    assert str(tmp_path / "cache") in message


def test_a_full_disk_leaves_no_draft_behind(encoder, tmp_path, caplog, full_disk):
    with full_disk(1000):
        embedded = EmbeddingCache(encoder, tmp_path).embed(batch(clip("one"))).sound
    assert torch.equal(embedded, encoder(torch.from_numpy(clip("one").log_mel)))
    assert "embeddings are not kept for other runs" in caplog.text
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_folder_may_be_deleted_while_it_is_used(encoder, tmp_path, caplog):
    cache = EmbeddingCache(encoder, tmp_path / "cache")
    cache.embed(batch(clip("one")))
    shutil.rmtree(tmp_path / "cache")
    cache.embed(batch(clip("one"), clip("other")))
    assert len(list((tmp_path / "cache").rglob("*.embedding"))) == 1
    assert caplog.messages == []


def test_without_a_folder_it_remembers_for_itself(encoder, heard):
    cache = EmbeddingCache(encoder, None)
    cache.embed(batch(clip("one")))
    cache.embed(batch(clip("one")))
    assert heard == [5]
