"""ComfyUI's public Python interface, the third version of its node contract (`io.Schema`) above all.

The modules lie as ComfyUI's do, import each other by relative names, and so serve under `comfy_api` and under their own
name alike. `adapt.py` is ours: it presents a node class of this kind as one of Easel's node types.
"""
