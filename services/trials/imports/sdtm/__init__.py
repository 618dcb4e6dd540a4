"""Reads the subjects of a trial from SDTM tables: DM, DS, EX and SV, one after the other in one stream."""

from services.trials.imports.sdtm.history import steps
from services.trials.imports.sdtm.record import RejectedRecord, SubjectRecord
from services.trials.imports.sdtm.rows import Tables
from services.trials.imports.sdtm.stream import read

__all__ = ["RejectedRecord", "SubjectRecord", "Tables", "read", "steps"]
