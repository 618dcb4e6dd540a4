"""Commands of trials as they are given: the words they take, the stream that each is about."""

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.trials.commands.adoption import AdoptSite, AdoptSubject
from services.trials.commands.consent import RecordConsent
from services.trials.commands.deviation import AnnulDeviation, ReportDeviation
from services.trials.commands.site import ActivateSite, IdentifySite
from services.trials.commands.subject import CorrectEnrolment, EnrolSubject
from services.trials.commands.subject_history import RecordSubjectHistory
from services.trials.commands.subject_steps import IdentifyCandidate
from services.trials.commands.trial import RecordRegistryEntry, RegisterTrial, ReopenAccrual
from shared.contracts.message import Command, Identifier
from shared.contracts.trials.registry import RegistryFacts
from tests.unit.trials.trials_world import NOW, SITE, TRIAL

DEVIATION = UUID(int=31)
NCT = Identifier(system="nct", value="NCT00000001")
ENTRY = RecordRegistryEntry(
    nct="NCT00000001",
    facts=RegistryFacts(status="RECRUITING", title="A title", sponsor_name="A sponsor", study_type="X"),
)


def plan(**fields: Any) -> RegisterTrial:
    about: dict[str, Any] = {"trial_id": TRIAL, "title": "A trial", "sponsor": "A sponsor"}
    return RegisterTrial(**about | fields)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"title": "A\x00trial"}, "NUL character"),
        ({"title": "   "}, "at least 1 character"),
        ({"sponsor": "S" * 501}, "at most 500"),
        ({"identifiers": [{"system": "NCT", "value": "NCT00000001"}]}, "no short name in small letters"),
        ({"identifiers": [{"system": "nct", "value": "NCT1"}]}, "not NCT and eight digits"),
        ({"identifiers": [{"system": "protocol", "value": ""}]}, "not 1 to 200 printable characters"),
        ({"identifiers": [{"system": "protocol", "value": "P" * 201}]}, "not 1 to 200 printable characters"),
        ({"identifiers": [{"system": "protocol", "value": "P\n1"}]}, "not 1 to 200 printable characters"),
        ({"owner_id": UUID(int=41)}, "nothing is transferred where owner is the sponsor"),
    ],
)
def test_a_plan_takes_only_what_can_be_stored_and_found_again(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        plan(**fields)


def test_of_a_plans_names_the_nct_number_alone_finds_the_trial() -> None:
    named = plan(identifiers=(Identifier(system="protocol", value="P-1"), NCT))
    assert named.external_ids() == (NCT,)


def test_a_plan_for_a_trial_that_is_known_goes_to_that_trial() -> None:
    assert plan(trial_id=UUID(int=9)).bound_to(TRIAL) == plan()


def test_a_registry_entry_finds_its_trial_by_its_nct_number() -> None:
    assert ENTRY.external_ids() == (NCT,)
    with pytest.raises(ValueError, match="bound to its trial"):
        _ = ENTRY.stream_id
    assert ENTRY.bound_to(TRIAL).stream_id == TRIAL


@pytest.mark.parametrize("command", [plan(), ENTRY])
def test_what_begins_a_trial_names_its_sponsor(command: Command) -> None:
    assert command.sponsor_name() == "A sponsor"


@pytest.mark.parametrize(
    ("command", "stream"),
    [
        (ReopenAccrual(trial_id=TRIAL, reason="agreed", meaning="approval"), TRIAL),
        (ActivateSite(trial_id=TRIAL, site_id=SITE, meaning="approval"), SITE),
        (
            ReportDeviation(
                deviation_id=DEVIATION, trial_id=TRIAL, category="c", rules=("r",), occurred_on=NOW.date()
            ),
            DEVIATION,
        ),
        (AnnulDeviation(deviation_id=DEVIATION, trial_id=TRIAL, reason="an error"), DEVIATION),
    ],
)
def test_a_command_is_decided_on_the_stream_of_what_it_is_about(command: Command, stream: UUID) -> None:
    assert command.stream_id == stream


AT: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE}
OF: dict[str, Any] = AT | {"subject_id": UUID(int=3)}
ON = NOW.date()
CODED: list[tuple[type[Command], dict[str, Any]]] = [
    (EnrolSubject, {**OF, "enrolled_on": ON}),
    (CorrectEnrolment, {**OF, "enrolled_on": ON, "corrects": SITE, "reason": "typing_error"}),
    (IdentifyCandidate, {**OF, "identified_on": ON}),
    (RecordConsent, {**OF, "version": "1.0", "language": "en", "signed_on": ON}),
    (AdoptSubject, {**OF, "status": "candidate", "status_since": ON, "document_ref": "etmf:1"}),
    (RecordSubjectHistory, {**OF, "source": "sdtm", "steps": ({"kind": "candidate", "on": ON},)}),
]


@pytest.mark.parametrize(("kind", "given"), CODED, ids=[kind.__name__ for kind, _ in CODED])
@pytest.mark.parametrize("code", ["John Smith", "John\nSmith", "", "S" * 65, "S-1\n"])
def test_a_subjects_code_is_one_word(kind: type[Command], given: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError, match="subject_code"):
        kind.model_validate(given | {"subject_code": code})
    for known in ("01-701-1015", "CDISC01.100008", "S_1/2"):
        assert kind.model_validate(given | {"subject_code": known}).model_dump()["subject_code"] == known


SITED: list[tuple[type[Command], dict[str, Any]]] = [
    (IdentifySite, {**AT, "name": "A site"}),
    (
        AdoptSite,
        {
            **AT,
            "name": "A site",
            "country": "US",
            "zone": "UTC",
            "status": "identified",
            "document_ref": "etmf:1",
        },
    ),
]
SUBJECTS = [
    (kind, {**given, "subject_code": "S-1"}) for kind, given in CODED if kind in (EnrolSubject, AdoptSubject)
]


@pytest.mark.parametrize(("kind", "given"), [*SUBJECTS, *SITED], ids=lambda of: getattr(of, "__name__", ""))
@pytest.mark.parametrize(
    ("system", "value"),
    [("x" * 100_000, "1"), ("The EDC", "1"), ("edc", "1" * 201), ("edc", "a\nb"), ("edc", "")],
)
def test_names_that_other_systems_give_are_short_and_printable(
    kind: type[Command], given: dict[str, Any], system: str, value: str
) -> None:
    with pytest.raises(ValidationError, match="identifiers"):
        kind.model_validate(given | {"identifiers": [{"system": system, "value": value}]})
    kind.model_validate(given | {"identifiers": [{"system": "edc", "value": "E-17"}]})


@pytest.mark.parametrize(("kind", "given"), SUBJECTS, ids=lambda of: getattr(of, "__name__", ""))
def test_a_subjects_name_elsewhere_is_one_word(kind: type[Command], given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="no pseudonym"):
        kind.model_validate(
            given | {"identifiers": [{"system": "edc", "value": "John Smith, born 1950-01-02"}]}
        )


@pytest.mark.parametrize("wrong", [{"category": "John Smith"}, {"rules": ("He said that he did not sign",)}])
def test_a_deviation_is_reported_by_codes(wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"trial_id": TRIAL, "category": "c", "rules": ("r.s",), "occurred_on": ON}
    ReportDeviation(**given)
    with pytest.raises(ValidationError):
        ReportDeviation(**given | wrong)
