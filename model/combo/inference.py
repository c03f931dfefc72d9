"""From queries to a class score per pixel (COMBO section 3.4; Mask2Former semantic inference)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from model.combo.query_decoder import Prediction
from model.precision import without_autocast


@without_autocast
def class_scores(prediction: Prediction, size: tuple[int, int]) -> Tensor:
    """Sum over queries of class probability times mask probability, no-object left out.

    Scores are not normalised: they range up to the number of queries.

    Args:
        prediction: of BT frames.
        size: height and width of the result.

    Returns:
        (BT, K, H, W) in fp32.
    """
    prediction = prediction.float()
    masks = F.interpolate(prediction.mask_logits, size, mode="bilinear", align_corners=False).sigmoid()
    classes = prediction.class_logits.softmax(2)[..., :-1]
    return torch.einsum("bqc,bqhw->bchw", classes, masks)


def object_share(scores: Tensor) -> Tensor:
    """Share of the class scores that is not background's; with two classes above one half where an object is.

    Args:
        scores: (BT, K, H, W), of which class 0 is background.

    Returns:
        (BT, H, W) from 0 to 1 in fp32; 0 where every score has vanished.
    """
    scores = scores.float()
    total = scores.sum(1)
    share = 1 - scores[:, 0] / total.clamp_min(torch.finfo(total.dtype).tiny)
    return share.masked_fill(total == 0, 0)
