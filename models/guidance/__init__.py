"""Ways of guiding a model, and of making it cheaper: each a function that takes a handle and gives a changed one.

mixing       what is done with the answers to both prompts: rescaled, projected, damped, filtered
perturbed    guidance away from a spoiled answer: perturbed attention, blurred attention, skipped layers
freeu        the way up through a UNet, reweighed
tokens       fewer tokens in self-attention: tiles, merged tokens
deep_shrink  a smaller picture inside a UNet while the outlines form
caches       answers used again while they change little
masks        a mask that grows in the course of a run
compiled     blocks compiled by torch
hypernetwork small networks on the inputs of attention

All are ComfyUI's by definition, so that graphs give the same pictures to rounding.
"""
