"""Traces: spans with today's messaging conventions, and the context that travels with a message."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("trialwire")


def configure(service: str, endpoint: str | None) -> TracerProvider:
    """Send this process's spans to an OTLP/HTTP endpoint; without one they are made and dropped."""
    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.namespace": "trialwire"})
    )
    if endpoint:
        exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + "/v1/traces", timeout=5)
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=500))
    global _tracer
    _tracer = provider.get_tracer("trialwire")
    return provider


def traceparent() -> str | None:
    """The W3C context of the current span."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def context_of(parent: str | None) -> context.Context:
    """The context behind a W3C traceparent; a root where it is missing or malformed."""
    return _PROPAGATOR.extract({"traceparent": parent} if parent else {}, context.Context())


def link_to(parent: str | None) -> list[Link]:
    span = trace.get_current_span(context_of(parent)).get_span_context()
    return [Link(span)] if span.is_valid else []


def correlate(correlation: UUID) -> None:
    """Name the story that the current span is part of: whatever appends can be found by it."""
    trace.get_current_span().set_attribute("trialwire.correlation_id", str(correlation))


def follow(parent: str | None) -> None:
    """Link the current span to what it follows, where that was another trace: a burst of another day."""
    current = trace.get_current_span()
    if parent and parent[3:35] != f"{current.get_span_context().trace_id:032x}":
        for link in link_to(parent):
            current.add_link(link.context)


def concern(correlation: UUID, stream: UUID) -> None:
    """Name on the current span what a command came to be about."""
    correlate(correlation)
    trace.get_current_span().set_attribute("trialwire.stream_id", str(stream))


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, Any] | None = None,
    parent: context.Context | None = None,
    links: Sequence[Link] = (),
) -> Iterator[Span]:
    """A span, current inside the block. An exception marks it ERROR by its type; its text stays out."""
    started = _tracer.start_span(name, parent, kind, attributes, links)
    token = context.attach(trace.set_span_in_context(started))
    try:
        yield started
    except Exception as fault:
        started.set_attribute("error.type", type(fault).__qualname__)
        started.set_status(Status(StatusCode.ERROR))
        raise
    finally:
        context.detach(token)
        started.end()


def messaging(operation: str, destination: str, **more: Any) -> dict[str, Any]:
    """The attributes of a messaging span. Never the record's key: it may identify a trial to a stranger."""
    return {
        "messaging.system": "kafka",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": destination,
        **{name.replace("__", "."): value for name, value in more.items() if value is not None},
    }
