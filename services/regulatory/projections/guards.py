"""Guard rows that decisions and reactions read; kept apart from rows for pages."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from shared.contracts.message import Recorded
from shared.contracts.regulatory import ClinicalHoldImposed, ClinicalHoldLifted
from shared.contracts.trials.country import CountryMilestoneAchieved
from shared.contracts.trials.site import SiteActivated
from shared.contracts.trials.subject import SubjectEnrolled, SubjectEnrolmentCorrected
from shared.contracts.trials.trial import TrialPlanRecorded, TrialRegistered, TrialStatusChanged


@dataclass(frozen=True, slots=True)
class KnownTrial:
    """A trial that this service has heard of, and who carries its safety obligations.

    `owner_id`: the organisation to which they were transferred. `managed`: the sponsor runs the trial here;
    `listed`: a registry has it. `countries` (ISO 3166) are those that it opened or has active sites in.
    `adopted_on`: the day, by UTC, on which it was taken over in mid-life.
    """

    table: ClassVar[str] = "known_trial"
    key: ClassVar[tuple[str, ...]] = ("trial_id",)
    trial_id: UUID
    owner: str | None = None
    title: str | None = None
    owner_id: UUID | None = None
    managed: bool = False
    listed: bool = False
    first_enrolled_on: date | None = None
    countries: tuple[str, ...] = ()
    adopted_on: date | None = None


OfTrial = (
    TrialRegistered
    | TrialPlanRecorded
    | SubjectEnrolled
    | SubjectEnrolmentCorrected
    | SiteActivated
    | CountryMilestoneAchieved
    | TrialStatusChanged
)


def known_trial_keys(message: Recorded[OfTrial]) -> tuple[tuple[UUID], ...]:
    match message.data:
        case CountryMilestoneAchieved(after=after) if after != "open":
            return ()
        case TrialStatusChanged(basis=basis) if basis != "sponsor":
            return ()
        case event:
            return ((event.trial_id,),)


def fold_known_trial(row: KnownTrial | None, message: Recorded[Any], key: tuple[UUID]) -> KnownTrial | None:
    trial = row or KnownTrial(key[0])
    match message.data:
        case TrialRegistered() | TrialPlanRecorded() as event:
            listed = trial.listed or any(i.system == "nct" for i in event.identifiers)
            known = replace(trial, owner=event.owner, title=event.title, owner_id=event.owner_id)
            if event.adopted_from:
                known = replace(known, adopted_on=message.time.date())
            if isinstance(event, TrialRegistered) and event.basis == "registry":
                return replace(known, listed=True)
            return replace(known, listed=listed, managed=True)
        case TrialStatusChanged(basis="sponsor"):
            return replace(trial, managed=True)
        case SubjectEnrolled(enrolled_on=day) | SubjectEnrolmentCorrected(enrolled_on=day):
            return replace(trial, first_enrolled_on=min(day, trial.first_enrolled_on or day))
        case SiteActivated(country=country) | CountryMilestoneAchieved(country=country):
            return replace(trial, countries=tuple(sorted({*trial.countries, country})))
        case _:
            return row


@dataclass(frozen=True, slots=True)
class OpenHolds:
    """The clinical holds on an IND or a trial (`scope_id`) that the authority has not lifted."""

    table: ClassVar[str] = "open_holds"
    key: ClassVar[tuple[str, ...]] = ("scope_id",)
    scope_id: UUID
    open: tuple[UUID, ...] = ()
    lifted_on: date | None = None


def open_holds_keys(message: Recorded[ClinicalHoldImposed | ClinicalHoldLifted]) -> tuple[tuple[UUID], ...]:
    trials, ind = message.data.trial_ids, message.data.ind_id
    return tuple((scope,) for scope in dict.fromkeys((*trials, *((ind,) if ind else ()))))


def fold_open_holds(row: OpenHolds | None, message: Recorded[Any], key: tuple[UUID]) -> OpenHolds | None:
    row = row or OpenHolds(key[0])
    match message.data:
        case ClinicalHoldImposed(hold_id=hold):
            return replace(row, open=tuple(sorted({*row.open, hold})))
        case ClinicalHoldLifted(hold_id=hold, lifted_on=day):
            left = tuple(one for one in row.open if one != hold)
            return replace(row, open=left, lifted_on=max(day, row.lifted_on or day))
        case _:
            return row
