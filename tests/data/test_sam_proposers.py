"""SAM and MobileSAM of tiny width with random weights, in the formats in which the published weights come.

`sam_tiny.safetensors` is what transformers saves of its `SamModel`, and `sam_tiny.npz` what that model computes.
`mobile_sam_tiny.pt` has the names of the published file; its embedding was computed by the network as MobileSAM's
authors define it.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from model.proposals.proposer import build_proposer
from model.proposals.sam_weights import read_weights
from model.weights.errors import CheckpointError

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def reference():
    return {name: torch.from_numpy(array) for name, array in np.load(GOLDEN / "sam_tiny.npz").items()}


@pytest.fixture
def hugging_face_folder(tmp_path):
    folder = tmp_path / "sam-vit-tiny"
    folder.mkdir()
    shutil.copy(GOLDEN / "sam_tiny.safetensors", folder / "model.safetensors")
    return folder


def _network(name, path):
    from model.proposals.sam_network import build_network  # which takes seconds

    return build_network(name, read_weights(path), path)


def _published_sam(path, state):
    torch.save(state, path)
    return path


def _sure_of_its_masks(state):
    """The same weights, but with a high predicted IoU and steep mask logits, so that masks pass the thresholds."""
    state["mask_decoder.iou_prediction_head.layers.2.bias"].fill_(1.0)
    for name, tensor in state.items():
        if "output_hypernetworks_mlps" in name and ".layers.2." in name:
            tensor *= 1e4
    return state


@torch.no_grad()
def test_sam_computes_what_transformers_computes(reference, hugging_face_folder):
    network = _network("sam", hugging_face_folder)
    points = (reference["points"], torch.ones(2, 1, dtype=torch.int))

    embedding = network.image_encoder(reference["pixels"])
    sparse, dense = network.prompt_encoder(points=points, boxes=None, masks=None)
    masks, iou = network.mask_decoder(
        image_embeddings=embedding,
        image_pe=network.prompt_encoder.get_dense_pe(),
        sparse_prompt_embeddings=sparse,
        dense_prompt_embeddings=dense,
        multimask_output=True,
    )

    torch.testing.assert_close(embedding, reference["embedding"], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(masks, reference["masks"], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(iou, reference["iou"], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_mobile_sam_embeds_as_its_authors_network(reference):
    network = _network("mobile-sam", GOLDEN / "mobile_sam_tiny.pt")
    pixels = np.random.default_rng(2).standard_normal((1, 3, 1024, 1024), dtype=np.float32)

    embedding = network.image_encoder(torch.from_numpy(pixels))

    assert embedding.shape == (1, 16, 64, 64)
    torch.testing.assert_close(embedding[0, :, ::8, ::8], reference["mobile_embedding"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["sam", "mobile-sam"])
def test_masks_have_the_picture_s_own_size(tmp_path, monkeypatch, hugging_face_folder, name):
    # MobileSAM always works at 1024 x 1024, where the full grid takes a minute on a CPU.
    monkeypatch.setattr("model.proposals.sam.POINTS_PER_SIDE", 3)
    tiny = {"sam": hugging_face_folder, "mobile-sam": GOLDEN / "mobile_sam_tiny.pt"}[name]
    state = _network("sam", tiny).state_dict() if name == "sam" else read_weights(tiny)
    picture = np.random.default_rng(0).integers(0, 256, (40, 56, 3), dtype=np.uint8)

    unsure = build_proposer(name, tiny).masks(picture)
    sure = build_proposer(name, _published_sam(tmp_path / "sure.pth", _sure_of_its_masks(state))).masks(picture)

    assert (unsure.dtype, unsure.shape) == (np.bool_, (0, 40, 56))
    assert sure.dtype == np.bool_
    assert len(sure) > 0
    assert sure.shape[1:] == (40, 56)


def test_published_file_and_hugging_face_folder_give_the_same_network(tmp_path, hugging_face_folder):
    state = _network("sam", hugging_face_folder).state_dict()
    published = _network("sam", _published_sam(tmp_path / "sam_vit_t.pth", state)).state_dict()

    assert published.keys() == state.keys()
    assert all(torch.equal(published[name], tensor) for name, tensor in state.items())


def test_other_weights_are_another_proposer(tmp_path, hugging_face_folder):
    state = _network("sam", hugging_face_folder).state_dict()
    other = _published_sam(tmp_path / "other.pth", _sure_of_its_masks(state))

    assert build_proposer("sam", hugging_face_folder).identity != build_proposer("sam", other).identity


@pytest.mark.parametrize("depth", [12, 24, 32])
def test_every_published_size_is_told_by_its_shapes(depth):
    """ViT-B, L and H differ in width, depth, heads and in which blocks attend globally; width does not matter here."""
    from segment_anything.build_sam import _build_sam

    from model.proposals.sam_network import build_network

    every = depth // 4
    with torch.device("meta"):
        published = _build_sam(
            encoder_embed_dim=32,
            encoder_depth=depth,
            encoder_num_heads=2,
            encoder_global_attn_indexes=[every * k - 1 for k in range(1, 5)],
        )
    state = {name: torch.zeros(tensor.shape) for name, tensor in published.state_dict().items()}
    blocks = build_network("sam", state, Path("published.pth")).image_encoder.blocks

    assert [block.window_size for block in blocks] == [block.window_size for block in published.image_encoder.blocks]
    assert [block.attn.num_heads for block in blocks] == [2] * depth


class _Bomb:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return self.trace.write_text, ("ran",)


@pytest.mark.parametrize("name", ["sam", "mobile-sam"])
def test_weights_with_code_are_refused_and_never_run(tmp_path, name):
    trace = tmp_path / "trace"
    torch.save({"image_encoder.pos_embed": _Bomb(trace)}, tmp_path / "bomb.pth")
    with pytest.raises(CheckpointError, match=r"asks for '\S+', which no weights need, so it was not loaded"):
        build_proposer(name, tmp_path / "bomb.pth")
    assert not trace.exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("sam", b"", "is damaged, or no file of weights"),
        ("sam", b"no weights", "is damaged, or no file of weights"),
        ("sam", [1, 2], "holds no tensors by name"),
        ("sam", {"weight": torch.zeros(1)}, r"has no tensor 'image_encoder\.\S+': these are not the weights of sam"),
        ("mobile-sam", {"weight": torch.zeros(1)}, "these are not the weights of mobile-sam"),
    ],
)
def test_other_files_are_refused(tmp_path, name, content, message):
    path = tmp_path / "weights.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(CheckpointError, match=message):
        build_proposer(name, path)


def test_a_cut_off_or_incomplete_file_is_refused(tmp_path, hugging_face_folder):
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes((hugging_face_folder / "model.safetensors").read_bytes()[:5000])
    with pytest.raises(CheckpointError, match="is damaged"):
        build_proposer("sam", cut)

    state = _network("sam", hugging_face_folder).state_dict()
    del state["image_encoder.neck.3.bias"]
    with pytest.raises(CheckpointError, match=r"does not fit sam .*neck\.3\.bias"):
        build_proposer("sam", _published_sam(tmp_path / "incomplete.pth", state))
