"""Who may command on a stream: whose it is as a whole, and who holds the part that the command is about."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.message import Actor, Command, Value
from shared.rules.grants import EVERYTHING, Grants
from shared.runtime import reach
from shared.runtime.cause import Cause
from shared.runtime.service import Aggregate
from shared.runtime.store import ConflictError, ForeignStreamError, Stream
from tests.support.probe import CountUp, Tally

SPONSOR, TRIAL, STREAM, VENDOR, OTHER = (UUID(int=n) for n in range(1, 6))


def holder(state: Any, command: Command | None) -> UUID | None:
    """The part that counts ones was handed to the vendor."""
    assert isinstance(state, Tally), "a stream of another kind has no such parts"
    return VENDOR if isinstance(command, CountUp) and command.n == 1 else None


TALLY = Aggregate("tally", CountUp, Tally(), lambda *_: [], lambda state, _: state, held_by=holder)
KNOWN = Stream(STREAM, 3, Tally(), SPONSOR, TRIAL, type="tally")


def unfit(
    grants: Grants,
    n: int = 1,
    stream: Stream = KNOWN,
    trial: UUID | None = None,
    aggregate: Aggregate = TALLY,
) -> Exception | None:
    command = CountUp(tally_id=STREAM, trial_id=trial, n=n)
    return reach.unfit(stream, aggregate, command, Cause(Actor("v-01", "retrieval_vendor"), grants=grants))


VENDORS = Grants(organisations=frozenset({VENDOR}))


def test_who_holds_the_part_reaches_it_and_no_other_part() -> None:
    assert unfit(VENDORS) is None
    assert isinstance(unfit(VENDORS, n=2), ForeignStreamError)
    assert isinstance(unfit(Grants(organisations=frozenset({OTHER}))), ForeignStreamError)


def test_who_reaches_the_whole_reaches_every_part() -> None:
    for grants in (EVERYTHING, Grants(sponsors=frozenset({SPONSOR})), Grants(trials=frozenset({TRIAL}))):
        assert unfit(grants) is None
        assert unfit(grants, n=2) is None


def test_an_aggregate_that_hands_nothing_over_is_reached_by_no_organisation() -> None:
    assert isinstance(unfit(VENDORS, aggregate=replace(TALLY, held_by=None)), ForeignStreamError)


def test_the_trial_that_a_command_names_must_be_its_stream_s() -> None:
    assert unfit(VENDORS, trial=TRIAL) is None
    assert isinstance(unfit(VENDORS, trial=OTHER), ForeignStreamError)


def test_a_stream_of_another_kind_was_handed_to_nobody() -> None:
    note = replace(KNOWN, type="note", state=None)
    assert isinstance(unfit(VENDORS, stream=note), ForeignStreamError)
    assert isinstance(unfit(EVERYTHING, stream=note), ConflictError)


def test_a_stream_that_is_new_is_left_to_the_check_which_asks_no_organisation() -> None:
    assert unfit(VENDORS, stream=Stream(STREAM, 0, Tally())) is None


class Part(Value):
    """A part of a command that names something."""

    of: UUID


class Naming(Command):
    """A command that names things in lists, in parts and in pairs."""

    type: ClassVar[str] = "{service}.name.v1"
    stream: UUID
    trials: tuple[UUID, ...] = ()
    one: UUID | None = None
    many: tuple[UUID, ...] = ()
    parts: tuple[Part, ...] = ()
    pairs: Mapping[str, UUID] = Field(default_factory=dict)
    text: str = str(OTHER)

    @property
    def stream_id(self) -> UUID:
        return self.stream

    def also_trials(self) -> tuple[UUID, ...]:
        return self.trials


def test_what_a_command_names_is_found_in_lists_parts_and_pairs() -> None:
    one, many, part, pair = (UUID(int=n) for n in range(11, 15))
    command = Naming(
        stream=STREAM,
        trial_id=TRIAL,
        trials=(OTHER,),
        one=one,
        many=(many, TRIAL, STREAM),
        parts=(Part(of=part),),
        pairs={"a": pair},
    )
    limited = Cause(Actor("v-01", "sponsor"), grants=VENDORS)
    assert reach.named(command, limited) == {one, many, part, pair, OTHER}
    assert reach.named(command, replace(limited, grants=EVERYTHING)) == frozenset()
