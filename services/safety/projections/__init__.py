"""The case as the service shows it."""

from services.safety.projections.case import case_keys, fold_case
from services.safety.projections.row import CaseRow

__all__ = ["CaseRow", "case_keys", "fold_case"]
