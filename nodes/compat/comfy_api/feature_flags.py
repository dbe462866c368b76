"""What the server and a client's page say they can do."""
# pyright: basic

from __future__ import annotations

from typing import Any

from nodes.compat.host import host

SERVER_FEATURE_FLAGS: dict[str, Any] = {
    "supports_preview_metadata": True,
    "max_upload_size": host().config.get("max_upload") or 100 * 1024 * 1024,
}
"""Packs add to it."""


def get_server_features() -> dict[str, Any]:
    """As `/features` has it, as far as this process knows."""
    return dict(SERVER_FEATURE_FLAGS)


def get_connection_feature(
    sockets_metadata: dict[str, dict[str, Any]], sid: str, feature_name: str, default: Any = False
) -> Any:
    """What a client said of one feature."""
    return (sockets_metadata.get(sid) or {}).get("feature_flags", {}).get(feature_name, default)


def supports_feature(sockets_metadata: dict[str, dict[str, Any]], sid: str, feature_name: str) -> bool:
    return get_connection_feature(sockets_metadata, sid, feature_name) is True
