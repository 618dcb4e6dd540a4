"""Subjects, consent and enrolment on a real database and broker: the pages, and what crosses streams."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from uuid_utils.compat import uuid7

from services.trials.handlers import SERVICE
from services.trials.rules.gates import GATES
from shared.contracts.message import Actor
from shared.runtime import clock
from shared.runtime.cause import Cause
from shared.runtime.execute import Executor
from tests.support.answering import answering
from tests.support.stack import Servers, process, until

TODAY = clock.now().date()
LEAD = Cause(Actor("r-1", "regulatory_affairs"))
ZONE = "America/New_York"
WAIVED = {"qualification_waived": "known_site"}


async def give(client: httpx.AsyncClient, who: str, command: str, **fields: Any) -> httpx.Response:
    """The answer to a command given by the API."""
    headers = {"Idempotency-Key": str(uuid7()), "Trialwire-Actor": who}
    body = {name: str(v) if not isinstance(v, int | bool | list | float) else v for name, v in fields.items()}
    return await client.post(f"/v1/commands/{command}", json=body, headers=headers)


async def active_site(run: Executor, trial: UUID, site: UUID, days_ago: int = 60) -> None:
    """A trial in recruitment with one activated site, as commands and folds leave them."""
    about = {"trial_id": str(trial), "site_id": str(site)}
    commands = SERVICE.commands
    for name, fields in (
        ("register_trial", {"trial_id": str(trial), "title": "A trial", "sponsor": "S", "target": 40}),
        ("change_trial_status", {"trial_id": str(trial), "status": "in_review"}),
        ("change_trial_status", {"trial_id": str(trial), "status": "approved"}),
        ("identify_site", about | {"name": "A site", "country": "US"}),
        ("select_site", about | {"zone": ZONE, "country": "US", "target": 20} | WAIVED),
        *(("record_gate_evidence", about | {"gate": gate, "valid_from": "2020-01-01"}) for gate in GATES),
        ("activate_site", about | {"meaning": "approval"}),
        ("change_trial_status", {"trial_id": str(trial), "status": "active"}),
    ):
        command, _ = commands[f"trials.{name}.v1"]
        await run.execute(command.model_validate(fields), LEAD)
    day = TODAY - timedelta(days=days_ago)
    for table in ("site", "site_guard"):
        await run.pool.execute(f"UPDATE {table} SET activated_on = $2 WHERE site_id = $1", site, day)  # noqa: S608


async def test_a_subject_goes_from_consent_to_enrolment_and_the_pages_show_it(servers: Servers) -> None:
    trial, site = uuid7(), uuid7()
    async with answering(servers, "trials") as (run, client):
        await active_site(run, trial, site)
        about = {"trial_id": trial, "site_id": site}
        version = {"version": "1.0", "language": "en", "released_on": TODAY - timedelta(days=50)}
        meaning = {"meaning": "filed as the board decided"}
        made = await give(
            client, "project_manager:p", "record-consent-version", **about, **version, **meaning
        )
        assert made.status_code == 201, made.text
        coordinator, investigator = "site_coordinator:c", "principal_investigator:i"
        for n in range(8):
            subject = about | {"subject_id": uuid7()}
            signed = {"version": "1.0", "language": "en", "signed_on": TODAY, "subject_code": f"S-{n}"}
            steps: list[tuple[str, str, dict[str, Any]]] = [
                (coordinator, "record-consent", signed),
                (coordinator, "start-screening", {"screened_on": TODAY}),
                (
                    investigator,
                    "decide-eligibility",
                    {"eligible": n > 0, "failed": [] if n else ["E07"], "decided_on": TODAY},
                ),
            ]
            if n:
                steps.append((coordinator, "enrol-subject", {"subject_code": f"S-{n}", "enrolled_on": TODAY}))
            for who, command, fields in steps:
                answer = await give(client, who, command, **subject, **fields)
                assert answer.status_code == 201, answer.text
        refused = await give(client, coordinator, "start-screening", **subject, screened_on=TODAY)
        assert (refused.status_code, refused.json()["type"]) == (
            409,
            "urn:trialwire:problem:subject.transition",
        )
        denied = await give(
            client, coordinator, "decide-eligibility", **subject, eligible=True, failed=[], decided_on=TODAY
        )
        assert denied.status_code == 403

        page = (await client.get(f"/v1/trials/{trial}/subjects?status=ineligible")).json()["items"]
        assert [(row["subject_code"], row["failed"], row["status"]) for row in page] == [
            ("S-0", ["E07"], "ineligible")
        ]
        coded = (await client.get(f"/v1/trials/{trial}/subjects?code=S-3&site={site}")).json()["items"]
        assert [row["consent_version"] for row in coded] == ["1.0"]
        assert (await client.get(f"/v1/trials/{trial}/subjects?reconsent=overdue")).json()["items"] == []
        assert (await client.get(f"/v1/trials/{trial}/subjects?status=asleep")).status_code == 422

        planned = {"trial_id": trial, "level": "country", "country": "US", "target": 7}
        assert (await give(client, "project_manager:p", "set-enrolment-target", **planned)).status_code == 201
        found = (await client.get(f"/v1/trials/{trial}/enrolment")).json()
        whole = found["trial"]
        met = {"level": "country", "scope": "US", "target": 7, "enrolled": 7}
        assert [row.items() >= met.items() for row in found["reached"]] == [True]
        assert (whole["target"], whole["enrolled"], whole["screened"], whole["failed"]) == (40, 7, 8, 1)
        assert (whole["screen_failure_rate"], whole["failure_reasons"]) == (0.125, {"E07": 1})
        assert whole["forecast"]["reason"] is None
        assert str(TODAY) < whole["forecast"]["earliest"] < whole["forecast"]["middle"]
        assert [(row["country"], row["enrolled"]) for row in found["countries"]] == [("US", 7)]
        assert [(row["name"], row["target"], row["enrolled"]) for row in found["sites"]] == [
            ("A site", 20, 7)
        ]
        assert (await client.get(f"/v1/trials/{uuid7()}/enrolment")).status_code == 404


async def test_small_subgroups_have_no_number_in_any_event_or_page(servers: Servers) -> None:
    trial, site = uuid7(), uuid7()
    async with answering(servers, "trials") as (run, client):
        await active_site(run, trial, site)
        lead = "project_manager:p"
        for band, share in (("F", 0.5), ("M", 0.5)):
            about = {"trial_id": trial, "dimension": "sex", "band": band, "share": share}
            assert (await give(client, lead, "set-subgroup-target", **about)).status_code == 201
        too_much = {"trial_id": trial, "dimension": "sex", "band": "X", "share": 0.1}
        refused = await give(client, lead, "set-subgroup-target", **too_much)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:trialwire:problem:target.shares")
        for scope, n in (({}, 12), ({"site_id": site}, 4)):
            cells = [{"dimension": "sex", "band": "F", "n": n}, {"dimension": "sex", "band": "M", "n": 20}]
            counted = {"as_of": TODAY, "source": "edc", "enrolled": 40, "counts": cells}
            answer = await give(
                client, "system:edc", "record-subgroup-counts", trial_id=trial, **scope, **counted
            )
            assert answer.status_code == 201, answer.text
        told = await run.pool.fetchval(
            "SELECT count(*) FROM es.event WHERE data::text LIKE '%\"n\":4%' OR data::text LIKE '%\"n\": 4%'"
        )
        assert told == 0
        found = (await client.get(f"/v1/trials/{trial}/diversity")).json()
        assert [(g["band"], g["shown"], g["gap"], g["short_by"]) for g in found["goals"]] == [
            ("F", "12", 0.2, 8),
            ("M", "20", 0.0, 0),
        ]
        by_site = next(count for count in found["counts"] if count["site_id"])
        assert [(cell["band"], cell["n"], cell["shown"]) for cell in by_site["counts"]] == [
            ("F", None, "<5"),
            ("M", None, "withheld"),
        ]
        assert (await client.get(f"/v1/trials/{uuid7()}/diversity")).status_code == 404


async def test_whoever_reaches_one_site_sees_that_sites_rows_and_the_sums_of_the_trial(
    servers: Servers,
) -> None:
    trial, site = uuid7(), uuid7()
    async with answering(servers, "trials", sponsors=(), sites={site: trial}) as (run, client):
        await active_site(run, trial, site)
        other = uuid7()
        command, _ = SERVICE.commands["trials.identify_site.v1"]
        await run.execute(command.model_validate({"trial_id": trial, "site_id": other, "name": "B"}), LEAD)
        select, _ = SERVICE.commands["trials.select_site.v1"]
        chosen = {"trial_id": trial, "site_id": other, "zone": ZONE, "country": "ES", "target": 9} | WAIVED
        await run.execute(select.model_validate(chosen), LEAD)
        found = (await client.get(f"/v1/trials/{trial}/enrolment")).json()
        assert [row["site_id"] for row in found["sites"]] == [str(site)]
        assert [row["country"] for row in found["countries"]] == ["ES", "US"]


async def test_a_release_and_a_target_reach_other_streams_over_the_broker(servers: Servers) -> None:
    trial, site, subject = uuid7(), uuid7(), uuid7()
    async with process(servers, SERVICE) as trials:
        await active_site(trials.executor, trial, site)
        about = {"trial_id": str(trial), "site_id": str(site)}

        async def do(name: str, **fields: Any) -> None:
            command, _ = SERVICE.commands[f"trials.{name}.v1"]
            await trials.executor.execute(command.model_validate(about | fields), LEAD)

        signed = {"version": "1.0", "language": "en", "signed_on": str(TODAY - timedelta(days=40))}
        await do("record_consent", subject_id=str(subject), **signed)
        late = {"version": "2.0", "language": "en", "released_on": str(TODAY - timedelta(days=30))}
        await do(
            "record_consent_version", **late, requires_reconsent="all_active", due_in_days=7, blocks=True
        )
        overdue = "SELECT reconsent = 'overdue' FROM subject WHERE subject_id = $1"
        await until(lambda: trials.pool.fetchval(overdue, subject))
        missed = "SELECT rules ? 'reconsent.overdue' FROM deviation WHERE subject_id = $1"
        assert await trials.pool.fetchval(missed, subject)

        command, _ = SERVICE.commands["trials.set_enrolment_target.v1"]
        asked = {"trial_id": trial, "level": "country", "country": "US", "target": 1}
        await trials.executor.execute(command.model_validate(asked), LEAD)
        await do("enrol_subject", subject_id=str(uuid7()), subject_code="S-1", enrolled_on=str(TODAY))
        reached = (
            "SELECT enrolled FROM target_reached WHERE trial_id = $1 AND level = 'country' AND scope = 'US'"
        )
        await until(lambda: trials.pool.fetchval(reached, trial))


async def test_a_feed_s_past_is_told_in_portions_and_ends_with_its_subject(servers: Servers) -> None:
    trial, site, subject = uuid7(), uuid7(), uuid7()
    async with process(servers, SERVICE) as trials:
        await active_site(trials.executor, trial, site)
        about = {"trial_id": str(trial), "site_id": str(site), "subject_id": str(subject)}

        async def do(name: str, **fields: Any) -> None:
            command, _ = SERVICE.commands[f"trials.{name}.v1"]
            await trials.executor.execute(command.model_validate(about | fields), LEAD)

        await do("enrol_subject", subject_code="S-1", enrolled_on=str(TODAY - timedelta(days=50)))
        due = {"kind": "wearable", "begins_on": str(TODAY - timedelta(days=100)), "zone": "UTC"}
        measures = [{"code": "steps", "expected_a_day": 1}]
        await do("start_feed", source_system="wrist-1", **due, measures=measures)
        # A day at the edge is missing or not, as midnight goes by.
        missing = "SELECT days_missing >= 97 FROM site_feeds WHERE site_id = $1"
        await until(lambda: trials.pool.fetchval(missing, site))
        portions = (
            "SELECT max(n) FROM (SELECT count(*) AS n FROM es.event"
            " WHERE type = 'trials.feed.day_missing.v1' AND key = $1 GROUP BY xmin::text) t"
        )
        assert await trials.pool.fetchval(portions, str(trial)) == 31

        left = TODAY - timedelta(days=40)
        await do("change_subject_status", status="off-study", changed_on=str(left), reason="completed")
        ended = "SELECT days_missing FROM feed WHERE subject_id = $1 AND ended_on = $2"
        await until(lambda: trials.pool.fetchval(ended, subject, left))
        assert await trials.pool.fetchval(ended, subject, left) == 61
        assert (
            await trials.pool.fetchval("SELECT days_missing FROM site_feeds WHERE site_id = $1", site) == 61
        )
        waiting = "SELECT count(*) FROM es.wake JOIN es.stream USING (stream_id) WHERE stream_type = 'feed'"
        assert await trials.pool.fetchval(waiting) == 0
