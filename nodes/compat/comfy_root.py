# pyright: basic
"""The folder that packs take for ComfyUI's own: next to `folder_paths.py`, `server.py` and `nodes.py`."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from nodes.compat.host import host
from nodes.compat.own_modules import ROOT

LINKED = ("custom_nodes", "models", "input", "output", "temp")


def comfy_root() -> Path:
    """The base directory. Where that is Easel's own folder, one in the user's folder, with links to what is in it:
    older packs copy scripts to `web/extensions` there, which are not to come among Easel's own."""
    config = host().config
    base = Path(config.get("base") or host().folders.roots("input")[0].parent if host().folders.kinds else ".")
    if os.path.realpath(base) != os.path.realpath(ROOT):
        return base
    root = Path(config.get("user") or base / "user") / "comfyui"
    with suppress(OSError):
        (root / "web" / "extensions").mkdir(parents=True, exist_ok=True)
        for name in LINKED:
            link = root / name
            if not link.is_symlink() and not link.exists() and (base / name).is_dir():
                link.symlink_to(base / name, target_is_directory=True)
    return root
