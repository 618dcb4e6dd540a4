"""The resident memory of the process that relays, after 100,000 events: ours is a whole service process."""

from bench.benchmark import Benchmark, Figures, Goal
from bench.peers import Peers, chosen
from bench.relay_rate import bursts
from bench.stack import Stack


async def ours(stack: Stack) -> Figures:
    _, memory, _ = await bursts(stack, 1)
    return {"resident_mb": memory}


async def peer(peers: Peers) -> Figures | None:
    return chosen(await peers.measure("debezium_outbox.py", connect=True), "resident_mb")


BENCHMARK = Benchmark("relay_memory", "MB", ours, (Goal("ratio", "<=", 0.25),), peer)

if __name__ == "__main__":
    from bench.run import main

    main(["relay_memory"])
