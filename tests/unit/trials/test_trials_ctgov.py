"""Reading registry records: real ones, odd ones and broken ones."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trials.commands.trial import RecordRegistryEntry
from services.trials.domain.registry import lifecycle_status
from services.trials.imports.ctgov import Rejection, entries, split
from tests.unit.trials.trials_records import DATA, chunks, needs_data, placed, study


def read(*parts: bytes) -> list[RecordRegistryEntry | Rejection]:
    return list(entries(parts))


def one(record: Any) -> RecordRegistryEntry:
    found = read(json.dumps(record).encode())
    assert len(found) == 1
    assert isinstance(found[0], RecordRegistryEntry), found
    return found[0]


def rejected(record: Any) -> Rejection:
    found = read(json.dumps(record).encode() if not isinstance(record, bytes) else record)
    assert len(found) == 1
    assert isinstance(found[0], Rejection), found
    return found[0]


@needs_data
def test_every_v2_record_is_read() -> None:
    found = list(entries(chunks(DATA / "v2" / "studies.ndjson")))
    assert len(found) == 302
    assert not [record for record in found if isinstance(record, Rejection)]


@needs_data
def test_every_legacy_record_is_read() -> None:
    files = sorted((DATA / "legacy_xml").glob("*.xml"))
    found = [record for file in files for record in entries(chunks(file))]
    assert len(found) == 41
    assert not [record for record in found if isinstance(record, Rejection)]
    assert {record.nct for record in found if isinstance(record, RecordRegistryEntry)} == {
        file.stem for file in files
    }


@needs_data
def test_documents_one_after_the_other_are_read_as_well() -> None:
    files = sorted((DATA / "legacy_xml").glob("*.xml"))[:5]
    assert len(list(entries(chunk for file in files for chunk in chunks(file)))) == 5


@needs_data
def test_no_contact_of_staff_is_kept() -> None:
    for record in entries(chunks(DATA / "legacy_xml" / "NCT03133988.xml")):
        assert isinstance(record, RecordRegistryEntry)
        assert "@" not in record.model_dump_json()


@needs_data
def test_an_array_a_page_and_pretty_print_read_like_lines() -> None:
    lines = (DATA / "v2" / "studies.ndjson").read_bytes().splitlines()[:20]
    expected = read(b"\n".join(lines))
    studies = [json.loads(line) for line in lines]
    for shape in (
        json.dumps(studies).encode(),
        json.dumps(studies, indent=2).encode(),
        json.dumps({"studies": studies, "nextPageToken": "t"}).encode(),
        json.dumps({"totalCount": 20, "studies": studies}, indent=1).encode(),
        b"\n".join(json.dumps(record, indent=2).encode() for record in studies),
    ):
        assert list(entries(shape[n : n + 7001] for n in range(0, len(shape), 7001))) == expected


@given(st.integers(1, 200))
def test_where_the_stream_is_cut_does_not_matter(size: int) -> None:
    whole = b"\n".join(json.dumps(study(f"NCT0000000{n}")).encode() for n in range(4))
    assert list(entries(whole[n : n + size] for n in range(0, len(whole), size))) == read(whole)


def test_missing_modules_are_fine() -> None:
    record = one({"protocolSection": {"identificationModule": {"nctId": "NCT00000001"}}})
    assert record.facts.title == "NCT00000001"
    assert lifecycle_status(record.facts) == "registry_only"


def test_partial_dates_stay_partial() -> None:
    record = one(study(startDateStruct={"date": "2015-08"}, completionDateStruct={"date": "2016-02-29"}))
    assert record.facts.start is not None
    assert (record.facts.start.text, record.facts.start.precision) == ("2015-08", "month")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("NOT_YET_RECRUITING", "approved"),
        ("RECRUITING", "active"),
        ("ENROLLING_BY_INVITATION", "active"),
        ("ACTIVE_NOT_RECRUITING", "closed_accrual"),
        ("SUSPENDED", "active"),
        ("TERMINATED", "admin_completed"),
        ("COMPLETED", "completed"),
        ("WITHDRAWN", "withdrawn"),
        ("AVAILABLE", "registry_only"),
        ("NO_LONGER_AVAILABLE", "registry_only"),
        ("TEMPORARILY_NOT_AVAILABLE", "registry_only"),
        ("APPROVED_FOR_MARKETING", "registry_only"),
        ("WITHHELD", "registry_only"),
        ("UNKNOWN", "registry_only"),
    ],
)
def test_each_registry_code_means_a_status(code: str, status: str) -> None:
    assert lifecycle_status(one(study(overallStatus=code)).facts) == status


@pytest.mark.parametrize("code", ["SUSPENDED", "TERMINATED", "WITHDRAWN"])
def test_what_ended_or_paused_keeps_the_registry_s_reason(code: str) -> None:
    assert one(study(overallStatus=code, whyStopped="No funds")).facts.why_stopped == "No funds"


def test_facts_are_measured_in_bytes_and_not_in_characters() -> None:
    record = study(overallStatus="RECRUITING")
    record["protocolSection"]["conditionsModule"] = {"conditions": ["試" * 3_900 for _ in range(40)]}
    assert rejected(record).field == "protocolSection"


def test_an_unknown_status_keeps_the_last_known_one_and_a_flag() -> None:
    facts = one(study(overallStatus="UNKNOWN", lastKnownStatus="ACTIVE_NOT_RECRUITING")).facts
    assert (facts.status_unverified, lifecycle_status(facts)) == (True, "closed_accrual")


def test_two_equal_locations_are_two_sites_with_steady_ids() -> None:
    place = {"facility": "A hospital", "city": "A city", "country": "A country", "status": "RECRUITING"}
    first, second = one(placed(place, place)).sites
    assert first.site_id != second.site_id
    assert one(placed(place | {"status": "COMPLETED"})).sites[0].site_id == first.site_id


def designed(**design: Any) -> dict[str, Any]:
    record = study()
    record["protocolSection"]["designModule"] |= design
    return record


def overseen(**oversight: Any) -> dict[str, Any]:
    record = study()
    record["protocolSection"]["oversightModule"] = oversight
    return record


@pytest.mark.parametrize(
    ("record", "field", "reason"),
    [
        (study("NCT1"), "protocolSection.identificationModule.nctId", "NCT and eight digits"),
        (study("NCT0000000\u0661"), "protocolSection.identificationModule.nctId", "NCT and eight digits"),
        (study(overallStatus="OPEN"), "protocolSection.statusModule.overallStatus", "not a status"),
        (study(overallStatus=7), "protocolSection.statusModule.overallStatus", "is a number, not text"),
        (study(whyStopped="a\x00b"), "protocolSection.statusModule.whyStopped", "NUL"),
        (study(whyStopped="\ud800"), "protocolSection.statusModule.whyStopped", "surrogate"),
        (study(whyStopped="x" * 5000), "protocolSection.statusModule.whyStopped", "5000 characters"),
        (
            study(startDateStruct={"date": "2015-02-30"}),
            "protocolSection.statusModule.startDateStruct.date",
            "not in the calendar",
        ),
        (
            study(startDateStruct={"date": "soon"}),
            "protocolSection.statusModule.startDateStruct.date",
            "YYYY-MM-DD",
        ),
        (study(startDateStruct=[]), "protocolSection.statusModule.startDateStruct", "is a list"),
        (placed({"facility": {}}), "protocolSection.contactsLocationsModule.locations[0].facility", "text"),
        (designed(phases="PHASE1"), "protocolSection.designModule.phases", "is text, not a list"),
        (designed(phases=["PHASE1", None]), "protocolSection.designModule.phases[1]", "is null, not text"),
        (
            designed(enrollmentInfo={"count": 1.5}),
            "protocolSection.designModule.enrollmentInfo.count",
            "is a number, not a whole number",
        ),
        (
            designed(enrollmentInfo={"count": True}),
            "protocolSection.designModule.enrollmentInfo.count",
            "is true or false, not a whole number",
        ),
        (
            designed(enrollmentInfo={"count": -1}),
            "protocolSection.designModule.enrollmentInfo.count",
            "is -1, outside 0 to 2147483647",
        ),
        (
            overseen(isFdaRegulatedDrug="Yes"),
            "protocolSection.oversightModule.isFdaRegulatedDrug",
            "is text, not true or false",
        ),
        (
            placed({"geoPoint": {"lat": 90.5, "lon": 0}}),
            "protocolSection.contactsLocationsModule.locations[0].geoPoint.lat",
            "is not a number from -90 to 90",
        ),
        (
            placed({"geoPoint": {"lat": 0, "lon": True}}),
            "protocolSection.contactsLocationsModule.locations[0].geoPoint.lon",
            "is not a number from -180 to 180",
        ),
        ({"protocolSection": []}, "protocolSection", "is a list, not an object"),
        ({"studies": {}}, "protocolSection", "is missing"),
        ([[1, 2]], "protocolSection", "is missing"),
    ],
)
def test_a_rejection_names_record_field_and_true_reason(record: Any, field: str, reason: str) -> None:
    rejection = rejected(record)
    assert rejection.field == field
    assert reason in rejection.reason


def test_truncated_json_costs_its_own_record_only() -> None:
    whole = json.dumps(study()).encode()
    found = read(whole[:60] + b"\n" + whole + b"\n" + whole[:90])
    assert [isinstance(record, Rejection) for record in found] == [True, False, True]
    assert "is not JSON" in rejected(whole[:60]).reason


def test_a_truncated_array_keeps_what_came_before() -> None:
    whole = json.dumps([study(), study("NCT00000002")]).encode()
    found = read(whole[:-20])
    assert [isinstance(record, Rejection) for record in found] == [False, True]
    unclosed = read(json.dumps([study()]).encode()[:-1])
    assert [isinstance(record, Rejection) for record in unclosed] == [False, True]


@pytest.mark.parametrize(
    "junk",
    [b"\xff\xfe\x00", b"null", b"%PDF-1.7", b"nct_id,status\n", b'{"a": 1' + b"[" * 100_000, b"{}", b"[5]"],
)
def test_what_is_no_record_is_rejected_and_not_raised(junk: bytes) -> None:
    found = read(junk)
    assert found
    assert all(isinstance(record, Rejection) for record in found)


def test_numbers_too_long_to_read_are_rejected() -> None:
    assert "not JSON" in rejected(b'{"a": ' + b"9" * 5000 + b"}").reason


@pytest.mark.parametrize("nothing", [b"", b"  \n ", b"[]", b"\xef\xbb\xbf"])
def test_an_empty_upload_has_no_records(nothing: bytes) -> None:
    assert read(nothing) == []


def test_a_record_beyond_the_limit_is_told_and_the_next_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "RECORD_LIMIT", 2000)
    large = json.dumps(study(whyStopped="x" * 3000)).encode()
    small = json.dumps(study()).encode()
    stream = large + b"\n" + small + b"\n"
    found = list(entries(stream[n : n + 500] for n in range(0, len(stream), 500)))
    assert [isinstance(record, Rejection) for record in found] == [True, False]


def pieces(whole: bytes, size: int = 500) -> list[bytes]:
    return [whole[n : n + size] for n in range(0, len(whole), size)]


@pytest.mark.parametrize("length", [2_000, 3_000, 9_000])
def test_a_line_beyond_the_limit_is_told_once_however_long_it_is(
    monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    monkeypatch.setattr(split, "RECORD_LIMIT", 2000)
    large, small = json.dumps(study(whyStopped="x" * length)).encode(), json.dumps(study()).encode()
    found = read(*pieces(large + b"\n" + small))
    assert [isinstance(record, Rejection) for record in found] == [True, False]
    assert "larger than" in found[0].reason  # type: ignore[union-attr]


def test_a_line_beyond_the_limit_at_the_end_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "RECORD_LIMIT", 2000)
    large, small = json.dumps(study(whyStopped="x" * 9_000)).encode(), json.dumps(study()).encode()
    found = read(*pieces(small + b"\n" + large))
    assert [isinstance(record, Rejection) for record in found] == [False, True]


def test_a_record_of_many_lines_beyond_the_limit_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "RECORD_LIMIT", 2000)
    many = study()
    many["protocolSection"]["conditionsModule"] = {"conditions": ["x" * 100] * 30}
    large, small = json.dumps(many, indent=2).encode(), json.dumps(study("NCT00000002")).encode()
    found = read(*pieces(large + b"\n" + small))
    assert "larger than" in found[0].reason  # type: ignore[union-attr]
    assert [record.nct for record in found if isinstance(record, RecordRegistryEntry)] == ["NCT00000002"]


def test_an_element_beyond_the_limit_is_told_after_those_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "RECORD_LIMIT", 2000)
    array = json.dumps([study(), study(whyStopped="x" * 3000)]).encode()
    found = read(*pieces(array))
    assert [isinstance(record, Rejection) for record in found] == [False, True]
    assert "larger than" in found[1].reason  # type: ignore[union-attr]


def legacy(nct: str, why: str = "") -> bytes:
    stopped = f"<why_stopped>{why}</why_stopped>"
    body = f"<id_info><nct_id>{nct}</nct_id></id_info>{stopped}"
    return f"<clinical_study>{body}</clinical_study>".encode()


@pytest.mark.parametrize("length", [2_600, 9_000])
def test_a_document_beyond_the_limit_is_told_once_and_the_next_one_read(
    monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    monkeypatch.setattr(split, "RECORD_LIMIT", 2000)
    found = read(*pieces(legacy("NCT00000001", "x" * length) + b"\n" + legacy("NCT00000002")))
    assert [isinstance(record, Rejection) for record in found] == [True, False]
    assert found[1].nct == "NCT00000002"  # type: ignore[union-attr]


def test_lines_without_a_record_are_passed_over() -> None:
    whole = json.dumps(study()).encode()
    assert read(whole + b"\n\n  \n" + whole + b"\n\n") == [one(study()), one(study())]


def test_what_is_not_utf_8_is_rejected_with_its_place() -> None:
    assert rejected(b'{"a": "\xe9"}').reason == "is not UTF-8 at byte 7"


def test_what_is_nested_without_end_is_rejected() -> None:
    nested = b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert rejected(nested).reason == "is nested too deeply"


@pytest.mark.parametrize(
    "prolog",
    [
        b'<!DOCTYPE a [<!ENTITY b "cccc"><!ENTITY d "&b;&b;&b;">]>',
        b'<!DOCTYPE a SYSTEM "http://localhost/x.dtd">',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_a_document_type_is_refused_whatever_it_declares(prolog: bytes) -> None:
    rejection = rejected(
        prolog + b"<clinical_study><id_info><nct_id>NCT00000001</nct_id></id_info></clinical_study>"
    )
    assert rejection.id == "NCT00000001"
    assert "DTD" in rejection.reason


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"<clinical_study><id_info>", "not well-formed"),
        (b"<html></html>", "its root is 'html'"),
        (b'<?xml version="1.0" encoding="no-such"?><clinical_study></clinical_study>', "not well-formed"),
        (b"<clinical_study></clinical_study>", "is missing"),
        (
            b"<clinical_study><id_info><nct_id>NCT00000001</nct_id></id_info>"
            b"<start_date>Smarch 2001</start_date></clinical_study>",
            "is not a date",
        ),
        (
            b"<clinical_study><id_info><nct_id>NCT00000001</nct_id></id_info>"
            b"<enrollment>about 40</enrollment></clinical_study>",
            "'about 40' is not a whole number",
        ),
    ],
)
def test_broken_xml_is_rejected_with_its_reason(document: bytes, reason: str) -> None:
    assert reason in rejected(document).reason


@given(st.binary(max_size=300))
def test_no_bytes_whatever_raise(junk: bytes) -> None:
    for record in read(junk):
        assert isinstance(record, Rejection | RecordRegistryEntry)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["identificationModule", "statusModule", "designModule", "contactsLocationsModule"]),
)
def test_no_module_whatever_raises(module: Any, name: str) -> None:
    record = study()
    record["protocolSection"][name] = module
    for found in read(json.dumps(record).encode()):
        assert isinstance(found, Rejection | RecordRegistryEntry)
