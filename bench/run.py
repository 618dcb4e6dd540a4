"""Runs benchmarks beside their peers, prints a table and writes `bench/results.json`."""

import argparse
import asyncio
import dataclasses
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

from bench import stack as stacks
from bench.benchmark import Benchmark, Measured
from bench.peers import Peers
from shared.runtime import telemetry

NAMES = (
    "relay_rate",
    "relay_latency",
    "relay_memory",
    "consume_rate",
    "append_rate",
    "reaction_latency",
    "rebuild_rate",
    "service_memory",
    "identity_cost",
    "vault",
    "portfolio_page",
    "permissions_query",
    "import_rate",
)
RESULTS = Path(__file__).with_name("results.json")
_EACH = 300  # seconds that one run of one benchmark may take


async def measure(benchmarks: list[Benchmark], stack: stacks.Stack, peers: Peers) -> dict[str, Any]:
    """All benchmarks in turn, ours and the peer alternating; what fails is told and leaves its row out."""
    measured = {benchmark.name: Measured() for benchmark in benchmarks}
    for round_ in range(max(benchmark.rounds for benchmark in benchmarks)):
        peers.round = round_
        for benchmark in benchmarks:
            if round_ < benchmark.rounds:
                try:
                    await _round(benchmark, stack, peers, measured[benchmark.name])
                except (Exception, SystemExit) as fault:
                    print(f"{benchmark.name}: {type(fault).__name__}: {fault}", file=sys.stderr)
    return {b.name: measured[b.name].row(b) for b in benchmarks if measured[b.name].ours}


async def _round(benchmark: Benchmark, stack: stacks.Stack, peers: Peers, found: Measured) -> None:
    started = time.monotonic()
    found.ours.append(await asyncio.wait_for(benchmark.ours(stack), _EACH))
    if benchmark.peer and (figures := await asyncio.wait_for(benchmark.peer(peers), _EACH)):
        found.peer.append(figures)
    if benchmark.limit:
        found.limit.append(await asyncio.wait_for(benchmark.limit(stack), _EACH))
    said = {
        "benchmark": benchmark.name,
        "ours": found.ours[-1],
        "peer": found.peer[-1] if found.peer else None,
    }
    print(json.dumps({**said, "seconds": round(time.monotonic() - started)}), file=sys.stderr, flush=True)


def table(results: dict[str, Any]) -> str:
    """The results as a Markdown table, with the column `first` and whether it is reached."""
    lines = [
        "| benchmark | ours | peer or limit | ratio | first | reached |",
        "| --- | ---: | ---: | ---: | --- | --- |",
    ]
    for name, row in results.items():
        goals = row["first"]
        words = {True: "yes", False: "NO", None: "no peer"}
        peer = "absent" if row["peer"] is None else f"{row['peer']:,.1f}"
        lines.append(
            f"| {name} | {row['ours']:,.1f} {row['unit']} | {peer} | {row['ratio'] or '-'} |"
            f" {'; '.join(goals)} | {'; '.join(words[reached] for reached in goals.values())} |"
        )
    return "\n".join(lines)


def _written(results: dict[str, Any]) -> None:
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps({**known, **results}, indent=1) + "\n")


def main(names: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of: {', '.join(NAMES)}; all when none is given"
    )
    parser.add_argument("--rounds", type=int, help="runs of each (3)")
    options = parser.parse_args(names)
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    chosen = [importlib.import_module(f"bench.{name}").BENCHMARK for name in options.names or NAMES]
    if options.rounds:
        chosen = [dataclasses.replace(benchmark, rounds=options.rounds) for benchmark in chosen]
    telemetry.configure("bench", None)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    with stacks.running() as stack:
        peers = Peers(stack)
        peers.prepare()
        results = uvloop.run(measure(chosen, stack, peers))
    _written(results)
    print(json.dumps({name: {k: row[k] for k in ("ours", "peer", "ratio")} for name, row in results.items()}))
    print(table(results))
    print(f"load {os.getloadavg()[0]:.1f}", file=sys.stderr)


if __name__ == "__main__":
    main()
