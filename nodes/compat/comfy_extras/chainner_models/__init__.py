"""`comfy_extras.chainner_models`: enlarging networks."""
