"""From OpenTelemetry's spans to Zipkin's."""

import pytest
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from shared.stack.otlp import zipkin_spans

TRACE, PARENT, OWN = b"\x01" * 16, b"\x02" * 8, b"\x03" * 8


def text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def translated(span: Span) -> dict[str, object]:
    resource = ResourceSpans(
        resource=Resource(attributes=[text("service.name", "safety")]), scope_spans=[ScopeSpans(spans=[span])]
    )
    (found,) = zipkin_spans(ExportTraceServiceRequest(resource_spans=[resource]).SerializeToString())
    return found


def test_ids_times_kind_and_service_are_kept() -> None:
    span = Span(
        trace_id=TRACE, span_id=OWN, parent_span_id=PARENT, name="process safety.events",
        kind=Span.SPAN_KIND_CONSUMER, start_time_unix_nano=5_000_000, end_time_unix_nano=9_000_000,
    )  # fmt: skip
    found = translated(span)
    assert found["traceId"] == "01" * 16
    assert found["parentId"] == "02" * 8
    assert (found["timestamp"], found["duration"]) == (5000, 4000)
    assert found["kind"] == "CONSUMER"
    assert found["localEndpoint"] == {"serviceName": "safety"}


def test_a_root_span_has_no_parent_and_an_internal_one_no_kind() -> None:
    found = translated(Span(trace_id=TRACE, span_id=OWN, name="n", kind=Span.SPAN_KIND_INTERNAL))
    assert "parentId" not in found
    assert "kind" not in found


def test_a_span_shorter_than_a_microsecond_still_has_a_duration() -> None:
    span = Span(trace_id=TRACE, span_id=OWN, start_time_unix_nano=1000, end_time_unix_nano=1400)
    assert translated(span)["duration"] == 1


def test_links_become_tags_that_name_trace_and_span() -> None:
    found = translated(Span(trace_id=TRACE, span_id=OWN, links=[Span.Link(trace_id=TRACE, span_id=PARENT)]))
    assert found["tags"] == {"otel.link.0": f"{'01' * 16}/{'02' * 8}"}


def test_an_error_is_marked_as_zipkin_marks_it() -> None:
    status = Status(code=Status.STATUS_CODE_ERROR, message="refused")
    assert translated(Span(trace_id=TRACE, span_id=OWN, status=status))["tags"] == {"error": "refused"}


def test_attributes_of_every_type_become_text() -> None:
    values = ArrayValue(values=[AnyValue(int_value=1), AnyValue(bool_value=True)])
    attributes = [KeyValue(key="a", value=AnyValue(array_value=values)), KeyValue(key="b", value=AnyValue())]
    assert translated(Span(trace_id=TRACE, span_id=OWN, attributes=attributes))["tags"] == {
        "a": "1,true",
        "b": "",
    }


def test_other_bytes_are_refused() -> None:
    with pytest.raises(DecodeError):
        zipkin_spans(b"\xff\xffnot protobuf")
