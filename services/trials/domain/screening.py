"""Screening of a subject, and the investigator's decision that ends it."""

from services.trials.commands.subject_steps import DecideEligibility, StartScreening
from services.trials.domain.consent import missing_on, not_current, signed_by
from services.trials.domain.subject_state import Events, Subject
from services.trials.domain.subject_steps import OPEN_SITE, forbidden, moved, refused, step
from services.trials.projections.consent_guards import SiteConsents
from services.trials.projections.guards import SiteGuard
from shared.contracts.message import Facts, Refusal
from shared.contracts.trials.subject import SubjectEligibilityDecided, SubjectStatus


def screen(subject: Subject, command: StartScreening, facts: Facts) -> Events | Refusal:
    """Screening asks for a site that is active, no hold against it, and the consent that is in use (R45)."""
    if subject.status == "screening":
        return []
    if refusal := forbidden(command, facts, "screen") or refused(subject, "screening", command.screened_on):
        return refusal
    site = facts.get(SiteGuard, command.site_id)
    if site is None or site.status not in OPEN_SITE:
        return Refusal("site.not_active", "the site is not active", site.status if site else None)
    known, day = facts.get(SiteConsents, command.site_id), command.screened_on
    # An import tells of no consents; where versions are told here, so is the signature of one of them.
    unsigned = bool(known and known.releases) and not signed_by(subject, day)
    if unsigned or missing_on(subject, known, day):
        return Refusal("consent.missing", f"no consent was signed up to {day}", subject.status)
    if not_current(subject, known, day):
        return Refusal("consent.not_current", "another version of the consent is in use", subject.status)
    return [step(subject, command, "screening", day)]


def decide_eligibility(subject: Subject, command: DecideEligibility, facts: Facts) -> Events | Refusal:
    """The investigator's word; the first criterion not met is the reason of a screen failure."""
    decided = SubjectEligibilityDecided(
        **command.model_dump(), confirmed_by=facts.actor.id if facts.actor else None
    )
    after: SubjectStatus = "eligible" if command.eligible else "ineligible"
    if subject.status == after:
        return []
    if refusal := refused(subject, after, command.decided_on):
        return refusal
    reason = command.failed[0] if command.failed else None
    return [decided, *moved(subject, command, decided, command.decided_on, reason)]
