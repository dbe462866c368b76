"""Shared links, as an attacker looks at them: what a link lets in, and that it lets in nothing else."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api.database import DatabaseError
from api.hub import Feed
from api.replies import Refusal
from api.services import SERVICES
from api.shares.guest import FOR_GUESTS, WRONG_TOKENS, Door, get_form
from api.shares.page import FILES
from api.shares.settle import SETTLE_EVERY, keep_settled
from api.shares.store import ShareStore
from tests.server.guests import FORM, OWNER, PROMPT, TOKEN, Guest, ask, refused, share
from tests.server.harness import ROOT, Server, running, until


def test_a_guest_runs_the_graph_and_sees_the_chosen_results(guarded: Server) -> None:
    guest = Guest(guarded, share(guarded)["path"])
    told = guest.ask("/form").json()
    assert [item.get("label") for item in told["form"]["items"]] == [None, "Words", "Seconds", "Choice"]
    assert told["left"] == 100
    run = guest.run(words="good day", pick="two")
    assert run.status == 201
    done = guest.result(run.json()["run"])
    assert done["results"] == [
        {"kind": "text", "text": "good day", "output": "Said"},
        {"kind": "text", "text": "twowaited", "output": "Joined"},
    ]
    assert guest.ask("/runs").json()["left"] == 99
    assert not (guarded.base / "output" / "written.txt").exists()  # an output that was not chosen does not run


def test_the_guest_is_told_nothing_of_the_graph(guarded: Server) -> None:
    made = share(guarded)
    guest = Guest(guarded, made["path"])
    run = guest.run().json()["run"]
    guest.result(run)
    for rest in ("", "/form", "/runs"):
        body = guest.ask(rest).body.decode()
        for secret in ("Say", "class_type", "not for guests", "targets", "prompt_id", TOKEN, made["id"]):
            assert secret not in body, (rest, secret)


def test_a_link_opens_no_other_route(guarded: Server) -> None:
    made = share(guarded)
    token, path = made["token"], made["path"]
    app_routes = ["/", "/prompt", "/api/prompt", "/queue", "/history", "/object_info", "/easel/shares", "/easel/queue"]
    app_routes += ["/easel/status", "/easel/events", "/ws", "/userdata?dir=x", "/settings", "/w/x/main.js", "/view"]
    app_routes += [f"/?token={token}", f"/easel/shares/{made['id']}", f"/easel/shares/{made['id']}/runs"]
    tricks = [
        f"{path}/../../../prompt",
        f"{path}/%2e%2e/%2e%2e/%2e%2e/prompt",
        f"{path}/..%2f..%2f..%2fprompt",
        f"/prompt?{path}",
        f"/prompt#{path}",
        f"/prompt/{path}",
        f"/easel/share/../prompt?{token}",
        f"//easel/share/{token}/../../../prompt",
        f"/easel/shares/..{path}",
        f"{path}/w/../../../../prompt",
    ]
    ways = (
        {},
        {"Authorization": f"Bearer {token}"},
        {"Cookie": f"easel_0={token}"},
        {"Cookie": f"easel_guest={token}"},
    )
    for route in app_routes + tricks:
        for headers in ways:
            for method in ("GET", "POST", "DELETE"):
                reply = guarded.request(method, route, headers=headers)
                assert reply.status in (401, 403, 404, 405), (method, route, headers, reply.status)


def test_only_the_pages_own_files_are_given(guarded: Server) -> None:
    path = share(guarded)["path"]
    for name in ("main.js", "index.html", "app_view/share.html", "../server.py", "%2e%2e/server.py", "api/client.js"):
        assert ask(guarded, f"{path}/w/{name}").status == 404, name
    assert ask(guarded, f"{path}/w/language/t.js").status == 200


def test_guests_of_one_link_do_not_see_each_other(guarded: Server) -> None:
    made = share(guarded)
    first, second = Guest(guarded, made["path"]), Guest(guarded, made["path"])
    assert first.cookie != second.cookie
    run = first.run(words="private").json()["run"]
    first.result(run)
    assert second.ask("/runs").json()["runs"] == []
    refused(second.ask(f"/runs/{run}/0"), 404, "not_found")
    refused(second.ask(f"/runs/{run}/stop", {}), 404, "not_found")
    without = ask(guarded, made["path"] + "/runs")
    assert without.json()["runs"] == []
    refused(ask(guarded, made["path"] + "/runs", {"values": {}}), 403, "no_guest")
    # A run's id does not open another link.
    other = Guest(guarded, share(guarded)["path"])
    other.cookie = first.cookie
    refused(other.ask(f"/runs/{run}/0"), 404, "not_found")
    owner = ask(guarded, f"/easel/shares/{made['id']}/runs", **OWNER).json()["runs"]
    assert [(one["id"], one["given"]) for one in owner] == [(run, {"words": "private"})]


def test_cookie_and_headers(guarded: Server) -> None:
    made = share(guarded)
    guest = Guest(guarded, made["path"])
    for part in ("HttpOnly", "SameSite=Lax", f"Path={made['path']}"):
        assert part in guest.attributes
    page = guest.ask("")
    assert "set-cookie" not in page.headers
    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in page.headers["content-security-policy"]
    for reply in (page, guest.ask("/form"), guest.ask("/runs/x/0"), guest.run(words=5)):
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["cache-control"] == "no-store"


def test_hosts_and_origins_hold_for_guests_too(guarded: Server) -> None:
    guest = Guest(guarded, share(guarded)["path"])
    assert guest.ask("/form", Host="evil.example").status == 403
    assert guest.ask("/runs", {"values": {}}, Origin="https://evil.example").status == 403
    cross = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    assert guest.ask("/runs", **cross).status == 403


def test_limits(guarded: Server) -> None:
    few = Guest(guarded, share(guarded, most_runs=1)["path"])
    assert few.run().status == 201
    refused(few.run(), 403, "used_up")
    assert few.ask("").status == 200  # what is done can still be seen
    other = Guest(guarded, few.path)
    refused(other.run(), 403, "used_up")  # another browser has no runs of its own

    hourly = Guest(guarded, share(guarded, per_hour=1)["path"])
    hourly.result(hourly.run().json()["run"])
    reply = hourly.run()
    refused(reply, 429, "per_hour")
    assert 3500 <= int(reply.headers["retry-after"]) <= 3600

    waiting = Guest(guarded, share(guarded, most_waiting=1)["path"])
    run = waiting.run(wait=20).json()["run"]
    reply = waiting.run()
    refused(reply, 429, "waiting")
    assert "retry-after" in reply.headers
    waiting.result(run, "running")
    until(lambda: waiting.result(run, "running").get("steps") == 200)
    assert waiting.ask(f"/runs/{run}/stop", {}).status == 204
    waiting.result(run, "stopped")


def test_revoked_and_expired(guarded: Server) -> None:
    made = share(guarded)
    guest = Guest(guarded, made["path"])
    route = f"/easel/shares/{made['id']}"
    assert ask(guarded, route, {"revoked": True}, "PATCH", **OWNER).json()["revoked"]
    refused(guest.run(), 410, "revoked")
    page = ask(guarded, made["path"])
    assert page.status == 410
    assert b"ended by the person" in page.body
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src" not in page.headers["content-security-policy"]
    # What waited through it does not run any more.
    ask(guarded, route, {"revoked": False}, "PATCH", **OWNER)
    first, second = (guest.run(wait=seconds).json()["run"] for seconds in (20, 0))
    guest.result(first, "running")
    ask(guarded, route, {"revoked": True}, "PATCH", **OWNER)
    ask(guarded, route, {"revoked": False}, "PATCH", **OWNER)
    assert guest.ask(f"/runs/{first}/stop", {}).status == 204
    guest.result(first, "stopped")
    assert next(run for run in guest.ask("/runs").json()["runs"] if run["id"] == second)["results"] == []
    ask(guarded, route, {"revoked": False, "expires_in": 1}, "PATCH", **OWNER)
    assert guest.ask("/form").status == 200
    until(lambda: guest.ask("/form").status == 410)
    refused(guest.run(), 410, "expired")
    ask(guarded, route, {"expires_in": 3600}, "PATCH", **OWNER)
    assert guest.run().status == 201
    assert ask(guarded, route, None, "DELETE", **OWNER).status == 204
    refused(guest.ask("/form"), 403, "no_share")


def test_an_error_page_speaks_the_guests_language_and_quotes_nothing(guarded: Server) -> None:
    reply = ask(guarded, "/easel/share/" + "x" * 43, **{"Accept-Language": "<script>, ../../en;q=1"})
    assert reply.status == 403
    assert b"This link opens nothing" in reply.body
    assert b"xxx" not in reply.body


def test_wrong_tokens_are_slowed_down() -> None:
    door = Door()
    for number in range(WRONG_TOKENS):
        assert door.knock("1.2.3.4", 100.0 + number / 10) is None
    assert 0 < (door.knock("1.2.3.4", 103.0) or 0) <= 60
    assert door.knock("1.2.3.5", 103.0) is None
    assert door.knock("1.2.3.4", 200.0) is None
    for number in range(12_000):
        door.knock(str(number), 300.0)
    assert len(door.wrong) <= 10_000


def test_a_right_token_is_let_in_from_an_address_with_many_wrong_ones(base: Path) -> None:
    with running(base) as server:
        path = server.post("/easel/shares", {"prompt": PROMPT, "form": FORM}).json()["path"]
        statuses = [
            server.get(f"/easel/share/{'y' * 42}{number % 10}/form").status for number in range(WRONG_TOKENS + 2)
        ]
        assert statuses[0] == 403
        assert statuses[-1] == 429
        assert server.get(path + "/form").status == 200


def test_tokens_are_kept_as_hashes_and_never_logged(guarded: Server) -> None:
    made = share(guarded)
    Guest(guarded, made["path"]).run()
    assert len(made["token"]) >= 43
    for file in (guarded.base / "user").glob("shares.db*"):
        assert made["token"].encode() not in file.read_bytes()
    said = until(lambda: text if "/easel/share/.../runs" in (text := (guarded.base / "server.log").read_text()) else "")
    assert made["token"] not in said
    assert made["token"] not in ask(guarded, "/easel/shares", **OWNER).body.decode()


def test_guests_stand_behind_the_owner_and_links_outlive_the_server(base: Path) -> None:
    with running(base, "--paused") as server:
        server.wait_until_ready()
        made = server.post("/easel/shares", {"prompt": PROMPT, "form": FORM, "name": "For Ann"}).json()
        guest = Guest(server, made["path"])
        run = guest.run(words="late").json()["run"]
        server.prompt(PROMPT)
        queue = server.get("/queue").json()["queue_pending"]
        assert [item[3].get("easel", {}).get("share", {}).get("name") for item in queue] == [None, "For Ann"]
        assert guest.ask("/runs").json()["runs"][0] | {"created": 0} == {
            "id": run, "created": 0, "given": {"words": "late"}, "results": [], "state": "waiting", "before": 2,
        }  # fmt: skip
        server.kill()
    with running(base) as server:
        guest.server = server
        assert guest.result(run)["results"][0]["text"] == "late"
        server.prompt(PROMPT)
        numbers = [item[0] for item in server.get("/queue").json()["queue_pending"]]
        assert all(number < 2**40 for number in numbers)


def test_a_failed_run_tells_no_more_than_that(guarded: Server) -> None:
    prompt = {"1": {"class_type": "Fail", "inputs": {"text": "a secret path"}}, "2": PROMPT["2"]}
    form = {"title": "", "items": [], "outputs": [{"node": "2", "label": ""}]}
    guest = Guest(guarded, share(guarded, form, prompt)["path"])
    run = guest.run().json()["run"]
    guest.result(run, "failed")
    assert b"secret" not in guest.ask("/runs").body


def test_a_graph_that_cannot_run_here_is_refused_without_details(guarded: Server) -> None:
    prompt = {"1": {"class_type": "Model", "inputs": {"name": "a/private/model.safetensors"}}, "2": PROMPT["2"]}
    form = {"title": "", "items": [], "outputs": [{"node": "2", "label": ""}]}
    guest = Guest(guarded, share(guarded, form, prompt)["path"])
    reply = guest.run()
    refused(reply, 409, "cannot_run")
    assert b"private" not in reply.body
    assert guest.ask("/runs").json() == {"runs": [], "left": 100}


def test_what_fails_here_is_not_told_to_guests() -> None:
    class Broken:
        async def by_token(self, token: str) -> None:
            raise DatabaseError("the disk that holds /home/someone/shares.db is full", full=True)

    services = SimpleNamespace(shares=Broken())
    request: Any = SimpleNamespace(app={SERVICES: services}, match_info={"token": "t"}, cookies={})
    with pytest.raises(Refusal) as refusal:
        asyncio.run(get_form(request))  # type: ignore[arg-type]
    assert refusal.value.status == 503
    assert "someone" not in str(refusal.value.body)


def test_a_guests_browser_may_load_what_the_page_imports_and_no_more() -> None:
    waiting, found = ["app_view/share.js"], {"app_view/share.css", "app_view/form.css"}
    while waiting:
        name = waiting.pop()
        found.add(name)
        text = (ROOT / "web" / name).read_text("utf-8")
        for path in re.findall(r"^import\b[^'\n]*'([^']+)'", text, re.MULTILINE):
            target = os.path.normpath(os.path.join(os.path.dirname(name), path))  # noqa: PTH118, PTH120
            if target not in found:
                waiting.append(target)
    assert found == FILES


def test_a_share_of_the_list_that_a_newer_easel_wrote_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shares.db") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(DatabaseError, match="newer"):
        ShareStore(tmp_path / "shares.db").open()


def test_every_guests_route_looks_at_its_token(guarded: Server) -> None:
    """A route that forgot to would answer 200 to a token that opens nothing."""
    from api.shares.guest import OWN_ROUTES

    for route in OWN_ROUTES:
        path = route.path.replace("{token:[A-Za-z0-9_-]{1,100}}", "z" * 43).replace("{path:.+}", "language/t.js")
        path = path.replace("{run:[A-Za-z0-9_-]+}", "r").replace("{index:[0-9]{1,4}}", "0")
        assert guarded.request(route.method, path).status in (403, 429), path
    assert len(FOR_GUESTS) == len({route.handler for route in OWN_ROUTES})


def test_runs_are_looked_after_when_they_end() -> None:
    """Not only every so often: the history may be cleared a moment later."""

    async def work() -> None:
        looked = asyncio.Event()

        class Shares:
            async def with_open_runs(self) -> list[Any]:
                looked.set()
                return []

        feed = Feed()
        app: Any = {SERVICES: SimpleNamespace(shares=Shares(), feed=feed)}
        keeper = keep_settled(app)
        await anext(keeper)
        feed.publish("status", {})
        await asyncio.sleep(0)
        assert not looked.is_set()
        feed.publish("job_ended", {"prompt_id": "p"})
        await asyncio.wait_for(looked.wait(), SETTLE_EVERY / 2)
        await anext(keeper, None)

    asyncio.run(work())
