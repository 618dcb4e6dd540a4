"""OpenTelemetry spans as Zipkin's: pure translation of one export request."""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

# Zipkin has no internal spans: a span without a kind is a local one there.
_KIND = {
    Span.SPAN_KIND_SERVER: "SERVER", Span.SPAN_KIND_CLIENT: "CLIENT",
    Span.SPAN_KIND_PRODUCER: "PRODUCER", Span.SPAN_KIND_CONSUMER: "CONSUMER",
}  # fmt: skip


def zipkin_spans(body: bytes) -> list[dict[str, Any]]:
    """Translate a protobuf export request; raises `google.protobuf.message.DecodeError` on other bytes."""
    request = ExportTraceServiceRequest.FromString(body)
    return [
        _span(span, _tags(list(resource.resource.attributes)), scope.scope.name)
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _span(span: Span, resource: dict[str, str], scope: str) -> dict[str, Any]:
    tags = _tags(list(span.attributes)) | _links(span) | ({"otel.scope.name": scope} if scope else {})
    if span.status.code == Status.STATUS_CODE_ERROR:
        tags["error"] = span.status.message or tags.get("error.type", "error")
    start, end = span.start_time_unix_nano // 1000, span.end_time_unix_nano // 1000
    translated: dict[str, Any] = {
        "traceId": span.trace_id.hex(),
        "id": span.span_id.hex(),
        "name": span.name,
        "timestamp": start,
        "duration": max(1, end - start),  # Zipkin takes 0 for unknown
        "localEndpoint": {"serviceName": resource.get("service.name", "unknown")},
        "tags": tags,
        "annotations": [
            {"timestamp": event.time_unix_nano // 1000, "value": event.name} for event in span.events
        ],
    }
    if span.parent_span_id:
        translated["parentId"] = span.parent_span_id.hex()
    if span.kind in _KIND:
        translated["kind"] = _KIND[span.kind]
    if span.kind in (Span.SPAN_KIND_PRODUCER, Span.SPAN_KIND_CONSUMER):
        translated["remoteEndpoint"] = {"serviceName": tags.get("messaging.system", "kafka")}
    return translated


def _links(span: Span) -> dict[str, str]:
    """Zipkin has no links; as tags they can at least be read and searched."""
    return {
        f"otel.link.{number}": f"{link.trace_id.hex()}/{link.span_id.hex()}"
        for number, link in enumerate(span.links)
    }


def _tags(attributes: list[KeyValue]) -> dict[str, str]:
    return {attribute.key: _text(attribute.value) for attribute in attributes}


def _text(value: AnyValue) -> str:
    match value.WhichOneof("value"):
        case "bool_value":
            return "true" if value.bool_value else "false"
        case "array_value":
            return ",".join(_text(item) for item in value.array_value.values)
        case "kvlist_value":
            return ",".join(f"{item.key}={_text(item.value)}" for item in value.kvlist_value.values)
        case "bytes_value":
            return value.bytes_value.hex()
        case None:
            return ""
        case kind:
            return str(getattr(value, kind))
