"""Pages of a portfolio of 10,000 trials and 1,000,000 subjects over HTTP: lists, filters, a large trial."""

import time

import httpx

from bench import portfolio
from bench.benchmark import Benchmark, Figures, Goal, percentile
from bench.serving import serving
from bench.stack import Stack
from services.trials.handlers import SERVICE
from tests.support import identity

_LARGE = "00000000-0000-4000-8000-000000000001"
_TIMES = 60
# What a project manager opens: plain, sorted, filtered by what is common and by what is rare.
LISTS = (
    "",
    "sort=name",
    "sort=changed",
    "sort=enrolled",
    "status=active&phase=PHASE2",
    "text=treatment 77",
    "text=nothing like it",
    "identifier=NCT00009999",
    "sponsor=Sponsor 42&sort=name",
    "country=ZA",
    "country=ZZ",
    "condition=melanoma&sort=changed",
    "condition=condition 199",
    "holds=true",
    "holds=false&sort=enrolled",
    "deadlines=missed&sort=changed",
    "behind=true",
    "behind=true&country=US&site_status=suspended&sort=enrolled",
    "site_status=suspended&sort=name",
)


async def ours(stack: Stack) -> Figures:
    dsn = await stack.database(SERVICE)
    try:
        await portfolio.fill(dsn)
        with serving(stack, dsn, "services.trials.app") as process:
            staff = identity.issuer().headers("project_manager:bench")
            sponsor = f"00000000-0000-4000-8000-{42:012x}"
            theirs = identity.issuer().headers("sponsor:bench", sponsors=[sponsor])
            async with httpx.AsyncClient(base_url=process.url, timeout=30) as client:
                lists = {asked: await _timed(client, f"/v1/trials?{asked}", staff) for asked in LISTS}
                one = await _timed(client, f"/v1/trials/{_LARGE}", staff)
                own = [await _timed(client, f"/v1/trials?{asked}", theirs) for asked in LISTS]
    finally:
        await stack.drop(dsn)
    slowest = max(lists, key=lambda asked: percentile(lists[asked], 0.95))
    print(f"slowest list: {slowest or 'plain'}", flush=True)
    return {
        "p95_ms": percentile([wait for waits in lists.values() for wait in waits], 0.95),
        "slowest_p95_ms": percentile(lists[slowest], 0.95),
        "plain_p95_ms": percentile(lists[""], 0.95),
        "trial_p95_ms": percentile(one, 0.95),
        "sponsor_p95_ms": percentile([wait for waits in own for wait in waits], 0.95),
    }


async def _timed(client: httpx.AsyncClient, path: str, who: dict[str, str]) -> list[float]:
    """Milliseconds of each answer, one after the other; the first, which plans, is left out."""
    waits = []
    for _ in range(_TIMES + 1):
        started = time.perf_counter()
        answer = await client.get(path, headers=who)
        waits.append((time.perf_counter() - started) * 1_000)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.text[:300]}")
    return waits[1:]


BENCHMARK = Benchmark(
    "portfolio_page",
    "ms p95",
    ours,
    (Goal("p95_ms", "<=", 50), Goal("slowest_p95_ms", "<=", 50), Goal("trial_p95_ms", "<=", 50)),
    rounds=1,
)

if __name__ == "__main__":
    from bench.run import main

    main(["portfolio_page"])
