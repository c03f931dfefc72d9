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
