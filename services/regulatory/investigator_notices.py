"""New investigators and the INDs that their trials run under, as duties towards FDA and their deadlines."""

from services.regulatory import deadlines
from services.regulatory.commands.investigator_notice import HearTrialInd, OweInvestigatorNotice
from shared.contracts.message import Command, Facts, Need, Recorded
from shared.contracts.regulatory import (
    IndInEffect,
    InvestigatorNoticeOwed,
    InvestigatorNoticeReceived,
    InvestigatorNoticeWaived,
)
from shared.contracts.trials.investigator import InvestigatorAdded
from shared.contracts.trials.programme import ProgrammeAuthorisationRecorded, ProgrammeTrialAdded
from shared.rules.ownership import Owners

Arising = InvestigatorAdded | ProgrammeAuthorisationRecorded | ProgrammeTrialAdded
Told = IndInEffect | InvestigatorNoticeOwed | InvestigatorNoticeReceived | InvestigatorNoticeWaived


def arising(message: Recorded[Arising], facts: Facts) -> list[Command]:
    """Who was added, and which IND a programme has for its trials.

    The investigator is the leader of the team (21 CFR 312.3(b)): of its other members no notice is owed. An
    IND that names no trial is that of each trial of its programme.
    """
    match message.data:
        case InvestigatorAdded(role="principal") as event:
            return [
                OweInvestigatorNotice(
                    trial_id=event.trial_id,
                    site_id=event.site_id,
                    investigator_id=event.investigator_id,
                    from_on=event.from_on,
                    cause=message.id,
                )
            ]
        case ProgrammeAuthorisationRecorded(kind="ind", country="US", covers=covers) as ind:
            return [
                HearTrialInd(
                    trial_id=trial_id,
                    ind_id=ind.authorisation_id,
                    in_effect_on=ind.in_effect_on if not covers or trial_id in covers else None,
                    withdrawn_on=ind.withdrawn_on if not covers or trial_id in covers else None,
                    cause=message.id,
                )
                for trial_id in dict.fromkeys((*covers, *ind.trial_ids))
            ]
        case ProgrammeTrialAdded(trial_id=trial_id, authorisations=authorisations):
            return [
                HearTrialInd(
                    trial_id=trial_id,
                    ind_id=ind.authorisation_id,
                    in_effect_on=ind.in_effect_on,
                    withdrawn_on=ind.withdrawn_on,
                    cause=message.id,
                )
                for ind in authorisations
                if (ind.kind, ind.country) == ("ind", "US") and (not ind.covers or trial_id in ind.covers)
            ]
        case _:
            return []


def arm(duty: InvestigatorNoticeOwed, owners: Owners) -> list[Command]:
    """The deadline of a notice; one from another day is superseded."""
    former = (duty.supersedes,) if duty.supersedes else ()
    return deadlines.arm_duty(duty, "investigator", duty.investigator_id, former, owners)


def needs(message: Recorded[Told]) -> tuple[Need, ...]:
    """Who owns the deadline of a notice that is owed."""
    duty = message.data
    return deadlines.needs_of_owners(duty.trial_id) if isinstance(duty, InvestigatorNoticeOwed) else ()


def told(message: Recorded[Told], facts: Facts) -> list[Command]:
    """An IND that is in effect by the authority's receipt here; a notice owed, received, or not owed."""
    match message.data:
        case InvestigatorNoticeOwed() as duty:
            return arm(duty, deadlines.owners(facts, duty.trial_id))
        case IndInEffect(ind_id=ind_id, trial_ids=trials, effective_on=day):
            return [
                HearTrialInd(trial_id=trial_id, ind_id=ind_id, in_effect_on=day, cause=message.id)
                for trial_id in trials
            ]
        case InvestigatorNoticeReceived(meets=duties, trial_id=trial_id, receipt_on=day):
            return deadlines.meet(duties, trial_id, day)
        case InvestigatorNoticeWaived(duty_id=duty_id, trial_id=trial_id, reason=reason) if duty_id:
            return [deadlines.cancel(duty_id, trial_id, reason)]
        case _:
            return []
