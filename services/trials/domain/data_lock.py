"""What the lock of a trial's database asks for, each with the number that is missing."""

from collections.abc import Collection
from uuid import UUID

from services.trials.projections.trial_data import TrialData
from services.trials.rules.data_lock import ATTESTED
from shared.contracts.trials.data import LockPrecondition, Precondition


def preconditions(
    data: TrialData, enrolled: Collection[UUID], attested: Collection[Precondition] = ()
) -> tuple[Precondition, ...]:
    """Every precondition in the order of the contract, met or not, as the counts of now have it.

    `attested` are those for which the signer names a document; forms, queries and sites are numbers, and an
    analysis plan that was approved here is known. `enrolled` are the sites with subjects: each counts,
    whatever its status when they were told; what a system says of it is no older than the last visit.
    """
    by_name = {one.name: one for one in attested}
    last = data.last_visit_on
    uncounted = [
        site
        for site in {*data.enrolling, *enrolled}
        if not (known := data.counts.get(site))
        or (last is not None and min(one.as_of for one in known.values()) < last)
    ]
    sites = [one for of_site in data.counts.values() for one in of_site.values()]
    counted: dict[LockPrecondition, int | None] = {
        "sites_counted": len(uncounted),
        "forms_entered": sum(max(0, site.forms_expected - site.forms_entered) for site in sites),
        "queries_closed": sum(max(0, site.queries_opened - site.queries_closed) for site in sites),
        "sdv_done": sum(max(0, site.forms_entered - site.forms_verified) for site in sites),
    }
    counted |= {name: None for name in ATTESTED if name not in counted}
    if data.analysis_plan:
        counted["sap_approved"] = 0
    return tuple(
        Precondition(name=name, met=missing == 0, missing=missing)
        if name not in by_name
        else by_name[name].model_copy(update={"missing": missing})
        for name, missing in counted.items()
    )


def unmet(found: Collection[Precondition]) -> str:
    """Those that are not met, for a person: how many are missing, or that nobody attests to it."""
    return ", ".join(
        f"{one.name} ({'not attested' if one.missing is None else f'{one.missing} missing'})"
        for one in found
        if not one.met
    )
