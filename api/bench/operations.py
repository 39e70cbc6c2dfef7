"""What the bench asks for, as whom."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import quote
from uuid import UUID

from bench.fill import COMMON_PHRASE, COMMON_WORD, PASSWORD, RARE_WORD, STAFF
from bench.load import Request
from tracker.core.paging import encode_cursor

DEEP = 50_000
"""How many issues lie before the deep page: the 1,000th of 50 each; half of them where there are not as many."""
OWN_ISSUES = 500
"""About how many the reporter has filed."""


@dataclass(frozen=True)
class Caller:
    name: str
    user_id: int
    session_id: UUID
    issue_ids: Sequence[int]
    """Some that the caller may see."""
    deep_cursor: str


Ask = Callable[[Caller, int], Request]
"""The request of a caller; the number makes it differ from others."""


@dataclass(frozen=True)
class Operation:
    name: str
    ask: Ask
    writes: bool = False
    has_floor: bool = True


def _get(path: str) -> Ask:
    return lambda _, __: Request("GET", path)


def _query(text: str) -> Ask:
    return _get(f"/issues/?q={quote(text)}")


def _search(text: str) -> Ask:
    return _get(f"/issues/search?q={quote(text)}")


def _filtered(_: Caller, number: int) -> Request:
    tag, severity = number % 8, ("medium", "high")[number % 2]
    return Request("GET", f"/issues/?status=done&severity={severity}&tag=tag{tag}")


def _was(_: Caller, number: int) -> Request:
    """Few have ever been in progress; nearly all have been triaged, but for the newest."""
    status = ("in_progress", "triaged")[number % 2]
    return Request("GET", f"/issues/?q=was:{status}")


def _as_of(_: Caller, number: int) -> Request:
    """At the end of any day of a year."""
    day = datetime.now(UTC).date() - timedelta(days=30 + number % 365)
    return Request("GET", f"/issues/?q=as-of:{day.isoformat()}%20is:open")


def _deep(caller: Caller, _: int) -> Request:
    return Request("GET", f"/issues/?cursor={caller.deep_cursor}")


def _detail(caller: Caller, number: int) -> Request:
    return Request("GET", _address(caller, number))


def _create(_: Caller, number: int) -> Request:
    fields: dict[str, Any] = {
        "title": f"The page stays empty after saving, {number}",
        "description": "Sign in, wait ten minutes, press Save. " * 8,
        "severity": "medium",
        "tags": [],
    }
    return Request("POST", "/issues/", json.dumps(fields).encode())


def _update(caller: Caller, number: int) -> Request:
    body = json.dumps({"title": f"The page stays empty, {number}"}).encode()
    return Request("PATCH", _address(caller, number), body)


def _sign_in(caller: Caller, number: int) -> Request:
    person = caller.user_id if caller.name == "admin" else STAFF + 1 + number % 50
    credentials = {"email": f"p{person}@example.com", "password": PASSWORD}
    return Request("POST", "/users/token", json.dumps(credentials).encode())


def _address(caller: Caller, number: int) -> str:
    return f"/issues/{caller.issue_ids[number % len(caller.issue_ids)]}"


OPERATIONS = (
    Operation("list", _get("/issues/")),
    Operation("filter", _filtered),
    Operation("page 1000", _deep),
    Operation("query common", _query(COMMON_WORD)),
    # Only the oldest issues hold it: whoever reads them newest first until enough are found reads all.
    Operation("query rare", _query(RARE_WORD)),
    Operation("query was", _was),
    Operation("query as-of", _as_of),
    Operation("query phrase", _query(f'"{COMMON_PHRASE}"')),
    Operation("search common", _search(COMMON_WORD)),
    Operation("search rare", _search(RARE_WORD)),
    Operation("search prefix", _search(RARE_WORD[:4])),
    Operation("search typo", _search(RARE_WORD.replace("r", "e"))),
    Operation("search phrase", _search(f'"{COMMON_PHRASE}"')),
    Operation("tags", _get("/tags/")),
    Operation("detail", _detail),
    Operation("dashboard", _get("/issues/dashboard/stats"), has_floor=False),
    Operation("update", _update, writes=True),
    Operation("create", _create, writes=True),
    Operation("sign-in", _sign_in, writes=True, has_floor=False),
)

_PAGE_START = """
    SELECT created_at, id FROM issues WHERE deleted_at IS NULL AND reporter_id = coalesce($1, reporter_id)
    ORDER BY created_at DESC, id DESC OFFSET $2 LIMIT 1
"""
_TYPICAL_REPORTER = """
    SELECT reporter_id FROM issues GROUP BY reporter_id ORDER BY abs(count(*) - $1), reporter_id LIMIT 1
"""
_SESSION = """
    INSERT INTO sessions (user_id, user_agent, ip, expires_at) VALUES ($1, 'bench', '', now() + interval '1 day')
    RETURNING id
"""


async def callers(connection: Any, issues: int) -> list[Caller]:
    """An admin, who sees all, and a reporter with some hundred own issues."""
    reporter_id: int = await connection.fetchval(_TYPICAL_REPORTER, OWN_ISSUES)
    own = [row["id"] for row in await connection.fetch("SELECT id FROM issues WHERE reporter_id = $1", reporter_id)]
    random = Random(1)  # noqa: S311  # the same issues each time
    return [
        await _caller(connection, "admin", 1, random.sample(range(1, issues + 1), 1000), min(DEEP, issues // 2)),
        await _caller(connection, "reporter", reporter_id, own, len(own) // 2),
    ]


async def _caller(connection: Any, name: str, user_id: int, issue_ids: Sequence[int], deep: int) -> Caller:
    start = await connection.fetchrow(_PAGE_START, user_id if name == "reporter" else None, deep)
    return Caller(
        name=name,
        user_id=user_id,
        session_id=await connection.fetchval(_SESSION, user_id),
        issue_ids=issue_ids,
        deep_cursor=encode_cursor("-created", start["created_at"], start["id"]),
    )
