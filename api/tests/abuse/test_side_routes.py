"""Ways around the rules: another's objects under one's own, fields that are nobody's to set, crooked addresses."""

import asyncio
from typing import Any

import pytest
from httpx import Response

from tests.abuse.installation import CANARY, Installation
from tests.access.test_existence import MISSING, NESTED, send
from tests.operations import Operation, all_operations
from tests.people import Person, accepted, refused
from tests.scene import objects_of

SECRET = f"{CANARY} of the reporter"
NOT_TO_BE_SET: dict[str, Any] = {
    "id": 1,
    "uid": 1,
    "version": 7,
    "created_at": "2001-01-01T00:00:00Z",
    "updated_at": "2001-01-01T00:00:00Z",
    "closed_at": "2001-01-01T00:00:00Z",
    "deleted_at": None,
    "reporter": {"id": 1},
    "reporter_id": 1,
    "author": {"id": 1},
    "author_id": 1,
    "uploaded_by": 1,
    "user_id": 1,
    "issue_id": 1,
    "is_admin": True,
    "is_staff": True,
    "permissions": ["*"],
    "password_hash": "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA",
    "scan_status": "clean",
    "sha256": "0" * 64,
    "comment_count": 7,
    "session_id": "00000000-0000-4000-8000-000000000000",
    "__proto__": {"role": "admin"},
    "constructor": {"prototype": {"role": "admin"}},
    "Role": "admin",
    "role[]": "admin",
    "role.": "admin",
}
TAKING_JSON = [operation for operation in all_operations() if isinstance(operation.example_body(), dict)]


@pytest.mark.parametrize("operation", TAKING_JSON, ids=str)
async def test_a_field_that_is_not_to_be_set_is_refused_and_not_passed_over(
    operation: Operation, client: Person, reporter: Person
) -> None:
    own = await objects_of(reporter, operation.path, client)
    before = await state_of(reporter, own)
    body = operation.example_body()
    for name, value in NOT_TO_BE_SET.items():
        answer = await send(reporter, operation, own, json=body | {name: value})
        assert answer.status_code in {400, 403}, f"{name}: {answer.status_code} {answer.text}"
    assert await state_of(reporter, own) == before


async def state_of(person: Person, objects: dict[str, Any]) -> list[Any]:
    paths = ["/users/me", "/issues/"]
    if "issue_id" in objects:
        issue = f"/issues/{objects['issue_id']}"
        paths += [issue, f"{issue}/comments", f"{issue}/attachments", f"{issue}/history"]
    return [accepted(await person.get(path)) for path in paths]


@pytest.mark.parametrize("role", ["admin", "maintainer"])
async def test_nobody_gives_themselves_a_role(client: Person, reporter: Person, role: str) -> None:
    person = {"email": "new@example.com", "password": f"{CANARY} {CANARY}", "full_name": "New", "role": role}
    assert (await client.post("/users/register", json=person)).status_code == 403
    assert (await reporter.post("/users/register", json=person)).status_code == 403
    assert (await reporter.patch("/users/me", json={"role": role})).status_code in {400, 403}
    assert (await reporter.patch(f"/users/{reporter.id}", json={"role": role})).status_code == 403
    assert accepted(await reporter.get("/users/me"))["role"] == "reporter"


async def test_what_belongs_to_another_issue_is_not_found_under_ones_own(
    client: Person, reporter: Person, stranger: Person
) -> None:
    for operation in NESTED:
        own = await objects_of(stranger, operation.path, client)
        foreign = await objects_of(reporter, operation.path, client)
        missing = told(await send(stranger, operation, MISSING))
        assert missing["status"] == 404
        for mixed in ({**foreign, "issue_id": own["issue_id"]}, {**own, "issue_id": foreign["issue_id"]}, foreign):
            assert told(await send(stranger, operation, mixed)) == missing, f"{operation}: {mixed}"


def told(answer: Response) -> dict[str, Any]:
    """All that an attacker can compare, however many answers they get."""
    changing = {"date", "x-request-id", "connection"}
    headers = {name: value for name, value in answer.headers.items() if name not in changing}
    return {"status": answer.status_code, **headers, "body": refused(answer, answer.status_code) | {"request_id": ""}}


async def test_crooked_addresses_lead_nowhere(house: Installation, reporter: Person, stranger: Person) -> None:
    foreign = (await reporter.open_issue(SECRET, description=SECRET))["id"]
    await reporter.comment(foreign, SECRET)
    own = (await stranger.open_issue())["id"]
    tails = ["", "/comments", "/history", "/attachments", "/attachments/1/content"]
    crooked = [
        *(f"/issues/{foreign}{tail}" for tail in tails),
        f"/issues/{own}/../{foreign}",
        f"/issues/{own}/..%2f{foreign}",
        f"/issues/{own}%2f..%2f{foreign}",
        f"/issues/{own}/%2e%2e/{foreign}/comments",
        f"//issues/{foreign}",
        f"/issues//{foreign}",
        f"/./issues/./{foreign}",
        f"/issues/{own};/../{foreign}",
        f"/issues/{own};id={foreign}",
        f"/issues/{foreign}%00",
        f"/issues/{foreign}%20",
        f"/issues/{foreign}.json",
        f"/issues/+{foreign}",
        f"/issues/0{foreign}",
        f"/issues/{foreign}/comments?issue_id={own}",
        f"/issues/{own}?issue_id={foreign}",
        f"/issues/{own}/comments?issue_id={foreign}",
        f"/issues/?reporter={reporter.id}&q={CANARY}",
        f"/issues/?q=%23{foreign}",
        f"/issues/../api/issues/{foreign}",
        f"/../api/issues/{foreign}",
        f"/..%2f..%2fissues/{foreign}",
        f"/issues/snapshot?reporter={reporter.id}",
        f"/events?issue_id={foreign}",
        f"/tags/?reporter={reporter.id}",
        f"/issues/dashboard/stats?reporter={reporter.id}",
    ]
    overrides = {
        "X-HTTP-Method-Override": "PUT",
        "X-Original-URL": f"/issues/{foreign}",
        "X-Rewrite-URL": f"/issues/{foreign}",
        "X-Forwarded-User": reporter.email,
        "X-Forwarded-Host": "localhost",
        "X-Forwarded-Prefix": "/issues",
        "X-User-Id": str(reporter.id),
    }
    host, port = house.proxy.web.split(":")
    for address in crooked:
        reader, writer = await asyncio.open_connection(host, int(port))
        lines = [f"GET /api{address} HTTP/1.1", f"Host: {house.proxy.web}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in overrides.items()]
        writer.write("\r\n".join([*lines, f"Authorization: Bearer {stranger.token}", "", ""]).encode())
        answer = await reader.read()
        writer.close()
        assert CANARY.encode() not in answer.partition(b"\r\n\r\n")[2], address
        assert answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 4")), address
