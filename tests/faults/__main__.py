"""`python -m tests.faults`: rounds of faults, and how to play one again that failed.

python -m tests.faults --rounds 200                 as the long test does
python -m tests.faults --seed 7 --place disk --faults torn,power
python -m tests.faults --rounds 20 --only stop --minute    the worker stands still for a real minute
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.faults.plan import PER_RUN, Plan, planned
from tests.faults.rounds import Failed, Run, Tally
from tests.faults.team import EVERY
from tests.server.disks import CannotMount

MINUTE = 60.0
NOT_PLAYED = 2
"""The status where nobody may mount what was to be played on."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Play rounds of faults.")
    parser.add_argument("--rounds", type=int, default=20, help=f"how many; {PER_RUN} of them go over one folder")
    parser.add_argument(
        "--seed", type=int, help=f"of the first run, by default another each time; each {EVERY}rd has accounts"
    )
    parser.add_argument("--place", help="with --faults: where the server's folder lies: plain, small or disk")
    parser.add_argument("--faults", help="exactly these, with commas, in one run")
    parser.add_argument("--only", help="of the faults only these, with commas")
    parser.add_argument("--minute", action="store_true", help="a stopped worker stands still for a minute")
    parser.add_argument("--go-on", action="store_true", help="play the other runs when one has failed")
    options = parser.parse_args()
    seed = int(time.time()) % 100_000 if options.seed is None else options.seed
    if options.faults:
        plans = [Plan(seed, options.place or "plain", tuple(options.faults.split(",")))]
    else:
        plans = planned(seed, options.rounds, only=options.only.split(",") if options.only else None)
    tally, failed, began = Tally(), 0, time.monotonic()
    for plan in plans:
        print(f"{time.monotonic() - began:6.0f} s  {plan}", flush=True)
        try:
            Run(plan.seed, plan.place, plan.faults, stop_seconds=MINUTE if options.minute else 0.6).play(tally)
        except CannotMount as error:
            print(f"  not played: {error}", flush=True)
        except Failed as error:
            print(error, flush=True)
            failed += 1
            if not options.go_on:
                break
    print(f"{tally}\n{failed} runs failed in {time.monotonic() - began:.0f} s")
    return 1 if failed else 0 if tally.rounds else NOT_PLAYED


if __name__ == "__main__":
    sys.exit(main())
