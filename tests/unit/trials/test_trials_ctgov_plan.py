"""What a registry's record says of the plan and of the results: both formats, real and broken records."""

import json
from typing import Any

import pytest

from services.trials.commands.trial import RecordRegistryEntry
from services.trials.imports.ctgov import Rejection, entries
from shared.contracts.trials.registry import FlowCount, RegistryArm, RegistryFacts, RegistryOutcome
from tests.unit.trials.trials_records import DATA, chunks, needs_data, study

PLAN: dict[str, Any] = {
    "designModule": {
        "studyType": "INTERVENTIONAL",
        "designInfo": {
            "allocation": "RANDOMIZED",
            "interventionModel": "PARALLEL",
            "maskingInfo": {"masking": "DOUBLE", "whoMasked": ["PARTICIPANT", "INVESTIGATOR"]},
        },
    },
    "armsInterventionsModule": {
        "armGroups": [
            {"label": "Low dose", "type": "EXPERIMENTAL", "interventionNames": ["Drug: A"]},
            {"type": "NO_INTERVENTION"},
        ]
    },
    "eligibilityModule": {"sex": "ALL", "minimumAge": "18 Years", "eligibilityCriteria": "Adults"},
    "outcomesModule": {
        "primaryOutcomes": [{"measure": "Survival", "timeFrame": "2 years"}],
        "secondaryOutcomes": [{"measure": "Pain"}, {"timeFrame": "never told of what"}],
    },
}
FLOW: dict[str, Any] = {
    "groups": [{"id": "FG000", "title": "Low dose"}, {"id": "FG001"}],
    "periods": [
        {
            "title": "Overall Study",
            "milestones": [
                {"type": "STARTED", "achievements": [{"groupId": "FG000", "numSubjects": "25"}]},
                {"type": "COMPLETED", "achievements": [{"groupId": "FG000", "numSubjects": "24"}, {}]},
            ],
            "dropWithdraws": [{"type": "Death", "reasons": [{"groupId": "FG000", "numSubjects": "1"}]}],
        }
    ],
}


def planned(**modules: Any) -> dict[str, Any]:
    record = study()
    record["protocolSection"] |= PLAN | modules
    return record


def facts(record: Any) -> RegistryFacts:
    (found,) = entries([record if isinstance(record, bytes) else json.dumps(record).encode()])
    assert isinstance(found, RecordRegistryEntry), found
    return found.facts


def rejected(record: Any) -> Rejection:
    (found,) = entries([json.dumps(record).encode()])
    assert isinstance(found, Rejection), found
    return found


def test_the_plan_of_a_record_is_read_whole() -> None:
    found = facts(planned())
    assert found.design
    assert (found.design.allocation_type, found.design.masking) == ("RANDOMIZED", "DOUBLE")
    assert found.design.who_masked == ("PARTICIPANT", "INVESTIGATOR")
    assert found.arms == (
        RegistryArm(label="Low dose", kind="EXPERIMENTAL", interventions=("Drug: A",)),
        RegistryArm(label="Arm 2", kind="NO_INTERVENTION"),
    )
    assert found.eligibility
    assert (found.eligibility.minimum_age, found.eligibility.maximum_age) == ("18 Years", None)
    assert found.outcomes == (
        RegistryOutcome(role="primary", measure="Survival", time_frame="2 years"),
        RegistryOutcome(role="secondary", measure="Pain"),
    )


def test_what_a_record_does_not_say_is_none() -> None:
    found = facts(study())
    assert (found.design, found.arms, found.eligibility, found.outcomes, found.flow) == (
        None,
        (),
        None,
        (),
        None,
    )


def test_the_participant_flow_is_numbers_by_group() -> None:
    found = facts(planned() | {"resultsSection": {"participantFlowModule": FLOW}}).flow
    assert found
    assert found.groups == {"FG000": "Low dose", "FG001": "FG001"}
    (period,) = found.periods
    assert period.milestones[1] == FlowCount(name="COMPLETED", participants={"FG000": 24})
    assert period.left == (FlowCount(name="Death", participants={"FG000": 1}),)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"eligibilityModule": {"sex": 1}}, "protocolSection.eligibilityModule.sex"),
        (
            {"eligibilityModule": {"eligibilityCriteria": "x" * 20_001}},
            "protocolSection.eligibilityModule.eligibilityCriteria",
        ),
        (
            {"armsInterventionsModule": {"armGroups": ["an arm"]}},
            "protocolSection.armsInterventionsModule.armGroups[0]",
        ),
        (
            {"outcomesModule": {"primaryOutcomes": {"measure": "x"}}},
            "protocolSection.outcomesModule.primaryOutcomes",
        ),
    ],
)
def test_a_field_that_cannot_be_taken_is_named(wrong: dict[str, Any], field: str) -> None:
    assert rejected(planned(**wrong)).field == field


@pytest.mark.parametrize("said", ["-1", "many", "1.5", "\u0661", "1" * 10])
def test_a_count_of_participants_is_a_whole_number(said: str) -> None:
    achieved = [{"groupId": "FG000", "numSubjects": said}]
    flow = {"groups": [], "periods": [{"milestones": [{"type": "STARTED", "achievements": achieved}]}]}
    found = rejected(planned() | {"resultsSection": {"participantFlowModule": flow}})
    path = "resultsSection.participantFlowModule.periods[0].milestones[0].achievements[0].numSubjects"
    assert found.field == path


@needs_data
def test_a_real_record_of_the_api_reads_true() -> None:
    read = entries(chunks(DATA / "v2" / "studies.ndjson"))
    records = {r.nct: r.facts for r in read if isinstance(r, RecordRegistryEntry)}
    found = records["NCT00353704"]
    assert [arm.label for arm in found.arms] == ["Pregabalin", "Placebo"]
    assert found.design
    assert (found.design.masking, len(found.design.who_masked)) == ("QUADRUPLE", 4)
    assert found.flow
    started, completed, not_completed = found.flow.periods[0].milestones
    assert started.participants == {"FG000": 25, "FG001": 25}
    assert completed.participants == {"FG000": 22, "FG001": 24}
    assert found.flow.periods[0].left[0].participants == not_completed.participants
    assert sum(bool(facts.flow) for facts in records.values()) == 23
    assert sum(bool(facts.eligibility and facts.eligibility.criteria) for facts in records.values()) == 302


@needs_data
def test_a_real_record_of_the_legacy_xml_reads_alike() -> None:
    found = facts((DATA / "legacy_xml" / "NCT01029262.xml").read_bytes())
    assert found.arms[0].label == "Arm #1 - Lenalidomide plus placebo"
    assert found.arms[0].interventions == ("Drug: Lenalidomide",)
    assert found.design
    assert (found.design.intervention_model, found.design.masking) == ("PARALLEL", "QUADRUPLE")
    assert found.design.who_masked == ("PARTICIPANT", "CARE_PROVIDER", "INVESTIGATOR", "OUTCOMES_ASSESSOR")
    assert found.eligibility
    assert (found.eligibility.minimum_age, found.eligibility.maximum_age) == ("18 Years", None)
    assert found.eligibility.healthy_volunteers is False
    assert found.flow
    assert found.flow.periods[0].milestones[0].participants == {"P1": 79, "P2": 160}
