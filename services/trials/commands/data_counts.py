"""Reports of how far a site's data are."""

from typing import Annotated, ClassVar
from uuid import UUID, uuid5

from pydantic import Field

from services.trials.commands.words import Code, Count
from services.trials.projections.guards import SiteGuard
from services.trials.projections.trial_data import TrialData
from services.trials.rules import NAMESPACE
from shared.contracts.message import Command, Need
from shared.rules.dates import Day

Days = Annotated[int, Field(ge=0, le=36_525)]


class RecordDataCounts(Command):
    """Report a site's totals on the local day `as_of`, as the system `source` counts them."""

    type: ClassVar[str] = "trials.record_data_counts.v1"
    report: ClassVar[bool] = True
    trial_id: UUID
    site_id: UUID
    as_of: Day
    source: Code
    forms_expected: Count
    forms_entered: Count
    forms_verified: Count
    queries_opened: Count
    queries_answered: Count
    queries_closed: Count
    oldest_open_days: Days | None = None

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"data_counts/{self.trial_id}/{self.site_id}")

    def needs(self) -> tuple[Need, ...]:
        return (Need(SiteGuard, (self.site_id,)), Need(TrialData, (self.trial_id,)))
