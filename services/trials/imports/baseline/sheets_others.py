"""The files of a baseline whose lines the other services take."""

from services.trials.imports.baseline.cells import Column, Sheet, day, words, yes
from shared.rules.dates import known_zone

APPROVALS = Sheet(
    "approvals",
    "regulatory",
    "adopt-approval",
    (
        Column("approval", "The approval's name in these files.", "EXAMPLE-IRB-1", needed=True),
        Column("trial", "As in trials.csv.", "EXAMPLE-TRIAL", needed=True),
        Column("sites", "As in sites.csv, with spaces between.", "EXAMPLE-01", needed=True, read=words),
        Column("protocol_version", "The version that the letter names.", "3.0", needed=True),
        Column("effective_on", "Its first valid day.", "2025-06-01", needed=True, read=day),
        Column("expires_on", "Its last valid day.", "2026-05-31", needed=True, read=day),
        Column("zone", "Their time zone; that of the first site where empty.", read=known_zone),
    ),
)

CASES = Sheet(
    "cases",
    "safety",
    "adopt-case",
    (
        Column("case", "The case's name in these files.", "EXAMPLE-CASE-1", needed=True),
        Column("trial", "As in trials.csv.", "EXAMPLE-TRIAL", needed=True),
        Column("site", "As in sites.csv.", "EXAMPLE-01", needed=True),
        Column("subject", "As in subjects.csv.", "EXAMPLE-001", needed=True),
        Column(
            "received_on", "Day 0: the sponsor first had word of it.", "2026-03-02", needed=True, read=day
        ),
        Column(
            "zone", "The time zone of the place of receipt.", "America/New_York", needed=True, read=known_zone
        ),
        Column("aware_on", "The day on which the investigator first knew.", "2026-03-01", read=day),
        Column(
            "seriousness",
            "death, life_threatening, hospitalisation, disability, congenital_anomaly, other_important.",
            "hospitalisation",
            read=words,
        ),
        Column("causality_excluded", "yes where the reporter excludes a causal relation.", "no", read=yes),
        Column("term_code", "The coded term; never a narrative.", "10000000"),
        Column("dictionary", "Its dictionary.", "MedDRA-27.0"),
        Column("determination", "reportable or not_reportable, once a physician has signed.", "reportable"),
        Column("determination_on", "The day of that signature.", "2026-03-04", read=day),
        Column("causality_investigator", "related, not_related or not_assessed.", "related"),
        Column("causality_sponsor", "The same.", "related"),
        Column("expected", "yes or no, by the reference safety information.", "no", read=yes),
        Column("rsi_version", "The version of that.", "IB-7"),
        Column("evidence_category", "A, B or C; of a reportable case.", "A"),
        Column("rationale", "anticipated_event or study_endpoint, where that is why not."),
        Column("settled", "Codes of reports that were acknowledged: they stay silent.", read=words),
    ),
)

REQUESTS = Sheet(
    "requests",
    "retrieval",
    "adopt-request",
    (
        Column("request", "Its name in these files; a line a custodian.", "EXAMPLE-REQ-1", needed=True),
        Column("trial", "As in trials.csv.", "EXAMPLE-TRIAL", needed=True),
        Column("site", "As in sites.csv.", "EXAMPLE-01"),
        Column("subject", "As in subjects.csv.", "EXAMPLE-001", needed=True),
        Column("case", "As in cases.csv.", "EXAMPLE-CASE-1"),
        Column(
            "purpose",
            "safety_followup, eligibility, chart_review, rwe or submission.",
            "safety_followup",
            needed=True,
        ),
        Column("priority", "urgent or routine; routine where empty.", "routine"),
        Column("needed_by", "The day by which the records are needed.", "2026-03-15", read=day),
        Column("opened_on", "The day on which it was opened.", "2026-03-05", needed=True, read=day),
        Column("zone", "The time zone of its days.", "America/New_York", needed=True, read=known_zone),
        Column("custodian", "A reference, never a person.", "custodian-17", needed=True),
        Column("custodian_kind", "hospital where empty.", "hospital"),
        Column("custodian_state", "The state of the United States, two letters.", "NY"),
        Column("record_types", "Codes of what is asked for.", "discharge_summary", needed=True, read=words),
        Column("range_from", "From this day on.", "2026-02-01", needed=True, read=day),
        Column("range_to", "To this day.", "2026-03-02", needed=True, read=day),
        Column("leg", "draft, sent or acknowledged.", "sent", needed=True),
        Column("basis", "The legal basis that a person accepted.", "adverse_event_reporting"),
        Column("basis_ref", "The reference of its document.", "basis/1"),
        Column("basis_sha256", "The SHA-256 of its bytes."),
        Column("basis_accepted_on", "The day of the acceptance.", "2026-03-05", read=day),
        Column("basis_expires_on", "Its last valid day.", read=day),
        Column("method", "fax, portal, api or mail.", "portal"),
        Column("sent_on", "First sent: its service level runs from here.", "2026-03-06", read=day),
        Column("acknowledged_on", "The custodian confirmed it.", read=day),
    ),
)
