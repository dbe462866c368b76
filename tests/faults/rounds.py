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

from tests.faults import checks
from tests.faults.faults import FAULTS, end_family
from tests.faults.follower import Follower
from tests.faults.ledger import Ledger
from tests.faults.load import Load
from tests.faults.places import PLACES
from tests.faults.proxy import Proxy
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
        self.ledger = Ledger()
        self.history: dict[str, Any] = {}
        self._notes: list[str] = []
        self._root = Path(tempfile.mkdtemp(prefix="easel-faults-"))
        try:
            self.place = PLACES[place](self._root)
        except CannotMount:
            shutil.rmtree(self._root, ignore_errors=True)
            raise
        self.server: Server
        self.load: Load
        self.proxy: Proxy

    def note(self, text: str) -> None:
        self._notes.append(text)

    def worker_pid(self) -> int:
        return self.server.worker_pid()

    def play(self, tally: Tally) -> None:
        """All rounds. Raises Failed."""
        number, fault, moment = 0, "", 0.0
        try:
            self.server = start(self.place.base, *FLAGS, registry=REGISTRY)
            for number, fault in enumerate(self.faults):
                began = time.monotonic()
                moment = self.dice.uniform(0, LONGEST_WAIT)
                self._notes = []
                self._round(number, fault, moment)
                tally.rounds[fault] += 1
                tally.seconds[fault] = tally.seconds.get(fault, 0.0) + time.monotonic() - began
            checks.gallery(self.server, self.place.base)
            self.server.stop()
            checks.databases(self.place.base)
            tally.jobs += len(self.history)
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
        load = self.load = Load(self.server, self.ledger, f"{self.seed}-{number}", self.proxy.port)
        pages = [Follower("through the proxy", self.proxy.port), Follower("beside it", self.server.port)]
        restarted = False
        try:
            with load.going_on():
                time.sleep(moment)
                FAULTS[fault](self)
                if self.server.process.poll() is None:
                    time.sleep(AFTERWARDS)
            if self.server.process.poll() is not None:
                restarted = True
                self._start_again()
                load.server = self.server
                load.send_again()
                self.proxy.target = pages[1].port = self.server.port
            history = self._settled()
            self._check_pages(pages)
        finally:
            for page in pages:
                page.close()
            self.proxy.close()
        assert not self.ledger.wrong, "; ".join(self.ledger.wrong[:5])
        checks.outcomes(self.ledger, history, self.history)
        for page in pages:
            checks.told_endings(page.endings(), history)
        if not restarted:
            checks.cells(pages[1].shown(), history, self.ledger)
        checks.results(self.place.base / "output", history, self.ledger)
        checks.kept(self.server, self.place.base, self.ledger)
        checks.no_litter(self.server, self.place.base, restarted=restarted)
        self.history = history

    def _start_again(self) -> None:
        """Once more, maybe after a start that was killed too."""
        if self.dice.random() < KILLED_AGAIN:
            moment = self.dice.uniform(0, 1.2)
            self.note(f"killed again {moment:.3f} s after its start")
            process = spawn(self.place.base, *FLAGS, registry=REGISTRY)
            time.sleep(moment)
            end_family(process)
        self.server = start(self.place.base, *FLAGS, registry=REGISTRY)

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

    def _settled(self) -> dict[str, Any]:
        """The whole history, once nothing waits or runs."""

        def check() -> list[dict[str, Any]]:
            queue = self.server.get("/easel/queue").json()
            if queue["paused"]:
                # Two jobs lost their workers within a minute: then somebody is to look. Here it was us.
                assert "worker die" in queue["pause_reason"], queue["pause_reason"]
                self.server.post("/easel/queue", {"paused": False})
            if queue["queue_remaining"] or queue["problem"]:
                return []
            return [self._whole_history()]

        return until(check, RECOVERS_WITHIN, self.server)[0]

    def _whole_history(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while page := self.server.get("/history", max_items=500, offset=len(found)).json():
            found |= page
        return found

    def _check_pages(self, pages: Sequence[Follower]) -> None:
        def caught_up() -> bool:
            with self.server.socket(path="/easel/events") as socket:
                hello = json.loads(socket.recv(timeout=10))["data"]
            return all(page.caught_up(hello["epoch"], hello["seq"]) for page in pages)

        until(caught_up, 15.0, self.server)
        through, beside = pages
        assert not (wrong := through.wrong + beside.wrong), "; ".join(wrong[:3])
        for epoch, events in through.heard.items():
            other = beside.heard.get(epoch, {})
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
