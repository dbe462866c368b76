"""Which paths the routes of packs are asked for."""

from __future__ import annotations

import asyncio

import pytest

from api.packs.forward import Forward


def takes(route: str, path: str) -> bool:
    ways = Forward()
    ways.take({"packs": [{"pack": "p", "socket": "s", "routes": [["GET", route]]}]})
    asyncio.run(ways.close())
    return bool(ways.find("GET", path))


@pytest.mark.parametrize(
    ("route", "fits", "others"),
    [
        ("/a b/é", ["/a%20b/%C3%A9"], ["/a", "/a%20b/%C3%A9/"]),
        ("/a/{}", ["/a/b"], ["/a/", "/a/b/c"]),
        ("/a/{}.json/x", ["/a/b.json/x", "/a/.json.json/x"], ["/a/.json/x", "/a/b/c.json/x"]),
        ("/a/{}-{}/x", ["/a/b-c/x"], ["/a/b-c", "/a/b-c/y", "/a//x"]),
        ("/a/{*}", ["/a/", "/a/b/c"], ["/a"]),
        ("/a/{*}/x", ["/a/b/c/x"], ["/a/b/c"]),
        ("/a/{*}/b/{*}", ["/a/1/2/b/3/4"], ["/a/1/2"]),
    ],
)
def test_which_paths_a_route_is_asked_for(route: str, fits: list[str], others: list[str]) -> None:
    assert all(takes(route, path) for path in fits)
    assert not any(takes(route, path) for path in others)


@pytest.mark.parametrize("route", ["/x/{}-{}-{}-{}/end", "/x/{*}/{*}/{*}/{*}/end", "/x/{*}-{}-{}/end", "/x/{*}{}x"])
def test_a_long_path_is_soon_looked_at(route: str) -> None:
    """With an expression that tries every way this would not end."""
    for path in ("/x/" + "-" * 8000, "/x/" + "/-" * 4000, "/x/" + "-/" * 4000):
        assert takes(route, path) in (True, False)
