"""The site's own decisions: from identification to the green light, and which evidence opens a gate."""

from datetime import date, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

import pytest

from services.trials.commands.site import (
    ActivateSite,
    IdentifySite,
    RecordGateEvidence,
    RecordRegistrySite,
    SelectSite,
)
from services.trials.domain.site import Site, SiteCommand, decide, evolve, wake_at
from services.trials.projections.guards import HoldView, SiteGuard, TrialGuard
from services.trials.projections.sites import SiteRow
from services.trials.rules.facilities import facility_key
from services.trials.rules.gates import GATES, required_gates
from shared.contracts.message import Event, Facts, Identifier, Refusal, Wake
from shared.contracts.trials.registry import RegistrySite
from shared.contracts.trials.site import (
    Gate,
    GateEvidenceRecorded,
    GateSatisfied,
    SiteActivated,
    SiteDetailsChanged,
    SiteEvent,
    SiteIdentified,
    SiteRegistryStatusChanged,
    SiteSelected,
)
from tests.unit.trials.test_trials_chain import register
from tests.unit.trials.trials_world import NOW, SITE, TRIAL, World, selected

TODAY = NOW.date()
HOLD = UUID(int=24)
WHERE: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE}
APPROVED = TrialGuard(TRIAL, status="approved", route="us_ind")
IDENTIFIED = SiteIdentified(**WHERE, name="A site", basis="sponsor")
WAIVED = "known_site"
SELECT = SelectSite(
    **WHERE, zone="America/New_York", country="US", irb="A board", qualification_waived=WAIVED
)
SELECTED = SiteSelected(
    **WHERE,
    irb="A board",
    zone="America/New_York",
    country="US",
    route="us_ind",
    required_gates=GATES,
    qualification_waived=WAIVED,
)
ACTIVATE = ActivateSite(**WHERE, meaning="approval")


def given(*events: SiteEvent) -> Site:
    return reduce(evolve, events, Site())


def decided(site: Site, command: SiteCommand | Wake, *facts: object) -> list[Event] | Refusal:
    made = decide(site, command, Facts(*facts), NOW)
    return made if isinstance(made, Refusal) else [*made]


def evidence(gate: Gate, n: int, valid_to: date | None = None) -> GateEvidenceRecorded:
    return GateEvidenceRecorded(
        **WHERE,
        gate=gate,
        evidence_id=UUID(int=100 + n),
        valid_from=date(2026, 1, 1),
        valid_to=valid_to,
        recorded_on=TODAY,
    )


def report(found: GateEvidenceRecorded) -> RecordGateEvidence:
    return RecordGateEvidence(**found.model_dump(exclude={"recorded_on", "counts", "adopted_from"}))


ALL_GATES = [evidence(gate, n) for n, gate in enumerate(GATES)]


def registry(**said: Any) -> RecordRegistrySite:
    return RecordRegistrySite(**WHERE, site=RegistrySite(site_id=SITE, **said))


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"name": "A hospital", "city": "A city"}, "A hospital"),
        ({"city": "A city", "country": "A country"}, "A city, A country"),
        ({"country": "A country"}, "A country"),
        ({}, "unnamed"),
    ],
)
def test_a_location_without_a_name_is_called_by_its_place(said: dict[str, Any], name: str) -> None:
    assert decided(Site(), registry(**said)) == [
        SiteIdentified(**WHERE, **said | {"name": name}, basis="registry")
    ]


def test_a_location_that_the_registry_never_listed_is_not_missed() -> None:
    assert decided(Site(), RecordRegistrySite(**WHERE)) == []


def test_a_location_that_the_registry_lists_no_more_keeps_its_last_status() -> None:
    listed = IDENTIFIED.model_copy(update={"registry_status": "RECRUITING"})
    gone = SiteRegistryStatusChanged(**WHERE, registry_status="RECRUITING", listed=False)
    assert decided(given(listed), RecordRegistrySite(**WHERE)) == [gone]
    assert decided(given(listed, gone), RecordRegistrySite(**WHERE)) == []


def test_a_site_is_identified_once() -> None:
    assert decided(given(IDENTIFIED), IdentifySite(**WHERE, name="A site")) == []


def test_a_site_that_nobody_identified_is_not_selected() -> None:
    unknown = Refusal("site.unknown", "there is no site with this id", None, "site_id")
    assert decided(Site(), SELECT) == unknown


def test_a_site_is_selected_for_its_own_trial_alone() -> None:
    other = SELECT.model_copy(update={"trial_id": UUID(int=99)})
    assert decided(given(IDENTIFIED), other) == Refusal(
        "site.other_trial", "the site belongs to another trial", "identified", "trial_id"
    )


def test_a_site_is_selected_once() -> None:
    site = given(IDENTIFIED, SELECTED)
    assert decided(site, SELECT, APPROVED) == []
    assert decided(site, SELECT.model_copy(update={"zone": "UTC"}), APPROVED) == Refusal(
        "site.already_selected", "the site was selected otherwise", "selected"
    )


def test_a_trial_of_an_unknown_route_asks_for_no_papers_of_an_ind() -> None:
    assert decided(given(IDENTIFIED), SELECT) == [
        SELECTED.model_copy(update={"route": "other", "required_gates": required_gates("other", "US")})
    ]


def test_only_a_selected_site_is_activated() -> None:
    assert decided(given(IDENTIFIED), ACTIVATE, APPROVED) == Refusal(
        "site.not_selected", "only a selected site is activated", "identified"
    )


@pytest.mark.parametrize(
    ("facts", "standing"), [((), None), ((TrialGuard(TRIAL, status="in_review"),), "in_review")]
)
def test_no_site_is_activated_before_its_trial_is_approved(
    facts: tuple[Any, ...], standing: str | None
) -> None:
    detail = f"the trial is {standing or 'not known'}"
    assert decided(given(IDENTIFIED, SELECTED, *ALL_GATES), ACTIVATE, *facts) == Refusal(
        "trial.not_approved", detail, standing
    )


def test_no_site_is_activated_under_a_hold_on_enrolment() -> None:
    held = SiteGuard(SITE, holds=(HoldView(HOLD, "dsmb", ("enrol",), TODAY),))
    assert decided(given(IDENTIFIED, SELECTED, *ALL_GATES), ACTIVATE, APPROVED, held) == Refusal(
        "hold.enrol", f"enrol is forbidden by dsmb {HOLD}", "on_hold"
    )


def test_an_authority_that_stops_doses_alone_closes_its_gate_all_the_same() -> None:
    held = TrialGuard(TRIAL, status="approved", holds=(HoldView(HOLD, "clinical_hold", ("dose",), TODAY),))
    assert decided(given(IDENTIFIED, SELECTED, *ALL_GATES), ACTIVATE, held) == Refusal(
        "site.gates_closed", "closed gates: ha_ok", "selected", "gates"
    )


def test_a_site_whose_gates_are_open_is_activated_on_its_own_date() -> None:
    assert decided(given(IDENTIFIED, SELECTED, *ALL_GATES), ACTIVATE, APPROVED)[0] == SiteActivated(  # type: ignore[index]
        **WHERE, gates=GATES, activated_on=TODAY, zone="America/New_York", country="US"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [(TODAY, TODAY + timedelta(days=9)), (TODAY + timedelta(days=9), TODAY), (TODAY, None), (None, TODAY)],
)
def test_of_two_valid_documents_the_one_that_lasts_longer_opens_the_gate(
    first: date | None, second: date | None
) -> None:
    known, told = evidence("training", 1, first), evidence("training", 2, second)
    longest = max(known, told, key=lambda found: found.valid_to or date.max)
    state = given(IDENTIFIED, SELECTED, known)
    satisfied = GateSatisfied(
        **WHERE,
        gate="training",
        evidence=longest.evidence_id,
        valid_from=longest.valid_from,
        valid_to=longest.valid_to,
    )
    assert decided(state, report(told), APPROVED) == [told, satisfied]


def test_the_same_document_again_adds_nothing() -> None:
    told = evidence("training", 1)
    satisfied = GateSatisfied(**WHERE, gate="training", evidence=told.evidence_id)
    assert decided(given(IDENTIFIED, SELECTED, told, satisfied), report(told), APPROVED) == []


def test_a_document_of_a_site_that_is_not_selected_yet_opens_nothing() -> None:
    told = evidence("training", 1)
    assert decided(given(IDENTIFIED), report(told), APPROVED) == [told]


def test_time_alone_changes_nothing_before_the_selection() -> None:
    site = given(IDENTIFIED, evidence("training", 1, TODAY))
    assert wake_at(site) is None
    assert decided(site, Wake(stream=SITE)) == []


def again(**fields: Any) -> IdentifySite:
    given_: dict[str, Any] = {"trial_id": TRIAL, "site_id": SITE, "name": "A site"}
    return IdentifySite(**given_ | fields)


def test_a_site_that_is_identified_again_keeps_what_is_new() -> None:
    world = World()
    number = Identifier(system="sponsor", value="0042")
    world.do(again(city="Lyon", identifiers=(number,)))
    assert world.do(again()) == world.do(again(city="Lyon")) == []
    fuller = again(name="A hospital", zone="Europe/Paris", identifiers=(Identifier(system="edc", value="7"),))
    (told,) = world.do(fuller)  # type: ignore[misc]
    assert isinstance(told, SiteDetailsChanged)
    assert (told.name, told.city, told.zone) == ("A hospital", "Lyon", "Europe/Paris")
    assert {one.system for one in told.identifiers} == {"sponsor", "edc"}
    assert world.do(fuller) == []
    row = world.guard(SiteRow, SITE)
    assert (row.name, row.city, row.zone, row.status) == ("A hospital", "Lyon", "Europe/Paris", "identified")
    assert (row.identifiers, row.facility) == (told.identifiers, facility_key("A hospital", "Lyon", None))
    assert world.site().local_zone == "Europe/Paris"


def test_what_a_selection_fixed_of_a_site_stays() -> None:
    world = World()
    world.do(register())
    world.do(again())
    world.do(selected(SITE, "Europe/Paris", "FR"))
    (told,) = world.do(again(name="A hospital", zone="Asia/Tokyo", country="JP"))  # type: ignore[misc]
    assert (told.name, told.zone, told.country) == ("A hospital", "Europe/Paris", "FR")  # type: ignore[union-attr]
    assert world.do(again(name="A hospital", zone="Asia/Tokyo")) == []
    assert world.site().status == "selected"


def test_a_site_of_one_trial_is_not_identified_for_another() -> None:
    world = World()
    world.do(again())
    refusal = world.do(again(trial_id=UUID(int=777)))
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "site.other_trial"
