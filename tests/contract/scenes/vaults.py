"""Documents and particulars of a subject, what is sealed of them, and an erasure by two persons."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from shared.stack.demo.records import COORDINATOR, CUSTODIAN, IDENTITY, QUALITY, SPECIALIST
from shared.stack.demo.stage import Stage, text
from tests.contract.scenes.legs import SHA256, act, request, sent
from tests.e2e.desk import REGULATORY, about

PRIVACY, PHYSICIAN = "privacy_officer:v-01", "safety_physician:m-08"


async def play(stage: Stage) -> None:
    """What lies in both vaults of the first subject, until nothing can be opened any more."""
    await _sealed(stage)
    await _told(stage)
    await kept_by(stage)
    await _held(stage)
    await erased(stage)


async def stored(stage: Stage, service: str, who: str, page: bytes, kind: str = "medical_record") -> str:
    """A document of the story's first subject; its reference."""
    ref = str(uuid4())
    of = {"subject": stage.story.subjects[0], "kind": kind}
    await stage.put(who, service, f"/v1/documents/{ref}", page, "text/plain", **of)
    await stage.come(f"{service}.document.stored", document_ref=ref)
    return ref


async def _sealed(stage: Stage) -> None:
    async with stage.step("records of another patient are sealed, in the vault too", 30):
        ref = await stored(stage, "retrieval", CUSTODIAN, b"somebody else's page")
        of = await sent(stage, await request(stage))
        document = {"pages": 1, "sha256": SHA256, "document_ref": ref}
        arrived = {"received_on": stage.today, "zone": "America/New_York"}
        await act(stage, "receive-records", CUSTODIAN, **of, **arrived, **document)
        await act(stage, "fail-quality-control", QUALITY, **of, reasons=["wrong_patient"])
        await stage.come("retrieval.document.sealed", document_ref=ref)
        await stage.read(PRIVACY, "retrieval", f"/v1/documents/{ref}/content", "privacy_incident")
        await stage.come("retrieval.document.read", document_ref=ref)


async def _told(stage: Stage) -> None:
    subject = stage.story.subjects[0]
    async with stage.step("the site says who the subject is, a specialist and a physician read", 30):
        path = f"/v1/particulars/{subject}/identity"
        await stage.put(COORDINATOR, "retrieval", path, text(IDENTITY), "application/json")
        await stage.read(SPECIALIST, "retrieval", path, "legal_basis_check")
        ref = await stored(stage, "safety", COORDINATOR, b"a page", "source_document")
        await stage.read(PHYSICIAN, "safety", f"/v1/documents/{ref}/content", "safety_assessment")
        await stage.come("retrieval.particulars.read", subject_id=subject)
        await stage.come("safety.document.read", document_ref=ref)


async def kept_by(stage: Stage, days_ago: int = 3_000, **more: str) -> None:
    """The rules by which the trial's records are kept, with periods that began so many days ago."""
    async with stage.step("regulatory affairs states how long records are kept", 30):
        began = stage.today - timedelta(days=days_ago)
        for rule in ("us_ind_sponsor", "us_ind_investigator"):
            said = {"trial_id": stage.story.trial, "rule": rule, "anchored_on": began, **more}
            await stage.act(REGULATORY, "trials", "set-retention", **said, meaning="retention period stated")


async def _held(stage: Stage) -> None:
    async with stage.step("a legal hold comes and goes, and a first request is not agreed to", 30):
        hold = {"trial_id": stage.story.trial, "legal_hold_id": uuid4()}
        await stage.act(PRIVACY, "trials", "place-legal-hold", **hold, reason="litigation")
        await stage.act(REGULATORY, "trials", "release-legal-hold", **hold, reason="matter_closed")
        await stage.act(PRIVACY, "trials", "request-erasure", **of(stage), reason="subject_request")
        await stage.act(QUALITY, "trials", "reject-erasure", **of(stage), reason="identity_not_proved")


async def erased(stage: Stage) -> None:
    """Two persons erase the story's first subject; both vaults destroy the key."""
    async with stage.step("two persons erase the subject, and both vaults destroy the key", 30):
        await stage.act(PRIVACY, "trials", "request-erasure", **of(stage), reason="subject_request")
        await stage.act(QUALITY, "trials", "approve-erasure", **of(stage))
        for service in ("retrieval", "safety"):
            await stage.come(f"{service}.vault.key_destroyed", subject_id=stage.story.subjects[0])


def of(stage: Stage) -> dict[str, Any]:
    """The subject as commands on its erasure name it."""
    return {name: value for name, value in about(stage).items() if name != "site_id"}
