"""Rounds: a server under load, a fault at a random moment, and what must be true once it has recovered."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults import access_checks, checks
from tests.faults.access import TeamLoad
from tests.faults.faults import FAULTS, end_family
from tests.faults.follower import Follower
from tests.faults.load import Load
from tests.faults.places import PLACES
from tests.faults.proxy import Proxy
from tests.faults.team import Member, team
from tests.server.disks import CannotMount
from tests.server.harness import Server, spawn, start, until

REGISTRY = "tests.faults.nodes:registry"
FLAGS = ("--grace", "0.4")
LONGEST_WAIT = 1.2
"""Seconds from the first request to the fault, at most."""
AFTERWARDS = 0.3
"""Seconds for which the load goes on after a fault that leaves the server running."""
RECOVERS_WITHIN = 60.0
START_WITHIN = 3.0
"""Seconds in which a start on a full disk says that it fails, if it does."""
KILLED_AGAIN = 0.25
"""How likely a server that starts after a fault is killed once more while it does."""
LOG_TAIL = 4000


class Failed(AssertionError):
    """A round found something. The text says what, and how to play it again."""


@dataclass
class Tally:
    """What was played, by fault."""

    rounds: Counter[str] = field(default_factory=Counter[str])
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    jobs: int = 0

    def __str__(self) -> str:
        lines = [f"{kind:8} {count:4} rounds {self.seconds[kind]:7.0f} s" for kind, count in self.rounds.items()]
        return "\n".join([*lines, f"{'all':8} {sum(self.rounds.values()):4} rounds, {self.jobs} jobs"])


class Run:
    """Rounds one after the other over one folder: what was true once stays so."""

    def __init__(self, seed: int, place: str, faults: Sequence[str], *, stop_seconds: float = 0.6) -> None:
        self.seed = seed
        self.faults = faults
        self.dice = random.Random(seed)
        self.stop_seconds = stop_seconds
        self._notes: list[str] = []
        self._root = Path(tempfile.mkdtemp(prefix="easel-faults-"))
        try:
            self.place = PLACES[place](self._root)
            self.members = team(seed, self.place.base)
        except CannotMount:
            shutil.rmtree(self._root, ignore_errors=True)
            raise
        self.server: Server
        """As the first of the members asks it."""
        self.loads: list[Load] = []
        self.proxy: Proxy

    def note(self, text: str) -> None:
        self._notes.append(text)

    @property
    def with_accounts(self) -> bool:
        return len(self.members) > 1

    def ends(self) -> None:
        """The server is about to end: no answer is no fault any more."""
        for load in self.loads:
            load.lasts = False

    def stops(self) -> None:
        """Nobody asks for anything more."""
        for load in self.loads:
            load.done.set()

    def were_full(self) -> int:
        """How many answers said that the disk is full."""
        return sum(member.ledger.full for member in self.members)

    def worker_pid(self) -> int:
        return self.server.worker_pid()

    def play(self, tally: Tally) -> None:
        """All rounds. Raises Failed."""
        number, fault, moment = 0, "", 0.0
        try:
            self._start()
            for number, fault in enumerate(self.faults):
                began = time.monotonic()
                moment = self.dice.uniform(0, LONGEST_WAIT)
                self._notes = []
                self._round(number, fault, moment)
                tally.rounds[fault] += 1
                tally.seconds[fault] = tally.seconds.get(fault, 0.0) + time.monotonic() - began
            for member in self.members:
                checks.gallery(member.at(self.server), member)
            self.server.stop()
            checks.databases(self.place.base)
            tally.jobs += sum(len(member.history) for member in self.members)
        except Exception as error:
            again = (
                f"python -m tests.faults --seed {self.seed} --place {self.place.kind} --faults {','.join(self.faults)}"
            )
            raise Failed(
                f"seed {self.seed}, round {number} ({fault}, after {moment:.3f} s; {'; '.join(self._notes)}):"
                f" {type(error).__name__}: {error}\nAgain: {again}\n{self._log()}"
            ) from error
        finally:
            self._end()

    def _round(self, number: int, fault: str, moment: float) -> None:
        self.server.wait_until_ready()
        self.proxy = Proxy(self.server.port)
        self.loads = [self._load(member, f"{self.seed}-{number}") for member in self.members]
        pages = [
            Follower("through the proxy", self.proxy.port, self.members[0].headers),
            *(Follower(f"beside it {member.name}", self.server.port, member.headers) for member in self.members),
        ]
        restarted = False
        try:
            with contextlib.ExitStack() as all:
                for load in self.loads:
                    all.enter_context(load.going_on())
                time.sleep(moment)
                FAULTS[fault](self)
                if self.server.process.poll() is None:
                    time.sleep(AFTERWARDS)
            if self.server.process.poll() is not None:
                restarted = True
                self._start_again()
                for member, load in zip(self.members, self.loads, strict=True):
                    load.server = member.at(self.server)
                    load.send_again()
                for page in pages[1:]:
                    page.port = self.server.port
                self.proxy.target = self.server.port
            self._settle()
            self._check_pages(pages)
        finally:
            for page in pages:
                page.close()
            self.proxy.close()
        self._check(pages, restarted=restarted, was_full=fault == "full")

    def _load(self, member: Member, seed: str) -> Load:
        if member.account is None:
            return Load(self.server, member.ledger, seed, self.proxy.port)
        others = [other for other in self.members if other is not member]
        return TeamLoad(member, others, self.server, f"{seed}-{member.name}", self.proxy.port)

    def _check(self, pages: Sequence[Follower], *, restarted: bool, was_full: bool) -> None:
        """What must be true for each of them."""
        through, *beside = pages
        shown = [self._whole_history(member.at(self.server)) for member in self.members]
        if self.with_accounts:
            access_checks.sight(self.members, shown, beside[1:])
        checks.told_endings(through.endings(), shown[0])
        for member, page, seen in zip(self.members, beside, shown, strict=True):
            server, ledger = member.at(self.server), member.ledger
            assert not ledger.wrong, "; ".join(ledger.wrong[:5])
            theirs = {id for other in self.members if other is not member for id in other.ledger.sent}
            history = {id: entry for id, entry in seen.items() if id not in theirs}
            checks.outcomes(ledger, history, member.history)
            checks.heard(ledger, seen)
            checks.told_endings(page.endings(), seen)
            if not restarted:
                checks.cells(page.shown(), history, ledger)
            checks.results(member.folder("output"), history, ledger)
            checks.kept(server, member)
            checks.no_litter(server, self.place.base, restarted=restarted)
            member.history = history
        if self.with_accounts:
            for member in self.members:
                access_checks.keys(self.server, member)
            access_checks.accounts(self.server, self.members[0])
            access_checks.spending(self.server, self.members)
            access_checks.audit(self.place.base / "user", self.members, was_full=was_full)

    def _start_again(self) -> None:
        """Once more, maybe after a start that was killed too."""
        if self.dice.random() < KILLED_AGAIN:
            moment = self.dice.uniform(0, 1.2)
            self.note(f"killed again {moment:.3f} s after its start")
            process = spawn(self.place.base, *FLAGS, registry=REGISTRY)
            time.sleep(moment)
            end_family(process)
        self._start()

    def _start(self) -> None:
        self.server = self.members[0].at(start(self.place.base, *FLAGS, registry=REGISTRY))

    def start_in_vain(self) -> None:
        """A start that may fail, as long as it says why."""
        process = spawn(self.place.base, *FLAGS, registry=REGISTRY)
        try:
            code = process.wait(START_WITHIN)
        except subprocess.TimeoutExpired:  # it runs
            end_family(process)
        else:
            assert code == 1, f"a start on a full disk ended with {code}"
            self.note("it did not start")

    def _settle(self) -> None:
        """Wait until nothing waits or runs."""

        def settled() -> bool:
            queue = self.server.get("/easel/queue").json()
            if queue["paused"]:
                # Two jobs lost their workers within a minute: then somebody is to look. Here it was us.
                assert "worker die" in queue["pause_reason"], queue["pause_reason"]
                self.server.post("/easel/queue", {"paused": False})
            return not queue["queue_remaining"] and not queue["problem"]

        until(settled, RECOVERS_WITHIN, self.server)

    def _whole_history(self, server: Server) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while page := server.get("/history", max_items=500, offset=len(found)).json():
            found |= page
        return found

    def _check_pages(self, pages: Sequence[Follower]) -> None:
        """All have heard all; the two of the first member heard the same."""
        through, *beside = pages

        def caught_up(member: Member, *whose: Follower) -> bool:
            with member.at(self.server).socket(path="/easel/events") as socket:
                hello = json.loads(socket.recv(timeout=10))["data"]
            return all(page.caught_up(hello["epoch"], hello["seq"]) for page in whose)

        for member, page in zip(self.members, beside, strict=True):
            until(lambda m=member, p=page: caught_up(m, p), 15.0, self.server)
        until(lambda: caught_up(self.members[0], through), 15.0, self.server)
        assert not (wrong := [sentence for page in pages for sentence in page.wrong]), "; ".join(wrong[:3])
        for epoch, events in through.heard.items():
            other = beside[0].heard.get(epoch, {})
            for seq, event in events.items():
                assert seq not in other or other[seq] == event, f"event {seq} is not the same for both: {event}"

    def _log(self) -> str:
        with contextlib.suppress(OSError):
            return (self.place.base / "server.log").read_text(errors="replace")[-LOG_TAIL:]
        return "(no log)"

    def _end(self) -> None:
        server = getattr(self, "server", None)
        if server is not None:
            end_family(server.process)
        self.place.close()
        shutil.rmtree(self._root, ignore_errors=True)
