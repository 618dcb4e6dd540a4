"""The steps of a provider leg that several scenes take: asked for, authorised, sent, received, released."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from shared.stack.demo.records import CUSTODIAN, ELEMENTS, FINDINGS, QUALITY, SPECIALIST
from shared.stack.demo.stage import ZONE, Stage
from tests.e2e.desk import about

SHA256 = "5ce0" * 16
About = dict[str, Any]


async def act(stage: Stage, command: str, who: str = SPECIALIST, **fields: Any) -> None:
    """An act of a retrieval specialist, unless someone else is named."""
    await stage.act(who, "retrieval", command, **fields)


async def request(stage: Stage, purpose: str = "chart_review", **more: Any) -> About:
    """A record request for the story's first subject; its id as commands name it."""
    one: About = {"request_id": uuid4()}
    await act(stage, "open-request", **one, **about(stage), purpose=purpose, zone=ZONE, **more)
    return one


async def leg(stage: Stage, of: About, custodian: str = "custodian-h-02") -> About:
    """One custodian more; request and leg as commands name them."""
    one = {"request_id": of["request_id"], "leg_id": uuid4()}
    await act(stage, "add-leg", **one, custodian=custodian, **_scope(stage))
    return one


async def verified(stage: Stage, one: About) -> None:
    """The patient's authorisation, handed in and accepted."""
    form = {"basis": "authorization", "document_ref": "vault/form-2", "sha256": SHA256}
    await act(stage, "submit-legal-basis", **one, **form)
    shown: dict[str, Any] = {
        "elements": [{"code": code, "ok": True, "page": 1} for code in ELEMENTS],
        "covers": _plain(_scope(stage)),
        "signed_on": stage.today - timedelta(days=2),
        "expires_on": stage.today + timedelta(days=180),
    }
    await act(stage, "verify-legal-basis", **one, **form, **shown)


async def sent(stage: Stage, of: About) -> About:
    """A leg that lies with its custodian."""
    one = await leg(stage, of)
    await verified(stage, one)
    await act(stage, "send-leg", **one, method="portal")
    return one


async def received(stage: Stage, one: About, number: int = 1) -> None:
    """Records arrive at the site's place."""
    document = {"pages": 3, "sha256": SHA256, "document_ref": f"vault/{one['leg_id']}-{number}"}
    await act(stage, "receive-records", CUSTODIAN, **one, received_on=stage.today, zone=ZONE, **document)


async def released(stage: Stage, one: About, redaction: tuple[str, ...] = ()) -> None:
    """A person signs that the records may leave."""
    fields = {"findings": dict.fromkeys(FINDINGS, True), "redaction": redaction}
    await act(stage, "pass-quality-control", QUALITY, **one, **fields)


def _scope(stage: Stage) -> dict[str, Any]:
    first = stage.today - timedelta(days=30)
    return {"record_types": ["discharge_summary"], "range_from": first, "range_to": stage.today}


def _plain(scope: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, list) else str(value) for name, value in scope.items()}
