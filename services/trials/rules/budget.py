"""Which milestones make a unit of a site's budget payable (design)."""

from shared.contracts.trials.budget import Milestone, Unit

PAYS_ON: dict[Unit, tuple[Milestone, ...]] = {
    "start_up": ("site_activated",),
    "close_out": ("site_closed",),
    "screen_failure": ("screen_failed",),
    "visit": ("subject_screened", "subject_enrolled", "visit_done"),
    "procedure": ("procedure_done",),
    "pass_through": (),
}
# Which visit or procedure it was, the line has to say.
OF_AN_ITEM: frozenset[Milestone] = frozenset({"visit_done", "procedure_done"})
