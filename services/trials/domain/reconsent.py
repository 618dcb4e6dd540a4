"""The signature that a new version of the consent form asks for: declined, waived or overdue."""

from datetime import datetime, timedelta
from uuid import UUID

from services.trials.commands.consent import (
    DeclineReconsent,
    RecordConsent,
    RequireReconsent,
    WaiveReconsent,
)
from services.trials.domain.breaks import Breaks, broken, deviation
from services.trials.domain.subject_state import Events, Subject
from services.trials.projections.consent_guards import Release, SiteConsents
from services.trials.projections.guards import SiteGuard
from services.trials.rules.subjects import ENDED, PAST_INTERVENTION
from shared.contracts.message import Facts
from shared.contracts.trials.consent import (
    ReconsentDeclined,
    ReconsentOverdue,
    ReconsentRequired,
    ReconsentWaived,
)
from shared.contracts.trials.subject import SubjectStatus
from shared.rules.dates import add_calendar_days, local_date


def require(subject: Subject, command: RequireReconsent, known: SiteConsents | None) -> Events:
    """Ask for the signature, unless it was given, is asked for already, or the subject has left.

    A version that was released later and is signed, or asked for, leaves nothing to ask of an older one.
    """
    if subject.status is None or subject.status in ENDED:
        return []
    asked = ReconsentRequired(**command.model_dump())
    given = command.version in {version for version, *_ in (*subject.consents, *subject.letters)}
    same = subject.reconsent is not None and subject.reconsent.asked == asked
    forms = [(version, language) for version, language, _ in subject.consents]
    if subject.reconsent:
        forms.append((subject.reconsent.asked.version, subject.reconsent.asked.language))
    this = (command.version, command.language)
    past = known is not None and any(known.later(form, this) for form in forms)
    return [] if given or same or past else [asked]


def meets(subject: Subject, command: RecordConsent, known: SiteConsents | None) -> str | None:
    """The version asked for in whose place the subject signs one that was released later."""
    if subject.reconsent is None or known is None:
        return None
    asked = subject.reconsent.asked
    later = known.later((command.version, command.language), (asked.version, asked.language))
    return asked.version if later else None


def declined(subject: Subject, command: DeclineReconsent) -> Events:
    if subject.reconsent and subject.reconsent.answer == "declined" and _asked(subject, command.version):
        return []
    found = broken({"reconsent.not_required": not _asked(subject, command.version)})
    told = ReconsentDeclined(**command.model_dump(), breaks=found.rules)
    raised = deviation(
        subject, command, "reconsent", found, command.declined_on, f"declined|{command.version}"
    )
    return [told, *raised] if raised or not found.rules else []


def waived(subject: Subject, command: WaiveReconsent) -> Events:
    """The letter is kept, also where nobody had asked for a signature."""
    if (command.version, command.document_ref) in subject.letters:
        return []
    found = broken({"reconsent.not_required": not _asked(subject, command.version)})
    told = ReconsentWaived(**command.model_dump(exclude={"meaning"}), breaks=found.rules)
    return [
        told,
        *deviation(subject, command, "reconsent", found, command.waived_on, f"waived|{command.version}"),
    ]


def overdue(subject: Subject, now: datetime) -> Events:
    """What time alone makes of a signature that was asked for."""
    if subject.reconsent is None or subject.reconsent.answer != "none":
        return []
    asked = subject.reconsent.asked
    if local_date(now, asked.zone) <= asked.due_on:
        return []
    late = Breaks(("reconsent.overdue",))
    first_day = asked.due_on + timedelta(days=1)
    told = ReconsentOverdue(**asked.model_dump())
    return [told, *deviation(subject, asked, "reconsent", late, first_day, f"overdue|{asked.version}")]


def asks(release: Release, status: SubjectStatus | None, language: str | None) -> bool:
    """Whether a release asks a new signature of a subject who stands there and signed in that language."""
    spared = ENDED if release.requires_reconsent == "all_active" else PAST_INTERVENTION
    return (
        release.requires_reconsent != "none" and status not in spared and language in (None, release.language)
    )


def requirement(release: Release, zone: str | None, **about: UUID) -> RequireReconsent:
    """The command by which a release reaches a subject."""
    return RequireReconsent(
        **about,
        version=release.version,
        language=release.language,
        due_on=add_calendar_days(release.released_on, release.due_in_days or 0),
        zone=zone or "UTC",
        blocks=release.blocks,
    )


def asked_by_later(
    subject: Subject, command: RecordConsent, known: SiteConsents | None, facts: Facts
) -> Events:
    """A consent told late: the version that came after it may ask for another signature already."""
    if known is None:
        return []
    site = facts.get(SiteGuard, command.site_id)
    later = [
        release
        for release in known.releases
        if release.released_on > command.signed_on and asks(release, subject.status, command.language)
    ]
    if not later:
        return []
    about = {"trial_id": command.trial_id, "site_id": command.site_id, "subject_id": command.subject_id}
    return require(subject, requirement(later[-1], site.zone if site else None, **about), known)


def _asked(subject: Subject, version: str) -> bool:
    return subject.reconsent is not None and subject.reconsent.asked.version == version
