"""`STYLE_MODEL` as packs see it."""

from __future__ import annotations

from torch import Tensor

from models.vision import StyleModel, VisionOutput


class PackStyle:
    """A style model of the engine's."""

    def __init__(self, handle: StyleModel) -> None:
        self._base = handle

    @classmethod
    def of(cls, handle: StyleModel) -> PackStyle:
        return cls(handle)

    def frozen(self) -> StyleModel:
        return self._base

    def __deepcopy__(self, memo: object) -> PackStyle:
        return self

    def get_cond(self, input: VisionOutput) -> Tensor:
        """(1, n, width): what is put behind a prompt's tokens."""
        return self._base.tokens(input)
