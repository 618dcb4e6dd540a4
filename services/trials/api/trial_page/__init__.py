"""The trial page in one query: its parts, each in a module, each a name and an SQL expression over `t`.

A part is bounded: what may be long comes as its first rows with their number and the path of the whole list.
"""

from services.trials.api.trial_page import countries, deadlines, enrolment, lifecycle

PARTS: tuple[dict[str, str], ...] = (
    lifecycle.PART,
    countries.PART,
    enrolment.PART,
    deadlines.PART,
)

_SHOWN = ", ".join(f"({sql}) AS {name}" for part in PARTS for name, sql in part.items())
TRIAL = f"SELECT t.*, '/v1/events?trial_id=' || t.trial_id AS history, {_SHOWN} FROM trial t WHERE "  # noqa: S608
