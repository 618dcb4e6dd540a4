"""What a record of API v2 says of the trial's plan: design, arms, eligibility, outcomes."""

from typing import Any, Literal

from services.trials.imports.ctgov.fields import items, section, text, truth
from shared.contracts.trials.registry import (
    RegistryArm,
    RegistryDesign,
    RegistryEligibility,
    RegistryOutcome,
)

# The registry takes 20,000 characters of criteria.
CRITERIA_LIMIT = 20_000
_ROLES: dict[str, Literal["primary", "secondary", "other"]] = {
    "primaryOutcomes": "primary",
    "secondaryOutcomes": "secondary",
    "otherOutcomes": "other",
}


def design(module: dict[str, Any]) -> RegistryDesign | None:
    """The design's codes as they stand; None where the record has none."""
    path = "protocolSection.designModule.designInfo."
    info = section(module, "protocolSection.designModule.", "designInfo")
    masking = section(info, path, "maskingInfo")
    found = RegistryDesign(
        allocation_type=text(info, path, "allocation"),
        intervention_model=text(info, path, "interventionModel"),
        primary_purpose=text(info, path, "primaryPurpose"),
        masking=text(masking, f"{path}maskingInfo.", "masking"),
        who_masked=tuple(items(masking, f"{path}maskingInfo.", "whoMasked", str)),
        observational_model=text(info, path, "observationalModel"),
        time_perspective=text(info, path, "timePerspective"),
    )
    return None if found == RegistryDesign() else found


def arms(module: dict[str, Any]) -> tuple[RegistryArm, ...]:
    """The arms; one without a label is named by its place."""
    path = "protocolSection.armsInterventionsModule."
    found = []
    for n, group in enumerate(items(module, path, "armGroups", dict)):
        at = f"{path}armGroups[{n}]."
        found.append(
            RegistryArm(
                label=text(group, at, "label") or f"Arm {n + 1}",
                kind=text(group, at, "type"),
                interventions=tuple(items(group, at, "interventionNames", str)),
            )
        )
    return tuple(found)


def eligibility(module: dict[str, Any]) -> RegistryEligibility | None:
    """Who may take part; None where the record says nothing of it."""
    path = "protocolSection.eligibilityModule."
    found = RegistryEligibility(
        sex=text(module, path, "sex"),
        minimum_age=text(module, path, "minimumAge"),
        maximum_age=text(module, path, "maximumAge"),
        healthy_volunteers=truth(module, path, "healthyVolunteers"),
        age_groups=tuple(items(module, path, "stdAges", str)),
        criteria=text(module, path, "eligibilityCriteria", CRITERIA_LIMIT),
    )
    return None if found == RegistryEligibility() else found


def outcomes(module: dict[str, Any]) -> tuple[RegistryOutcome, ...]:
    """Primary, secondary and other outcomes in the record's order; one without a measure is left out."""
    path = "protocolSection.outcomesModule."
    found = []
    for name, role in _ROLES.items():
        for n, outcome in enumerate(items(module, path, name, dict)):
            at = f"{path}{name}[{n}]."
            if measure := text(outcome, at, "measure"):
                frame = text(outcome, at, "timeFrame")
                found.append(RegistryOutcome(role=role, measure=measure, time_frame=frame))
    return tuple(found)
