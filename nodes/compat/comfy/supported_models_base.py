"""`comfy.supported_models_base`."""

from nodes.compat.handles.config import BASE

__all__ = ["BASE"]
