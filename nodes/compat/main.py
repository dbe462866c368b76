"""ComfyUI's `main.py`, as `import __main__` gives it to packs: they ask it for the folder in which it lies."""

from __future__ import annotations

from nodes.compat.comfy_root import comfy_root
from nodes.compat.host import installed

del __file__  # so that it is asked for below: which folder that is, the host says


def __getattr__(name: str) -> str:
    if name == "__file__" and installed():
        return str(comfy_root() / "main.py")
    raise AttributeError(name)
