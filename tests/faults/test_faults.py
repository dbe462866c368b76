"""Servers that lose their worker, their life, their disk or their network while people work: nothing is lost.

`python -m tests.faults` plays more of these rounds, and one again that failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.faults.__main__ import MINUTE, NOT_PLAYED
from tests.faults.plan import Plan, planned
from tests.faults.rounds import Run, Tally
from tests.server.disks import CannotMount
from tests.server.harness import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")

FEW = (
    Plan(101, "plain", ("worker", "stop", "network")),
    Plan(102, "small", ("full",)),
    Plan(103, "disk", ("torn",)),
    Plan(105, "plain", ("server", "both", "group")),
    Plan(108, "disk", ("torn", "power")),
)
"""Ten rounds, in which each fault comes about; six of them where there are accounts, as the seeds say."""
MANY = 200
REAL_MINUTES = 3


@pytest.mark.parametrize("plan", FEW, ids=str)
def test_a_few_faults_lose_nothing(plan: Plan) -> None:
    if why := not_played(plan, Tally()):
        pytest.skip(why)


def not_played(plan: Plan, tally: Tally, *, minute: bool = False) -> str | None:
    """Play it, here or in a namespace; why nobody can, if so. minute: a stopped worker stands still for a minute."""
    try:
        Run(plan.seed, plan.place, plan.faults, stop_seconds=MINUTE if minute else 0.6).play(tally)
    except CannotMount as error:
        if not _played_in_a_namespace(plan, minute=minute):
            return f"nobody may mount here, so the disk cannot be small or lose its power: {error}"
        tally.rounds.update(plan.faults)
        for fault in plan.faults:
            tally.seconds.setdefault(fault, 0.0)
    return None


def _played_in_a_namespace(plan: Plan, *, minute: bool) -> bool:
    """Whether it was: some systems let everybody be root of a namespace of their own, and mount a tmpfs there."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    command = [unshare, "-rm", sys.executable, "-m", "tests.faults", *str(plan).split()]
    played = subprocess.run(
        [*command, *(["--minute"] if minute else [])], cwd=ROOT, capture_output=True, text=True, errors="replace"
    )
    if played.returncode == NOT_PLAYED or (played.returncode and played.stderr.startswith("unshare: ")):
        return False
    if played.returncode:
        pytest.fail(f"status {played.returncode}\n{played.stdout}\n{played.stderr}")
    return True


@pytest.mark.long
def test_many_faults_lose_nothing() -> None:
    standing = Plan(999, "plain", ("stop",) * REAL_MINUTES)
    plans = [*planned(1000, MANY), standing]
    tally = Tally()
    whys = [why for plan in plans if (why := not_played(plan, tally, minute=plan is standing))]
    print(f"\n{tally}")
    if whys:
        pytest.skip(f"{tally.rounds.total()} rounds played; {len(whys)} runs not: {whys[0]}")
    assert tally.rounds.total() == MANY + REAL_MINUTES
