"""What a person may not see is answered byte for byte like what never existed."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.operations import Operation, all_operations
from tests.people import Person, accepted
from tests.scene import objects_of

MISSING = {
    "import_id": 10**12,
    "issue_id": 10**12,
    "comment_id": 10**12,
    "attachment_id": 10**12,
    "user_id": 10**12,
    "session_id": "00000000-0000-4000-8000-000000000000",
}
ADDRESSED = [operation for operation in all_operations() if operation.takes_ids]
NESTED = [operation for operation in ADDRESSED if len(operation.takes_ids) > 1]
COLLECTIONS = [
    operation
    for operation in all_operations()
    if operation.method == "GET" and not operation.takes_ids and not operation.is_public
]


async def send(person: AsyncClient, operation: Operation, objects: Mapping[str, Any], **more: Any) -> Response:
    request = operation.example_request() | more
    return await person.request(operation.method, operation.path.format(**objects), **request)


def told(response: Response) -> tuple[int, dict[str, str], bytes]:
    """All that a caller can learn from an answer."""
    request_id = response.headers["x-request-id"]
    headers = {name: value for name, value in response.headers.items() if name != "x-request-id"}
    return response.status_code, headers, response.content.replace(request_id.encode(), b"")


@pytest.mark.parametrize("operation", ADDRESSED, ids=str)
@pytest.mark.parametrize("place", ["in the list", "in the trash"])
async def test_a_foreign_object_is_answered_like_one_that_never_was(
    operation: Operation, place: str, client: AsyncClient, reporter: Person, stranger: Person, admin: Person
) -> None:
    foreign = await objects_of(reporter, operation.path, client)
    issue_id = foreign.get("issue_id", 0)
    etag = (await reporter.get(f"/issues/{issue_id}")).headers.get("etag", "")
    if place == "in the trash":
        await admin.delete(f"/issues/{issue_id}")
    variations: list[dict[str, Any]] = [
        {},
        {"headers": {"If-Match": etag, "If-None-Match": etag}},
        {"headers": {"If-Match": "*", "If-None-Match": "*"}},
        {"headers": {"If-Match": '"0-stale"', "Range": "bytes=0-1"}},
        {"headers": {"Idempotency-Key": "one"}},
        {"params": {"limit": 1, "cursor": ""}},
        {"json": {}},
        {"json": {"status": "done", "tags": [], "duplicate_of": issue_id}},
        {"json": {"no_such_field": 1}},
        {"content": b"{", "headers": {"Content-Type": "application/json"}, "json": None},
    ]
    for variation in variations:
        answered = await send(stranger, operation, foreign, **variation)
        assert told(answered) == told(await send(stranger, operation, MISSING, **variation)), variation
        assert answered.status_code in {400, 403, 404, 415}
        assert "etag" not in answered.headers


@pytest.mark.parametrize("operation", NESTED, ids=str)
async def test_a_child_is_found_under_its_own_parent_only(
    operation: Operation, client: AsyncClient, reporter: Person, stranger: Person, maintainer: Person
) -> None:
    own, other, foreign = [
        await objects_of(person, operation.path, client) for person in (stranger, stranger, reporter)
    ]
    missing = told(await send(stranger, operation, MISSING))
    mixtures = [(own, other), (own, foreign), (own, MISSING), (foreign, own), (foreign, foreign), (MISSING, own)]
    for parent, child in mixtures:
        mixed = {**child, "issue_id": parent["issue_id"]}
        assert told(await send(stranger, operation, mixed)) == missing, mixed
    mixed = {**foreign, "issue_id": own["issue_id"]}
    assert told(await send(maintainer, operation, mixed)) == missing


@pytest.mark.parametrize("operation", COLLECTIONS, ids=str)
async def test_what_others_do_changes_no_list_of_a_stranger(
    operation: Operation, reporter: Person, stranger: Person, maintainer: Person
) -> None:
    own = await stranger.open_issue("Printer jams", tags=["shared"])
    cursor = accepted(await stranger.get("/events"))["cursor"]
    searches: list[dict[str, Any]] = [
        {"after": cursor, "from": "2026-01-01", "to": "2026-01-02"},
        {"q": "secret", "tag": "shared", "sort": "-updated"},
        {"q": f"#{own['id'] + 1}", "reporter": reporter.id, "assignee": maintainer.id},
    ]
    before = [contents(await stranger.get(operation.path, params=search)) for search in searches]
    issue = await reporter.open_issue("A secret printer", tags=["shared", "secret"])
    await reporter.comment(issue["id"], "secret printer jams")
    await maintainer.change(issue["id"], assignee_id=maintainer.id, duplicate_of=own["id"], status="done")
    assert [contents(await stranger.get(operation.path, params=search)) for search in searches] == before


def contents(response: Response) -> str:
    """The answer without what stands for the moment of asking."""
    return re.sub(r'"(cursor|computed_at|request_id)":"[^"]*"', "", response.text)
