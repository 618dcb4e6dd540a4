"""A study of USDM: what of it becomes a trial, a protocol version and a design, and what is left."""

import json
from collections import Counter
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.trials.imports.usdm.design import UnsaidError, fields_of
from services.trials.imports.usdm.study import (
    criteria,
    dated_on,
    drafted,
    not_taken,
    registration,
    structured,
)
from services.trials.imports.usdm.words import days_of, number, parts

DATA = Path(__file__).parents[4] / "shared" / "data" / "other_registers" / "USDM_CDISC_Pilot_Study.json"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the published study is not on this machine")


def coded(decode: str, code: str = "C1") -> dict[str, Any]:
    return {"code": code, "decode": decode}


def named(kind: str, n: int, name: str, **more: Any) -> dict[str, Any]:
    return {"id": f"{kind}_{n}", "name": name, "label": f"{name} label"} | more


def timing(n: int, words: str, value: str, to: int, **window: str) -> dict[str, Any]:
    at = {"relativeFromScheduledInstanceId": f"I_{n}", "relativeToScheduledInstanceId": f"I_{to}"}
    return {"type": coded(words), "value": value} | at | window


def document() -> dict[str, Any]:
    """A study of two arms, two epochs and four encounters, the second of them the fixed point."""
    instances = [
        {"id": f"I_{n}", "encounterId": f"Enc_{n}", "epochId": f"Ep_{1 if n == 1 else 2}"}
        for n in range(1, 5)
    ]
    timings = [
        timing(1, "Before", "P2W", 2),
        timing(2, "Fixed Reference", "P1D", 2),
        timing(3, "After", "P1W", 2, windowLower="P2D", windowUpper="P3D"),
        timing(4, "After", "P7D", 3, windowLower="PT4H"),
    ]
    design = {
        "studyType": coded("Interventional Study", "C98388"),
        "studyPhase": {"standardCode": coded("Phase II Trial", "C15601")},
        "characteristics": [coded("RANDOMIZED")],
        "blindingSchema": {"standardCode": coded("Single Blind Study")},
        "model": coded("Parallel Study"),
        "arms": [
            named("Arm", 1, "A (high)", type=coded("Investigational Arm")),
            named("Arm", 2, "B", type=coded("Placebo Control Arm")),
        ],
        "epochs": [
            named("Ep", 2, "Treatment", previousId="Ep_1"),
            named("Ep", 1, "Screening", nextId="Ep_2"),
        ],
        "encounters": [named("Enc", n, f"E{n}") for n in range(1, 6)],
        "scheduleTimelines": [
            {"mainTimeline": True, "instances": [*instances, {"id": "I_5"}], "timings": timings},
            {"mainTimeline": False},
        ],
        "eligibilityCriteria": [
            {"category": coded("Inclusion Criteria")},
            {"category": coded("Exclusion Criteria")},
        ],
        "population": {
            "plannedEnrollmentNumber": {"maxValue": {"value": 30.0}},
            "plannedAge": {"minValue": {"value": 18, "unit": {"standardCode": coded("Year")}}},
            "plannedSex": [coded("Female")],
        },
        "activities": [{}, {}],
    }
    version = {
        "versionIdentifier": "2.0",
        "documentVersionIds": ["Doc_1"],
        "dateValues": [{"dateValue": "2006-06-01"}],
        "titles": [
            {"text": "Short", "type": coded("Brief Study Title")},
            {"text": "Long", "type": coded("Official Study Title")},
        ],
        "studyIdentifiers": [
            {"text": "P-1", "scopeId": "Org_1"},
            {"text": "NCT00000001", "scopeId": "Org_2"},
            {"text": "X-1", "scopeId": "Org_3"},
            {"scopeId": "Org_1"},
        ],
        "organizations": [
            named("Org", 1, "ACME", type=coded("Clinical Study Sponsor"), label="Acme"),
            named("Org", 2, "CT-GOV", type=coded("Study Registry")),
        ],
        "roles": [
            {"code": coded("Sponsor"), "organizationIds": ["Org_9", "Org_1"]},
            {"code": coded("Study Subject"), "masking": {"isMasked": True}},
        ],
        "studyDesigns": [design],
    }
    documents = [
        {"versions": [{"id": "Doc_1", "dateValues": [{"dateValue": "2006-07-01"}], "contents": [{}]}]}
    ]
    return {"study": {"versions": [version], "documentedBy": documents}}


def study(**changed: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The study, its version and its design, with other fields of the design."""
    found = deepcopy(document()["study"])
    version = found["versions"][0]
    version["studyDesigns"][0] |= changed
    return found, version, version["studyDesigns"][0]


def design_of(**changed: Any) -> dict[str, Any]:
    _, version, design = study(**changed)
    return fields_of(version, design, None, Counter())


def test_a_trial_is_registered_from_the_latest_version() -> None:
    _, version, _ = study()
    assert registration(version) == {
        "title": "Long",
        "sponsor": "Acme",
        "identifiers": [
            {"system": "protocol", "value": "P-1"},
            {"system": "nct", "value": "NCT00000001"},
            {"system": "other", "value": "X-1"},
        ],
        "phases": ("PHASE2",),
        "study_type": "INTERVENTIONAL",
        "target": 30,
    }


def test_without_a_role_the_sponsor_is_whose_identifier_it_is() -> None:
    _, version, _ = study()
    nobody = [{"code": coded("Sponsor"), "organizationIds": ["Org_9"]}, {"code": coded("Investigator")}]
    for roles in ([], nobody):
        assert registration(version | {"roles": roles})["sponsor"] == "Acme"
    theirs = version | {"roles": [], "studyIdentifiers": version["studyIdentifiers"][1:3]}
    assert "sponsor" not in registration(theirs)
    assert registration({}) == {"identifiers": []}


def test_a_version_is_drafted_with_what_its_amendments_changed() -> None:
    found, version, _ = study()
    assert drafted(found, version) == {"version": "2.0", "dated_on": date(2006, 7, 1)}
    amendment = {
        "primaryReason": {"code": coded("IRB/IEC Feedback")},
        "changes": [{"changedSections": [{"sectionNumber": "1.5"}, {"sectionNumber": "1.5"}, {}]}],
        "impacts": [{"isSubstantial": False}],
    }
    told = drafted(found, version | {"amendments": [amendment]})
    assert (told["sections"], told["reason"], told["substantial"]) == (["1.5"], "irb_iec_feedback", False)
    assert dated_on(found, version | {"documentVersionIds": None}) == date(2006, 6, 1)
    assert "dated_on" not in drafted({}, {})


def test_encounters_stand_on_the_days_of_their_epochs() -> None:
    found = design_of()
    assert [epoch["code"] for epoch in found["epochs"]] == ["Screening", "Treatment"]
    assert [
        (one["code"], one["epoch"], one["day"], one["early"], one["late"]) for one in found["encounters"]
    ] == [
        ("E1", "Screening", 1, 0, 0),
        ("E2", "Treatment", 1, 0, 0),
        ("E3", "Treatment", 8, 2, 3),
        ("E4", "Treatment", 15, 0, 0),
    ]
    assert found["arms"][0] == {"code": "A high", "title": "A (high) label", "kind": "experimental"}
    assert (found["masking"], found["masked"], found["assignment"], found["model"]) == (
        "single",
        ("participant",),
        "randomised",
        "parallel",
    )


def test_what_has_no_place_here_is_counted() -> None:
    found, version, design = study(blindingSchema=coded("Double Blind Study"))
    left: Counter[str] = Counter()
    assert fields_of(version, design, None, left)["masked"] == ()
    assert +left == {
        "scheduleTimelines beside the main one": 1,
        "timeline instances without an encounter of their own": 1,
        "encounters without an epoch on the main timeline": 1,
        "windows that are no whole days": 1,
        "roles.masking": 1,
    }
    assert +not_taken(found, version) == {
        "studyDesigns.activities": 2,
        "eligibility criteria in words": 2,
        "documentedBy.contents": 1,
    }
    assert +not_taken({}, {}) == {}


def test_timings_that_lead_nowhere_give_no_day() -> None:
    _, _, design = study()
    (main, _) = design["scheduleTimelines"]
    main["timings"] = [
        timing(1, "Before", "P1M", 2),
        timing(3, "After", "P1W", 4),
        timing(4, "After", "P1W", 3),
    ]
    encounters = design_of(scheduleTimelines=[main])["encounters"]
    assert [one.get("day") for one in encounters] == [None] * 4
    assert design_of(scheduleTimelines=[])["encounters"] == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"blindingSchema": coded("?")}, "blindingSchema"),
        ({"model": None}, "model"),
        ({"characteristics": []}, "characteristics"),
    ],
)
def test_a_design_that_is_not_said_is_none(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(UnsaidError) as found:
        design_of(**changed)
    assert found.value.field == field


def test_how_subjects_are_assigned_is_said_by_the_file_first() -> None:
    _, version, design = study(characteristics=[])
    assert fields_of(version, design, "non_randomised", Counter())["assignment"] == "non_randomised"
    assert design_of(characteristics=[coded("Non-Randomized")])["assignment"] == "non_randomised"
    assert design_of(characteristics=[], arms=design["arms"][:1])["assignment"] == "not_applicable"


def test_epochs_whose_links_do_not_lead_through_all_stay_in_the_order_of_the_file() -> None:
    epochs = [named("Ep", 2, "B", previousId="Ep_1"), named("Ep", 1, "A", previousId="Ep_2")]
    assert [one["code"] for one in design_of(epochs=epochs)["epochs"]] == ["B", "A"]


def test_criteria_are_counted_and_those_in_fields_taken() -> None:
    _, _, design = study()
    assert criteria(design) == {"inclusion": 1, "exclusion": 1}
    age, sex = structured(design)
    assert (age["low"], age["high"], age["unit"], sex["codes"]) == (18.0, None, None, ["female"])
    months = {"minValue": 2, "unit": coded("Month")}
    assert structured({"population": {"plannedAge": months}})[0] | {} == {
        "code": "planned_age",
        "kind": "inclusion",
        "attribute": "age",
        "low": 2.0,
        "high": None,
        "unit": "month",
    }
    assert structured({"population": {"plannedSex": [coded("Both")]}}) == []


@pytest.mark.parametrize(
    ("duration", "days"),
    [
        ("P2W", 14),
        ("P1D", 1),
        ("P1W2D", 9),
        ("PT48H", 2),
        ("PT0H", 0),
        ("PT4H", None),
        ("P1M", None),
        ("P", None),
    ],
)
def test_durations_are_whole_days_or_none(duration: str, days: int | None) -> None:
    assert days_of(duration) == days
    assert days_of(None) is None


def test_what_has_another_form_is_not_there() -> None:
    assert parts({"a": "text"}, "a") == parts({"a": [1, None]}, "a") == []
    assert (number({"a": True}, "a"), number({"a": "1"}, "a")) == (None, None)


@needs_data
def test_the_published_study_is_read_as_it_stands() -> None:
    found = json.loads(DATA.read_bytes())["study"]
    (version,) = found["versions"]
    (design,) = version["studyDesigns"]
    told = fields_of(version, design, "randomised", Counter())
    for name in ("arms", "epochs", "encounters"):
        assert [one["title"] for one in told[name]] == [one["label"] for one in design[name]]
    assert criteria(design) == {"inclusion": 8, "exclusion": 23}
    assert drafted(found, version)["dated_on"] == date(2006, 7, 1)
