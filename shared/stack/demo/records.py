"""Fourth act: hospital records on a checked legal basis, and what a reviewer makes of them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

from shared.stack.demo.stage import ZONE, Stage
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
    form = {"basis": "authorization", "document_ref": "vault/form-1", "sha256": _digest("form")}
    async with stage.step("a specialist names the custodian and checks the patient's authorisation", 15):
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
        document = {"pages": 14, "sha256": _digest("records"), "document_ref": "vault/records-1"}
        received = {"received_on": stage.today, "zone": ZONE}
        await stage.act(CUSTODIAN, "retrieval", "receive-records", **about, **document, **received)
        await stage.come("safety.deadline.armed", subject_id=stage.story.case)
    async with stage.step("they are checked and delivered", 15):
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


def _digest(name: str) -> str:
    return hashlib.sha256(f"demonstration {name}".encode()).hexdigest()
