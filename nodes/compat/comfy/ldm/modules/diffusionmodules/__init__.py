"""A part of `comfy.ldm`."""
