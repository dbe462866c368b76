"""`comfy.ldm`: the few functions of ComfyUI's networks that are of use by themselves."""
