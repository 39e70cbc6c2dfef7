"""Request ids, one log line a request, and logs as JSON without anything secret."""

import logging
import re
import time
from datetime import UTC, datetime
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from sqlalchemy.ext.asyncio import AsyncEngine

from tracker.core.metrics import UNROUTED, Metrics
from tracker.core.request import viewer_of
from tracker.settings import Settings

if TYPE_CHECKING:
    from tracker.core.tracing import Tracing

logger = logging.getLogger("tracker.access")

_SAFE_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_LOG_RECORD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def request_id_of(scope: Scope) -> str:
    return scope["state"].get("request_id", "-")


def arrival_of(scope: Scope) -> datetime:
    return scope["state"]["arrived_at"]


def tracing_of(settings: Settings, service: str, *engines: AsyncEngine) -> "Tracing | None":
    """What traces this process and its statements, if the installation wants that."""
    if not settings.traced:
        return None
    from tracker.core.tracing import Tracing  # noqa: PLC0415 (it takes a while, and need not be installed)

    tracing = Tracing(service)
    for engine in {*engines}:
        tracing.watch_statements(engine)
    return tracing


def watched(app: ASGIApp, metrics: Metrics) -> ASGIApp:
    """Wraps the whole application, also what no route answers.

    Gives each request an id (the proxy's `X-Request-Id`, if it is a tame one), puts it into the answer and
    into the log line, and counts it. Lets nobody keep an answer that does not say who may. Refuses targets that are
    not UTF-8 or hold NUL before anything decodes them.
    """

    async def watch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given.decode() if _SAFE_REQUEST_ID.fullmatch(given) else token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 0
        metrics.in_progress += 1
        scope["state"]["arrived_at"] = datetime.now(UTC)

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                says = any(name.lower() == b"cache-control" for name, _ in message["headers"])
                message["headers"] = [
                    *message["headers"],
                    *(() if says else ((b"cache-control", b"no-store"),)),
                    (b"x-request-id", request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"no-referrer"),
                ]
            await send(message)

        try:
            if not _is_clean(scope.get("raw_path", b"")) or not _is_clean(scope["query_string"]):
                await _refuse_target(request_id, send_with_id)
            else:
                await app(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - started
            viewer, route = viewer_of(scope), scope.get("path_template") or UNROUTED
            metrics.in_progress -= 1
            metrics.answered(scope["method"], route, status, seconds)
            logger.info(
                "request",
                extra={
                    "request_id": request_id,
                    "method": scope["method"],
                    "route": route,
                    "status": status,
                    "user_id": getattr(viewer, "id", None),
                    "milliseconds": round(seconds * 1000, 2),
                    **{name: value for name, value in scope["state"].items() if name == "trace_id"},
                },
            )

    return watch


def _is_clean(target: bytes) -> bool:
    if target.isascii() and b"%" not in target:
        return True
    try:
        return "\0" not in unquote_to_bytes(target).decode()
    except UnicodeDecodeError:
        return False


async def _refuse_target(request_id: str, send: Send) -> None:
    problem = {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "The address is not valid UTF-8 or holds a NUL character.",
        "request_id": request_id,
    }
    body = msgspec.json.encode(problem)
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and whatever came as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= {name: value for name, value in vars(record).items() if name not in _LOG_RECORD_FIELDS}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        clean = {name: _encodable(value) if isinstance(value, str) else value for name, value in entry.items()}
        return msgspec.json.encode(clean, enc_hook=str).decode(errors="replace")


def _encodable(value: str) -> str:
    """Without lone surrogates, which have no place in UTF-8."""
    return value if value.isascii() else value.encode(errors="replace").decode()


def configure_logging(level: str = "INFO") -> None:
    """Sends every logger's records to stderr as JSON; for the processes that we start."""
    # No line tells these, so they need not be found out for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("uvicorn.access", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
