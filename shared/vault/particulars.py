"""Particulars: what tells who a subject is. Their fields are marked, so that no message ever has one."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class PatientData:
    """The mark of a field that may identify a person: it stands in models of particulars and nowhere else."""


Private = Annotated[str, Field(min_length=1, max_length=200), PatientData()]


class Particulars(BaseModel):
    """One kind of particulars; errors tell the field and the rule, never what was sent."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
