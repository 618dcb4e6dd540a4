"""A subject is erased: refused while records are kept, then by two persons, in every vault at once."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from shared.stack.api import StackAddresses
from shared.stack.demo.records import COORDINATOR, CUSTODIAN, IDENTITY, QUALITY
from shared.stack.demo.stage import Stage, text
from tests.contract.scenes.vaults import PHYSICIAN, PRIVACY, erased, kept_by, of, stored
from tests.e2e.conftest import Trialwire
from tests.e2e.desk import REGULATORY, about, desk, enrolling_trial


def rule(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def content(stage: Stage, who: str, service: str, ref: str, purpose: str) -> httpx.Response:
    return await stage.web.get(
        f"{stage.found.services[service]}/v1/documents/{ref}/content",
        params={"purpose": purpose},
        headers=stage.issuer.headers(who),
    )


async def test_two_persons_erase_a_subject_once_nothing_keeps_their_records(
    stack: StackAddresses, home: Path, trialwire: Trialwire
) -> None:
    async with desk(stack, home) as stage:
        await enrolling_trial(stage)
        subject, ask = stage.story.subjects[0], {"reason": "subject_request"}
        async with stage.step("documents and particulars lie in two vaults", 30):
            ref = await stored(stage, "retrieval", CUSTODIAN, b"a page", "medical_record")
            other = await stored(stage, "safety", COORDINATOR, b"a page", "source_document")
            path = f"/v1/particulars/{subject}/identity"
            await stage.put(COORDINATOR, "retrieval", path, text(IDENTITY), "application/json")
        # Nobody has said how long records are kept; then a period runs.
        refused = await stage.post(PRIVACY, "trials", "request-erasure", **of(stage), **ask)
        assert rule(refused) == (409, "retention.not_stated")
        await kept_by(stage, 10)
        refused = await stage.post(PRIVACY, "trials", "request-erasure", **of(stage), **ask)
        assert rule(refused) == (409, "retention")
        assert "21 CFR 312" in refused.json()["detail"]
        earlier = {"rule": "us_ind_sponsor", "anchored_on": stage.today - timedelta(days=3_000)}
        trial = {"trial_id": stage.story.trial}
        refused = await stage.post(REGULATORY, "trials", "set-retention", **trial, **earlier)
        assert rule(refused) == (409, "retention.shortened")
        await kept_by(stage, 3_000, reason="correction")
        held = {**trial, "legal_hold_id": uuid4()}
        await stage.act(PRIVACY, "trials", "place-legal-hold", **held, reason="litigation")
        await stage.act(REGULATORY, "trials", "release-legal-hold", **held, reason="matter_closed")
        again = await stage.post(PRIVACY, "trials", "place-legal-hold", **held, reason="litigation")
        assert rule(again) == (409, "legal_hold.known")
        kept = await stage.ask("trials", f"/v1/trials/{stage.story.trial}/retention")
        assert {one["set_by"] for one in kept["kept"]} == {"r-01"}
        assert [one["released_by"] for one in kept["released"]] == ["r-01"]
        asked = await stage.post(PRIVACY, "trials", "request-erasure", **of(stage), **ask)
        assert asked.status_code == 201
        alone = await stage.post(PRIVACY, "trials", "approve-erasure", **of(stage))
        assert rule(alone) == (409, "two_persons")
        assert (await content(stage, QUALITY, "retrieval", ref, "quality_control")).content == b"a page"
        await erased(stage)
        for who, service, one, purpose in (
            (QUALITY, "retrieval", ref, "quality_control"),
            (PHYSICIAN, "safety", other, "safety_assessment"),
        ):
            assert rule(await content(stage, who, service, one, purpose)) == (409, "erased")
        late = await stage.web.put(
            f"{stack.services['retrieval']}/v1/documents/{ref}",
            content=b"late",
            params={"trial": str(stage.story.trial), "subject": str(subject), "kind": "medical_record"},
            headers=stage.issuer.headers(CUSTODIAN) | {"Content-Type": "text/plain"},
        )
        assert rule(late) == (409, "erased")
        page = await stage.ask("trials", f"/v1/trials/{stage.story.trial}/erasures")
        (row,) = page["items"]
        assert (row["status"], row["requested_by"], row["decided_by"]) == ("erased", "v-01", "q-03")
        subjects: dict[str, Any] = await stage.ask("trials", f"/v1/trials/{stage.story.trial}/subjects")
        gone = {one["subject_id"]: one["erased_at"] for one in subjects["items"]}
        assert gone[str(subject)]
        assert [one for one in gone.values() if one] == [gone[str(subject)]]
        assert about(stage)["subject_id"] == subject
    verified = trialwire("audit", "verify", within=120)
    assert verified.returncode == 0, verified.stdout + verified.stderr
