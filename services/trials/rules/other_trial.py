"""What names a site of another trial: it is kept and marked, and counts for neither trial's site."""

from typing import Any

OTHER_TRIAL = "site.other_trial"


def misplaced(event: Any) -> bool:
    """Whether a report, or the deviation that it raised, is marked with naming a site of another trial."""
    return OTHER_TRIAL in (*getattr(event, "breaks", ()), *getattr(event, "rules", ()))
