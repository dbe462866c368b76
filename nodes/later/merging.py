"""Merging two models of a later family: a share of the second for each of its blocks."""

from __future__ import annotations

from collections.abc import Iterable

from graph.spec import NodeSpec
from nodes.later.declare import declare, real, sockets, waiting_for


def _merge(class_type: str, name: str, parts: Iterable[str]) -> NodeSpec:
    """parts: beginnings of tensor names, each a share from 0 to 1 of the first model."""
    return declare(
        class_type,
        "advanced/model_merging/model_specific",
        [*sockets("model1: MODEL, model2: MODEL"), *(real(part, 1.0, 0.0, 1.0, 0.01) for part in parts)],
        "MODEL",
        f"Merge two {name} models, block by block.",
    )


def _blocks(prefix: str, count: int) -> list[str]:
    """`blocks.0.`, `blocks.1.`, ..."""
    return [f"{prefix}{index}." for index in range(count)]


_COSMOS = ("pos_embedder.", "extra_pos_embedder.", "x_embedder.", "t_embedder.", "affline_norm.")
_COSMOS2 = ("pos_embedder.", "x_embedder.", "t_embedder.", "t_embedding_norm.")
_AURAFLOW = ("init_x_linear.", "positional_encoding", "cond_seq_linear.", "register_tokens", "t_embedder.")
_LTXV = ("patchify_proj.", "adaln_single.", "caption_projection.")
_MOCHI = ("pos_frequencies.", "t_embedder.", "t5_y_embedder.", "t5_yproj.")
_QWEN = ("pos_embeds.", "img_in.", "txt_norm.", "txt_in.", "time_text_embed.")
_WAN = ("patch_embedding.", "time_embedding.", "time_projection.", "text_embedding.", "img_emb.")
_AURAFLOW_BLOCKS = (*_blocks("double_layers.", 4), *_blocks("single_layers.", 32))

LATER = (
    *waiting_for(
        "the AuraFlow models",
        _merge("ModelMergeAuraflow", "AuraFlow", (*_AURAFLOW, *_AURAFLOW_BLOCKS, "modF.", "final_linear.")),
    ),
    *waiting_for(
        "the Cosmos models",
        _merge("ModelMergeCosmos7B", "Cosmos 7B", (*_COSMOS, *_blocks("blocks.block", 28), "final_layer.")),
        _merge("ModelMergeCosmos14B", "Cosmos 14B", (*_COSMOS, *_blocks("blocks.block", 36), "final_layer.")),
        _merge(
            "ModelMergeCosmosPredict2_2B", "Cosmos Predict2 2B", (*_COSMOS2, *_blocks("blocks.", 28), "final_layer.")
        ),
        _merge(
            "ModelMergeCosmosPredict2_14B", "Cosmos Predict2 14B", (*_COSMOS2, *_blocks("blocks.", 36), "final_layer.")
        ),
    ),
    *waiting_for(
        "the LTX video models",
        _merge(
            "ModelMergeLTXV",
            "LTX video",
            (*_LTXV, *_blocks("transformer_blocks.", 28), "scale_shift_table", "proj_out."),
        ),
    ),
    *waiting_for(
        "the Mochi models",
        _merge("ModelMergeMochiPreview", "Mochi", (*_MOCHI, *_blocks("blocks.", 48), "final_layer.")),
    ),
    *waiting_for(
        "the Qwen image models",
        _merge("ModelMergeQwenImage", "Qwen image", (*_QWEN, *_blocks("transformer_blocks.", 60), "proj_out.")),
    ),
    *waiting_for(
        "the Wan video models",
        _merge("ModelMergeWAN2_1", "Wan 2.1", (*_WAN, *_blocks("blocks.", 40), "head.")),
    ),
)
