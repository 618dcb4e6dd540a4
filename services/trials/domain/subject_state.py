"""What decisions need of a subject, and how its events change that."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal, assert_never
from uuid import UUID

from services.trials.rules.subjects import ENDED, REGISTERED, status_after
from shared.contracts.trials.consent import (
    ConsentEvent,
    ReconsentDeclined,
    ReconsentOverdue,
    ReconsentRequired,
    ReconsentWaived,
    SubjectConsented,
)
from shared.contracts.trials.deviation import DeviationAnnulled, DeviationReported
from shared.contracts.trials.subject import (
    SubjectDied,
    SubjectDosed,
    SubjectDosingReleased,
    SubjectEligibilityDecided,
    SubjectEnrolled,
    SubjectEnrolmentCorrected,
    SubjectEvent,
    SubjectRandomised,
    SubjectStatus,
    SubjectStatusChanged,
    SubjectVisitDone,
    SubjectWithdrawn,
    WithdrawalScope,
)
from shared.rules.dates import start_of_day

Told = SubjectEvent | ConsentEvent | DeviationReported | DeviationAnnulled
Events = list[Told]


@dataclass(frozen=True)
class Reconsent:
    """The signature asked of a subject, until it is given or waived."""

    asked: ReconsentRequired
    answer: Literal["none", "overdue", "declined"] = "none"


@dataclass(frozen=True)
class Subject:
    """What decisions need of a subject; `deviation` is the open one of its enrolment.

    `consents` are version, language and day signed, `letters` version and reference of a board's waiver,
    `visits` code and day; `unconsented` is the open deviation of a missing consent. `tracked`: known before
    its enrolment, or by a consent, so that a missing one means something. `given`: first and last days of
    doses, `adopted`: events of a takeover, `imported`: statuses of an import, which tells of no consents.
    """

    code: str | None = None
    status: SubjectStatus | None = None
    moved_on: date | None = None
    tracked: bool = False
    consents: tuple[tuple[str, str, date], ...] = ()
    reconsent: Reconsent | None = None
    letters: frozenset[tuple[str, str]] = frozenset()
    enrolled_on: date | None = None
    randomised_on: date | None = None
    doses: frozenset[date] = frozenset()
    given: frozenset[tuple[date, date | None]] = frozenset()
    visits: frozenset[tuple[str, date]] = frozenset()
    withdrawn: frozenset[WithdrawalScope] = frozenset()
    withdrawn_for: str | None = None
    died_on: date | None = None
    deviation: UUID | None = None
    unconsented: UUID | None = None
    reported: frozenset[UUID] = frozenset()
    imported: frozenset[tuple[SubjectStatus, date]] = frozenset()
    adopted: tuple[Told, ...] = ()

    @property
    def first_procedure_on(self) -> date | None:
        done = [day for _, day in self.visits] + [*self.doses] + [day for day, _ in self.given]
        return min([*done, self.randomised_on] if self.randomised_on else done, default=None)

    @property
    def began_on(self) -> date | None:
        """The day of the first procedure or of the enrolment, whichever came first."""
        return min((day for day in (self.first_procedure_on, self.enrolled_on) if day), default=None)

    def blocked(self, on: date) -> bool:
        """Whether a signature that is overdue or was refused stands against a dose on that day."""
        waits = self.reconsent if self.reconsent and self.reconsent.asked.blocks else None
        return waits is not None and (waits.answer == "declined" or on > waits.asked.due_on)


def wake_at(subject: Subject) -> datetime | None:
    """When a signature that was asked for is overdue: the day after its last one begins at the site."""
    if subject.reconsent is None or subject.reconsent.answer != "none":
        return None
    asked = subject.reconsent.asked
    return start_of_day(asked.due_on + timedelta(days=1), asked.zone)


def evolve(subject: Subject, event: Told) -> Subject:
    status = status_after(subject.status, event)
    told = replace(_evolved(subject, event), status=status)
    told = replace(told, reconsent=None) if status in ENDED else told
    return replace(told, adopted=(*told.adopted, event)) if getattr(event, "adopted_from", None) else told


def _evolved(subject: Subject, event: Told) -> Subject:
    match event:
        case SubjectEnrolled() | SubjectEnrolmentCorrected():
            since = event.enrolled_on if subject.status == "on-study" else subject.moved_on
            return replace(subject, code=event.subject_code, enrolled_on=event.enrolled_on, moved_on=since)
        case SubjectStatusChanged(after=after, changed_on=day, subject_code=code, source=source):
            known = replace(subject, code=code or subject.code, moved_on=day)
            if source:
                return replace(known, imported=subject.imported | {(after, day)})
            return replace(known, tracked=subject.tracked or after not in REGISTERED)
        case SubjectConsented(version=version, language=language, signed_on=day):
            known = replace(subject, consents=(*subject.consents, (version, language, day)), tracked=True)
            met = subject.reconsent and subject.reconsent.asked.version in (version, event.meets)
            return replace(known, reconsent=None) if met else known
        case ReconsentRequired():
            return replace(subject, reconsent=Reconsent(event))
        case ReconsentWaived(version=version, document_ref=letter):
            spared = replace(subject, letters=subject.letters | {(version, letter)})
            return replace(spared, reconsent=_answered(subject.reconsent, event))
        case ReconsentDeclined() | ReconsentOverdue():
            return replace(subject, reconsent=_answered(subject.reconsent, event))
        case SubjectEligibilityDecided():
            return subject
        case SubjectRandomised(randomised_on=day):
            return replace(subject, randomised_on=day)
        case SubjectDosingReleased(dose_on=day):
            return replace(subject, doses=subject.doses | {day})
        case SubjectDosed(dosed_on=day, until=until):
            return replace(subject, given=subject.given | {(day, until)})
        case SubjectVisitDone(visit=visit, done_on=day):
            return replace(subject, visits=subject.visits | {(visit, day)})
        case SubjectWithdrawn(scopes=scopes, reason=why):
            known = replace(subject, withdrawn_for=why or subject.withdrawn_for)
            return replace(known, withdrawn=subject.withdrawn | set(scopes))
        case SubjectDied(died_on=day):
            return replace(subject, died_on=day)
        case DeviationReported(category=category, deviation_id=deviation, rules=rules):
            known = replace(subject, reported=subject.reported | {deviation})
            if rules == ("consent.missing",):
                return replace(known, unconsented=deviation)
            return replace(known, deviation=deviation) if category == "enrolment" else known
        case DeviationAnnulled(deviation_id=deviation):
            if deviation == subject.unconsented:
                return replace(subject, unconsented=None)
            return replace(subject, deviation=None)
        case _:
            assert_never(event)


def _answered(
    reconsent: Reconsent | None, event: ReconsentDeclined | ReconsentOverdue | ReconsentWaived
) -> Reconsent | None:
    if reconsent is None or reconsent.asked.version != event.version:
        return reconsent
    match event:
        case ReconsentDeclined():
            return replace(reconsent, answer="declined")
        case ReconsentOverdue():
            return replace(reconsent, answer="overdue")
        case ReconsentWaived():
            return None
        case _:
            assert_never(event)
