"""Legal bases of a record request as data: what each must show, its citation, and how sure the text is."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from shared.contracts.retrieval import LegalBasis

PART2 = "part2"
PSYCHOTHERAPY = "psychotherapy_notes"
PART2_PROOFS = ("part2_consent", "part2_research")  # 42 CFR 2.31, 2.52
TURNAROUND = timedelta(days=15)


@dataclass(frozen=True)
class Element:
    """One thing that must be shown. `verified`: the text of the rule itself was seen."""

    code: str
    citation: str
    verified: bool


@dataclass(frozen=True)
class BasisRule:
    """A legal basis. `personal`: it rests on the patient's own will; `accountable`: 164.528 asks for it."""

    citation: str
    verified: bool
    elements: tuple[Element, ...]
    personal: bool = False
    accountable: bool = True


@dataclass(frozen=True)
class Overlay:
    """A state's own limit on an authorisation's life, counted from its signature, by kind of custodian."""

    state: str
    kind: str
    citation: str
    verified: bool
    days: int = 0
    months: int = 0
    form_decides: bool = False


_LEAST = Element("minimum_necessary", "45 CFR 164.502(b)(2)", True)

BASES: dict[LegalBasis, BasisRule] = {
    "authorization": BasisRule(
        "45 CFR 164.508(c)",
        True,
        (
            Element("description", "45 CFR 164.508(c)(1)(i)", True),
            Element("discloser", "45 CFR 164.508(c)(1)(ii)", True),
            Element("recipient", "45 CFR 164.508(c)(1)(iii)", True),
            Element("purpose", "45 CFR 164.508(c)(1)(iv)", True),
            Element("expiry", "45 CFR 164.508(c)(1)(v)", True),
            Element("signature", "45 CFR 164.508(c)(1)(vi)", True),
            Element("right_to_revoke", "45 CFR 164.508(c)(2)(i)", False),
            Element("conditioning", "45 CFR 164.508(c)(2)(ii)", False),
            Element("redisclosure", "45 CFR 164.508(c)(2)(iii)", False),
            Element("plain_language", "45 CFR 164.508(c)(3)", False),
            Element("copy_given", "45 CFR 164.508(c)(4)", False),
        ),
        personal=True,
        accountable=False,
    ),
    "waiver": BasisRule(
        "45 CFR 164.512(i)(1)(i)",
        False,
        (
            Element("board", "45 CFR 164.512(i)(2)(i)", False),
            Element("dated", "45 CFR 164.512(i)(2)(i)", False),
            Element("three_findings", "45 CFR 164.512(i)(2)(ii)", False),
            Element("description", "45 CFR 164.512(i)(2)(iii)", False),
            Element("signature", "45 CFR 164.512(i)(2)(v)", False),
            _LEAST,
        ),
    ),
    "adverse_event_reporting": BasisRule(
        "45 CFR 164.512(b)(1)(iii)",
        True,
        (
            Element("adverse_event", "45 CFR 164.512(b)(1)(iii)", True),
            Element("fda_regulated_product", "45 CFR 164.512(b)(1)(iii)", True),
            _LEAST,
        ),
    ),
    "decedent": BasisRule(
        "45 CFR 164.512(i)(1)(iii)",
        False,
        (
            Element("death_documented", "45 CFR 164.512(i)(1)(iii)", False),
            Element("representation", "45 CFR 164.512(i)(1)(iii)", False),
            _LEAST,
        ),
    ),
    "limited_data_set": BasisRule(
        "45 CFR 164.514(e)",
        False,
        (Element("data_use_agreement", "45 CFR 164.514(e)(4)", False), _LEAST),
        accountable=False,
    ),
    "individual_access": BasisRule(
        "45 CFR 164.524",
        False,
        (Element("request_of_the_individual", "45 CFR 164.524(b)", False),),
        personal=True,
    ),
}

OVERLAYS = (
    Overlay("TX", "insurer", "28 TAC 22.54", True, months=24),
    Overlay("TX", "hospital", "Texas Health and Safety Code 241.152(c)", True, days=180, form_decides=True),
)


def last_valid_day(
    state: str | None, kind: str, signed_on: date | None, stated: date | None, states_event: bool
) -> date | None:
    """The last day of an authorisation: what the form says, and what the custodian's state makes of it.

    `states_event`: the form ends with an event ("end of the research study") or says "none".
    """
    for overlay in OVERLAYS:
        if (overlay.state, overlay.kind) != (state, kind) or signed_on is None:
            continue
        if overlay.form_decides and (stated is not None or states_event):
            continue
        limit = _months_after(signed_on, overlay.months) + timedelta(days=overlay.days)
        stated = limit if stated is None else min(stated, limit)
    return stated


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
