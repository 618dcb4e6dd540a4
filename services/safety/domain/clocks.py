"""Which clocks and obligations follow from a case: computed here once, and armed elsewhere exactly so."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID, uuid5

from services.safety.domain.state import AdverseEvent, Case
from shared.contracts.deadline import Clock, Obligation
from shared.contracts.safety import CaseAssessed
from shared.rules.packs import pack
from shared.rules.rule import Anchor, Condition

# Packs follow the authorisations in force (domain 0.4). The IND pack is the one there is; a trial without an
# IND on record gets its clocks too, for a date too many is put right more easily than one too few.
PACK = "us_ind"


def provisional(event: AdverseEvent, anchor_event: UUID | None = None) -> tuple[Clock, ...]:
    """The clocks that a receipt alone starts (domain 0.1): no opinion is asked of anyone."""
    facts: Mapping[Condition, bool] = {
        "serious": event.serious,
        "fatal_or_life_threatening": event.fatal,
        "causality_excluded": event.causality_excluded,
    }
    found = pack(PACK).clocks("provisional", facts, {"receipt": event.received_on}, event.zone)
    return tuple(clock.model_copy(update={"anchor_event": anchor_event}) for clock in found)


def kept(clocks: tuple[Clock, ...], before: tuple[Clock, ...]) -> tuple[Clock, ...]:
    """The clocks, those that ran before with the same anchor being the same clocks still."""
    running = {(clock.code, clock.anchor_on, clock.zone): clock for clock in before}
    return tuple(running.get((clock.code, clock.anchor_on, clock.zone), clock) for clock in clocks)


def anchors(case: Case, event: AdverseEvent, determination_on: date) -> dict[Anchor, date]:
    """The dates from which the reports of a determination count.

    New information sets the follow-up's anchor and never moves the receipt (E2B C.1.4); what made a case
    fatal later counts from the day that this became known.
    """
    return {
        "receipt": event.received_on,
        "determination": determination_on,
        "latest_information": max(case.latest_on or event.received_on, event.received_on),
        "fatal_information": case.fatal_since or event.received_on,
    }


def expedited(case: Case, event: AdverseEvent, assessed: CaseAssessed) -> tuple[Obligation, ...]:
    """What a signed determination obliges to report, with both dates of each report."""
    facts: Mapping[Condition, bool] = {
        "serious": assessed.serious,
        "unexpected": not assessed.expected,
        "suspected": assessed.causality_sponsor == "related",
        "fatal_or_life_threatening": assessed.fatal_or_life_threatening,
        "reassessed": case.determination == "not_reportable",
        "upgraded": case.fatal_since is not None and not event.fatal,
        "follow_up": False,
    }
    dates = anchors(case, event, assessed.determination_on)
    wanted = pack(PACK).obligations(facts, dates, event.zone)
    return tuple(_owed_again(case, owed, assessed.case_id, dates, event.zone) for owed in wanted)


def _owed_again(
    case: Case, owed: Obligation, case_id: UUID, dates: Mapping[Anchor, date], zone: str
) -> Obligation:
    """An obligation that was taken back has clocks of their own: an ended deadline never starts again."""
    if not (times := case.taken_back.count(owed.code)):
        return owed
    return pack(PACK).obligation(owed.code, dates, zone, uuid5(case_id, f"{owed.code}/{times}"))


def for_fatal_only(code: str) -> bool:
    """Whether the obligation is one of fatal or life-threatening events alone."""
    return "fatal_or_life_threatening" in pack(PACK).find(code, "legal").when


def follow_up(new_info_on: date, zone: str) -> tuple[Obligation, ...]:
    """What significant new information on a reportable case obliges to report (R5, a soft target)."""
    return pack(PACK).obligations({"follow_up": True}, {"new_information": new_info_on}, zone)


def review(received_on: date, zone: str) -> Clock:
    """One working day to judge whether information is significant (domain 0.2)."""
    return pack("internal").find("significance_review_1_day", "operational").clock(received_on, zone)


def reanchored(
    case: Case, event: AdverseEvent, correction: UUID
) -> tuple[tuple[Obligation, Obligation], ...]:
    """Obligations whose day 0 a corrected receipt moves: each as it was and as it is now."""
    if case.assessment is None:
        return ()
    dates = anchors(case, event, case.assessment.determination_on)
    changed = []
    for was in case.obligations:
        if was.legal.anchor not in dates:
            continue
        now = pack(PACK).obligation(was.code, dates, event.zone, correction)
        (legal,) = kept((now.legal,), (was.legal,))
        (operational,) = kept((now.operational,), (was.operational,))
        if (legal, operational) != (was.legal, was.operational):
            changed.append((was, now.model_copy(update={"legal": legal, "operational": operational})))
    return tuple(changed)
