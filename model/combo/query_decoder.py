"""Masked-attention transformer decoder with audio queries (Mask2Former section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.combo.config import QueryDecoderConfig
from model.config import Truth
from model.interface import Gather, alone
from model.layers.mlp import MLP
from model.layers.position_encoding import sine_encoding
from model.numerics import PLAIN, Numerics


@dataclass(frozen=True)
class Prediction:
    """One set of queries turned into classes and masks.

    Attributes:
        class_logits: (BT, Q, K+1), the last index is no-object.
        mask_logits: (BT, Q, H/4, W/4).
    """

    class_logits: Tensor
    mask_logits: Tensor

    def float(self) -> Prediction:
        """The same in fp32."""
        return Prediction(self.class_logits.float(), self.mask_logits.float())


def _attention(width: int, heads: int) -> nn.MultiheadAttention:
    attention = nn.MultiheadAttention(width, heads, batch_first=True)
    nn.init.xavier_uniform_(attention.out_proj.weight)
    return attention


class CrossAttentionLayer(nn.Module):
    """Queries read one memory level where their current mask lies.

    Args:
        width: channels C.
        heads: attention heads.
        numerics: whether they share a mask.
    """

    def __init__(self, width: int, heads: int, numerics: Numerics = PLAIN) -> None:
        super().__init__()
        self.copies_mask = not numerics.shared_mask
        self.attention = _attention(width, heads)
        self.norm = nn.LayerNorm(width)

    def forward(
        self, query: Tensor, query_position: Tensor, memory: Tensor, position: Tensor, blocked: Tensor
    ) -> Tensor:
        """(BT, Q, C) queries, (BT, HW, C) memory, (BT, Q, HW) true where attention is blocked."""
        placed, keys = query + query_position, memory + position
        if self.copies_mask:
            copies = blocked.repeat_interleave(self.attention.num_heads, dim=0)
            read, _ = self.attention(placed, keys, memory, attn_mask=copies, need_weights=False)
        else:
            read = self._read(placed, keys, memory, blocked)
        return self.norm(query + read)

    def _read(self, query: Tensor, keys: Tensor, values: Tensor, blocked: Tensor) -> Tensor:
        """What `attention` computes, with one mask for all heads."""
        attention = self.attention
        projections = zip(attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3), strict=True)
        q, k, v = (
            F.linear(tokens, weight, bias).unflatten(2, (attention.num_heads, -1)).transpose(1, 2)
            for tokens, (weight, bias) in zip((query, keys, values), projections, strict=True)
        )
        mixed = F.scaled_dot_product_attention(q, k, v, ~blocked[:, None])
        return attention.out_proj(mixed.transpose(1, 2).flatten(2))


class SelfAttentionLayer(nn.Module):
    """Queries of one frame exchange what they found."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = _attention(width, heads)
        self.norm = nn.LayerNorm(width)

    def forward(self, query: Tensor, query_position: Tensor) -> Tensor:
        """(BT, Q, C) to (BT, Q, C)."""
        placed = query + query_position
        read, _ = self.attention(placed, placed, query, need_weights=False)
        return self.norm(query + read)


class FeedForwardLayer(nn.Module):
    """Two linear layers with ReLU, normalised after the residual."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(width, hidden)
        self.linear2 = nn.Linear(hidden, width)
        self.norm = nn.LayerNorm(width)
        for linear in (self.linear1, self.linear2):
            nn.init.xavier_uniform_(linear.weight)

    def forward(self, query: Tensor) -> Tensor:
        """(BT, Q, C) to (BT, Q, C)."""
        return self.norm(query + self.linear2(self.linear1(query).relu()))


class QueryDecoder(nn.Module):
    """Refines queries over rounds of strides 32, 16, 8 and predicts after each layer.

    Args:
        width: channels C.
        classes: K, background included.
        levels: memory levels per round.
        config: queries, layers, heads, feed-forward width, how audio enters the queries.
        audio_expand: official: (BT, Q, C) read as (Q, BT, C), so a query gets the audio of another frame of the batch,
            BT being the frames of all workers; paper: every query gets its own frame's.
        numerics: how masked attention computes.
    """

    def __init__(
        self,
        width: int,
        classes: int,
        levels: int,
        config: QueryDecoderConfig,
        audio_expand: Truth,
        numerics: Numerics = PLAIN,
    ) -> None:
        super().__init__()
        self.config, self.audio_expand = config, audio_expand
        learned = width // 2 if config.query_mode == "concat" else width
        self.query_features = nn.Embedding(config.queries, learned)
        self.query_positions = nn.Embedding(config.queries, width)
        self.level_embed = nn.Embedding(levels, width)
        self.cross_attention = nn.ModuleList(
            CrossAttentionLayer(width, config.heads, numerics) for _ in range(config.layers)
        )
        self.self_attention = nn.ModuleList(SelfAttentionLayer(width, config.heads) for _ in range(config.layers))
        self.feed_forward = nn.ModuleList(FeedForwardLayer(width, config.ffn_width) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.class_head = nn.Linear(width, classes + 1)
        self.mask_head = MLP(width, width, width)

    @property
    def uses_every_parameter(self) -> bool:
        """Whether a backward pass reaches all parameters; data-parallel training must know."""
        return self.config.query_mode != "all"

    @property
    def mixes_frames(self) -> bool:
        """Whether queries get the audio of frames other than their own."""
        return self.audio_expand == "official" and self.config.query_mode != "none"

    def forward(
        self, memory: list[Tensor], mask_features: Tensor, audio: Tensor, gather: Gather = alone
    ) -> list[Prediction]:
        """Predicts from the initial queries and after every layer.

        Args:
            memory: maps (BT, C, H/s, W/s) for s = 32, 16, 8.
            mask_features: (BT, C, H/4, W/4).
            audio: (BT, 1, C), or (BT, 1, C/2) when queries are concatenated.
            gather: joins the audio of a batch that is spread over workers.

        Returns:
            layers + 1 predictions; the last is the final one.
        """
        keys = [
            level.flatten(2).transpose(1, 2) + embed
            for level, embed in zip(memory, self.level_embed.weight, strict=True)
        ]
        shapes = [(level.shape[2], level.shape[3]) for level in memory]
        positions = [
            sine_encoding(height, width, mask_features.shape[1], mask_features.device).flatten(2).transpose(1, 2)
            for height, width in shapes
        ]
        query = self.initial_queries(audio, gather)
        query_position = self.query_positions.weight
        predictions = [self._predict(query, mask_features)]
        for index, (cross, own, forward) in enumerate(
            zip(self.cross_attention, self.self_attention, self.feed_forward, strict=True)
        ):
            level = index % len(memory)
            blocked = self._blocked(predictions[-1].mask_logits, shapes[level])
            query = cross(query, query_position, keys[level], positions[level], blocked)
            query = forward(own(query, query_position))
            predictions.append(self._predict(query, mask_features))
        return predictions

    def initial_queries(self, audio: Tensor, gather: Gather = alone) -> Tensor:
        """Queries (BT, Q, C) that enter the first layer; see `forward`."""
        frames, queries = audio.shape[0], self.config.queries
        learned = self.query_features.weight.expand(frames, -1, -1)
        sounding = audio.expand(-1, queries, -1)
        if self.mixes_frames:
            everyones, first = gather(audio)
            shuffled = everyones.expand(-1, queries, -1).reshape(queries, len(everyones), -1)
            sounding = shuffled[:, first : first + frames].transpose(0, 1)
        match self.config.query_mode:
            case "add":
                return learned + sounding
            case "all":
                return sounding
            case "none":
                return learned
            case "concat":
                return torch.cat((learned, sounding), dim=2)

    def _predict(self, query: Tensor, mask_features: Tensor) -> Prediction:
        query = self.norm(query)
        masks = torch.einsum("bqc,bchw->bqhw", self.mask_head(query), mask_features)
        return Prediction(self.class_head(query), masks)

    def _blocked(self, mask_logits: Tensor, shape: tuple[int, int]) -> Tensor:
        """(BT, Q, HW), true where a query's mask is background; a query with no pixel at all sees everything."""
        resized = F.interpolate(mask_logits.detach(), shape, mode="bilinear", align_corners=False)
        blocked = resized.flatten(2).sigmoid() < 0.5
        return blocked & ~blocked.all(2, keepdim=True)
