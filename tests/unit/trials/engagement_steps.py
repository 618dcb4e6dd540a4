"""An engagement brought to any status, and the command of each step."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.trials.commands import engagement as c
from services.trials.domain.engagement import Decision, Engagement, EngagementCommand, decide, evolve
from shared.contracts.message import Actor, Facts, Refusal
from shared.contracts.trials.engagement import EngagementStatus
from tests.unit.trials.trials_world import NOW, TRIAL

ENGAGEMENT, ORGANISATION = UUID(int=81), UUID(int=71)
TODAY = NOW.date()
DAY = timedelta(days=1)
SHA = "b" * 64
_OF: dict[str, Any] = {"engagement_id": ENGAGEMENT}


def consider(**other: Any) -> c.ConsiderOrganisation:
    about = {"trial_id": TRIAL, "name": "A CRO", "model": "full_service", "organisation_id": ORGANISATION}
    return c.ConsiderOrganisation(**_OF | about | other)


def step(to: EngagementStatus, on: date = TODAY) -> EngagementCommand:
    """The command that leads to a status."""
    contract: dict[str, Any] = {"contract_ref": "contract:1", "sha256": SHA}
    match to:
        case "considered":
            return consider()
        case "invited":
            return c.InviteOrganisation(**_OF, invited_on=on)
        case "proposal_received":
            return c.RecordProposal(**_OF, received_on=on, document_ref="proposal:1", sha256=SHA)
        case "selected":
            return c.SelectOrganisation(**_OF, selected_on=on, reason="best_score")
        case "pilot":
            return pilot(on)
        case "engaged":
            return c.EngageOrganisation(**_OF, executed_on=on, **contract)
        case "ended":
            return c.EndEngagement(**_OF, ended_on=on, reason="work_completed")
        case "declined":
            return c.DeclineEngagement(**_OF, declined_on=on, by="sponsor", reason="price")


def pilot(on: date = TODAY, until: date | None = None) -> c.StartPilot:
    criteria = (
        c.PilotTarget(code="first_site", target="first site active within 60 days"),
        c.PilotTarget(code="queries", target="queries answered within 5 days"),
    )
    last = until or on + 90 * DAY
    bounds: dict[str, Any] = {"since": on, "until": last, "contract_ref": "contract:0", "sha256": SHA}
    return c.StartPilot(**_OF, criteria=criteria, **bounds)


def judge(first: bool = True, second: bool = True, on: date = TODAY) -> c.EvaluatePilot:
    outcomes = (c.PilotOutcome(code="first_site", met=first), c.PilotOutcome(code="queries", met=second))
    return c.EvaluatePilot(**_OF, evaluated_on=on, outcomes=outcomes)


WAYS: dict[EngagementStatus, tuple[EngagementStatus, ...]] = {
    "considered": (),
    "invited": ("invited",),
    "proposal_received": ("invited", "proposal_received"),
    "selected": ("invited", "proposal_received", "selected"),
    "pilot": ("invited", "proposal_received", "selected", "pilot"),
    "engaged": ("invited", "proposal_received", "selected", "engaged"),
    "ended": ("invited", "proposal_received", "selected", "engaged", "ended"),
    "declined": ("declined",),
}


def at(status: EngagementStatus) -> Engagement:
    """An engagement in this status; every step was taken today."""
    return given([consider(), *(step(to) for to in WAYS[status])])


def given(commands: Sequence[EngagementCommand], state: Engagement | None = None) -> Engagement:
    known = state or Engagement()
    for command in commands:
        made = made_of(known, command)
        assert not isinstance(made, Refusal), made
        for event in made:
            known = evolve(known, event)
    return known


def made_of(state: Engagement, command: EngagementCommand) -> Decision:
    return decide(state, command, Facts(actor=Actor("p-07", "sponsor")), NOW)
