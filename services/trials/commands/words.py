"""What the texts, codes and counts of commands may be."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from shared.contracts.message import Identifier
from shared.rules.countries import known_country

_NCT = re.compile(r"NCT[0-9]{8}")
_SYSTEM = re.compile(r"[a-z][a-z0-9._-]{0,63}")


def _printable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("contains a NUL character, which no text may")
    return text


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=1000),
    AfterValidator(_printable),
]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,63}$")]
# A code without spaces: no name of a person is one word of letters and digits with its dots and dashes.
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), AfterValidator(known_country)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# A document is named by a code, whose words stand where it is kept.
DocumentRef = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]  # ISO 4217
Count = Annotated[int, Field(ge=0, le=10_000_000)]


def _identifier(given: Identifier) -> Identifier:
    if not _SYSTEM.fullmatch(given.system):
        raise ValueError("system is no short name in small letters")
    if not 1 <= len(given.value) <= 200 or not given.value.isprintable():
        raise ValueError("value is not 1 to 200 printable characters")
    if given.system == "nct" and not _NCT.fullmatch(given.value):
        raise ValueError("value is not NCT and eight digits")
    return given


def _pseudonym(given: Identifier) -> Identifier:
    if any(map(str.isspace, given.value)):
        raise ValueError("value has a space, which no pseudonym may")
    return given


Named = Annotated[Identifier, AfterValidator(_identifier)]
# A name that another system gives to a subject.
Pseudonym = Annotated[Named, AfterValidator(_pseudonym)]
SponsorName = Annotated[Text, Field(max_length=500)]
