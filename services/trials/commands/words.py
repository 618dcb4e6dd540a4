"""What the texts, codes and counts of commands may be."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints


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
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Count = Annotated[int, Field(ge=0, le=10_000_000)]
