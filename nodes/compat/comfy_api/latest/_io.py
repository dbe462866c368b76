"""Another name of `io`, which packs import too."""
# pyright: basic

from .io import *  # noqa: F403
from .io import _ComfyType, _UIOutput  # noqa: F401
