"""Records of ClinicalTrials.gov as registry entries: API v2 as JSON, arrays and lines, and the legacy XML."""

from services.trials.ctgov.read import entries
from services.trials.ctgov.rejection import Rejection

__all__ = ["Rejection", "entries"]
