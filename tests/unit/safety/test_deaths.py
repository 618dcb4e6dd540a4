"""A subject's death is new information on their cases, in whichever order both are told."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.safety.commands import (
    CaseCommand,
    CorrectAdverseEvent,
    RecordNewInformation,
    ReportAdverseEvent,
)
from services.safety.deaths import SubjectCase, SubjectCases, fold_subject_cases, subject_cases_keys
from services.safety.domain.case import decide, evolve
from services.safety.domain.state import Case
from services.safety.guards import KnownSubject, fold_known_subject, known_subject_keys
from services.safety.reactions import needs_of_own, needs_of_trials, react_to_own, react_to_trials
from shared.contracts.message import Actor, Facts, Recorded, Refusal
from shared.contracts.safety import NewInformationReceived
from shared.contracts.trials.subject import SubjectDied
from tests.support.touched import touched
from tests.unit.safety.given_case import CASE, FATAL, KNOWN, SERIOUS, SITE, SUBJECT, TRIAL, WHAT, ZONE

DIED = SubjectDied(trial_id=TRIAL, site_id=SITE, subject_id=SUBJECT, died_on=date(2026, 3, 4))
AT = datetime(2026, 3, 6, 2, tzinfo=UTC)  # the evening before at the place of receipt
OTHER = UUID(int=91)


class Desk:
    """Safety's cases and the rows that a death asks for."""

    def __init__(self) -> None:
        self.cases: dict[UUID, Case] = {}
        self.rows: dict[Any, Any] = {}
        self.told: list[NewInformationReceived] = []

    def _facts(self, needs: Any) -> Facts:
        found = [self.rows.get((need.row, need.key)) for need in needs]
        return Facts(*(row for row in found if row is not None))

    def hear(self, event: Any) -> None:
        message: Recorded[Any] = Recorded(
            id=UUID(int=900),
            type=event.type,
            source="x",
            stream_id=CASE,
            version=1,
            sponsor_id=UUID(int=7),
            trial_id=TRIAL,
            time=AT,
            data=event,
            actor=Actor("x", "service"),
            correlation_id=UUID(int=8),
        )
        for row, keys, fold in (
            (SubjectCases, subject_cases_keys, fold_subject_cases),
            (KnownSubject, known_subject_keys, fold_known_subject),
        ):
            for key in touched(keys, message):
                self.rows[row, key] = fold(self.rows.get((row, key)), message, key)
        own = event.type.startswith("safety.")
        needs, react = (needs_of_own, react_to_own) if own else (needs_of_trials, react_to_trials)
        for command in react(message, self._facts(needs(message))):
            if isinstance(command, RecordNewInformation):
                self.give(command)

    def give(self, command: CaseCommand) -> None:
        case = self.cases.get(command.stream_id, Case())
        decision = decide(case, command, KNOWN, AT)
        assert not isinstance(decision, Refusal)
        for event in decision:
            case = evolve(case, event)
        self.cases[command.stream_id] = case
        for event in decision:
            if isinstance(event, NewInformationReceived):
                self.told.append(event)
            self.hear(event)


def case_of(case_id: UUID, report: ReportAdverseEvent = SERIOUS) -> ReportAdverseEvent:
    return report.model_copy(update={"case_id": case_id})


@pytest.mark.parametrize("died_first", [True, False])
def test_each_case_that_does_not_tell_of_the_death_gets_it_once(died_first: bool) -> None:
    desk = Desk()
    reports: list[Any] = [case_of(CASE), case_of(OTHER, FATAL)]
    for step in [DIED, *reports] if died_first else [*reports, DIED]:
        desk.hear(step) if isinstance(step, SubjectDied) else desk.give(step)
    desk.hear(DIED)
    (info,) = desk.told
    assert (info.case_id, info.source, info.received_on) == (CASE, "trials.subject_died", date(2026, 3, 5))
    assert (info.zone, info.breaks) == (ZONE, ())
    assert [one.info_id for one in desk.cases[CASE].waiting] == [info.info_id]


def test_a_death_without_cases_and_a_case_without_a_death_make_nothing() -> None:
    desk = Desk()
    desk.hear(DIED)
    assert desk.told == []
    desk = Desk()
    desk.give(case_of(CASE))
    assert desk.told == []
    assert desk.cases[CASE].event is not None


def test_a_second_report_keeps_what_is_known_to_be_fatal_and_a_correction_says_what_is_true() -> None:
    desk = Desk()
    desk.give(case_of(CASE, FATAL))
    desk.give(case_of(CASE))
    row = desk.rows[SubjectCases, (SUBJECT,)]
    assert row.cases == {CASE: SubjectCase(TRIAL, ZONE, True)}
    desk.give(
        CorrectAdverseEvent(**WHAT, corrects=UUID(int=92), reason="typo", seriousness=("hospitalisation",))
    )
    assert desk.rows[SubjectCases, (SUBJECT,)].cases[CASE].fatal is False
