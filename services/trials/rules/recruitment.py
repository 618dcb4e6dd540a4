"""Rules of recruitment as data: what a campaign needs, and what makes a subject leave."""

from shared.contracts.trials.recruitment import RiskLevel

# FDA's information sheet: direct advertising is reviewed by the board, as the beginning of informed consent.
MATERIALS_RULE = "FDA information sheet Recruiting Study Subjects; 21 CFR 56.109(a)"
MATERIALS_VERIFIED = False

# Weights are a design of ours, no validated instrument: each factor is shown with its weight.
FACTORS: dict[str, int] = {
    "missed_visit": 3,
    "late_visits": 1,
    "travel_burden": 2,
    "work_or_family": 2,
    "adverse_event": 2,
    "no_perceived_benefit": 2,
    "relocation": 3,
    "contact_lost": 4,
    "incomplete_diaries": 1,
    "previous_withdrawal": 2,
}
BANDS: tuple[tuple[int, RiskLevel], ...] = ((6, "high"), (3, "medium"), (0, "low"))


def level_of(score: int) -> RiskLevel:
    """The band of a score, which is the sum of the factors' weights."""
    return next(level for least, level in BANDS if score >= least)
