"""A record of the registry's legacy XML, brought into the shape of API v2: its words become codes."""

import re
from typing import Any

from lxml import etree

from services.trials.imports.ctgov import legacy_plan as plan
from services.trials.imports.ctgov.rejection import FieldError
from services.trials.imports.ctgov.words import code_of, text_of

_PHASES = {"N/A": ["NA"], "Early Phase 1": ["EARLY_PHASE1"], "Phase 0": ["EARLY_PHASE1"]}
_KINDS = {"Actual": "ACTUAL", "Anticipated": "ESTIMATED", "Estimated": "ESTIMATED", "Estimate": "ESTIMATED"}
# The registry writes English months, whatever the locale of this machine is.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DATE = re.compile(rf"(?:({'|'.join(_MONTHS)}) (?:(\d{{1,2}}), )?)?(\d{{4}})", re.ASCII)
_PROCESSED = re.compile(r"processed this data on (\w+ \d{1,2}, \d{4})")


def study(document: bytes) -> dict[str, Any]:
    """The record of one XML document; FieldError for what is no well-formed, plain `clinical_study`."""
    # Entities stay unread and nothing is fetched; a document that declares any is refused as a whole.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, LookupError, ValueError) as error:
        raise FieldError("document", f"is not well-formed XML: {error}") from None
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]  # its stubs leave it out
        raise FieldError("document", "declares a DTD or entities, which are not read")
    if root.tag != "clinical_study":
        raise FieldError("document", f"its root is {root.tag[:60]!r}, not 'clinical_study'")
    return _study(root)


def _study(root: etree._Element) -> dict[str, Any]:
    identification = {
        "nctId": text_of(root, "id_info/nct_id"),
        "orgStudyIdInfo": {"id": text_of(root, "id_info/org_study_id")},
        "secondaryIdInfos": [{"id": e.text, "type": "OTHER"} for e in root.findall("id_info/secondary_id")],
        "briefTitle": text_of(root, "brief_title"),
        "officialTitle": text_of(root, "official_title"),
        "acronym": text_of(root, "acronym"),
    }
    why = text_of(root, "why_stopped")
    status = {
        "overallStatus": code_of(text_of(root, "overall_status")),
        "lastKnownStatus": code_of(text_of(root, "last_known_status")),
        "whyStopped": " ".join(why.split()) if why else None,
        "statusVerifiedDate": _date(root, "verification_date").get("date"),
        "startDateStruct": _date(root, "start_date"),
        "primaryCompletionDateStruct": _date(root, "primary_completion_date"),
        "completionDateStruct": _date(root, "completion_date"),
        "studyFirstPostDateStruct": _date(root, "study_first_posted"),
        "resultsFirstPostDateStruct": _date(root, "results_first_posted"),
        "lastUpdateSubmitDate": (
            _date(root, "last_update_submitted").get("date") or _date(root, "lastchanged_date").get("date")
        ),
    }
    protocol = {
        "identificationModule": identification,
        "statusModule": status,
        "sponsorCollaboratorsModule": {
            "leadSponsor": {"name": text_of(root, "sponsors/lead_sponsor/agency")}
        },
        "designModule": _design(root),
        "conditionsModule": {"conditions": [e.text or "" for e in root.findall("condition")]},
        "armsInterventionsModule": {"interventions": _interventions(root), "armGroups": plan.arms(root)},
        "eligibilityModule": plan.eligibility(root),
        "outcomesModule": plan.outcomes(root),
        "oversightModule": {
            "isFdaRegulatedDrug": _yes(root, "oversight_info/is_fda_regulated_drug"),
            "isFdaRegulatedDevice": _yes(root, "oversight_info/is_fda_regulated_device"),
        },
        "contactsLocationsModule": {"locations": [_location(e) for e in root.findall("location")]},
    }
    return {
        "protocolSection": protocol,
        "resultsSection": plan.results(root),
        "derivedSection": {"miscInfoModule": {"versionHolder": _as_of(root)}},
    }


def _design(root: etree._Element) -> dict[str, Any]:
    kind = text_of(root, "study_type")
    phase = text_of(root, "phase")
    count = text_of(root, "enrollment")
    if count is not None and not (count.isascii() and count.isdigit()):
        raise FieldError("enrollment", f"{count[:40]!r} is not a whole number")
    enrolment = root.find("enrollment")
    stated = enrolment.get("type", "") if enrolment is not None else ""
    return {
        # "Observational [Patient Registry]" is observational; the model in brackets is not kept.
        "studyType": code_of(kind.split("[")[0].strip()) if kind else None,
        "phases": _PHASES.get(phase) or [code_of(p) or "" for p in phase.split("/")] if phase else [],
        "designInfo": plan.design(root),
        "enrollmentInfo": {"count": int(count) if count else None, "type": _KINDS.get(stated)},
    }


def _interventions(root: etree._Element) -> list[dict[str, Any]]:
    return [
        {"type": code_of(text_of(e, "intervention_type")), "name": text_of(e, "intervention_name")}
        for e in root.findall("intervention")
    ]


def _location(element: etree._Element) -> dict[str, Any]:
    return {
        "facility": text_of(element, "facility/name"),
        "city": text_of(element, "facility/address/city"),
        "state": text_of(element, "facility/address/state"),
        "zip": text_of(element, "facility/address/zip"),
        "country": text_of(element, "facility/address/country"),
        "status": code_of(text_of(element, "status")),
    }


def _yes(element: etree._Element, path: str) -> bool | None:
    return {"Yes": True, "No": False}.get(text_of(element, path) or "")


def _date(root: etree._Element, name: str) -> dict[str, str | None]:
    value = text_of(root, name)
    if value is None:
        return {}
    element = root.find(name)
    kind = _KINDS.get(element.get("type", "") if element is not None else "")
    return {"date": _iso(value, name), "type": kind}


def _iso(value: str, field: str) -> str:
    if not (found := _DATE.fullmatch(value)):
        raise FieldError(field, f"{value[:40]!r} is not a date such as 'April 14, 2020' or 'April 2020'")
    month, day, year = found.groups()
    parts = [year, f"{_MONTHS.index(month) + 1:02}" if month else None, day.zfill(2) if day else None]
    return "-".join(part for part in parts if part)


def _as_of(root: etree._Element) -> str | None:
    found = _PROCESSED.search(text_of(root, "required_header/download_date") or "")
    return _iso(found[1], "required_header.download_date") if found else None
