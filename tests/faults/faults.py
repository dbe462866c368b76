"""The faults. Each is given a round that is under way, and leaves a server that runs or has ended."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import psutil

from tests.faults.places import Disk, Small
from tests.faults.proxy import CUTS
from tests.server.disks import fill
from tests.server.harness import until

if TYPE_CHECKING:
    from tests.faults.rounds import Run

AGAIN = 0.3
"""How likely a process that was killed is killed once more."""
NOTICED_WITHIN = 30.0
"""Seconds in which a worker that stands still while it should work is noticed (api/silence.py)."""
FULL_FOR = 0.8
"""Seconds without room."""
GONE_WITHIN = 10.0
"""Seconds in which a server that was killed takes its processes with it."""


def kill_worker(run: Run) -> None:
    """Maybe the one that takes its place too, while it starts; maybe the picture process as well."""
    pid = run.worker_pid()
    _signal(pid, signal.SIGKILL)
    if run.dice.random() < AGAIN:
        for child in psutil.Process(run.server.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if any("pictures.py" in word for word in child.cmdline()):
                    child.kill()
                    run.note("without pictures")
    if run.dice.random() < AGAIN:
        until(lambda: run.worker_pid() != pid, 30, run.server)
        time.sleep(run.dice.uniform(0, 0.4))
        _signal(run.worker_pid(), signal.SIGKILL)
        run.note("twice")


def kill_server(run: Run) -> None:
    """Maybe while it is ending, as by those who ask first and then lose patience."""
    worker = run.worker_pid()
    run.ends()
    if run.dice.random() < AGAIN:
        run.server.process.terminate()
        time.sleep(run.dice.uniform(0, 0.3))
        run.note("while it was ending")
    run.server.kill()
    _until_gone(run, [worker])


def kill_both(run: Run) -> None:
    worker = run.worker_pid()
    run.ends()
    if run.dice.random() < 0.5:
        _signal(worker, signal.SIGKILL)
        time.sleep(run.dice.choice((0, 0.001, 0.05)))
    run.server.kill()
    _signal(worker, signal.SIGKILL)
    _until_gone(run, [worker])


def kill_group(run: Run) -> None:
    """The server and all that it has started, as when a session or a container is ended."""
    run.ends()
    end_family(run.server.process, run.dice)


def stop_worker(run: Run) -> None:
    """It stands still, as under a debugger or on a machine that swaps; then it goes on, or somebody presses Stop, or
    the server is killed meanwhile."""
    worker = run.worker_pid()
    _signal(worker, signal.SIGSTOP)
    then = run.dice.choice(("goes on", "goes on", "interrupt", "server"))
    run.note(f"stopped for {run.stop_seconds:g} s, then: {then}")
    time.sleep(run.stop_seconds)
    if run.stop_seconds > NOTICED_WITHIN and run.server.get("/easel/queue").json()["running"]:
        assert run.server.status()["worker"]["silent_since"], "nobody noticed that the worker stands still"
    if then == "server":
        run.ends()
        run.server.kill()
        if sys.platform != "linux":  # where nothing lets it go on by itself
            _signal(worker, signal.SIGCONT)
        _until_gone(run, [worker])
    elif then == "interrupt":
        run.server.post("/interrupt")
        # Where a job ran, its worker is replaced after the grace; where none did, nothing was to be stopped.
        time.sleep(run.dice.uniform(0, 1))
    _signal(worker, signal.SIGCONT)


def fill_disk(run: Run) -> None:
    """No room for a while; meanwhile maybe the worker dies too, or the server, which may then refuse to start."""
    place = run.place
    assert isinstance(place, Small)
    before = run.were_full()
    filler = fill(place.base)
    time.sleep(FULL_FOR)
    also = run.dice.choice(("", "", "worker", "server"))
    run.note(f"{run.were_full() - before} answers said that the disk is full; {also and 'without the '}{also}")
    if also == "worker":
        kill_worker(run)
        time.sleep(0.2)
    elif also == "server":
        run.ends()
        end_family(run.server.process)
        run.start_in_vain()
    filler.unlink()


def cut_power(run: Run, *, torn: bool = False) -> None:
    """All that was not on the disk is gone."""
    place = run.place
    assert isinstance(place, Disk)
    kill_group(run)
    run.stops()
    lost = place.cut_power(run.dice, torn=torn)
    run.note(f"{'torn' if torn else 'lost'}: {', '.join(lost) or 'nothing'}")


def tear(run: Run) -> None:
    cut_power(run, torn=True)


def cut_network(run: Run) -> None:
    for _ in range(run.dice.randint(1, 6)):
        how = run.dice.choice(CUTS)
        run.note(how)
        run.proxy.cut(how, run.dice)
        time.sleep(run.dice.uniform(0, 0.3))


FAULTS: dict[str, Callable[[Run], None]] = {
    "worker": kill_worker,
    "server": kill_server,
    "both": kill_both,
    "group": kill_group,
    "stop": stop_worker,
    "full": fill_disk,
    "power": cut_power,
    "torn": tear,
    "network": cut_network,
}
ANYWHERE = ("worker", "server", "both", "group", "stop", "network")
NEEDS = {"full": "small", "power": "disk", "torn": "disk"}
"""The place that a fault needs; others need none."""


def end_family(process: subprocess.Popen[str], dice: random.Random | None = None) -> None:
    """Kill a server and what it has started, in any order, and wait until all of them are gone."""
    if process.poll() is not None:
        return
    parent = psutil.Process(process.pid)
    family = [parent, *parent.children(recursive=True)]
    if dice is not None:
        dice.shuffle(family)
    for each in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    process.wait(GONE_WITHIN)
    _, left = psutil.wait_procs(family, GONE_WITHIN)
    assert not left, f"{left} will not end"


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _until_gone(run: Run, pids: list[int]) -> None:
    """No process outlives its server for long."""
    until(lambda: not any(_lives(pid) for pid in pids), GONE_WITHIN, run.server)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
