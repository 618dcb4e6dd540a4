"""What a takeover said, so that a line which comes again is told from one that was put right."""

from collections.abc import Iterable, Sequence

from services.trials.domain.site_state import AnyEvent
from shared.contracts.message import Event
from shared.contracts.trials.site import GateEvidenceRecorded

# The record that vouches is no part of what it vouches for.
_RECORD = {"adopted_from", "document_ref"}
# What follows from the rules of the day, and when the line came.
_DERIVED = ("route", "required_gates", "gates", "recorded_on")


def said(events: Iterable[Event], *but: str) -> list[str]:
    """The events of a takeover in a form that compares, whatever their order, without the fields named."""
    return sorted(f"{event.type} {event.model_dump_json(exclude={*_RECORD, *but})}" for event in events)


def same_site(before: Sequence[AnyEvent], again: Sequence[AnyEvent]) -> bool:
    """Whether a line says of a site what a takeover has told."""
    return said(_own(before, again), *_DERIVED) == said(_own(again, before), *_DERIVED)


def _own(events: Sequence[AnyEvent], others: Sequence[AnyEvent]) -> list[AnyEvent]:
    """Without what boards say: each approval tells that itself, also where its line is put right later.

    Evidence of a board that names its document is the line's own, and is held against what it said before.
    """
    known = {one.evidence_id for one in others if isinstance(one, GateEvidenceRecorded)}
    return [
        one
        for one in events
        if not isinstance(one, GateEvidenceRecorded)
        or one.gate != "irb_current"
        or (one.document_ref and one.evidence_id in known)
    ]
