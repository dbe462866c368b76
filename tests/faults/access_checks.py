"""What must be true after a fault where there are accounts, beside what must be true anywhere."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.faults.access import REMOVED
from tests.faults.follower import Follower
from tests.faults.team import Member, as_asked, headers_of
from tests.server.harness import Server, say

NOTHING = {"quotas": {"gpu_seconds_per_day": 0}}
AS_MUCH_AS_THERE_IS = {"quotas": {"gpu_seconds_per_day": None}}


def sight(members: Sequence[Member], histories: Sequence[Mapping[str, Any]], pages: Sequence[Follower]) -> None:
    """Each is shown and told of their own, and the first of everybody's."""
    everybodys = {id: entry for history in histories[1:] for id, entry in history.items()}
    of_first = {id: entry for id, entry in histories[0].items() if id not in members[0].ledger.sent}
    assert of_first == everybodys, "the admin and the others see other jobs"
    for member, page in zip(members[1:], pages, strict=True):
        others = [other.mark for other in members if other is not member]
        for event in page.events():
            text = json.dumps(event)
            assert not any(mark in text for mark in others), f"{member.name} was told of others' jobs: {text[:500]}"


def keys(server: Server, member: Member) -> None:
    """Sessions and tokens open what they did, as long as nobody has ended them."""
    for (kind, key), value in member.ledger.values.items():
        if kind in ("session", "token"):
            status = as_asked(server, headers_of(kind, key)).get("/easel/accounts/me").status
            assert status in (200, 401), f"a {kind} is answered by {status}"
            assert value.may_be(status == 200), f"a {kind} of {member.name} opens: {status == 200}, not {value}"


def accounts(server: Server, admin: Member) -> None:
    """People who were added are there, with what they may have; who was removed is not."""
    listed = {each["id"]: each["quotas"] for each in admin.at(server).get("/easel/accounts").json()["accounts"]}
    for (kind, id), value in admin.ledger.values.items():
        if kind == "account":
            found = listed[id]["most_queued"] if id in listed else REMOVED
            assert value.may_be(found), f"the account {id} may queue {found}, not {value}"


def spending(server: Server, members: Sequence[Member]) -> None:
    """What counts for a quota is no less than what ended jobs took. Who may have none is told how much they had."""
    admin = members[0]
    for member in members:
        _change(server, admin, member, NOTHING)
        refused = member.at(server).post("/prompt", {"prompt": say()})
        assert refused.status == 429, f"{refused.status} {refused.body[:300]!r}"
        counted = refused.json()["error"]["extra_info"]["spent_seconds"]
        _change(server, admin, member, AS_MUCH_AS_THERE_IS)
        took = sum(entry["ms"] or 0.0 for entry in _ended(member.at(server), member)) / 1000
        # It is told in whole seconds.
        assert counted >= took - 0.5, f"{counted} s count for {member.name}, whose ended jobs took {took:.3f} s"


def _change(server: Server, admin: Member, member: Member, body: dict[str, Any]) -> None:
    admin.ledger.asked["account_changed"] += 1
    assert admin.at(server).request("PATCH", f"/easel/accounts/{member.id}", body).status == 200
    admin.ledger.noted["account_changed"] += 1


def _ended(server: Server, member: Member) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    while True:
        page = server.get("/easel/history", owner=member.id, limit=100, **before).json()
        found += page["entries"]
        if not page["entries"] or page.get("next") is None:
            return found
        before = {"before": page["next"]}


def audit(user: Path, members: Sequence[Member], *, was_full: bool) -> None:
    """Its lines are whole, and have all that was answered and nothing that was not asked for.

    was_full: what is done just when the disk is full is done, whether or not it can be noted.
    """
    found: dict[str, Counter[str]] = {member.id: Counter() for member in members}
    for path in sorted(user.glob("audit*.log")):
        text = path.read_bytes()
        assert text.endswith(b"\n"), f"{path.name} ends within a line: {text[-200:]!r}"
        for line in text.splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                raise AssertionError(f"a line of {path.name} is torn: {line!r}") from None
            found[entry["who"] if "who" in entry else entry["account"]][entry["what"]] += 1
    for member in members:
        for what, times in member.ledger.noted.items():
            assert was_full or found[member.id][what] >= times, f"{found[member.id][what]} {what} of {times} are noted"
        for what, times in found[member.id].items():
            most = member.ledger.asked[what]
            assert times <= most, f"{times} {what} of {member.name} are noted, who asked for {most}"
        if was_full:
            member.ledger.noted = found[member.id].copy()
