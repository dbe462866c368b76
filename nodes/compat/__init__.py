"""The module names that ComfyUI's packs import (`folder_paths`, `comfy.utils`, `nodes`, `server`, ...), answered by us.

Thin modules of our own, written from the documented behaviour, that map onto Easel's engine.
"""
