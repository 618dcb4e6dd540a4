"""The steps of a contract's negotiation with a site, and whose turn each leaves it (design)."""

from shared.contracts.trials.site_contract import ContractStatus, ContractStep, Party

# A draft may come back with comments as often as it takes; an executed contract is changed by another one.
TRANSITIONS: dict[ContractStatus, tuple[ContractStatus, ...]] = {
    "draft_sent": ("comments", "budget_agreed", "abandoned"),
    "comments": ("draft_sent", "budget_agreed", "abandoned"),
    "budget_agreed": ("legal_review", "comments", "abandoned"),
    "legal_review": ("signed_by_site", "comments", "abandoned"),
    "signed_by_site": ("executed", "abandoned"),
    "executed": (),
    "abandoned": (),
}
_DATES = ("contract.date_before_cause", "contract.date_in_future")
GUARDS: dict[tuple[ContractStatus, ContractStatus], tuple[str, ...]] = {
    (before, after): (*_DATES, "contract.ends_before_it_begins") if after == "executed" else _DATES
    for before, following in TRANSITIONS.items()
    for after in following
}
TO_ACT: dict[ContractStep, Party] = {
    "draft_sent": "site",
    "comments": "cro",
    "budget_agreed": "cro",
    "legal_review": "site",
    "signed_by_site": "sponsor",
}
