"""What the executor itself costs: chains and wide graphs of weightless nodes.

    python3 bench/executor.py [--sizes 100 300 1000 5000 20000] [--rounds 3] [--json FILE]

For each shape and size, microseconds a node, the best of some rounds:

    parse, validate   what a prompt costs before it is queued
    cold              nothing cached: every node runs
    cached            the same prompt again
    last, first       the last node's widget changed, and the first one's (in a chain, everything below it runs)

`growth` is the cost a node at the largest size over that at the smallest: 1 is linear, and a quadratic executor would
have the ratio of the sizes. `floor` is the standard library's `graphlib.TopologicalSorter` ordering the same graph, and
`times` how many times that a cached run takes. Sizes above that at which a step took longer than --limit seconds are
left out, and said so.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import sys
import time
from collections.abc import Callable
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Annotated, Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from graph.cache import Cache
from graph.execute import Executor, Job
from graph.node import Int, Results, Socket, node
from graph.parse import parse
from graph.registry import Registry
from graph.validate import validate

Prompt = dict[str, Any]
STEPS = ("parse", "validate", "cold", "cached", "last", "first")
SHAPES = ("chain", "wide")


@node("Number")
def number(value: Annotated[int, Int(0, 10**9)] = 0) -> int:
    return value


@node("Add")
def add(a: Annotated[int, Socket("INT")], b: Annotated[int, Int(0, 10**9)] = 1) -> int:
    return a + b


@node("Show", output=True)
def show(value: Annotated[int, Socket("INT")]) -> Results:
    return Results(ui={"text": [str(value)]})


def chain(size: int, first: int = 0, last: int = 1) -> Prompt:
    """Number → Add → Add → ... → Show."""
    prompt: Prompt = {"0": {"class_type": "Number", "inputs": {"value": first}}}
    for i in range(1, size - 1):
        prompt[str(i)] = {"class_type": "Add", "inputs": {"a": [str(i - 1), 0], "b": last if i == size - 2 else 1}}
    prompt["show"] = {"class_type": "Show", "inputs": {"value": [str(size - 2), 0]}}
    return prompt


def wide(size: int, first: int = 0, last: int = 1) -> Prompt:
    """One Number, read by many pairs Add → Show."""
    prompt: Prompt = {"0": {"class_type": "Number", "inputs": {"value": first}}}
    pairs = (size - 1) // 2
    for i in range(pairs):
        prompt[f"add{i}"] = {
            "class_type": "Add",
            "inputs": {"a": ["0", 0], "b": i + 1 + (last if i == pairs - 1 else 1)},
        }
        prompt[f"show{i}"] = {"class_type": "Show", "inputs": {"value": [f"add{i}", 0]}}
    return prompt


def measure(make: Callable[..., Prompt], size: int, rounds: int) -> dict[str, float]:
    """Best seconds of each step."""
    best: dict[str, float] = {}

    def timed(step: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = work()
        took = time.perf_counter() - start
        best[step] = min(best.get(step, took), took)
        return result

    registry = Registry(number, add, show)
    catalogue = registry.catalogue()
    edges = {id: [v[0] for v in n["inputs"].values() if isinstance(v, list)] for id, n in make(size).items()}
    for turn in range(rounds):
        gc.collect()
        executor = Executor(registry, Cache(2**40, lambda value: 64))
        timed("floor", lambda: list(TopologicalSorter(edges).static_order()))
        prompts = {
            "cold": make(size),
            "cached": make(size),
            "last": make(size, last=10**6 + turn),
            "first": make(size, first=10**6 + turn),
        }
        for step, prompt in prompts.items():
            graph = timed("parse", lambda prompt=prompt: parse(prompt))
            report = timed("validate", lambda graph=graph: validate(graph, catalogue))
            job = Job(prompt_id=step, graph=report.graph, targets=report.targets)
            outcome = timed(step, lambda run=executor.run, job=job: run(job, lambda event: None, lambda: False))
            expected = {"cold": size, "cached": 0, "last": 2, "first": size}[step]
            ran = len(outcome.executed)
            if outcome.status != "success" or abs(ran - expected) > 1:
                raise SystemExit(f"{step} of {size} nodes: {outcome.status}, {ran} nodes ran, expected {expected}")
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 300, 1000, 5000, 20000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds a step may take")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}; microseconds a node, best of {options.rounds}")
    results: dict[str, dict[int, dict[str, float]]] = {}
    for shape in SHAPES:
        make = {"chain": chain, "wide": wide}[shape]
        print(f"\n{shape:>7} {' '.join(f'{step:>9}' for step in (*STEPS, 'floor', 'times'))}   cached run, whole")
        rows = results[shape] = {}
        for size in options.sizes:
            best = rows[size] = measure(make, size, options.rounds)
            cells = [best[step] / size * 1e6 for step in (*STEPS, "floor")]
            whole = best["parse"] + best["validate"] + best["cached"]
            shown = " ".join(f"{cell:9.2f}" for cell in cells)
            print(f"{size:>7} {shown} {best['cached'] / best['floor']:9.1f}   {whole * 1e3:.1f} ms", flush=True)
            if max(best.values()) > options.limit:
                print(f"        larger sizes are left out: a step took more than {options.limit:g} s")
                break
        small, large = rows[min(rows)], rows[max(rows)]
        ratio = max(rows) / min(rows)
        growth = [(large[step] / max(rows)) / (small[step] / min(rows)) for step in (*STEPS, "floor")]
        print(f" growth {' '.join(f'{each:9.2f}' for each in growth)}   (quadratic would be {ratio:.0f})")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1), "utf-8")


if __name__ == "__main__":
    main()
