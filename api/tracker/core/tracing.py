"""Traces by OpenTelemetry, where `OTEL_EXPORTER_OTLP_ENDPOINT` says where to send them.

Nothing of it is imported elsewhere: without that setting it costs nothing, and needs not be installed.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import version
from typing import Any, cast

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, format_trace_id
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from tracker.core.observability import request_id_of
from tracker.core.request import viewer_of

UNTRACED = ("/health", "/metrics")
"""What is asked again and again, by programs."""
MOST_SQL_CHARACTERS = 2000
LAST_SECONDS = 3.0
_SERVER_ERROR = 500
# Not in SQLAlchemy's context of the execution: the quickest reads have none.
_STATEMENT: ContextVar[Span | None] = ContextVar("statement", default=None)


class Tracing:
    """One process' spans: of requests, of jobs, and below these of SQL statements. They hold nothing that people wrote.

    Args:
        service: what the process is called, unless `OTEL_SERVICE_NAME` says otherwise.
    """

    def __init__(self, service: str) -> None:
        resource = Resource.create({"service.version": version("issues-insights-tracker")})
        if str(resource.attributes["service.name"]).startswith("unknown_service"):
            resource = resource.merge(Resource({"service.name": service}))
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("tracker")

    def traced(self, app: ASGIApp) -> ASGIApp:
        """Wraps the whole application. Goes on with the trace that a proxy has begun."""

        async def trace(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"].startswith(UNTRACED):
                await app(scope, receive, send)
                return
            carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            status = 0

            async def send_on(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            span_of = self._tracer.start_as_current_span(
                scope["method"],
                extract(carrier),
                SpanKind.SERVER,
                record_exception=False,
                set_status_on_exception=False,
            )
            with span_of as span:
                scope.setdefault("state", {})["trace_id"] = format_trace_id(span.get_span_context().trace_id)
                try:
                    await app(scope, receive, send_on)
                finally:
                    _describe(span, scope, status)

        return trace

    @contextmanager
    def job(self, name: str) -> Generator[None]:
        with self._tracer.start_as_current_span(f"job {name}", record_exception=False):
            yield

    def watch_statements(self, engine: AsyncEngine) -> None:
        """Makes a span of every statement: its text, in which values are but numbers of parameters."""
        event.listen(engine.sync_engine, "before_cursor_execute", self._begin_statement)
        event.listen(engine.sync_engine, "after_cursor_execute", _end_statement)
        event.listen(engine.sync_engine, "handle_error", _fail_statement)

    async def aclose(self) -> None:
        """Sends what is left, if that is soon done."""
        await asyncio.to_thread(self._provider.force_flush, round(LAST_SECONDS * 1000))
        await asyncio.to_thread(self._provider.shutdown)

    def _begin_statement(self, *execution: Any) -> None:
        statement: str = execution[2]
        verb = statement.split(None, 1)[0].upper() if statement.strip() else "SQL"
        span = self._tracer.start_span(verb, kind=SpanKind.CLIENT)
        span.set_attributes({"db.system.name": "postgresql", "db.query.text": statement[:MOST_SQL_CHARACTERS]})
        _STATEMENT.set(span)


def _describe(span: Span, scope: HTTPScope, status: int) -> None:
    route: str = cast("dict[str, Any]", scope).get("path_template", "")
    span.update_name(f"{scope['method']} {route}" if route else scope["method"])
    span.set_attributes(
        {
            "http.request.method": scope["method"],
            "http.route": route,
            "http.response.status_code": status,
            "request_id": request_id_of(scope),
        }
    )
    if viewer := viewer_of(scope):
        span.set_attribute("user.id", str(viewer.id))
    if status >= _SERVER_ERROR or not status:
        span.set_status(StatusCode.ERROR)


def _end_statement(*_: Any) -> None:
    if span := _STATEMENT.get():
        span.end()


def _fail_statement(failure: Any) -> None:
    if span := _STATEMENT.get():
        span.set_status(StatusCode.ERROR, type(failure.original_exception).__name__)
        span.end()
