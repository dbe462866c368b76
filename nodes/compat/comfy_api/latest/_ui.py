"""Another name of `ui`, which packs import too."""
# pyright: basic

from .ui import *  # noqa: F403
