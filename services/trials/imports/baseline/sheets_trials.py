"""The files of a baseline whose lines the trials service takes."""

from services.trials.imports.baseline.cells import (
    Column,
    Sheet,
    authorisations,
    count,
    countries,
    day,
    gates,
    identifiers,
    words,
)
from shared.rules.dates import known_zone

_TRIAL = Column("trial", "The trial's name in these files.", "EXAMPLE-TRIAL", needed=True)
_SITE = Column("site", "The site's name in these files.", "EXAMPLE-01", needed=True)
_COUNTRY = "ISO 3166 code of two letters."


PROGRAMMES = Sheet(
    "programmes",
    "trials",
    "adopt-programme",
    (
        Column("programme", "The programme's name in these files.", "EXAMPLE-PROGRAMME", needed=True),
        Column("sponsor", "The sponsor's name.", "Example Sponsor", needed=True),
        Column("product", "The product.", "Example Product", needed=True),
        Column("indication", "What it is developed for.", "An example, never loaded", needed=True),
        Column("phase", "preclinical, I, II, III or IV.", "II", needed=True),
        Column("phase_since", "The day of the decision on that phase.", "2024-06-01", read=day),
        Column("toxicology_on", "The day on which toxicology was completed.", "2022-03-01", read=day),
        Column("laboratory_on", "The day on which laboratory work was completed.", "2022-04-01", read=day),
        Column(
            "authorisations",
            "`kind:number:country:day` in effect; kinds are ind, ide, cta, marketing_authorisation.",
            "ind:000000:US:2022-09-01",
            read=authorisations,
        ),
    ),
)

TRIALS = Sheet(
    "trials",
    "trials",
    "adopt-trial",
    (
        _TRIAL,
        Column("sponsor", "The sponsor's name.", "Example Sponsor", needed=True),
        Column("title", "The trial's title.", "An example, never loaded", needed=True),
        Column("programme", "As in programmes.csv; then `phases` is needed.", "EXAMPLE-PROGRAMME"),
        Column("phases", "Codes of the registry, such as PHASE2.", "PHASE2", read=words),
        Column(
            "identifiers",
            "`system:value` pairs; by `nct` it is found.",
            "nct:NCT00000000",
            read=identifiers,
        ),
        Column("study_type", "INTERVENTIONAL where empty.", "INTERVENTIONAL"),
        Column("route", "us_ind, us_ide or other; us_ind where empty.", "us_ind"),
        Column("owner", "Who carries the safety obligations; the sponsor where empty.", "sponsor"),
        Column("target", "How many subjects shall enrol.", "120", read=count),
        Column("status", "Where its lifecycle stands (docs/states.md).", "active", needed=True),
        Column("status_since", "The day of that.", "2025-02-01", needed=True, read=day),
        Column("reason", "Why it was stopped or withdrawn."),
        Column("authorised", "`country:day`: its authority lets it begin.", "US:2024-12-15", read=countries),
    ),
)

SITES = Sheet(
    "sites",
    "trials",
    "adopt-site",
    (
        _SITE,
        Column("trial", "As in trials.csv.", "EXAMPLE-TRIAL", needed=True),
        Column("site_id", "Its id, where a registry had made it known."),
        Column("name", "The name of the place.", "Example Hospital", needed=True),
        Column("country", _COUNTRY, "US", needed=True),
        Column(
            "zone",
            "Its IANA time zone: all its days are local.",
            "America/New_York",
            needed=True,
            read=known_zone,
        ),
        Column("city", "The city.", "Example City"),
        Column("state", "The state."),
        Column("postcode", "The postcode."),
        Column("irb", "Its ethics board.", "Example Board"),
        Column("target", "How many subjects shall enrol there.", "20", read=count),
        Column(
            "status",
            "identified, selected, activated, enrolling, closed_to_enrolment, closing or closed.",
            "enrolling",
            needed=True,
        ),
        Column("selected_on", "The day of its selection.", "2025-01-10", read=day),
        Column("activated_on", "The day of its activation.", "2025-03-01", read=day),
        Column("enrolment_closed_on", "From this day on it takes no new subjects.", read=day),
        Column("closing_on", "The day on which its closing began.", read=day),
        Column("close_out_visit_on", "The day of the close-out visit.", read=day),
        Column("close_out_report", "The reference of that visit's report."),
        Column("product_reconciled_on", "The day of the product's reconciliation.", read=day),
        Column("documents_filed_on", "The day on which its documents were filed.", read=day),
        Column("closed_on", "The day of its closing.", read=day),
        Column(
            "gates",
            "Evidence as `gate:first` or `gate:first:last`; `*` is all gates not named. `irb_current`"
            " comes from approvals.csv too: here stands the first approval, from which cycle times count.",
            "irb_current:2025-01-15:2025-05-31 contract:2025-01-20:2027-01-19 *:2025-02-20",
            read=gates,
        ),
    ),
)

SUBJECTS = Sheet(
    "subjects",
    "trials",
    "adopt-subject",
    (
        Column("subject", "The subject's code; never a name or a date of birth.", "EXAMPLE-001", needed=True),
        Column("trial", "As in trials.csv.", "EXAMPLE-TRIAL", needed=True),
        Column("site", "As in sites.csv.", "EXAMPLE-01", needed=True),
        Column("status", "Where the subject stands (docs/states.md).", "on-study-intervention", needed=True),
        Column("status_since", "The day of that.", "2025-04-02", needed=True, read=day),
        Column("reason", "Why the subject left, as a code."),
        Column("consent_version", "The version of the consent form that was signed.", "2"),
        Column("consent_language", "Its language, such as en.", "en"),
        Column("consented_on", "The day of the signature.", "2025-03-20", read=day),
        Column("enrolled_on", "The day of the enrolment.", "2025-04-01", read=day),
        Column("randomised_on", "The day of the randomisation.", "2025-04-02", read=day),
    ),
)
