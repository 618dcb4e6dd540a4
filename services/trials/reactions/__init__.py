"""What events make this service do: its own across streams, those of regulatory, missed deadlines."""

from services.trials.reactions.deadlines import react_to_retrieval, react_to_safety
from services.trials.reactions.own import needs_of_own, react_to_own
from services.trials.reactions.regulatory import needs_of_regulatory, react_to_regulatory

__all__ = [
    "needs_of_own",
    "needs_of_regulatory",
    "react_to_own",
    "react_to_regulatory",
    "react_to_retrieval",
    "react_to_safety",
]
