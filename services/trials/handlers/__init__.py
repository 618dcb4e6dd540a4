"""What the runtime runs of the trials service: aggregates, rows and reactions."""

from pathlib import Path

from services.trials.handlers.aggregates import AGGREGATES
from services.trials.handlers.projections import PROJECTIONS
from services.trials.handlers.reactions import REACTIONS
from shared.contracts.regulatory import RegulatoryEvent
from shared.contracts.retrieval import RetrievalEvent
from shared.contracts.safety import SafetyEvent
from shared.contracts.trials import TrialsEvent
from shared.runtime.service import Service

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
    reactions=REACTIONS,
    migrations=Path(__file__).parents[1] / "migrations",
)
