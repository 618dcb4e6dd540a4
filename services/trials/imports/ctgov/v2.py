"""A study of the registry's API v2 as a registry entry; modules may be missing, staff contacts stay out."""

import re
from datetime import date
from typing import Any

from services.trials.commands.trial import RecordRegistryEntry
from services.trials.domain.registry import STATUS
from services.trials.imports.ctgov.fields import KINDS, dated, items, number, section, text, truth
from services.trials.imports.ctgov.places import sites
from services.trials.imports.ctgov.plan import arms, design, eligibility, outcomes
from services.trials.imports.ctgov.rejection import FieldError
from services.trials.imports.ctgov.results import participant_flow
from shared.contracts.message import Identifier
from shared.contracts.trials.registry import Intervention, RegistryFacts

NOT_STATED = "NOT_STATED"
# The facts of one record travel in one event, which may have 256 KiB.
FACTS_LIMIT = 200 * 1024
_NCT = re.compile(r"NCT\d{8}", re.ASCII)
_SYSTEMS = {"EUDRACT_NUMBER": "eudract", "NIH": "nih", "REGISTRY": "registry", "CTIS": "ctis"}
_ID = "protocolSection.identificationModule."


def nct_of(study: Any) -> str | None:
    """The NCT number of a record where it is legible, to name the record by."""
    try:
        value = study["protocolSection"]["identificationModule"]["nctId"]
    except (KeyError, TypeError):
        return None
    return value if isinstance(value, str) and len(value) <= 64 else None


def entry(study: Any) -> RecordRegistryEntry:
    """The registry entry of a decoded study; FieldError names the field that cannot be taken."""
    if not isinstance(study, dict) or "protocolSection" not in study:
        raise FieldError("protocolSection", "is missing: this is no study record")
    protocol = section(study, "", "protocolSection")
    identification = section(protocol, "protocolSection.", "identificationModule")
    status = section(protocol, "protocolSection.", "statusModule")
    nct = text(identification, _ID, "nctId")
    if nct is None:
        raise FieldError(f"{_ID}nctId", "is missing")
    if not _NCT.fullmatch(nct):
        raise FieldError(f"{_ID}nctId", f"{nct[:40]!r} is not NCT and eight digits")
    facts = _facts(protocol, identification, status, nct).model_copy(update=_plan(study, protocol))
    if (size := len(facts.model_dump_json().encode())) > FACTS_LIMIT:
        raise FieldError("protocolSection", f"its facts have {size} bytes, more than {FACTS_LIMIT}")
    return RecordRegistryEntry(
        nct=nct,
        facts=facts,
        sites=sites(section(protocol, "protocolSection.", "contactsLocationsModule"), nct),
        updated=dated(status, "protocolSection.statusModule.", "lastUpdateSubmitDate"),
        as_of=_as_of(study),
    )


def _facts(
    protocol: dict[str, Any], identification: dict[str, Any], status: dict[str, Any], nct: str
) -> RegistryFacts:
    design = section(protocol, "protocolSection.", "designModule")
    enrolment = section(design, "protocolSection.designModule.", "enrollmentInfo")
    oversight = section(protocol, "protocolSection.", "oversightModule")
    arms = section(protocol, "protocolSection.", "armsInterventionsModule")
    conditions = section(protocol, "protocolSection.", "conditionsModule")
    at, on = "protocolSection.statusModule.", "protocolSection.oversightModule."
    in_design, in_arms = "protocolSection.designModule.", "protocolSection.armsInterventionsModule."
    official = text(identification, _ID, "officialTitle")
    code = _status(status, "overallStatus")
    return RegistryFacts(
        status=code or NOT_STATED,
        last_known_status=_status(status, "lastKnownStatus"),
        status_unverified=code == "UNKNOWN",
        why_stopped=text(status, at, "whyStopped"),
        title=text(identification, _ID, "briefTitle") or official or nct,
        official_title=official,
        acronym=text(identification, _ID, "acronym"),
        sponsor_name=_sponsor(protocol, identification),
        study_type=text(design, in_design, "studyType") or NOT_STATED,
        phases=tuple(items(design, in_design, "phases", str)),
        identifiers=_identifiers(identification, nct),
        conditions=tuple(items(conditions, "protocolSection.conditionsModule.", "conditions", str)),
        interventions=_interventions(arms, in_arms),
        enrolment=number(enrolment, f"{in_design}enrollmentInfo.", "count"),
        enrolment_kind=KINDS.get(text(enrolment, f"{in_design}enrollmentInfo.", "type")),
        start=dated(status, at, "startDateStruct"),
        primary_completion=dated(status, at, "primaryCompletionDateStruct"),
        completion=dated(status, at, "completionDateStruct"),
        verified_on=dated(status, at, "statusVerifiedDate"),
        first_posted=dated(status, at, "studyFirstPostDateStruct"),
        results_posted=dated(status, at, "resultsFirstPostDateStruct"),
        fda_regulated_drug=truth(oversight, on, "isFdaRegulatedDrug"),
        fda_regulated_device=truth(oversight, on, "isFdaRegulatedDevice"),
    )


def _plan(study: dict[str, Any], protocol: dict[str, Any]) -> dict[str, Any]:
    given = section(protocol, "protocolSection.", "armsInterventionsModule")
    return {
        "design": design(section(protocol, "protocolSection.", "designModule")),
        "arms": arms(given),
        "eligibility": eligibility(section(protocol, "protocolSection.", "eligibilityModule")),
        "outcomes": outcomes(section(protocol, "protocolSection.", "outcomesModule")),
        "flow": participant_flow(section(study, "", "resultsSection")),
    }


def _status(status: dict[str, Any], name: str) -> str | None:
    field = "protocolSection.statusModule."
    code = text(status, field, name)
    if code is not None and code != "UNKNOWN" and code not in STATUS:
        raise FieldError(f"{field}{name}", f"{code[:40]!r} is not a status of the registry")
    return code


def _sponsor(protocol: dict[str, Any], identification: dict[str, Any]) -> str:
    module = "protocolSection.sponsorCollaboratorsModule."
    sponsors = section(protocol, "protocolSection.", "sponsorCollaboratorsModule")
    lead = text(section(sponsors, module, "leadSponsor"), f"{module}leadSponsor.", "name")
    organisation = section(identification, _ID, "organization")
    return lead or text(organisation, f"{_ID}organization.", "fullName") or NOT_STATED


def _identifiers(identification: dict[str, Any], nct: str) -> tuple[Identifier, ...]:
    own = text(section(identification, _ID, "orgStudyIdInfo"), f"{_ID}orgStudyIdInfo.", "id")
    found = [Identifier(system="nct", value=nct)]
    found += [Identifier(system="protocol", value=own)] if own else []
    for n, other in enumerate(items(identification, _ID, "secondaryIdInfos", dict)):
        path = f"{_ID}secondaryIdInfos[{n}]."
        value, kind = text(other, path, "id"), text(other, path, "type")
        found += [Identifier(system=_SYSTEMS.get(kind or "", "other"), value=value)] if value else []
    return tuple(dict.fromkeys(found))


def _interventions(arms: dict[str, Any], path: str) -> tuple[Intervention, ...]:
    found = []
    for n, item in enumerate(items(arms, path, "interventions", dict)):
        at = f"{path}interventions[{n}]."
        found.append(
            Intervention(kind=text(item, at, "type") or "OTHER", name=text(item, at, "name") or NOT_STATED)
        )
    return tuple(found)


def _as_of(study: dict[str, Any]) -> date | None:
    derived = section(study, "", "derivedSection")
    misc = section(derived, "derivedSection.", "miscInfoModule")
    held = dated(misc, "derivedSection.miscInfoModule.", "versionHolder")
    return date.fromisoformat(held.text) if held and held.precision == "day" else None
