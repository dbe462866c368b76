"""What MODEL, CLIP, VAE and other handles are to packs: the documented faces, in front of the engine's own."""
