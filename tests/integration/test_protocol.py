"""Protocol, design and statistics over HTTP on a real Postgres, and a board's approval through the broker."""

from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.regulatory.commands import (
    DetermineReview,
    OpenReview,
    StartPreReview,
    StartReview,
    SubmitReview,
)
from services.regulatory.handlers import SERVICE as REGULATORY
from services.trials.commands.protocol import DraftProtocolVersion, RecordProtocolSubmission
from services.trials.commands.site import IdentifySite, SelectSite
from services.trials.commands.trial import RegisterTrial
from services.trials.handlers import SERVICE as TRIALS
from shared.contracts.message import Actor, Command
from shared.runtime import clock, wakes
from shared.runtime.cause import Cause
from shared.runtime.execute import Executor
from shared.runtime.store import HOUSE
from tests.support.answering import answering
from tests.support.stack import Servers, process, until

DRAFTED, SUBMITTED, APPROVED = date(2026, 1, 5), date(2026, 1, 20), date(2026, 2, 2)
ARMS = [
    {"code": "A", "title": "The product", "kind": "experimental"},
    {"code": "B", "title": "Placebo", "kind": "placebo_comparator"},
]
DESIGN = {
    "arms": ARMS,
    "masking": "double",
    "masked": ["participant", "investigator"],
    "assignment": "randomised",
    "model": "parallel",
}
INPUT = {
    "endpoint": "change of the score at week 12",
    "hypothesis": "superiority",
    "effect": {"kind": "proportions", "control": 0.5, "experimental": 0.75},
    "alpha": 0.05,
    "sides": 2,
    "power": 0.9,
    "method": "chi-squared",
    "software": "R",
    "software_version": "4.4.1",
    "arms": [{"arm": "A", "size": 90}, {"arm": "B", "size": 90}],
    "total": 180,
}


class Api:
    """The trials service's API for one trial."""

    def __init__(self, run: Executor, client: httpx.AsyncClient) -> None:
        self.run, self.client, self.trial = run, client, uuid4()

    async def post(self, command: str, **fields: Any) -> httpx.Response:
        body = {"trial_id": str(self.trial)} | {
            name: str(value) if isinstance(value, UUID | date) else value for name, value in fields.items()
        }
        headers = {"Idempotency-Key": str(uuid4()), "Trialwire-Actor": "developer:local"}
        return await self.client.post(f"/v1/commands/{command}", json=body, headers=headers)

    async def done(self, command: str, **fields: Any) -> None:
        answer = await self.post(command, **fields)
        assert answer.status_code in (200, 201), (command, answer.text[:500])

    async def refused(self, command: str, **fields: Any) -> str:
        answer = await self.post(command, **fields)
        assert answer.status_code == 409, answer.text[:500]
        problem: str = answer.json()["type"]
        return problem.removeprefix("urn:trialwire:problem:")

    async def page(self, path: str, **asked: Any) -> dict[str, Any]:
        answer = await self.client.get(f"/v1/trials/{self.trial}/{path}", params=asked)
        assert answer.status_code == 200, answer.text[:500]
        found: dict[str, Any] = answer.json()
        return found

    async def submitted(self, version: str = "1.0", **given: Any) -> None:
        await self.done("draft-protocol-version", version=version, dated_on=DRAFTED, **given)
        await self.done(
            "record-protocol-submission",
            version=version,
            country="US",
            submission=f"serial {version}",
            submitted_on=SUBMITTED,
        )

    async def site(self) -> UUID:
        site = uuid4()
        await self.done("identify-site", site_id=site, name="A site")
        await self.done(
            "select-site", site_id=site, zone="America/New_York", country="US", qualification_waived="known"
        )
        return site

    async def urgent(self, version: str, *sites: UUID, on: date = APPROVED) -> UUID:
        change = uuid4()
        await self.done(
            "report-urgent-change",
            change_id=change,
            version=version,
            site_ids=[str(site) for site in sites],
            country="US",
            zone="America/New_York",
            implemented_on=on,
            reason="hazard",
        )
        return change


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """Business time goes forward only; a test's own offset ends with it."""
    yield
    clock._offset = timedelta()


@pytest.fixture
async def api(servers: Servers) -> AsyncIterator[Api]:
    """A registered trial."""
    async with answering(servers, "trials") as (run, client):
        found = Api(run, client)
        await found.done("register-trial", title="A trial", sponsor="A sponsor")
        yield found


async def test_versions_come_in_their_order_a_page_at_a_time(api: Api) -> None:
    names = [f"{n}.0" for n in range(1, 12)]
    amended = {"sections": ["5.1"], "reason": "eligibility"}
    for before, name in zip([None, *names], names, strict=False):
        await api.submitted(name, **({"amends": before, **amended} if before else {}))
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = await api.page("protocol", limit=4, **after)
        seen += [row["version"] for row in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == names
    row = (await api.page("protocol"))["items"][1]
    assert (row["status"], row["amends"], row["sections"]) == ("submitted", "1.0", ["5.1"])
    assert row["submitted"] == {"US": {"reference": "serial 2.0", "on": str(SUBMITTED)}}
    assert (row["sites"], row["in_force_from"]) == (0, None)


async def test_the_version_in_force_at_a_site_is_answered_for_a_day(api: Api) -> None:
    one, other = await api.site(), await api.site()
    await api.submitted()
    await api.urgent("1.0", one, other)
    on = {"on": str(APPROVED)}
    first = await api.page("protocol/sites", limit=1, **on)
    rest = await api.page("protocol/sites", after=first["next"], **on)
    found = {row["site_id"]: row["version"] for row in first["items"] + rest["items"]}
    assert found == {str(one): "1.0", str(other): "1.0"}
    (row,) = (await api.page("protocol/sites", site=str(one), **on))["items"]
    assert (row["urgent"], row["effective_on"], row["until"], row["country"]) == (
        True,
        str(APPROVED),
        None,
        "US",
    )
    assert (await api.page("protocol/sites", on="2026-02-01"))["items"] == []
    (version,) = (await api.page("protocol"))["items"]
    assert (version["status"], version["sites"], version["in_force_from"]) == ("effective", 2, str(APPROVED))
    assert (await api.client.get(f"/v1/trials/{api.trial}/protocol/sites")).status_code == 422


async def test_urgent_changes_are_listed_until_somebody_was_told(api: Api) -> None:
    site = await api.site()
    await api.submitted()
    change = await api.urgent("1.0", site)
    (row,) = (await api.page("protocol/urgent-changes", untold=True))["items"]
    # The submission told the authority; Monday 2 February and five working days for the board.
    assert (row["authority_told_on"], row["board_told_on"], row["board_by"]) == (
        str(SUBMITTED),
        None,
        "2026-02-09",
    )
    (deviation,) = (await api.page("deviations"))["items"]
    assert (deviation["category"], deviation["rules"]) == ("protocol", ["protocol.board_not_told"])
    told = {"version": "1.0", "whom": "board", "told_on": "2026-02-05", "reference": "letter"}
    await api.done("record-urgent-notice", change_id=change, **told)
    assert (await api.page("protocol/urgent-changes", untold=True))["items"] == []
    (row,) = (await api.page("protocol/urgent-changes"))["items"]
    assert (row["change_id"], row["board_told_on"]) == (str(change), "2026-02-05")
    assert [one["annulled"] for one in (await api.page("deviations"))["items"]] == [True]


async def test_a_board_that_nobody_told_is_found_out_by_the_clock(api: Api) -> None:
    site = await api.site()
    await api.submitted()
    today = clock.now().date()
    await api.urgent("1.0", site, on=today)
    assert (await api.page("deviations"))["items"] == []
    clock._offset = timedelta(days=30)
    assert await wakes.wake_due(api.run) == 1
    (deviation,) = (await api.page("deviations"))["items"]
    assert deviation["citation"] == "21 CFR 312.30(b)(2)(ii), 56.104(c)"
    assert await wakes.wake_due(api.run) == 0


async def test_a_design_its_sample_size_and_its_analysis_plan_are_shown(api: Api) -> None:
    await api.submitted()
    await api.done("record-design", version="1.0", **DESIGN)
    (design,) = (await api.page("design"))["items"]
    assert ([arm["code"] for arm in design["arms"]], design["masking"]) == (["A", "B"], "double")
    first, second = uuid4(), uuid4()
    await api.done("sign-design-input", input_id=first, version="1.0", **INPUT)
    again = {"input_id": second, "supersedes": first, "reason": "drop_out"}
    await api.done("sign-design-input", version="1.0", **INPUT | {"drop_out": 0.1}, **again)
    shown = {row["input_id"]: row for row in (await api.page("statistics"))["items"]}
    assert shown[str(first)]["superseded_by"] == str(second)
    assert (shown[str(first)]["recomputed"], shown[str(second)]["recomputed"]) == (154, 172)
    assert shown[str(second)]["difference_ratio"] == pytest.approx(8 / 172, abs=1e-6)
    plan = {"version": "1.0", "dated_on": DRAFTED, "document_ref": "tmf/sap"}
    await api.done("draft-analysis-plan", plan="1", **plan)
    await api.done("approve-analysis-plan", plan="1", approved_on=APPROVED)
    await api.done("record-analysis-milestone", milestone="database_lock", reached_on=SUBMITTED)
    plans = await api.page("statistics/plans")
    assert [(one["plan"], one["status"], one["after"]) for one in plans["plans"]] == [
        ("1", "approved", ["database_lock"])
    ]


async def test_what_a_rule_refuses_says_which(api: Api) -> None:
    assert await api.refused("record-design", version="1.0", **DESIGN) == "protocol.version_unknown"
    await api.submitted()
    amended = {"dated_on": DRAFTED, "amends": "1.0", "sections": ["5.1"], "reason": "eligibility"}
    await api.done("draft-protocol-version", version="2.0", **amended)
    assert await api.refused("draft-protocol-version", version="2.1", **amended) == "protocol.overlap"
    given_up = {"version": "1.0", "reason": "redesign"}
    assert await api.refused("abandon-protocol-version", **given_up) == "protocol.transition"
    await api.done("record-design", version="1.0", **DESIGN)
    hold = {"source": "dsmb", "scope_kind": "arm", "scope_id": api.trial}
    assert await api.refused("apply-hold", arm="C", **hold) == "hold.arm_unknown"
    await api.done("apply-hold", arm="B", **hold)
    bad = await api.post("draft-protocol-version", version="3.0", dated_on=DRAFTED, countries=["Spain"])
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/countries/0")


async def test_what_a_board_approves_at_regulatory_is_in_force_at_the_site_here(servers: Servers) -> None:
    trial, site, review = uuid4(), uuid4(), uuid4()
    actor = Actor("tester", "developer")
    planned: tuple[Command, ...] = (
        RegisterTrial(trial_id=trial, title="A trial", sponsor="A sponsor"),
        IdentifySite(trial_id=trial, site_id=site, name="A site"),
        SelectSite(
            trial_id=trial, site_id=site, zone="America/New_York", country="US", qualification_waived="known"
        ),
        DraftProtocolVersion(trial_id=trial, version="1.0", dated_on=DRAFTED),
        RecordProtocolSubmission(
            trial_id=trial, version="1.0", country="US", submission="serial 1", submitted_on=SUBMITTED
        ),
    )
    reviewed: tuple[Command, ...] = (
        OpenReview(review_id=review, trial_id=trial, site_ids=(site,), zone="America/New_York"),
        SubmitReview(review_id=review, protocol_version="1.0", submitted_on=SUBMITTED),
        StartPreReview(review_id=review),
        StartReview(review_id=review),
        DetermineReview(
            review_id=review,
            outcome="approved",
            decided_on=APPROVED,
            effective_on=APPROVED,
            expires_on=date(2027, 2, 1),
        ),
    )
    async with process(servers, TRIALS) as trials, process(servers, REGULATORY) as regulatory:
        for service, commands in ((trials, planned), (regulatory, reviewed)):
            for command in commands:
                await service.executor.execute(command, Cause(actor, sponsor_id=HOUSE))

        async def in_force() -> bool:
            row = "SELECT versions->0->>'effective_on' FROM site_protocol WHERE site_id = $1"
            return bool(await trials.pool.fetchval(row, site) == str(APPROVED))

        await until(in_force)
