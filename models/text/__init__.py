"""Prompts: tokens with their weights, the encoders that read them, and what a model is given of that."""

from __future__ import annotations

from typing import Any

Conditioning = list[list[Any]]
"""CONDITIONING: [[tensor (b, tokens, width), {"pooled_output": (b, width), ...}], ...]."""
