"""What a first visit costs: requests and bytes from an empty cache until the first graph is drawn."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass
class ColdLoad:
    ms: float = 0.0
    requests: int = 0
    bytes: int = 0
    """As they came over the wire, headers and all."""
    without: dict[str, int] = field(default_factory=dict[str, int])
    """Bytes of what is not counted, by path: the node types are as large as what is installed."""


NOT_COUNTED = {"/object_info", "/api/object_info"}


def cold_load(browser: Any, address: str) -> ColdLoad:
    context = browser.new_context(viewport={"width": 1600, "height": 900})
    page = context.new_page()
    debugger = context.new_cdp_session(page)
    debugger.send("Network.enable")
    debugger.send("Network.setCacheDisabled", {"cacheDisabled": True})
    paths: dict[str, str] = {}
    found = ColdLoad()

    def sent(event: dict[str, Any]) -> None:
        url = urlsplit(event["request"]["url"])
        if url.scheme in ("http", "https"):
            paths[event["requestId"]] = url.path

    def finished(event: dict[str, Any]) -> None:
        path = paths.get(event["requestId"])
        if path is None:
            return
        if path in NOT_COUNTED:
            found.without[path] = found.without.get(path, 0) + event["encodedDataLength"]
            return
        found.requests += 1
        found.bytes += event["encodedDataLength"]

    debugger.on("Network.requestWillBeSent", sent)
    debugger.on("Network.loadingFinished", finished)
    begun = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector("html[data-ready]")
    page.evaluate("new Promise(requestAnimationFrame)")
    found.ms = 1000 * (time.perf_counter() - begun)
    context.close()
    return found
