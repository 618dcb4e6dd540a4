"""Commands on a trial's statistical analysis plan, and on the milestones that it has to come before."""

from typing import ClassVar, Literal
from uuid import UUID, uuid5

from services.trials.commands.protocol import Reference
from services.trials.commands.words import Code, Sha256, Text
from services.trials.projections.protocol_guards import TrialProtocol
from services.trials.rules import NAMESPACE
from shared.contracts.message import Command, Need, Signed
from shared.contracts.trials.statistics import Milestone
from shared.rules.dates import Day


class OfPlan(Command):
    """A command on the stream of a trial's analysis plan."""

    trial_id: UUID

    @property
    def stream_id(self) -> UUID:
        return uuid5(NAMESPACE, f"analysis_plan/{self.trial_id}")


class DraftAnalysisPlan(OfPlan):
    """Draft a version of the plan, for a version of the protocol; the document itself stays where it is."""

    type: ClassVar[str] = "trials.draft_analysis_plan.v1"
    plan: Code
    version: Code
    dated_on: Day
    document_ref: Reference
    sha256: Sha256 | None = None
    reason: Code | None = None

    def needs(self) -> tuple[Need, ...]:
        return (Need(TrialProtocol, (self.trial_id,)),)


class ApproveAnalysisPlan(OfPlan, Signed):
    """Approve a draft: from then on it counts, and the one before it no more."""

    type: ClassVar[str] = "trials.approve_analysis_plan.v1"
    meaning: Literal["approval"] = "approval"
    plan: Code
    approved_on: Day


class AbandonAnalysisPlan(OfPlan):
    """Give a draft up."""

    type: ClassVar[str] = "trials.abandon_analysis_plan.v1"
    plan: Code
    reason: Code


class RecordAnalysisMilestone(OfPlan):
    """Report that the database was locked, or the trial unblinded; the last word on its day counts.

    `plan_ref` is the document of the approved plan where that is kept elsewhere.
    """

    type: ClassVar[str] = "trials.record_analysis_milestone.v1"
    report: ClassVar[bool] = True
    milestone: Milestone
    reached_on: Day
    plan_ref: Text | None = None
