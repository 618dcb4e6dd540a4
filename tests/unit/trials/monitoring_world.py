"""The whole trials service in memory, as its handlers declare it: every aggregate, own row and reaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.trials.commands.monitoring import (
    ApproveVisitReport,
    ReportVisit,
    ScheduleVisit,
    SubmitVisitReport,
)
from services.trials.handlers import SERVICE
from shared.contracts.message import Actor, Command, Event, Facts, Recorded, Refusal, Wake
from shared.contracts.trials.site import SiteActivated, SiteIdentified, SiteSelected
from shared.contracts.trials.trial import TrialRegistered
from shared.runtime.service import Aggregate
from tests.unit.trials.trials_world import NOW, SITE, TO_OWN, TRIAL, World, of

TODAY, DAY = NOW.date(), timedelta(days=1)
MONITOR, LEAD, QUALITY = (Actor(n, r) for n, r in (("m-1", "monitor"), ("l-1", "lead"), ("q-1", "quality")))
VISIT, ITEM, FINDING = (UUID(int=n) for n in (501, 502, 503))
AT: dict[str, Any] = {"visit_id": VISIT, "trial_id": TRIAL, "site_id": SITE}

SCHEDULE = ScheduleVisit(**AT, kind="interim", planned_on=TODAY + 3 * DAY)
CONDUCT = ReportVisit(**AT, kind="interim", conducted_on=TODAY)
REPORT = SubmitVisitReport(
    **AT,
    document_ref="etmf:report-1",
    findings=({"finding_id": FINDING, "category": "consent", "severity": "major"},),  # type: ignore[arg-type]
    action_items=(  # type: ignore[arg-type]
        {"item_id": ITEM, "code": "retrain", "owner": "s-1", "due_on": TODAY + DAY, "finding_id": FINDING},
    ),
    sdv={"forms_verified": 12, "fields_verified": 90},  # type: ignore[arg-type]
)
BARE = SubmitVisitReport(**AT, document_ref="etmf:report-2")
APPROVE = ApproveVisitReport(**AT, meaning="report approved")


@dataclass
class Whole(World):
    """A world whose commands are decided as the service decides them; `actor` gives them."""

    actor: Actor = LEAD

    def decide(self, command: Command) -> Any:
        known = of(command)
        state = self.states.get(command.stream_id, (known, known.initial))[1]
        facts = self.facts(command.needs())
        facts.actor = self.actor
        return known.decide(state, command, facts, self.now)

    def do(self, command: Command, by: Actor | None = None) -> Any:
        self.actor = by or self.actor
        decision = self.decide(command)
        if not isinstance(decision, Refusal):
            self.tell(command.stream_id, of(command), decision)
        return decision

    def tell(self, stream: UUID, aggregate: Aggregate, events: Sequence[Event]) -> None:
        """Events of a stream happen, and what the service makes of them."""
        for message in [self._record(aggregate, stream, event) for event in events]:
            for reaction in TO_OWN.react(message, self.facts(TO_OWN.needs(message))):
                assert not isinstance(self.do(reaction, Actor("trials", "service")), Refusal), reaction

    def wake(self, stream: UUID) -> Any:
        """Time has come to where the stream wanted to be woken, or beyond."""
        aggregate, state = self.states[stream]
        decision = aggregate.decide(state, Wake(stream=stream), Facts(), self.now)
        assert not isinstance(decision, Refusal)
        self.tell(stream, aggregate, decision)
        return decision

    def wakes_at(self, stream: UUID) -> Any:
        aggregate, state = self.states[stream]
        return aggregate.wake_at(state) if aggregate.wake_at else None

    def fold(self, message: Recorded[Any]) -> None:
        """An event of any service reaches the rows."""
        source = message.source.rpartition("/")[2]
        for one, key in SERVICE.projections_of(source).touched(message):
            self.guards[one.row, key] = one.fold(self.guards.get((one.row, key)), message, key)


def running(*sites: UUID, since: int = 90) -> Whole:
    """A trial whose sites are active for so many days, with nothing of its monitoring known."""
    world = Whole()
    kinds = SERVICE.aggregate_of
    registered = TrialRegistered(
        trial_id=TRIAL,
        title="A trial",
        sponsor_name="A sponsor",
        study_type="INTERVENTIONAL",
        basis="sponsor",
        status="active",
    )
    world.tell(TRIAL, kinds["trial"], [registered])
    for site in sites or (SITE,):
        where: dict[str, Any] = {"trial_id": TRIAL, "site_id": site}
        zone: dict[str, Any] = {"zone": "America/New_York", "country": "US"}
        selected = SiteSelected(**where, **zone, route="other", required_gates=())
        identified = SiteIdentified(**where, name="A site", basis="sponsor")
        activated = SiteActivated(**where, **zone, gates=(), activated_on=TODAY - since * DAY)
        world.tell(site, kinds["site"], [identified, selected, activated])
    return world
