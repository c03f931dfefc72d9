"""The AVSBench baseline's modules against the authors' outputs, at the tolerances of the golden index."""

import pytest
import torch
from golden import load, vectors
from torch.testing import assert_close

from model.avsbench.frames import Frames
from model.avsbench.official_names import DECODER, NECK
from model.avsbench.official_names import TPAVI as TPAVI_NAMES
from model.layers.dilated_sum import DilatedSum
from model.layers.panoptic_fpn import Decoder, Head
from model.layers.tpavi import TPAVI

TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}
CPU = torch.device("cpu")
MAPS = ("f1", "f2", "f3", "f4")


def frames_of(volume):
    """The authors' (B, C, T, H, W) as (BT, C, H, W)."""
    return volume.transpose(1, 2).flatten(0, 1)


def loaded(module, stored):
    """TPAVI with the authors' weights, which come without the number of batches that their normalisation has seen."""
    load(module, stored | {"w/W_z.1.num_batches_tracked": torch.tensor(0)}, "w/", TPAVI_NAMES)
    return module.eval()


def test_neck():
    g = vectors("avsbench_neck_decoder")
    neck = DilatedSum(6, 8, bias=True)
    load(neck, g, "neck/", NECK)
    assert_close(neck(g["xin"]), g["neck_out"], **TOLERANCE)


def test_decoder_and_head():
    g = vectors("avsbench_neck_decoder")
    decoder = Decoder(8, 4, unexecuted_unit=True)
    load(decoder, g, "dec/", DECODER)
    levels = []
    last = decoder([g[name] for name in MAPS], lambda maps: levels.append(maps) or maps)
    assert_close(levels[-1], g["c4321"], **TOLERANCE)
    # What a level gives is overwritten by the next one, which adds its stage in place before its ReLU in place.
    for stage, name in ((2, "c4"), (1, "c43"), (0, "c432")):
        overwritten = levels[2 - stage] + decoder.levels[stage].stage_unit(g[MAPS[stage]])
        assert_close(overwritten.relu(), g[name], **TOLERANCE)
    head = Head(8, 3, 1)
    load(head, g, "head/", [])
    assert_close(head(last), g["pred"], **TOLERANCE)


def test_the_decoder_leaves_its_maps_alone_where_the_released_one_overwrites_them():
    g = vectors("avsbench_neck_decoder")
    maps = [g[name].clone() for name in MAPS]
    Decoder(8, 4, unexecuted_unit=True)(maps, lambda level: level)
    for ours, name in zip(maps, MAPS, strict=True):
        assert torch.equal(ours, g[name])
        assert_close(ours.relu(), g[f"{name}_after"], **TOLERANCE)


def test_the_unit_that_is_never_run_changes_nothing():
    g = vectors("avsbench_neck_decoder")
    decoder = Decoder(8, 4, unexecuted_unit=False)
    load(decoder, {key: value for key, value in g.items() if "path4.resConfUnit1" not in key}, "dec/", DECODER)
    assert_close(decoder([g[name] for name in MAPS], lambda maps: maps), g["c4321"], **TOLERANCE)


def test_tpavi():
    g = vectors("tpavi")
    module = loaded(TPAVI(16, 8, 128), g)
    maps, sound = frames_of(g["x"]), g["audio"].flatten(0, 1)
    mixed, aligned = module(maps, sound, [5, 5])
    assert_close(mixed, frames_of(g["z_eval"]), **TOLERANCE)
    assert_close(aligned, g["a_out"].flatten(0, 1), **TOLERANCE)


def test_tpavi_in_training():
    g = vectors("tpavi")
    module = loaded(TPAVI(16, 8, 128), g).train()
    mixed, _ = module(frames_of(g["x"]), g["audio"].flatten(0, 1), [5, 5])
    assert_close(mixed, frames_of(g["z_train"]), **TOLERANCE)
    assert_close(module.output_scale.running_mean, g["after/W_z.1.running_mean"], **TOLERANCE)
    assert_close(module.output_scale.running_var, g["after/W_z.1.running_var"], **TOLERANCE)


@pytest.mark.parametrize("groups", [[3], [1, 2], [2, 1, 4]])
def test_tpavi_is_the_papers_product_of_all_pixels_within_each_group(groups):
    torch.manual_seed(0)
    module = TPAVI(8, 4, 6).eval()
    torch.nn.init.normal_(module.output_scale.weight)
    maps, sound = torch.randn(sum(groups), 8, 3, 2), torch.randn(sum(groups), 6)
    mixed, _ = module(maps, sound, groups)
    for one, heard, ours in zip(maps.split(groups), sound.split(groups), mixed.split(groups), strict=True):
        volume = one.transpose(0, 1)[None]
        tiled = module.align(heard).t()[None, :, :, None, None].expand_as(volume)
        theta, g = module.theta(volume).flatten(2), module.g(volume).flatten(2)
        phi = module.phi(tiled).flatten(2)
        affinity = theta.transpose(1, 2) @ phi / theta.shape[2]
        y = (affinity @ g.transpose(1, 2)).transpose(1, 2).unflatten(2, volume.shape[2:])
        z = (module.output_scale(module.output(y)) + volume)[0].permute(1, 2, 3, 0)
        assert_close(ours, module.output_norm(z).permute(0, 3, 1, 2), **TOLERANCE)


def test_a_fresh_tpavi_adds_nothing():
    maps = torch.randn(5, 8, 3, 2)
    mixed, _ = TPAVI(8, 4, 6, output_norm=False)(maps, torch.randn(5, 6), [5])
    assert torch.equal(mixed, maps)


def test_groups_of_five_stay_within_clips():
    assert Frames([5, 10, 7], padded=False, device=CPU).in_fives() == [5, 5, 5, 5, 2]
    assert Frames([5, 10, 7], padded=True, device=CPU).in_fives() == [5] * 6


def test_padding_fills_clips_up_to_ten_frames():
    frames = Frames([5, 10], padded=True, device=CPU)
    rows = torch.arange(1.0, 16.0)[:, None]
    padded = frames.pad(rows)
    assert padded[:, 0].tolist() == [1, 2, 3, 4, 5, 0, 0, 0, 0, 0, *range(6, 16)]
    assert frames.blank(padded + 1)[:, 0].tolist() == [2, 3, 4, 5, 6, 0, 0, 0, 0, 0, *range(7, 17)]
    assert torch.equal(frames.drop_padding(padded), rows)
