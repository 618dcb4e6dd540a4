"""The files of a baseline, in the order in which they need one another."""

from services.trials.imports.baseline.cells import Sheet
from services.trials.imports.baseline.sheets_others import APPROVALS, CASES, REQUESTS
from services.trials.imports.baseline.sheets_trials import PROGRAMMES, SITES, SUBJECTS, TRIALS

__all__ = ["COLUMN_OF", "SHEETS", "Sheet"]

SHEETS: tuple[Sheet, ...] = (PROGRAMMES, TRIALS, SITES, APPROVALS, SUBJECTS, CASES, REQUESTS)
# What a field of a command is called in the files, where its name is another one there.
COLUMN_OF = {
    "trial_id": "trial",
    "site_id": "site",
    "subject_id": "subject",
    "subject_code": "subject",
    "approval_id": "approval",
    "site_ids": "sites",
    "evidence": "gates",
    "programme_id": "programme",
    "case_id": "case",
    "request_id": "request",
    "leg_id": "custodian",
}
