"""Eighth act: hospital records on a checked legal basis, and what a reviewer makes of them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

from shared.stack.demo.stage import ZONE, Stage, text
from shared.stack.demo.watch import Seen

SPECIALIST = "retrieval_specialist:t-05"
CUSTODIAN = "custodian_portal:h-02"
QUALITY = "quality:q-03"
REVIEWER = "safety_reviewer:v-12"

ELEMENTS = (
    "description",
    "discloser",
    "recipient",
    "purpose",
    "expiry",
    "signature",
    "right_to_revoke",
    "conditioning",
    "redisclosure",
    "plain_language",
    "copy_given",
)
TYPES = ["discharge_summary", "laboratory_results"]
FINDINGS = ("right_patient", "range_complete", "types_complete", "legible", "images_present")
COORDINATOR = "site_coordinator:c-31"
# Nobody's: what a custodian needs to find a patient, with words in the place of a person's.
IDENTITY = {"family_name": "Demonstration", "given_names": "Subject one", "birth_date": "1970-01-01"}


async def play(stage: Stage, request: Seen) -> None:
    """From the open request to the follow-up version of the case."""
    about = {"request_id": request.data["request_id"], "leg_id": uuid4()}
    await _basis(stage, about)
    await _asked(stage, about)
    await _arrived(stage, about)
    await _reviewed(stage)


async def _basis(stage: Stage, about: dict[str, Any]) -> None:
    asked_for = {
        "record_types": TYPES,
        "range_from": str(stage.today - timedelta(days=30)),
        "range_to": str(stage.today),
    }
    async with stage.step("the site says who the patient is, into retrieval's vault only", 15):
        subject = stage.story.subjects[0]
        path = f"/v1/particulars/{subject}/identity"
        await stage.put(COORDINATOR, "retrieval", path, text(IDENTITY), "application/json")
        await stage.come("retrieval.particulars.recorded", subject_id=subject)
    async with stage.step("a specialist names the custodian and checks the patient's authorisation", 15):
        form = {"basis": "authorization", **await _stored(stage, SPECIALIST, "authorization_form")}
        custodian = {"custodian": "custodian-h-02", "custodian_kind": "hospital"}
        await stage.act(SPECIALIST, "retrieval", "add-leg", **about, **custodian, **asked_for)
        await stage.act(SPECIALIST, "retrieval", "submit-legal-basis", **about, **form)
        await stage.act(
            SPECIALIST,
            "retrieval",
            "verify-legal-basis",
            **about,
            **form,
            meaning="legal basis checked and accepted",
            elements=[{"code": code, "ok": True, "page": 1} for code in ELEMENTS],
            covers=asked_for,
            signed_on=stage.today - timedelta(days=2),
            expires_on=stage.today + timedelta(days=180),
        )
        await stage.come("retrieval.legal_basis.verified", leg_id=about["leg_id"])


async def _asked(stage: Stage, about: dict[str, Any]) -> None:
    async with stage.step("the request goes to the hospital, which confirms it", 15):
        await stage.act(SPECIALIST, "retrieval", "send-leg", **about, method="portal")
        await stage.act(CUSTODIAN, "retrieval", "acknowledge-leg", **about, acknowledged_on=stage.today)
        await stage.come("retrieval.deadline.armed", subject_id=about["leg_id"])


async def _arrived(stage: Stage, about: dict[str, Any]) -> None:
    async with stage.step("records arrive: the same moment they are new information on the case", 15):
        document = await _stored(stage, CUSTODIAN, "medical_record")
        received = {"received_on": stage.today, "zone": ZONE, "pages": 14}
        await stage.act(CUSTODIAN, "retrieval", "receive-records", **about, **document, **received)
        await stage.come("safety.deadline.armed", subject_id=stage.story.case)
    async with stage.step("they are read for the check, which leaves an event, and delivered", 15):
        path = f"/v1/documents/{document['document_ref']}/content"
        read = await stage.read(QUALITY, "retrieval", path, "quality_control")
        if hashlib.sha256(read).hexdigest() != document["sha256"]:
            stage.fail("what came out of the vault is not what went in")
        await stage.come("retrieval.document.read", document_ref=document["document_ref"])
        await stage.act(
            QUALITY,
            "retrieval",
            "pass-quality-control",
            **about,
            meaning="quality control passed and records released",
            findings=dict.fromkeys(FINDINGS, True),
        )
        await stage.act(SPECIALIST, "retrieval", "deliver-records", **about, recipient="safety-desk")
        await stage.come("retrieval.request.completed", request_id=about["request_id"], outcome="complete")
        await stage.come("retrieval.deadline.met")


async def _reviewed(stage: Stage) -> None:
    case = stage.story.case
    async with stage.step("a reviewer marks them significant: a follow-up version and report", 15):
        signed = {"meaning": "significance review", "significant": True}
        await stage.act(REVIEWER, "safety", "review-new-information", case_id=case, **signed)
        await stage.come("safety.case.version_created", case_id=case, kind="follow_up")
        await stage.come("regulatory.report.opened", case_id=case, kind="follow_up")
        await stage.come("safety.deadline.met")


async def _stored(stage: Stage, who: str, kind: str) -> dict[str, Any]:
    """A document of the subject goes into the vault; events name its reference and SHA-256."""
    ref, subject = uuid4(), stage.story.subjects[0]
    page = f"A {kind.replace('_', ' ')} of nobody, written for this demonstration.".encode()
    about = {"subject": subject, "kind": kind}
    await stage.put(who, "retrieval", f"/v1/documents/{ref}", page, "text/plain", **about)
    await stage.come("retrieval.document.stored", document_ref=str(ref))
    return {"document_ref": str(ref), "sha256": hashlib.sha256(page).hexdigest()}
