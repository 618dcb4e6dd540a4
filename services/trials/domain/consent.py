"""The consent of a subject: what was signed and when, and what was done without."""

from datetime import date, datetime
from typing import Any

from services.trials.commands.consent import RecordConsent
from services.trials.domain.breaks import About, Breaks, broken, deviation
from services.trials.domain.broken import in_future
from services.trials.domain.permissions import forbidding, holds_on
from services.trials.domain.reconsent import asked_by_later, meets
from services.trials.domain.subject_state import Events, Subject, evolve
from services.trials.projections.consent_guards import SiteConsents
from services.trials.projections.guards import SiteGuard, SubjectGuard, TrialGuard
from shared.contracts.message import Facts
from shared.contracts.trials.consent import (
    SubjectConsented,
)
from shared.contracts.trials.deviation import DeviationAnnulled
from shared.contracts.trials.subject import SubjectStatusChanged


def missing_on(subject: Subject, known: SiteConsents | None, day: date) -> bool:
    """Whether nothing was signed up to that day; unknown, and so no, where consents are not told here."""
    told = not subject.imported and (subject.tracked or bool(known and known.releases))
    return told and not signed_by(subject, day)


def lacking_on(subject: Subject, known: SiteConsents | None, day: date) -> tuple[str, ...]:
    """The rule that is broken by what is done on that day without consent."""
    return ("consent.missing",) if missing_on(subject, known, day) else ()


def signed_by(subject: Subject, day: date) -> bool:
    """Whether any version was signed up to that day."""
    return any(on <= day for _, _, on in subject.consents)


def not_current(subject: Subject, known: SiteConsents | None, day: date) -> bool:
    """Whether another version than the one signed last was in use at the site on that day.

    False where no version was told, or nothing was signed by then.
    """
    if known is None or not known.releases or not signed_by(subject, day):
        return False
    version, language, _ = max(
        (consent for consent in subject.consents if consent[2] <= day), key=lambda consent: consent[2]
    )
    in_use = known.on(day, language)
    return not in_use or in_use[-1].version != version


def missing(subject: Subject, about: About, known: SiteConsents | None) -> Events:
    """The deviation of whoever began without consent, or its end where the consent was told late."""
    day = subject.began_on
    if day is None:
        return []
    lacks = missing_on(subject, known, day)
    if lacks and not subject.unconsented:
        return deviation(subject, about, "consent", Breaks(("consent.missing",)), day, f"missing|{day}")
    if not lacks and subject.unconsented:
        return [
            DeviationAnnulled(
                deviation_id=subject.unconsented,
                trial_id=about.trial_id,
                site_id=about.site_id,
                reason="consent.told_late",
            )
        ]
    return []


def signed(subject: Subject, command: RecordConsent, facts: Facts, now: datetime) -> Events:
    """A consent as it was signed; who is not known yet becomes a candidate by it."""
    if (command.version, command.language, command.signed_on) in subject.consents:
        return []
    known = facts.get(SiteConsents, command.site_id)
    found = _breaks(subject, command, known, facts, now)
    events: Events = []
    if subject.status is None:
        events.append(
            SubjectStatusChanged(
                trial_id=command.trial_id,
                site_id=command.site_id,
                subject_id=command.subject_id,
                before=None,
                after="candidate",
                changed_on=command.signed_on,
                subject_code=command.subject_code,
            )
        )
    events.append(
        SubjectConsented(
            **_ids(command),
            version=command.version,
            language=command.language,
            signed_on=command.signed_on,
            breaks=found.rules,
            meets=meets(subject, command, known),
        )
    )
    # Whoever signed too late lacks the consent on their first day: that is one deviation, not two.
    others = Breaks(
        tuple(rule for rule in found.rules if rule != "consent.after_first_procedure"), found.holds
    )
    events += deviation(subject, command, "consent", others, command.signed_on)
    for event in events:
        subject = evolve(subject, event)
    events += missing(subject, command, known)
    return events + asked_by_later(subject, command, known, facts)


def _breaks(
    subject: Subject, command: RecordConsent, known: SiteConsents | None, facts: Facts, now: datetime
) -> Breaks:
    day, first = command.signed_on, subject.first_procedure_on
    trial, site = facts.get(TrialGuard, command.trial_id), facts.get(SiteGuard, command.site_id)
    holds = forbidding(holds_on(trial, site, facts.get(SubjectGuard, command.subject_id)), "consent", day)
    released = known.on(day, command.language) if known else ()
    wrong = bool(known and known.releases) and command.version not in {r.version for r in released}
    first_told = first is not None and any(on <= first for _, _, on in subject.consents)
    earlier = first_told or bool(subject.imported)
    found = {
        "consent.after_first_procedure": first is not None and day > first and not earlier,
        "consent.wrong_version": wrong,
        "consent.outdated": bool(released) and not wrong and released[-1].version != command.version,
        "consent.under_hold": bool(holds),
        "consent.in_future": in_future(day, now),
    }
    return broken(found, tuple(hold.hold_id for hold in holds))


def _ids(about: RecordConsent) -> dict[str, Any]:
    return {"trial_id": about.trial_id, "site_id": about.site_id, "subject_id": about.subject_id}
