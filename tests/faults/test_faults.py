"""Servers that lose their worker, their life, their disk or their network while people work: nothing is lost.

`python -m tests.faults` plays more of these rounds, and one again that failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.faults.places import CannotMount
from tests.faults.plan import Plan, planned
from tests.faults.rounds import Run, Tally
from tests.server.harness import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")

FEW = (
    Plan(101, "plain", ("worker", "stop", "server", "network", "both", "group")),
    Plan(102, "small", ("full",)),
    Plan(103, "disk", ("torn", "power", "torn")),
)
"""Ten rounds, in which each fault comes about."""
MANY = 200
MINUTE = 60.0
REAL_MINUTES = 3


@pytest.mark.parametrize("plan", FEW, ids=lambda plan: plan.place)
def test_a_few_faults_lose_nothing(plan: Plan) -> None:
    try:
        Run(plan.seed, plan.place, plan.faults).play(Tally())
    except CannotMount as error:
        if not _played_in_a_namespace(plan):
            pytest.skip(f"nobody may mount here, so the disk cannot be small or lose its power: {error}")


def _played_in_a_namespace(plan: Plan) -> bool:
    """Whether it was: some systems let everybody be root of a namespace of their own, and mount a tmpfs there."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    command = [unshare, "-rm", sys.executable, "-m", "tests.faults", *str(plan).split()]
    played = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if played.returncode == 1 and "runs failed" in played.stdout:
        pytest.fail(played.stdout)
    return played.returncode == 0


@pytest.mark.long
def test_many_faults_lose_nothing() -> None:
    tally, not_played = Tally(), ""
    for plan in (*planned(1000, MANY), Plan(999, "plain", ("stop",) * REAL_MINUTES)):
        minute = MINUTE if plan.seed == 999 else 0.6
        try:
            Run(plan.seed, plan.place, plan.faults, stop_seconds=minute).play(tally)
        except CannotMount as error:
            not_played = f"\nnot played: {error}"
    print(f"\n{tally}{not_played}")
