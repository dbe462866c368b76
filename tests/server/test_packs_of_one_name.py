"""Two packs with a node type of one name: whose it is does not depend on which of them is on."""

from __future__ import annotations

from pathlib import Path

from tests.server.harness import running
from tests.server.test_server_packs import approve, packs, said, state, write


def test_a_name_stays_the_packs_that_had_it_first(base: Path) -> None:
    write(base, "first", "one", "Shared")
    write(base, "other", "two", "Shared")
    with running(base) as server:
        server.wait_until_ready()
        for name in ("first", "other"):
            server.post("/easel/packs/code", {})
            approve(server, name)
        state(server, "other", "loaded", node_types=["other/Shared"])
        assert (said(server, "Shared"), said(server, "other/Shared")) == ("one", "two")

        # While the first is off, its name means nothing rather than another's node.
        server.post("/easel/packs/first/forget", {})
        state(server, "first", "untrusted")
        note = "Shared is the name of a node type of the pack first: this one is other/Shared."
        state(server, "other", "loaded", node_types=["other/Shared"], notes=[note])
        server.wait_until_ready()
        assert server.post("/prompt", {"prompt": {"1": {"class_type": "Shared", "inputs": {}}}}).status == 400
        assert said(server, "other/Shared") == "two"

    # Gone for good, it leaves its name; graphs by either name find the node.
    (base / "custom_nodes" / "first").rename(base / "first")
    with running(base) as server:
        server.wait_until_ready()
        assert packs(server)["other"]["node_types"] == ["Shared"]
        assert (said(server, "Shared"), said(server, "other/Shared")) == ("two", "two")
