"""Record requests: frozen, revoked, refused, cancelled; and a leg that takes every detour there is."""

from uuid import uuid4

from shared.stack.demo.records import CUSTODIAN, QUALITY
from shared.stack.demo.stage import Stage
from tests.contract.scenes import cases
from tests.contract.scenes.legs import SHA256, About, act, leg, received, released, request, sent, verified
from tests.e2e.desk import COORDINATOR, LEAD, about

FINANCE = "finance:f-01"


async def play(stage: Stage) -> None:
    """The long way of one leg, then the ways in which requests end without records."""
    await _detours(stage)
    await _handed_over(stage)
    await _without_records(stage)
    await _case_in_vain(stage)
    await _holds(stage)
    await _ends(stage)


async def _detours(stage: Stage) -> None:
    of = await _asked(stage)
    async with stage.step("the records fail, come again, are redacted and delivered", 30):
        await received(stage, of)
        await act(stage, "fail-quality-control", QUALITY, **of, reasons=["illegible"])
        await act(stage, "send-leg", **of, method="mail")
        await received(stage, of, 2)
        await released(stage, of, ("third_party_names",))
        copy = {"document_ref": "vault/redacted-1", "sha256": SHA256, "pages": 3}
        await act(stage, "record-redaction", **of, documents=[copy])
        await act(stage, "deliver-records", **of, recipient="research-desk")
        await stage.come("retrieval.request.completed", request_id=of["request_id"])
    async with stage.step("a leg is added to the completed request and cancelled; what comes is sealed", 30):
        late = await leg(stage, of)
        await stage.come("retrieval.request.reopened", request_id=of["request_id"])
        await act(stage, "cancel-leg", **late, reason="not_needed")
        await received(stage, late)
        await stage.come("retrieval.records.sealed", leg_id=late["leg_id"])


async def _asked(stage: Stage) -> About:
    async with stage.step("a defective form is cured, a lost custodian found, a price paid", 30):
        of = await leg(stage, await request(stage))
        wrong = {"basis": "authorization", "document_ref": "vault/form-1", "sha256": "0bad" * 16}
        await act(stage, "submit-legal-basis", **of, **wrong)
        await act(stage, "reject-legal-basis", **of, basis="authorization", defects=["signature"])
        await verified(stage, of)
        await act(stage, "report-leg-unroutable", **of, reason="practice_closed")
        await act(stage, "reroute-leg", **of, contact_ref="contact-h-02b")
        await act(stage, "send-leg", **of, method="fax")
        await act(stage, "record-follow-up", **of, method="phone")
        await act(stage, "acknowledge-leg", CUSTODIAN, **of, acknowledged_on=stage.today)
        await act(stage, "quote-fee", CUSTODIAN, **of, amount_minor=9000, currency="USD", cap_minor=5000)
        await act(stage, "dispute-fee", **of, reason="above_cap")
        await act(stage, "quote-fee", CUSTODIAN, **of, amount_minor=4500, currency="USD", cap_minor=5000)
        await act(stage, "approve-fee", FINANCE, **of)
        await act(stage, "record-fee-payment", FINANCE, **of)
        return of


async def _handed_over(stage: Stage) -> None:
    async with stage.step("a vendor has a leg, and then another vendor", 30):
        of = await leg(stage, await request(stage))
        await verified(stage, of)
        await act(stage, "assign-leg", **of, organisation_id=uuid4())
        await stage.come("retrieval.vault.handed", subject_id=stage.story.subjects[0])
        await act(stage, "send-leg", **of, method="portal")
        await stage.come("retrieval.deadline.armed", subject_id=of["leg_id"])
        await act(stage, "assign-leg", **of, organisation_id=uuid4())
        await stage.come("retrieval.deadline.assigned")


async def _without_records(stage: Stage) -> None:
    async with stage.step("one custodian holds nothing, another refuses", 30):
        of = await request(stage)
        none, refused = await sent(stage, of), await sent(stage, of)
        certified = {"outcome": "no_records", "certificate_ref": "vault/certificate-1"}
        await act(stage, "close-leg-without-records", **none, **certified)
        said = {"outcome": "refused", "reason": "own_form_wanted"}
        await act(stage, "close-leg-without-records", **refused, **said)
        await stage.come("retrieval.deadline.cancelled", 2)
        await stage.come("retrieval.request.completed", **of, outcome="none")


async def _case_in_vain(stage: Stage) -> None:
    async with stage.step("a case's request ends without records: the attempt belongs to the case", 30):
        case = await cases.reported(stage, 1)
        await cases.assess(stage, case)
        (opened,) = await stage.come("retrieval.request.opened", **case)
        of = await sent(stage, {"request_id": opened.data["request_id"]})
        said = {"outcome": "refused", "reason": "own_form_wanted"}
        await act(stage, "close-leg-without-records", **of, **said)
        await stage.come("safety.case.due_diligence_recorded", **case)


async def _holds(stage: Stage) -> None:
    async with stage.step("a hold on records freezes research; its end thaws it", 30):
        of = await request(stage)
        hold = {"hold_id": uuid4(), "trial_id": stage.story.trial, "source": "dsmb"}
        scope = {"scope_kind": "site", "scope_id": stage.story.site, "effects": ["retrieve_records"]}
        await stage.act(LEAD, "trials", "apply-hold", **hold, **scope)
        await stage.come("retrieval.request.frozen", **of)
        await stage.act(LEAD, "trials", "lift-hold", **hold, evidence="committee letter 2")
        await stage.come("retrieval.request.thawed", **of)


async def _ends(stage: Stage) -> None:
    async with stage.step("an authorisation is revoked while records are in hand", 30):
        of = await sent(stage, await request(stage))
        await received(stage, of)
        revoked = {"request_id": of["request_id"], "revoked_on": stage.today}
        await act(stage, "revoke-authorization", **revoked)
        await stage.come("retrieval.records.sealed", leg_id=of["leg_id"], reason="authorization_revoked")
    async with stage.step("a request becomes urgent and is cancelled; the subject withdraws", 30):
        one = await request(stage)
        await act(stage, "reprioritise-request", **one, priority="urgent")
        await act(stage, "cancel-request", **one, reason="study_closed")
        other = await request(stage)
        left = {"withdrawn_on": stage.today, "scopes": ["records_access"]}
        await stage.act(COORDINATOR, "trials", "withdraw-subject", **about(stage), **left)
        await stage.come("retrieval.access.withdrawn", **other)
