"""What is logged, and what never is."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.people import PASSWORD, Person, client_at
from tests.processes import serving_process
from tracker.core.database import Sessions
from tracker.core.observability import JsonFormatter
from tracker.settings import Settings

CANARY = "c4n4ry"


async def test_each_request_is_a_line_that_says_who_asked_for_what_and_how_it_went(
    settings: Settings, reporter: Person, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file:
        async with serving_process(settings, log=file) as (_, address), client_at(address) as client:
            own = {"Authorization": reporter.headers["Authorization"]}
            credentials = {"email": reporter.email, "password": PASSWORD}
            answers = [
                await client.get("/users/me", headers={**own, "X-Request-Id": "chosen-by-the-proxy"}),
                await client.post("/issues/", json={"title": CANARY, "description": CANARY}, headers=own),
                await client.get(f"/issues/1000?q={CANARY}", headers={**own, "Cookie": f"a={CANARY}"}),
                await client.post("/users/token", json=credentials),
                await client.post("/users/token", json=credentials | {"password": CANARY}),
                await client.get(f"/{CANARY}"),
                await client.get("/users/me", headers={"Authorization": f"Bearer {CANARY}"}),
            ]
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines()]
    requests = [line for line in lines if line["logger"] == "tracker.access" and line["route"] != "/health/ready"]
    fields = {
        "time",
        "level",
        "logger",
        "message",
        "request_id",
        "method",
        "route",
        "status",
        "user_id",
        "milliseconds",
    }
    for line, answer in zip(requests, answers, strict=True):
        assert set(line) == fields
        assert line["request_id"] == answer.headers["x-request-id"]
        assert (line["method"], line["status"]) == (answer.request.method, answer.status_code)
        assert 0 < line["milliseconds"] < 60_000
    assert [(line["route"], line["user_id"]) for line in requests] == [
        ("/users/me", reporter.id),
        ("/issues", reporter.id),
        ("/issues/{issue_id}", reporter.id),
        ("/users/token", None),
        ("/users/token", None),
        ("unrouted", None),
        ("/users/me", None),
    ]
    assert requests[0]["request_id"] == "chosen-by-the-proxy"
    for secret in (CANARY, PASSWORD, reporter.email, reporter.token, "eyJ", settings.secret_key, settings.database_url):
        assert secret not in log.read_text()


async def test_an_error_of_the_database_is_logged_without_the_values(sessions: Sessions) -> None:
    async with sessions() as session:
        with pytest.raises(DBAPIError) as failure:
            await session.execute(text("SELECT CAST(:value AS text) FROM no_such_table"), {"value": CANARY})
    raised = (failure.type, failure.value, failure.tb)
    record = logging.LogRecord("tracker", logging.ERROR, "", 0, "unhandled exception", None, raised)
    line = json.loads(JsonFormatter().format(record))
    assert "no_such_table" in line["exception"]
    assert CANARY not in line["exception"]


def test_a_line_stays_one_whatever_is_logged() -> None:
    record = logging.LogRecord("tracker", logging.INFO, "", 0, "two\nlines \ud800", None, None)
    record.who = object()
    formatted = JsonFormatter().format(record)
    assert "\n" not in formatted
    assert json.loads(formatted)["message"].startswith("two")
