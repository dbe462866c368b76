"""`comfy.conds`: values that a network is given."""

from nodes.compat.handles.conds import CONDConstant, CONDCrossAttn, CONDNoiseShape, CONDRegular

__all__ = ["CONDConstant", "CONDCrossAttn", "CONDNoiseShape", "CONDRegular"]
