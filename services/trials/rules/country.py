"""The states of a trial in a country (domain 3.2, after Regulation (EU) 536/2014) and what guards a step.

An application that was invalid, lapsed or refused does not go on: a resubmission is a new application, for
another trial (art. 13, read in translation only; unverified). A lapse that only the clock tells is taken back
by an answer that was in time, or by what the authority decided.
"""

from shared.contracts.trials.country import CountryStatus

TRANSITIONS: dict[CountryStatus, tuple[CountryStatus, ...]] = {
    "planned": ("submitted",),
    "submitted": ("validated", "invalid", "lapsed"),
    "validated": ("under_assessment",),
    "under_assessment": ("rfi_open", "authorised", "authorised_with_conditions", "refused"),
    "rfi_open": ("under_assessment", "lapsed"),
    "authorised": ("open",),
    "authorised_with_conditions": ("open",),
    "open": ("halted", "closed"),
    "halted": ("open",),
}
# Who does it: the sponsor asks (and may be refused), the authority has done it (and is never refused).
BY_SPONSOR: frozenset[CountryStatus] = frozenset({"submitted", "open", "closed"})
# What an authority's later word implies where nobody stated it; its silence validates (R29, S).
UNSAID: frozenset[CountryStatus] = frozenset({"validated", "under_assessment"})
AUTHORISED: frozenset[CountryStatus] = frozenset({"authorised", "authorised_with_conditions"})
# A halt ends by the authority's word alone, whatever the sponsor asks.
GUARDS: dict[tuple[CountryStatus, CountryStatus], tuple[str, ...]] = {
    ("planned", "submitted"): ("country.in_future", "trial.finished"),
    ("authorised", "open"): ("country.date_order", "country.in_future", "trial.finished"),
    ("authorised_with_conditions", "open"): ("country.date_order", "country.in_future", "trial.finished"),
    ("open", "closed"): ("country.date_order", "country.in_future"),
    ("halted", "open"): ("country.authority_only",),
    ("rfi_open", "under_assessment"): ("country.date_order", "country.in_future", "country.answer_late"),
}
