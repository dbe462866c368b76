"""What a graph can be made of: thin typed functions, grouped by theme. The work itself is in `models/`."""

from pathlib import Path
from typing import Any

import models as _models  # noqa: F401  (first of all: it says how torch's threads wait, before torch is loaded)


def __getattr__(name: str) -> Any:
    """Where packs run, ComfyUI's `nodes.NODE_CLASS_MAPPINGS` and the like, for code that is no pack's own.

    An import statement in a pack gets `nodes/compat/node_classes.py` itself (nodes/compat/own_modules.py).
    """
    if not name.startswith("_") and not Path(__file__).with_name(f"{name}.py").exists():
        from nodes.compat.host import installed

        if installed():
            from nodes.compat.finder import class_named

            return class_named(name)
    raise AttributeError(f"module 'nodes' has no attribute {name!r}")
