"""Guard rows of consent: the versions released at a site, and the subjects who may have to sign again."""

from dataclasses import dataclass, field, replace
from datetime import date
from operator import attrgetter
from typing import Any, ClassVar
from uuid import UUID

from services.trials.rules.other_trial import misplaced
from services.trials.rules.subjects import ENDED, status_after
from shared.contracts.message import Recorded
from shared.contracts.trials.consent import ConsentVersionReleased, ReconsentRule, SubjectConsented
from shared.contracts.trials.subject import (
    SubjectDosed,
    SubjectDosingReleased,
    SubjectEnrolled,
    SubjectEnrolmentCorrected,
    SubjectRandomised,
    SubjectStatus,
    SubjectStatusChanged,
    SubjectWithdrawn,
)

Key = tuple[Any, ...]
Form = tuple[str, str]  # a version and its language


@dataclass(frozen=True, slots=True)
class Release:
    """A version of the consent form as it was released at a site; days are local."""

    version: str
    language: str
    released_on: date
    requires_reconsent: ReconsentRule = "none"
    due_in_days: int | None = None
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class SiteConsents:
    """The releases at a site by their day; where there are none, nobody can judge a consent."""

    table: ClassVar[str] = "site_consents"
    key: ClassVar[tuple[str, ...]] = ("site_id",)
    site_id: UUID
    trial_id: UUID | None = None
    releases: tuple[Release, ...] = ()

    def on(self, day: date, language: str) -> tuple[Release, ...]:
        """The releases in the language up to that day, the one in use last."""
        return tuple(r for r in self.releases if r.language == language and r.released_on <= day)

    def later(self, one: Form, other: Form) -> bool:
        """Whether the one form was released after the other; of one that nobody released, nobody can tell."""
        order = {(r.version, r.language): n for n, r in enumerate(self.releases)}
        return one in order and other in order and order[one] > order[other] and one[0] != other[0]


@dataclass(frozen=True, slots=True)
class Participant:
    """Where a subject stands, and in which language they signed, if they have."""

    status: SubjectStatus | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class SiteSubjects:
    """The subjects of a site who have not left."""

    table: ClassVar[str] = "site_subjects"
    key: ClassVar[tuple[str, ...]] = ("site_id",)
    site_id: UUID
    trial_id: UUID | None = None
    subjects: dict[UUID, Participant] = field(default_factory=dict)


Moves = (
    SubjectEnrolled
    | SubjectEnrolmentCorrected
    | SubjectRandomised
    | SubjectDosingReleased
    | SubjectDosed
    | SubjectWithdrawn
    | SubjectStatusChanged
)


def site_consents_keys(message: Recorded[ConsentVersionReleased]) -> tuple[Key, ...]:
    return () if misplaced(message.data) else ((message.data.site_id,),)


def fold_site_consents(row: SiteConsents | None, message: Recorded[Any], key: Key) -> SiteConsents:
    consents, event = row or SiteConsents(key[0]), message.data
    release = Release(**event.model_dump(include=set(Release.__slots__)))
    others = [r for r in consents.releases if (r.version, r.language) != (event.version, event.language)]
    ordered = sorted([*others, release], key=attrgetter("released_on", "version", "language"))
    return replace(consents, trial_id=event.trial_id, releases=tuple(ordered))


def site_subjects_keys(message: Recorded[Moves | SubjectConsented]) -> tuple[Key, ...]:
    return () if misplaced(message.data) else ((message.data.site_id,),)


def fold_site_subjects(row: SiteSubjects | None, message: Recorded[Any], key: Key) -> SiteSubjects:
    event = message.data
    site = replace(row or SiteSubjects(key[0]), trial_id=event.trial_id)
    known = site.subjects.get(event.subject_id)
    if isinstance(event, SubjectConsented):
        if known is None:
            return site
        now = replace(known, language=event.language)
    else:
        known = known or Participant()
        now = replace(known, status=status_after(known.status, event))
    others = {subject: at for subject, at in site.subjects.items() if subject != event.subject_id}
    kept = others if now.status in ENDED else others | {event.subject_id: now}
    return replace(site, subjects=dict(sorted(kept.items())))
