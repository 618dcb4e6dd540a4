"""What a principal reaches: sets that add up, and empty ones reach nothing."""

from uuid import UUID

import pytest

from shared.identity.access import Access
from shared.rules.grants import EVERYTHING, Grants

SPONSOR, TRIAL, SITE, VENDOR, OTHER = (UUID(int=n) for n in range(1, 6))
HERE = (SPONSOR, TRIAL, SITE)


@pytest.mark.parametrize(
    ("grants", "reached"),
    [
        (EVERYTHING, True),
        (Grants(sponsors=frozenset({SPONSOR})), True),
        (Grants(trials=frozenset({TRIAL})), True),
        (Grants(sites={SITE: TRIAL}), True),
        (Grants(), False),
        (Grants(sponsors=frozenset({OTHER}), trials=frozenset({OTHER})), False),
        (Grants(sites={SITE: OTHER}), False),
        (Grants(organisations=frozenset({VENDOR})), False),
        (Grants(restricted=True), False),
    ],
)
def test_a_stream_is_reached_by_its_sponsor_its_trial_and_its_site(grants: Grants, reached: bool) -> None:
    assert grants.reach(*HERE) == reached


def test_an_organisation_reaches_what_was_handed_to_it_and_nothing_that_was_handed_to_nobody() -> None:
    vendor = Grants(organisations=frozenset({VENDOR}))
    assert vendor.reach(*HERE, VENDOR)
    assert not vendor.reach(*HERE, OTHER)
    assert not vendor.reach(*HERE, None)
    assert not Grants().reach(None, None, None, None)


def test_a_token_names_organisations_and_never_what_is_restricted() -> None:
    access = Access.model_validate({"roles": ["retrieval_vendor"], "organisations": [str(VENDOR)]})
    assert access.grants() == Grants(organisations=frozenset({VENDOR}))
    house = {"roles": ["auditor"], "sponsors": ["*"], "organisations": [str(VENDOR)]}
    everything = Access.model_validate(house)
    assert everything.grants() == EVERYTHING
    assert not everything.grants().restricted
    with pytest.raises(ValueError, match="restricted"):
        Access.model_validate({"roles": ["auditor"], "restricted": True})
