"""What was handed to another organisation, over HTTP: it does and sees that part, and nothing around it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.regulatory import commands as reg
from services.regulatory import deadlines, obligations
from services.retrieval import commands as c
from services.retrieval.reactions import react_to_own
from shared.contracts.message import Actor, Command, Facts
from shared.rules.deadlines import Owner
from shared.runtime.cause import Cause
from shared.runtime.execute import Executor
from shared.runtime.record import stored
from tests.support import identity
from tests.support.answering import answering
from tests.support.stack import Servers
from tests.unit.regulatory.test_reactions import CASE, SITE, TRIAL, ZONE, reportable
from tests.unit.regulatory.test_reactions import obligations as owed
from tests.unit.retrieval import desk as d

SPONSOR, ONE, OTHER = (UUID(int=n) for n in (7, 71, 72))
HOUSE = Actor("s-01", "retrieval_specialist")


@dataclass
class Asked:
    """A service's API, asked by whom a test says."""

    run: Executor
    client: httpx.AsyncClient

    async def do(self, *commands: Command) -> None:
        """What the house does, and what the service's own reactions make of it."""
        for command in commands:
            await self.run.execute(command, Cause(HOUSE, sponsor_id=SPONSOR))

    async def give(self, role: str, organisation: UUID, command: Command) -> httpx.Response:
        body = command.model_dump_json(exclude_none=True).encode()
        who = identity.issuer().headers(f"{role}:v-01", body, sponsors=[], organisations=[organisation])
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json", **who}
        name = command.type.split(".")[1].replace("_", "-")
        return await self.client.post(f"/v1/commands/{name}", content=body, headers=headers)

    async def get(self, role: str, organisation: UUID, path: str) -> httpx.Response:
        who = identity.issuer().headers(f"{role}:v-01", sponsors=[], organisations=[organisation])
        return await self.client.get(path, headers=who)

    async def listed(self, role: str, organisation: UUID, path: str, of: str = "items") -> list[Any]:
        answer = await self.get(role, organisation, path)
        assert answer.status_code == 200, answer.text
        found: list[Any] = answer.json()[of]
        return found


@pytest.fixture
async def desk(servers: Servers) -> AsyncIterator[Asked]:
    """A request of two legs, one handed to a vendor."""
    async with answering(servers, "retrieval") as (run, client):
        asked = Asked(run, client)
        await run.pool.execute("INSERT INTO es.trial VALUES ($1, $2)", d.TRIAL, SPONSOR)
        handed = c.AssignLeg(request_id=d.REQUEST, leg_id=d.LEG, organisation_id=ONE)
        await asked.do(d.opening(), d.leg(), d.leg(d.OTHER_LEG), d.accept(), d.accept(d.OTHER_LEG), handed)
        yield asked


async def settle(desk: Asked) -> None:
    """What retrieval reacts with to its own events, which its consumer would bring about."""
    for row in await desk.run.pool.fetch("SELECT * FROM es.event WHERE type LIKE '%.leg.%' ORDER BY pos"):
        event = stored("retrieval", row, desk.run.streams.read(row["type"], row["data"]))
        await desk.do(*react_to_own(event, Facts()))


async def test_a_vendor_brings_documents_of_its_leg_s_subject_and_reads_none(desk: Asked) -> None:
    async def put(role: str, asker: UUID, **more: Any) -> httpx.Response:
        who = identity.issuer().headers(f"{role}:v-01", sponsors=[], organisations=[asker])
        asked = {
            "trial": d.TRIAL,
            "subject": d.SUBJECT,
            "kind": "medical_record",
            "organisation": asker,
        } | more
        params = {name: str(value) for name, value in asked.items()}
        headers = who | {"Content-Type": "application/pdf"}
        return await desk.client.put(f"/v1/documents/{uuid4()}", content=b"x", params=params, headers=headers)

    await settle(desk)
    stored = await put("retrieval_vendor", ONE)
    assert stored.status_code == 201, stored.text
    ref = stored.json()["document_ref"]
    for answer in (
        await put("retrieval_vendor", OTHER),
        await put("retrieval_vendor", OTHER, organisation=ONE),
        await put("retrieval_vendor", ONE, subject=uuid4()),
        await put("retrieval_vendor", ONE, trial=uuid4()),
    ):
        assert answer.status_code == 404, answer.text
    assert [one["document_ref"] for one in await desk.listed("retrieval_vendor", ONE, "/v1/documents")] == [
        ref
    ]
    assert await desk.listed("retrieval_vendor", OTHER, "/v1/documents") == []
    content = f"/v1/documents/{ref}/content?purpose=quality_control"
    assert (await desk.get("retrieval_vendor", ONE, content)).status_code == 403
    assert (await desk.get("quality", ONE, content)).status_code == 404
    # Handed on to another, the first brings nothing more; it still sees what it brought.
    await desk.do(c.AssignLeg(request_id=d.REQUEST, leg_id=d.LEG, organisation_id=OTHER))
    await settle(desk)
    assert (await put("retrieval_vendor", ONE)).status_code == 404
    assert (await put("retrieval_vendor", OTHER)).status_code == 201
    assert [one["document_ref"] for one in await desk.listed("retrieval_vendor", ONE, "/v1/documents")] == [
        ref
    ]


async def test_a_vendor_works_on_its_own_leg_and_finds_no_other(desk: Asked) -> None:
    assert (await desk.give("retrieval_vendor", ONE, d.send())).status_code == 201
    acknowledged = c.AcknowledgeLeg(request_id=d.REQUEST, leg_id=d.LEG, acknowledged_on=date(2026, 3, 3))
    for command in (acknowledged, d.receive()):
        assert (await desk.give("retrieval_vendor", ONE, command)).status_code == 201
    for organisation, other in (
        (ONE, d.send(d.OTHER_LEG)),
        (ONE, d.receive(UUID(int=99))),
        (OTHER, d.receive(document="doc:2")),
    ):
        refused = await desk.give("retrieval_vendor", organisation, other)
        assert (refused.status_code, refused.json()["title"]) == (404, "unknown stream")


async def test_a_vendor_does_not_do_what_is_the_house_s(desk: Asked) -> None:
    handed_on = c.AssignLeg(request_id=d.REQUEST, leg_id=d.LEG, organisation_id=OTHER)
    assert (await desk.give("retrieval_vendor", ONE, handed_on)).status_code == 403
    # Also by a role that may: none hands on what it was handed, and none begins a request.
    assert (await desk.give("retrieval_specialist", ONE, handed_on)).status_code == 404
    new = d.opening(request_id=uuid4())
    assert (await desk.give("retrieval_specialist", ONE, new)).status_code == 404
    assert (await desk.get("retrieval_vendor", ONE, "/v1/events")).status_code == 403


async def test_a_request_shows_a_vendor_its_own_leg_custody_and_service_level(desk: Asked) -> None:
    await desk.do(d.send(), d.send(d.OTHER_LEG), d.receive(), d.receive(d.OTHER_LEG, "doc:2"))
    await settle(desk)
    shown = (await desk.get("retrieval_vendor", ONE, f"/v1/requests/{d.REQUEST}")).json()
    assert [leg["leg_id"] for leg in shown["provider_legs"]] == [str(d.LEG)]
    assert [act["document_ref"] for act in shown["custody"]] == ["doc:1"]
    assert [one["subject_id"] for one in shown["deadlines"]] == [str(d.LEG)]
    assert len(await desk.listed("retrieval_vendor", ONE, "/v1/deadlines")) == 1
    assert (await desk.get("retrieval_vendor", OTHER, f"/v1/requests/{d.REQUEST}")).status_code == 404
    whole = (await desk.client.get(f"/v1/requests/{d.REQUEST}")).json()
    assert [len(whole[part]) for part in ("provider_legs", "custody", "deadlines")] == [2, 2, 2]
    # Of the log it is the service level's stream, and not the request's.
    events = await desk.listed("retrieval_specialist", ONE, "/v1/events", "events")
    assert [event["type"] for event in events] == ["retrieval.deadline.armed.v1"]


async def test_a_leg_that_is_handed_on_is_no_longer_the_first_vendor_s(desk: Asked) -> None:
    await desk.do(d.send())
    await settle(desk)
    await desk.do(c.AssignLeg(request_id=d.REQUEST, leg_id=d.LEG, organisation_id=OTHER))
    await settle(desk)
    assert (await desk.give("retrieval_vendor", ONE, d.receive())).status_code == 404
    assert (await desk.give("retrieval_vendor", OTHER, d.receive())).status_code == 201
    assert await desk.listed("retrieval_vendor", ONE, "/v1/requests") == []
    assert await desk.listed("retrieval_vendor", ONE, "/v1/deadlines") == []
    assert await desk.listed("retrieval_specialist", ONE, "/v1/events", "events") == []
    (request,) = await desk.listed("retrieval_vendor", OTHER, "/v1/requests")
    assert request["organisation_ids"] == [str(OTHER)]
    assert len(await desk.listed("retrieval_vendor", OTHER, "/v1/deadlines")) == 1
    types = [e["type"] for e in await desk.listed("retrieval_specialist", OTHER, "/v1/events", "events")]
    assert types == ["retrieval.deadline.armed.v1", "retrieval.deadline.assigned.v1"]


async def test_who_owes_a_report_in_the_sponsor_s_place_sees_and_files_it_and_nothing_else(
    servers: Servers,
) -> None:
    async with answering(servers, "regulatory") as (run, client):
        asked = Asked(run, client)
        await run.pool.execute("INSERT INTO es.trial VALUES ($1, $2)", TRIAL, SPONSOR)
        case = reportable(1, *owed())
        await asked.do(*obligations.reportable(case, lambda _: Owner("cro", ONE)))
        other = case.model_copy(update={"case_id": UUID(int=9)})
        await asked.do(*obligations.reportable(other, lambda _: Owner()))
        await asked.do(
            reg.OpenReview(review_id=uuid4(), trial_id=TRIAL, site_ids=(SITE,), kind="initial", zone=ZONE)
        )
        first = case.obligations[0]
        id_ = deadlines.report_of(CASE, 1, first.code, first.destination)
        reports = await asked.listed("regulatory_affairs", ONE, "/v1/reports")
        assert {row["case_id"] for row in reports} == {str(CASE)}
        assert str(id_) in {row["report_id"] for row in reports}
        shown = await asked.listed("regulatory_affairs", ONE, "/v1/deadlines")
        assert {row["deadline_id"] for row in shown} == {one for row in reports for one in row["deadlines"]}
        for nothing in ("/v1/reviews", "/v1/approvals", "/v1/inds", "/v1/holds", "/v1/trial-holds"):
            assert await asked.listed("regulatory_affairs", ONE, nothing) == [], nothing
        events = await asked.listed("regulatory_affairs", ONE, "/v1/events", "events")
        assert {event["stream_type"] for event in events} == {"report", "deadline"}
        assert await asked.listed("regulatory_affairs", OTHER, "/v1/reports") == []

        release = reg.FileSafetyReport(report_id=id_, meaning="released for submission")
        assert (await asked.give("regulatory_affairs", OTHER, release)).status_code == 404
        assert (await asked.give("regulatory_affairs", ONE, release)).status_code == 201
        not_theirs = deadlines.report_of(UUID(int=9), 1, first.code, first.destination)
        foreign = reg.FileSafetyReport(report_id=not_theirs, meaning="released for submission")
        assert (await asked.give("regulatory_affairs", ONE, foreign)).status_code == 404
        held = (await asked.get("regulatory_affairs", ONE, f"/v1/reports/{id_}")).json()
        assert held["status"] == "awaiting_ack"
