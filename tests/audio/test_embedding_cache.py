"""The frozen VGGish hears every clip once, whatever batch, run or file brings it."""

import numpy as np
import pytest
import torch

from model.audio.embedding_cache import EmbeddingCache
from model.audio.vggish import VGGish
from model.data.batch import collate
from model.data.clip import Clip


@pytest.fixture(scope="module")
def vggish():
    torch.manual_seed(0)
    return VGGish().eval()


@pytest.fixture
def heard(vggish):
    """Sizes of the batches that VGGish has encoded."""
    sizes = []
    hook = vggish.register_forward_hook(lambda _module, inputs, _output: sizes.append(len(inputs[0])))
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


def test_embeddings_are_what_vggish_says_of_each_clip(vggish, tmp_path):
    one, other = clip("one"), clip("other", seconds=10)
    embedded = EmbeddingCache(vggish, tmp_path).embed(batch(one, other)).sound
    assert embedded.shape == (15, 128)
    expected = torch.cat([vggish(torch.from_numpy(c.log_mel)) for c in (one, other)])
    assert torch.equal(embedded, expected)


def test_a_clip_is_heard_once_over_batches_and_runs(vggish, heard, tmp_path):
    first = EmbeddingCache(vggish, tmp_path)
    before = first.embed(batch(clip("one"), clip("other"))).sound
    first.embed(batch(clip("other"), clip("third")))
    assert heard == [5, 5, 5]
    after = EmbeddingCache(vggish, tmp_path).embed(batch(clip("one"), clip("other"))).sound
    assert heard == [5, 5, 5]
    assert torch.equal(before, after)


def test_changed_sound_is_heard_again(vggish, heard, tmp_path):
    EmbeddingCache(vggish, tmp_path).embed(batch(clip("one")))
    changed = clip("one")
    changed.log_mel[3, 0, 50, 20] += 1e-6
    EmbeddingCache(vggish, tmp_path).embed(batch(changed))
    assert heard == [5, 5]


def test_other_weights_hear_for_themselves(vggish, tmp_path):
    before = EmbeddingCache(vggish, tmp_path).embed(batch(clip("one"))).sound
    torch.manual_seed(1)
    other = VGGish().eval()
    after = EmbeddingCache(other, tmp_path).embed(batch(clip("one"))).sound
    assert not torch.equal(before, after)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_damaged_entry_is_made_again(vggish, heard, tmp_path):
    whole = EmbeddingCache(vggish, tmp_path).embed(batch(clip("one"))).sound
    (entry,) = tmp_path.rglob("*.npy")
    entry.write_bytes(entry.read_bytes()[:200])
    again = EmbeddingCache(vggish, tmp_path).embed(batch(clip("one"))).sound
    assert torch.equal(again, whole)
    assert heard == [5, 5]


def test_without_a_folder_it_remembers_for_itself(vggish, heard):
    cache = EmbeddingCache(vggish, None)
    cache.embed(batch(clip("one")))
    cache.embed(batch(clip("one")))
    assert heard == [5]
