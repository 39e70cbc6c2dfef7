"""Traces, as a collector of OpenTelemetry gets them."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from time import monotonic

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.people import Person, client_at
from tests.processes import TRACKER, environment_of, serving_process
from tracker.local.stack import free_port
from tracker.settings import Settings

CANARY = "c4n4ry"
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Collector:
    """Takes in what is sent to `/v1/traces`."""

    def __init__(self) -> None:
        self.raw = b""
        self.spans: list[Span] = []
        self.services: set[str] = set()
        self.address = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            body = await reader.readexactly(int(length.partition(b":")[2]))
            self.raw += head + body
            request = ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                self.services |= {a.value.string_value for a in resource.resource.attributes if a.key == "service.name"}
                self.spans += [span for scope in resource.scope_spans for span in scope.spans]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
async def collector() -> AsyncGenerator[Collector]:
    collector = Collector()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await collector.answer(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        collector.address = "http://127.0.0.1:{1}".format(*server.sockets[0].getsockname())
        yield collector


def attributes(span: Span) -> dict[str, str]:
    return {each.key: each.value.string_value or str(each.value.int_value) for each in span.attributes}


def below(parent: Span, spans: Sequence[Span]) -> list[Span]:
    return [span for span in spans if span.parent_span_id == parent.span_id]


async def test_a_request_is_a_span_with_its_statements_below_and_nothing_that_people_wrote(
    collector: Collector, settings: Settings, admin: Person, tmp_path: Path
) -> None:
    issue = await admin.open_issue(CANARY)
    environment = environment_of(settings) | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address}
    log = tmp_path / "log"
    with log.open("wb") as file:
        async with (
            serving_process(settings, environment=environment, log=file) as (_, address),
            client_at(address, headers={"Authorization": admin.headers["Authorization"]}) as client,
        ):
            begun = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
            await client.get(f"/issues/{issue['id']}?q={CANARY}", headers=begun)
            await client.post("/issues/", json={"title": CANARY, "description": CANARY})
            await client.get(f"/{CANARY}/of/a/stranger")
            await client.get("/metrics")
    spans = {span.name: span for span in collector.spans if span.kind == Span.SPAN_KIND_SERVER}
    assert set(spans) == {"GET /issues/{issue_id}", "POST /issues", "GET"}
    read = spans["GET /issues/{issue_id}"]
    assert read.trace_id.hex() == TRACE
    told = attributes(read)
    assert told["http.route"] == "/issues/{issue_id}"
    assert told["http.response.status_code"] == "200"
    assert told["user.id"] == str(admin.id)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    (line,) = [line for line in lines if line.get("trace_id") == TRACE]
    assert line["request_id"] == told["request_id"]
    statements = below(spans["POST /issues"], collector.spans)
    assert {"SELECT", "WITH"} <= {span.name for span in statements}
    assert all(attributes(span)["db.system.name"] == "postgresql" for span in statements)
    assert spans["GET"].status.code == Status.STATUS_CODE_UNSET
    assert collector.services == {"tracker-api"}
    for secret in (CANARY, admin.token, admin.email, "eyJ"):
        assert secret.encode() not in collector.raw


async def test_a_job_is_a_span_with_its_statements_below(collector: Collector, settings: Settings) -> None:
    environment = environment_of(settings) | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
        "OTEL_SERVICE_NAME": "at-night",
    }
    process = await asyncio.create_subprocess_exec(TRACKER, "jobs", "run", "purge-trash", env=environment)
    assert await process.wait() == 0
    (job,) = [span for span in collector.spans if span.name == "job purge-trash"]
    assert below(job, collector.spans)
    assert collector.services == {"at-night"}


async def test_a_collector_that_is_away_holds_nobody_up(settings: Settings) -> None:
    environment = environment_of(settings) | {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    async with serving_process(settings, environment=environment) as (process, address):
        async with client_at(address) as client:
            for _ in range(20):
                assert (await client.get("/issues/")).status_code == 401
        stopping = monotonic()
        process.terminate()
        await process.wait()
    assert monotonic() - stopping < 10


def test_without_a_collector_nothing_of_it_is_imported() -> None:
    program = (
        "import sys, tracker.cli, tracker.app; from tracker.settings import Settings;"
        "tracker.app.create_app(Settings(database_url='postgresql+asyncpg://', secret_key=''));"
        "sys.exit(any(name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
