"""Records of ClinicalTrials.gov as registry entries: API v2 as JSON, arrays and lines, and the legacy XML."""

from services.trials.imports.ctgov.read import entries
from services.trials.imports.ctgov.rejection import Rejection

__all__ = ["Rejection", "entries"]
