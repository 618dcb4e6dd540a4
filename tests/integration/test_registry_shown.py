"""What `trialwire trial show` says of ten real registry records, held field by field against their source.

The sources are read here by themselves: nothing of the importer is used.
"""

import asyncio
import json
import re
import xml.etree.ElementTree as Xml
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from services.trials.api import router
from services.trials.handlers import SERVICE as TRIALS
from shared.stack.cli import app
from tests.support import identity
from tests.support.served import served
from tests.support.stack import Servers, until
from tests.unit.trials.trials_records import DATA, needs_data

pytestmark = needs_data
STUDIES, LEGACY = DATA / "v2" / "studies.ndjson", DATA / "legacy_xml"


class Case(NamedTuple):
    """What is particular of a record, and where its status puts the trial (domain.md, section 3)."""

    what: str
    lifecycle: str


CASES = {
    "NCT03318939": Case("terminated, with the reason, 63 sites in eight countries", "admin_completed"),
    "NCT04402008": Case("results with participant flow in seven groups, two phases", "admin_completed"),
    "NCT02795884": Case("withdrawn, nobody enrolled, no sites", "withdrawn"),
    "NCT04728893": Case("106 sites of three statuses in 22 countries", "active"),
    "NCT02552212": Case("completed with results, a biological, expanded access beside it", "completed"),
    "NCT06136923": Case("a device in eight arms", "completed"),
    "NCT01998425": Case("observational, its status not confirmed for years", "active"),
    "NCT02724163": Case("seven arms, 68 sites that recruit", "active"),
    "NCT01220531": Case("the old format, expanded access", "registry_only"),
    "NCT01380080": Case("the old format, with results", "completed"),
}
DATES = {
    "start": ("startDateStruct", "start_date"),
    "primary_completion": ("primaryCompletionDateStruct", "primary_completion_date"),
    "completion": ("completionDateStruct", "completion_date"),
    "first_posted": ("studyFirstPostDateStruct", "study_first_posted"),
    "results_posted": ("resultsFirstPostDateStruct", "results_first_posted"),
}
Facts = dict[str, Any]


@pytest.fixture(scope="module")
def sources() -> dict[str, Facts]:
    """What each source says, in words of this test."""
    with STUDIES.open() as lines:
        studies = {nct: study for study in map(json.loads, lines) if (nct := _nct(study)) in CASES}
    found = {nct: _of_json(study) for nct, study in studies.items()}
    for nct in CASES.keys() - found.keys():
        found[nct] = _of_xml(Xml.parse(LEGACY / f"{nct}.xml").getroot())  # noqa: S314  a file of ours
    return found


def _nct(study: Facts) -> str:
    return str(study["protocolSection"]["identificationModule"]["nctId"])


def _of_json(study: Facts) -> Facts:
    protocol = study["protocolSection"]
    ids, status, design = (protocol[f"{n}Module"] for n in ("identification", "status", "design"))
    given, who = protocol["armsInterventionsModule"], protocol["eligibilityModule"]
    outcomes = protocol["outcomesModule"]
    places = protocol.get("contactsLocationsModule", {}).get("locations", [])
    flow = study.get("resultsSection", {}).get("participantFlowModule", {})
    titles = {group["id"]: group["title"] for group in flow.get("groups", [])}
    parts = (("milestones", "achievements"), ("dropWithdraws", "reasons"))
    return {
        "status": status["overallStatus"],
        "last_known": status.get("lastKnownStatus"),
        "why": status.get("whyStopped"),
        "title": ids["briefTitle"],
        "official": ids.get("officialTitle"),
        "sponsor": protocol["sponsorCollaboratorsModule"]["leadSponsor"]["name"],
        "study_type": design["studyType"],
        "phases": design.get("phases", []),
        "enrolment": (design["enrollmentInfo"]["count"], design["enrollmentInfo"]["type"].lower()),
        "conditions": protocol["conditionsModule"]["conditions"],
        "interventions": [(one["type"], one["name"]) for one in given.get("interventions", [])],
        "arms": [
            (arm["label"], arm.get("type"), sorted(arm.get("interventionNames", [])))
            for arm in given.get("armGroups", [])
        ],
        "eligibility": (
            *(who.get(name) for name in ("sex", "minimumAge", "maximumAge", "healthyVolunteers")),
            who["eligibilityCriteria"].strip(),
        ),
        "primary": [(one["measure"], one.get("timeFrame")) for one in outcomes["primaryOutcomes"]],
        "others": [len(outcomes.get(f"{role}Outcomes", [])) for role in ("secondary", "other")],
        "dates": {
            name: (day["date"], day.get("type", "").lower() or None)
            for name, (field, _) in DATES.items()
            if (day := status.get(field))
        },
        "sites": sorted(
            tuple(place.get(name) or "" for name in ("city", "country", "status", "facility"))
            for place in places
        ),
        "flow": [
            (period["title"], titles[cell["groupId"]], row["type"], int(cell["numSubjects"]))
            for period in flow.get("periods", [])
            for rows, cells in parts
            for row in period.get(rows, [])
            for cell in row[cells]
            if "numSubjects" in cell
        ],
    }


def _of_xml(root: Xml.Element) -> Facts:
    def text(path: str, of: Xml.Element = root) -> str | None:
        return (of.findtext(path) or "").strip() or None

    def code(words: str | None) -> str | None:
        return words and words.replace(",", "").replace(" ", "_").upper().replace("PHASE_", "PHASE")

    def day(path: str) -> tuple[str, str | None]:
        said, kind = (
            str(text(path)),
            {"Actual": "actual", "Anticipated": "estimated", "Estimate": "estimated"},
        )
        exact = "," in said
        parsed = datetime.strptime(said, "%B %d, %Y" if exact else "%B %Y")  # noqa: DTZ007  a date
        element = root.find(path)
        stated = element.get("type", "") if element is not None else ""
        return parsed.strftime("%Y-%m-%d" if exact else "%Y-%m"), kind.get(stated)

    given = root.findall("intervention")
    size, who = root.find("enrollment"), root.findtext("eligibility/healthy_volunteers")
    titles = {
        group.get("group_id"): text("title", group)
        for group in root.iterfind("clinical_results/participant_flow/group_list/group")
    }
    return {
        "status": code(text("overall_status")),
        "last_known": code(text("last_known_status")),
        "why": text("why_stopped"),
        "title": text("brief_title"),
        "official": text("official_title"),
        "sponsor": text("sponsors/lead_sponsor/agency"),
        "study_type": code(text("study_type")),
        "phases": [phase] if (phase := code(text("phase"))) else [],
        "enrolment": (None, None) if size is None else (int(size.text or ""), size.get("type", "").lower()),
        "conditions": [one.text for one in root.findall("condition")],
        "interventions": [
            (code(text("intervention_type", one)), text("intervention_name", one)) for one in given
        ],
        "arms": [
            (
                label := text("arm_group_label", arm),
                code(text("arm_group_type", arm)),
                sorted(
                    f"{text('intervention_type', one)}: {text('intervention_name', one)}"
                    for one in given
                    if label in [named.text for named in one.findall("arm_group_label")]
                ),
            )
            for arm in root.findall("arm_group")
        ],
        "eligibility": (
            code(text("eligibility/gender")),
            *(
                None if (age := text(f"eligibility/{which}_age")) == "N/A" else age
                for which in ("minimum", "maximum")
            ),
            {"No": False, "Accepts Healthy Volunteers": True}.get(who or ""),
            text("eligibility/criteria/textblock"),
        ),
        "primary": [
            (text("measure", one), text("time_frame", one)) for one in root.findall("primary_outcome")
        ],
        "others": [len(root.findall(f"{role}_outcome")) for role in ("secondary", "other")],
        "dates": {name: day(path) for name, (_, path) in DATES.items() if text(path)},
        "sites": sorted(
            (
                *(text(f"facility/address/{part}", place) or "" for part in ("city", "country")),
                code(text("status", place)) or "",
                text("facility/name", place) or "",
            )
            for place in root.findall("location")
        ),
        "flow": [
            (
                text("title", period),
                titles[cell.get("group_id")],
                text("title", row),
                int(cell.get("count", "")),
            )
            for period in root.iterfind("clinical_results/participant_flow/period_list/period")
            for path in ("milestone_list/milestone", "drop_withdraw_reason_list/drop_withdraw_reason")
            for row in period.iterfind(path)
            for cell in row.iterfind("participants_list/participants")
        ],
    }


def _shown(page: Facts, sites: list[Facts]) -> Facts:
    """The same facts as the page has them."""
    told = page["registry"]
    who, flow = told["eligibility"], told["flow"] or {"groups": {}, "periods": []}
    roles = [one["role"] for one in told["outcomes"]]
    return {
        "status": page["registry_status"],
        "last_known": told["last_known_status"],
        "why": page["why_stopped"],
        "title": page["title"],
        "official": told["official_title"],
        "sponsor": page["sponsor_name"],
        "study_type": page["study_type"],
        "phases": page["phases"],
        "enrolment": (told["enrolment"], told["enrolment_kind"]),
        "conditions": page["conditions"],
        "interventions": [(one["kind"], one["name"]) for one in told["interventions"]],
        "arms": [(arm["label"], arm["kind"], sorted(arm["interventions"])) for arm in told["arms"]],
        "eligibility": tuple(
            who[name] for name in ("sex", "minimum_age", "maximum_age", "healthy_volunteers", "criteria")
        ),
        "primary": [
            (one["measure"], one["time_frame"]) for one in told["outcomes"] if one["role"] == "primary"
        ],
        "others": [roles.count(role) for role in ("secondary", "other")],
        "dates": {name: (told[name]["text"], told[name]["kind"]) for name in DATES if told[name]},
        "sites": sorted(
            tuple(site[name] or "" for name in ("city", "country", "registry_status", "name"))
            for site in sites
        ),
        "flow": [
            (period["title"], flow["groups"][group], row["name"], count)
            for period in flow["periods"]
            for row in (*period["milestones"], *period["left"])
            for group, count in row["participants"].items()
        ],
    }


async def trialwire(*arguments: str) -> str:
    """What the command prints; it runs a loop of its own."""
    answer = await asyncio.to_thread(CliRunner().invoke, app, list(arguments))
    assert answer.exit_code == 0, answer.output
    return answer.stdout


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shown(
    servers: Servers, sources: dict[str, Facts], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, tuple[Facts, list[Facts], str]]]:
    """Of each trial: the page as JSON, the list of its sites, and the page for a person, after one import."""
    folder = tmp_path_factory.mktemp("registry")
    (folder / "token").write_text(identity.issuer().token("d-01", ["developer"], sponsors=["*"]))
    records = folder / "some.ndjson"
    with STUDIES.open() as lines:
        records.write_text("".join(line for line in lines if _nct(json.loads(line)) in CASES))
    old = [str(path) for nct in CASES if (path := LEGACY / f"{nct}.xml").exists()]
    async with served(servers, TRIALS, queries=router) as (client, running):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TRIALWIRE_TOKEN_FILE", str(folder / "token"))
            patch.setenv("TRIALWIRE_TRIALS_URL", str(client.base_url))
            told = json.loads(await trialwire("import", "ctgov", str(records), *old, "--json"))
            assert (told["imported"], told["rejected"]) == (len(CASES), [])
            places = sum(len(source["sites"]) for source in sources.values())

            async def identified() -> bool:  # sites follow as reactions, a moment later
                return bool(await running.state.pool.fetchval("SELECT count(*) FROM site") == places)

            await until(identified, 60)
            yield {nct: await _asked(nct) for nct in CASES}


async def _asked(nct: str) -> tuple[Facts, list[Facts], str]:
    page = json.loads(await trialwire("trial", "show", nct, "--json"))
    sites = json.loads(await trialwire("site", "list", nct, "--limit", "2000", "--json"))
    return page, sites["items"], await trialwire("trial", "show", nct)


@pytest.mark.parametrize("nct", CASES)
def test_the_page_says_what_the_record_says(
    nct: str, sources: dict[str, Facts], shown: dict[str, tuple[Facts, list[Facts], str]]
) -> None:
    page, sites, _ = shown[nct]
    found, source = _shown(page, sites), sources[nct]
    for field, said in source.items():
        assert found[field] == said, f"{CASES[nct].what}: {field}"
    assert page["lifecycle"]["status"] == CASES[nct].lifecycle
    assert page["first_sites"]["count"] == sum(page["sites"].values()) == len(source["sites"])
    first = [
        (row["city"], row["country"], row["registry_status"] or "") for row in page["first_sites"]["items"]
    ]
    assert len(first) == min(50, len(sites))
    assert set(first) <= {site[:3] for site in source["sites"]}


@pytest.mark.parametrize("nct", CASES)
def test_a_person_reads_what_the_record_says(
    nct: str, sources: dict[str, Facts], shown: dict[str, tuple[Facts, list[Facts], str]]
) -> None:
    source, (page, _, output) = sources[nct], shown[nct]
    lines = [" ".join(line.split()) for line in output.splitlines()]
    for wanted in _lines(nct, source):
        assert " ".join(wanted.split()) in lines, f"{CASES[nct].what}: {wanted}"
    for row in page["first_sites"]["items"]:
        wanted = " ".join(
            filter(None, (row["city"], row["country"], "identified", row["registry_status"], row["name"]))
        )
        assert " ".join(wanted.split()) in lines
    for label, kind, given in source["arms"]:
        (line,) = (line for line in lines if line.startswith(" ".join(f"arm {label}".split())))
        assert all(" ".join(one.split()) in line for one in (kind or "", *given))
    for period, group, name, count in source["flow"]:
        if (
            count or name.isupper()
        ):  # a milestone that nobody came to is told, a reason that nobody had is not
            begins, holds = (
                f"flow {period}, {group}: ",
                re.compile(re.escape(f"{name} {count}") + "(?:[,;]|$)"),
            )
            assert any(line.startswith(begins) and holds.search(line) for line in lines), (
                period,
                group,
                name,
            )


def _lines(nct: str, source: Facts) -> Iterator[str]:
    """Lines of the page for a person, as the source words them."""
    yield f"trial {nct} {source['title']}"
    yield f"sponsor {source['sponsor']}"
    yield f"status {CASES[nct].lifecycle} (registry: {source['status']})"
    yield f"phase {', '.join(source['phases']) or 'none'} ({source['study_type']})"
    yield f"conditions {'; '.join(source['conditions'])}"
    if source["interventions"]:
        yield "studies " + "; ".join(f"{kind}: {name}" for kind, name in source["interventions"])
    for label, field in {"official": "official", "last known": "last_known", "stopped": "why"}.items():
        if source[field]:
            yield f"{label} {source[field]}"
    size, kind = source["enrolment"]
    if size is not None:
        yield f"enrolment {size} participants ({kind}), by the registry"
    sex, youngest, oldest, healthy, criteria = source["eligibility"]
    ages = " ".join(f"{which} {age}" for which, age in (("from", youngest), ("to", oldest)) if age)
    volunteers = {True: "healthy volunteers", False: "no healthy volunteers", None: ""}[healthy]
    yield "eligible " + ", ".join(
        filter(None, (sex, ages, volunteers, f"criteria of {len(criteria)} characters"))
    )
    labels = dict(zip(DATES, ("start", "primary end", "end", "posted", "results"), strict=True))
    for name, (day, sure) in source["dates"].items():
        yield f"{labels[name]} {day}{f' ({sure})' if sure else ''}"
    for measure, frame in source["primary"]:
        yield f"primary {measure} ({frame or 'time not stated'})"
