"""Roles as data: what each may do is named and exists, and what is not named is denied."""

from fnmatch import fnmatchcase
from importlib import import_module

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.contracts.message import Signed
from shared.rules.roles import Role, clash, role, roles
from shared.rules.vault_commands import ACTS
from shared.runtime.service import Service

SERVICES: list[Service] = [
    import_module(f"services.{name}.handlers").SERVICE
    for name in ("trials", "regulatory", "safety", "retrieval")
]
COMMANDS = {
    type_.rpartition(".")[0]: contract
    for service in SERVICES
    for type_, (contract, _) in service.commands.items()
}
OPERATIONS = {f"{s.name}.{act}" for s in SERVICES for act in ("parked", "projections", "vault")} | {
    "trials.imports",
    "trials.matching",
}
VAULTS = {f"{s.name}.{act}" for s in SERVICES if "vault" in s.aggregate_of for act in ACTS}
TRADE = {name: known for name, known in roles().items() if not known.development}


def test_what_is_not_named_is_denied() -> None:
    known = Role(title="A role", commands=("trials.apply_hold",), reads=())
    assert known.may_give("trials.apply_hold")
    assert not known.may_give("trials.lift_hold")
    assert not known.may_give("trials.apply_hold_again")
    assert not known.may_read("trials.trials")


def test_nobody_has_a_role_that_does_not_exist_or_is_for_development_only() -> None:
    assert role("project_manager") is not None
    assert role("nobody") is None
    assert role("developer") is None
    assert role("developer", development=True) is not None


@pytest.mark.parametrize("name", sorted(TRADE))
def test_a_role_names_only_what_there_is(name: str) -> None:
    there = {act for act, contract in COMMANDS.items() if not contract.internal} | OPERATIONS | VAULTS
    for pattern in TRADE[name].commands:
        assert any(fnmatchcase(act, pattern) for act in there), pattern


@pytest.mark.parametrize("act", sorted(act for act, contract in COMMANDS.items() if not contract.internal))
def test_every_command_is_for_somebody(act: str) -> None:
    assert [name for name, known in TRADE.items() if known.may_give(act)]


def test_whoever_may_read_originals_may_read_copies() -> None:
    """The route asks for the copy first, before it knows which of both it is."""
    for service in ("retrieval", "safety"):
        for name, known in TRADE.items():
            assert not known.may_give(f"{service}.read_document") or known.may_give(f"{service}.read_copy"), (
                name
            )


def test_who_a_patient_is_no_role_of_trial_safety_authority_or_sponsor_reads() -> None:
    """domain.md 0.10."""
    readers = {name for name, known in TRADE.items() if known.may_give("retrieval.read_particulars")}
    assert readers == {"retrieval_specialist", "quality", "privacy_officer"}
    assert {name for name, known in TRADE.items() if known.may_give("retrieval.read_document")} == readers


# `SIDES` work on the trial, the case or the filing, for the sponsor or at a site; `BESIDE` do none of it.
READERS = {"retrieval_specialist", "quality", "privacy_officer"}
SIDES = {
    "project_manager", "start_up_specialist", "regulatory_affairs", "safety_physician", "safety_reviewer",
    "unblinded_safety", "unblinded_statistician", "principal_investigator", "site_coordinator", "monitor",
    "data_manager", "statistician", "sponsor", "authority_gateway", "system", "randomisation_system",
}  # fmt: skip
BESIDE = {"retrieval_vendor", "finance", "auditor", "operator", "custodian_portal"}


def test_who_a_patient_is_no_pair_of_roles_joins_with_a_trial_or_a_case() -> None:
    """domain.md 0.10; a role that is new has to be put on one of the sides."""
    assert TRADE.keys() == SIDES | BESIDE | READERS
    acts = ("retrieval.read_particulars", "retrieval.read_document")
    read = {name for name, known in TRADE.items() if any(map(known.may_give, acts))}
    assert [(one, other) for one in read for other in SIDES if not clash([one, other])] == []
    assert not read & SIDES


INTERNAL = {act for act, contract in COMMANDS.items() if contract.internal} - VAULTS


@pytest.mark.parametrize("act", sorted(INTERNAL))
def test_what_only_reactions_do_is_for_nobody(act: str) -> None:
    assert not [name for name, known in TRADE.items() if known.may_give(act)]


@pytest.mark.parametrize(
    ("act", "by"),
    [
        ("safety.assess_case", {"safety_physician"}),
        ("safety.review_new_information", {"safety_physician", "safety_reviewer"}),
        ("regulatory.file_safety_report", {"regulatory_affairs"}),
        ("regulatory.determine_review", {"regulatory_affairs"}),
        ("regulatory.confirm_ind_in_effect", {"regulatory_affairs"}),
        ("regulatory.correct_approval", {"regulatory_affairs"}),
        ("regulatory.request_modifications", {"regulatory_affairs"}),
        ("regulatory.defer_review", {"regulatory_affairs"}),
        ("regulatory.suspend_approval", {"regulatory_affairs"}),
        ("regulatory.reinstate_approval", {"regulatory_affairs"}),
        ("regulatory.terminate_approval", {"regulatory_affairs"}),
        ("regulatory.impose_clinical_hold", {"regulatory_affairs"}),
        ("regulatory.lift_clinical_hold", {"regulatory_affairs"}),
        ("trials.record_authorisation", {"project_manager", "regulatory_affairs"}),
        ("trials.lift_hold", {"project_manager", "regulatory_affairs", "safety_physician", "sponsor"}),
        ("trials.annul_hold", {"project_manager", "regulatory_affairs"}),
        ("trials.activate_site", {"project_manager"}),
        ("trials.reopen_accrual", {"project_manager"}),
        ("trials.record_protocol_submission", {"regulatory_affairs"}),
        ("trials.record_protocol_authorisation", {"regulatory_affairs"}),
        ("trials.sign_design_input", {"statistician"}),
        ("trials.approve_analysis_plan", {"statistician"}),
        ("trials.select_organisation", {"sponsor"}),
        ("trials.transfer_obligations", {"sponsor"}),
        ("trials.return_obligations", {"sponsor"}),
        ("retrieval.verify_legal_basis", {"retrieval_specialist", "privacy_officer"}),
        ("retrieval.pass_quality_control", {"quality"}),
        ("trials.set_retention", {"regulatory_affairs", "quality"}),
        ("trials.place_legal_hold", {"regulatory_affairs", "privacy_officer"}),
        ("trials.release_legal_hold", {"regulatory_affairs", "privacy_officer"}),
        ("trials.request_erasure", {"privacy_officer"}),
        ("trials.approve_erasure", {"privacy_officer", "quality"}),
        ("trials.reject_erasure", {"privacy_officer", "quality"}),
        ("trials.decide_programme_phase", {"project_manager", "sponsor"}),
        ("trials.record_programme_authorisation", {"project_manager", "regulatory_affairs"}),
        ("trials.record_country_decision", {"project_manager", "regulatory_affairs"}),
        ("regulatory.release_registry_duties", {"regulatory_affairs"}),
        ("regulatory.waive_investigator_notices", {"regulatory_affairs"}),
        ("trials.record_consent_version", {"project_manager", "regulatory_affairs", "start_up_specialist"}),
        ("trials.waive_reconsent", {"regulatory_affairs"}),
        ("trials.approve_visit_report", {"project_manager"}),
        ("trials.agree_budget", {"finance", "sponsor"}),
        ("trials.agree_trial_budget", {"finance", "sponsor"}),
        ("trials.lock_database", {"data_manager"}),
        ("trials.unlock_database", {"data_manager"}),
        *[(f"{service.name}.propose_discard", {"operator"}) for service in SERVICES],
        *[(f"{service.name}.confirm_discard", {"operator", "quality"}) for service in SERVICES],
    ],
)
def test_a_signed_act_is_for_the_roles_that_answer_for_it(act: str, by: set[str]) -> None:
    """21 CFR 11.10(g): authority checks; the acts are those of domain.md 2.4."""
    assert issubclass(COMMANDS[act], Signed)
    assert {name for name, known in TRADE.items() if known.may_give(act)} == by


def test_no_signed_act_is_left_out_of_the_table_above() -> None:
    table = test_a_signed_act_is_for_the_roles_that_answer_for_it.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {act for act, _ in table} == {
        act for act, contract in COMMANDS.items() if issubclass(contract, Signed)
    }


def test_who_assesses_a_case_does_not_release_its_report() -> None:
    for known in TRADE.values():
        assert not (known.may_give("safety.assess_case") and known.may_give("regulatory.file_safety_report"))


def test_an_auditor_reads_everything_and_does_nothing() -> None:
    auditor = TRADE["auditor"]
    assert auditor.commands == ()
    assert auditor.may_read("safety.cases")
    assert auditor.may_read("retrieval.bad-commands")


def test_a_role_with_a_field_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError, match="may_do_all"):
        TypeAdapter(Role).validate_python({"title": "T", "commands": [], "reads": [], "may_do_all": True})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("safety_physician", "regulatory_affairs"),
        ("retrieval_specialist", "quality"),
        ("retrieval_vendor", "quality"),
        ("statistician", "unblinded_statistician"),
        *[
            (unblinded, blinded)
            for unblinded in ("unblinded_safety", "unblinded_statistician")
            for blinded in ("project_manager", "safety_physician", "monitor", "site_coordinator", "sponsor")
        ],
    ],
)
def test_duties_that_are_to_be_apart_are_never_one_persons(one: str, other: str) -> None:
    assert clash([one, other])
    assert clash([other, "finance", one])
    assert clash([one, "finance"]) is None


def test_only_roles_that_exist_are_kept_apart() -> None:
    assert {other for known in roles().values() for other in known.never_with} <= roles().keys()
    assert clash(["nobody", "auditor"]) is None


def test_who_assesses_a_case_cannot_release_its_report_by_any_pair_of_roles() -> None:
    assess = [name for name, known in TRADE.items() if known.may_give("safety.assess_case")]
    release = [name for name, known in TRADE.items() if known.may_give("regulatory.file_safety_report")]
    assert all(clash([one, other]) for one in assess for other in release)


def test_only_who_is_unblinded_sees_what_would_reveal_an_allocation() -> None:
    assert {name for name, known in roles().items() if known.restricted} == {
        "unblinded_safety",
        "unblinded_statistician",
    }


def test_a_vendor_does_a_specialist_s_work_on_a_leg_and_hands_nothing_on() -> None:
    vendor, specialist = TRADE["retrieval_vendor"], TRADE["retrieval_specialist"]
    assert set(vendor.commands) < set(specialist.commands)
    assert not vendor.may_give("retrieval.assign_leg")
    assert vendor.reads == ("retrieval.requests", "retrieval.documents", "retrieval.deadlines")


def test_readings_are_for_who_answers_for_them() -> None:
    assert {name for name, known in TRADE.items() if known.may_read("safety.readings")} == {
        "auditor",
        "privacy_officer",
    }
