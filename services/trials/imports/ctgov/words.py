"""The words of the legacy XML: texts of elements, and the API's codes of the registry's words."""

import re

from lxml import etree

_WORDS = {
    "Approved for marketing": "APPROVED_FOR_MARKETING",
    "Unknown status": "UNKNOWN",
    "Active, not recruiting": "ACTIVE_NOT_RECRUITING",
}


def text_of(element: etree._Element, path: str) -> str | None:
    """The text below `path` without surrounding space; None where it is absent or blank."""
    found = element.findtext(path)
    return found.strip() or None if found else None


def code_of(words: str | None) -> str | None:
    """The API's code of the registry's words: `Phase 2` is PHASE2, `Not yet recruiting` is likewise."""
    if words is None or words in _WORDS:
        return _WORDS.get(words or "")
    code = re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_").upper()
    return code.replace("PHASE_", "PHASE")
