"""The study of a USDM document: its registration, its protocol versions, and what of each is taken."""

from collections import Counter
from datetime import date
from typing import Any

from services.trials.imports.sdtm.words import day_or_none, name_of, reason_of
from services.trials.imports.usdm.words import PHASES, Part, code, number, part, parts, text

# What the import reads; whatever else has something in it is told as not taken.
_OF_VERSION = {
    "studyIdentifiers",
    "titles",
    "dateValues",
    "amendments",
    "studyDesigns",
    "roles",
    "organizations",
    "eligibilityCriterionItems",
    "documentVersionIds",
}
_OF_DESIGN = {
    "studyType",
    "studyPhase",
    "characteristics",
    "encounters",
    "arms",
    "epochs",
    "population",
    "scheduleTimelines",
    "eligibilityCriteria",
    "model",
    "blindingSchema",
}
_TITLES = ("official study title", "brief study title", "public study title")
_REGISTRIES = {"clinicaltrials.gov": "nct", "ct-gov": "nct", "eudract": "eudract", "ctis": "eu_ct"}
_TYPES = {"C98388": "INTERVENTIONAL", "C16084": "OBSERVATIONAL"}


def registration(version: Part) -> dict[str, Any]:
    """The fields by which a trial is registered; what the file does not have is left out."""
    design = next(iter(parts(version, "studyDesigns")), {})
    titles = {code(title, "type")[1]: text(title, "text") for title in parts(version, "titles")}
    population = part(design, "population")
    target = number(population, "plannedEnrollmentNumber")
    found = {
        "title": next((titles[kind] for kind in _TITLES if titles.get(kind)), None),
        "sponsor": _sponsor(version),
        "identifiers": _identifiers(version),
        "phases": PHASES.get(code(design, "studyPhase")[0]),
        "study_type": _TYPES.get(code(design, "studyType")[0]),
        "target": round(target) if target is not None else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def drafted(study: Part, version: Part) -> dict[str, Any]:
    """The fields by which a protocol version is drafted; its amendments say what changed, and why."""
    amendments = parts(version, "amendments")
    changes = [change for one in amendments for change in parts(one, "changes")]
    sections = [text(at, "sectionNumber") for one in changes for at in parts(one, "changedSections")]
    reasons = [code(part(one, "primaryReason"), "code")[1] for one in amendments]
    impacts = [impact for one in amendments for impact in parts(one, "impacts")]
    found: dict[str, Any] = {"version": name_of(text(version, "versionIdentifier") or "")}
    if (day := dated_on(study, version)) is not None:
        found["dated_on"] = day
    if amendments:
        found["sections"] = list(dict.fromkeys(name_of(one) for one in sections if one))
        found["reason"] = reason_of(reasons[-1])
    if impacts:
        found["substantial"] = any(one.get("isSubstantial") is True for one in impacts)
    return found


def dated_on(study: Part, version: Part) -> date | None:
    """The day of the protocol document of a version, else of the version itself; None where none is whole."""
    named = version.get("documentVersionIds")
    ids = set(named) if isinstance(named, list) and all(isinstance(one, str) for one in named) else set()
    documents = [one for doc in parts(study, "documentedBy") for one in parts(doc, "versions")]
    dates = [at for one in documents if text(one, "id") in ids for at in parts(one, "dateValues")]
    days = (day_or_none(text(at, "dateValue")) for at in (*dates, *parts(version, "dateValues")))
    return next((day for day in days if day), None)


def criteria(design: Part) -> Counter[str]:
    """How many criteria of each kind the file has, in words alone."""
    kinds = [code(one, "category")[1] for one in parts(design, "eligibilityCriteria")]
    return Counter("exclusion" if "exclusion" in kind else "inclusion" for kind in kinds)


def structured(design: Part) -> list[dict[str, Any]]:
    """The criteria that stand in fields of their own: the planned age, and the sex where it is but one."""
    population = part(design, "population")
    age, found = part(population, "plannedAge"), list[dict[str, Any]]()
    low, high = number(age, "minValue"), number(age, "maxValue")
    if low is not None or high is not None:
        unit = code(part(age, "minValue") or part(age, "maxValue") or age, "unit")[1]
        # An age without a unit is one of years, as candidates have it.
        bounds = {"low": low, "high": high, "unit": None if "year" in unit else unit or None}
        found.append({"code": "planned_age", "kind": "inclusion", "attribute": "age"} | bounds)
    sexes = [code({"is": one}, "is")[1] for one in parts(population, "plannedSex")]
    if sexes in (["male"], ["female"]):
        found.append({"code": "planned_sex", "kind": "inclusion", "attribute": "sex", "codes": sexes})
    return found


def not_taken(study: Part, version: Part) -> Counter[str]:
    """What the file has and this system does not keep, by its name, with how many there are."""
    designs = parts(version, "studyDesigns")
    found = _beside(version, _OF_VERSION, "") + _beside(next(iter(designs), {}), _OF_DESIGN, "studyDesigns.")
    found["studyDesigns beyond the first"] = max(0, len(designs) - 1)
    # Their sections, reason and impact are taken; summaries, scopes, enrolments and days are not.
    found["amendments: summary, scopes, enrolments, days"] = len(parts(version, "amendments"))
    found["eligibility criteria in words"] = len(parts(next(iter(designs), {}), "eligibilityCriteria"))
    contents = [one for doc in parts(study, "documentedBy") for one in parts(doc, "versions")]
    found["documentedBy.contents"] = sum(len(parts(one, "contents")) for one in contents)
    return found


def _beside(of: Part, taken: set[str], where: str) -> Counter[str]:
    return Counter(
        {
            f"{where}{name[:60]}": len(value) if isinstance(value, list) else 1
            for name, value in of.items()
            if name not in taken and value and isinstance(value, list | dict)
        }
    )


def _organisations(version: Part) -> dict[str, Part]:
    return {text(one, "id") or "": one for one in parts(version, "organizations")}


def _sponsor(version: Part) -> str | None:
    """The organisation in the role of the sponsor, else the one that gave an identifier as a sponsor."""
    known = _organisations(version)
    for role in parts(version, "roles"):
        named = role.get("organizationIds")
        if code(role, "code")[1] == "sponsor" and isinstance(named, list):
            for one in (known.get(id_) for id_ in named if isinstance(id_, str)):
                if one:
                    return text(one, "label") or text(one, "name")
    for identifier in parts(version, "studyIdentifiers"):
        one = known.get(text(identifier, "scopeId") or "", {})
        if "sponsor" in code(one, "type")[1]:
            return text(one, "label") or text(one, "name")
    return None


def _identifiers(version: Part) -> list[dict[str, str]]:
    known, found = _organisations(version), []
    for identifier in parts(version, "studyIdentifiers"):
        value, one = text(identifier, "text"), known.get(text(identifier, "scopeId") or "", {})
        if value is None:
            continue
        names = {(text(one, name) or "").lower() for name in ("name", "label")}
        registry = next((_REGISTRIES[name] for name in names if name in _REGISTRIES), None)
        sponsors = "sponsor" in code(one, "type")[1]
        found.append({"system": registry or ("protocol" if sponsors else "other"), "value": value})
    return found
