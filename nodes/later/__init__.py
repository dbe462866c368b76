"""Node types that this version declares and cannot run yet: graphs with them open, convert and show what they hold.

A type that gets code moves to a theme of `nodes` and leaves its table here.
"""

from __future__ import annotations

from graph.spec import NodeSpec
from nodes.later import audio, families, krita, merging, patches, solids, training, video, wan

LATER: tuple[NodeSpec, ...] = tuple(
    spec for theme in (families, patches, merging, training, video, wan, audio, solids, krita) for spec in theme.LATER
)
OF_PACKS = frozenset(spec.class_type for spec in krita.LATER)
"""Those that packs are known for: a pack that brings one has it under its bare name."""
