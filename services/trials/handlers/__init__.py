"""What the runtime runs of the trials service: aggregates, rows and reactions."""

from pathlib import Path

from services.trials import reactions
from services.trials.handlers.aggregates import AGGREGATES
from services.trials.handlers.projections import PROJECTIONS
from shared.contracts.regulatory import RegulatoryEvent
from shared.contracts.retrieval import RetrievalEvent
from shared.contracts.safety import SafetyEvent
from shared.contracts.trials import TrialsEvent
from shared.runtime.service import Reaction, Service

SERVICE = Service(
    name="trials",
    contracts={
        "trials": TrialsEvent,
        "regulatory": RegulatoryEvent,
        "safety": SafetyEvent,
        "retrieval": RetrievalEvent,
    },
    aggregates=AGGREGATES,
    projections=PROJECTIONS,
    reactions=(
        Reaction("trials", reactions.react_to_own, reactions.needs_of_own),
        Reaction("regulatory", reactions.react_to_regulatory, reactions.needs_of_regulatory),
        Reaction("safety", reactions.react_to_safety),
        Reaction("retrieval", reactions.react_to_retrieval),
    ),
    migrations=Path(__file__).parents[1] / "migrations",
)
