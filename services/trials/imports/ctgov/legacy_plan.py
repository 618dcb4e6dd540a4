"""Design, arms, eligibility, outcomes and participant flow of the legacy XML, in the shape of API v2."""

import re
from typing import Any

from lxml import etree

from services.trials.imports.ctgov.words import code_of, text_of

_MASKING = re.compile(r"([A-Za-z]+)[^(]*(?:\(([^)]*)\))?")
_MODELS = " Assignment"


def design(root: etree._Element) -> dict[str, Any]:
    """`Double (Participant, Investigator)` is DOUBLE with two who are masked; `None (Open Label)` is NONE."""
    info = {name: text_of(root, f"study_design_info/{name}") for name in _DESIGN}
    found = _MASKING.fullmatch(info["masking"] or "")
    kind = code_of(found[1]) if found else None
    who = found[2].split(",") if found and found[2] and kind != "NONE" else []
    model = info["intervention_model"]
    return {
        "allocation": code_of(info["allocation"]) if info["allocation"] != "N/A" else "NA",
        "interventionModel": code_of(model.removesuffix(_MODELS)) if model else None,
        "primaryPurpose": code_of(info["primary_purpose"]),
        "maskingInfo": {"masking": kind, "whoMasked": [code_of(one.strip()) or "" for one in who]},
        "observationalModel": code_of(info["observational_model"]),
        "timePerspective": code_of(info["time_perspective"]),
    }


_DESIGN = (
    "allocation",
    "intervention_model",
    "primary_purpose",
    "masking",
    "observational_model",
    "time_perspective",
)


def arms(root: etree._Element) -> list[dict[str, Any]]:
    """Arms with the interventions that name them, as `Drug: aspirin`."""
    given: dict[str, list[str]] = {}
    for one in root.findall("intervention"):
        name = f"{text_of(one, 'intervention_type')}: {text_of(one, 'intervention_name')}"
        for labelled in one.findall("arm_group_label"):
            given.setdefault((labelled.text or "").strip(), []).append(name)
    return [
        {
            "label": (label := text_of(group, "arm_group_label")),
            "type": code_of(text_of(group, "arm_group_type")),
            "interventionNames": given.get(label or "", []),
        }
        for group in root.findall("arm_group")
    ]


def eligibility(root: etree._Element) -> dict[str, Any]:
    """`N/A` is no limit of age; the words on healthy volunteers are true or false."""
    at = "eligibility/"
    ages = {name: text_of(root, f"{at}{name}") for name in ("minimum_age", "maximum_age")}
    known = {name: None if age == "N/A" else age for name, age in ages.items()}
    volunteers = text_of(root, f"{at}healthy_volunteers")
    return {
        "sex": code_of(text_of(root, f"{at}gender")),
        "minimumAge": known["minimum_age"],
        "maximumAge": known["maximum_age"],
        "healthyVolunteers": volunteers != "No" if volunteers else None,
        "eligibilityCriteria": text_of(root, f"{at}criteria/textblock"),
    }


def outcomes(root: etree._Element) -> dict[str, Any]:
    return {
        f"{role}Outcomes": [
            {"measure": text_of(e, "measure"), "timeFrame": text_of(e, "time_frame")}
            for e in root.findall(f"{role}_outcome")
        ]
        for role in ("primary", "secondary", "other")
    }


def results(root: etree._Element) -> dict[str, Any]:
    """The participant flow where results are posted."""
    flow = root.find("clinical_results/participant_flow")
    if flow is None:
        return {}
    groups = [
        {"id": e.get("group_id"), "title": text_of(e, "title")} for e in flow.findall("group_list/group")
    ]
    periods = [
        {
            "title": text_of(period, "title"),
            "milestones": _counts(period, "milestone_list/milestone", "achievements"),
            "dropWithdraws": _counts(period, "drop_withdraw_reason_list/drop_withdraw_reason", "reasons"),
        }
        for period in flow.findall("period_list/period")
    ]
    return {"participantFlowModule": {"groups": groups, "periods": periods}}


def _counts(period: etree._Element, path: str, name: str) -> list[dict[str, Any]]:
    return [
        {
            "type": text_of(row, "title"),
            name: [
                {"groupId": e.get("group_id"), "numSubjects": e.get("count")}
                for e in row.findall("participants_list/participants")
            ],
        }
        for row in period.findall(path)
    ]
