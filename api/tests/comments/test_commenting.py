"""Comments."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import Person, accepted, refused
from tracker.accounts.viewer import Viewer
from tracker.core.transaction import Transaction
from tracker.issues.services import IssueService


async def listed(person: Person, issue_id: int, **params: Any) -> list[dict[str, Any]]:
    """All comments, page by page."""
    comments: list[dict[str, Any]] = []
    while True:
        page = accepted(await person.get(f"/issues/{issue_id}/comments/", params=params))
        comments += page["items"]
        if page["next_cursor"] is None:
            return comments
        params["cursor"] = page["next_cursor"]


async def count_of(person: Person, issue_id: int) -> int:
    return accepted(await person.get(f"/issues/{issue_id}"))["comment_count"]


async def test_reporter_and_staff_talk_under_an_issue(reporter: Person, maintainer: Person) -> None:
    issue = await reporter.open_issue()
    answer = await reporter.post(f"/issues/{issue['id']}/comments/", json={"body": "It still **fails**.\n"})
    first = accepted(answer, 201)
    assert set(first) == {"id", "issue_id", "author", "body", "created_at", "updated_at"}
    assert first["author"] == {"id": reporter.id, "full_name": reporter.name}
    assert (first["issue_id"], first["body"], first["updated_at"]) == (issue["id"], "It still **fails**.\n", None)
    assert answer.headers["location"] == f"/issues/{issue['id']}/comments/{first['id']}"
    assert answer.headers["x-event-ids"]
    second = await maintainer.comment(issue["id"], "Fixed in the next release.")
    assert await listed(reporter, issue["id"]) == [first, second]


async def test_a_comment_is_activity_but_no_new_version(reporter: Person) -> None:
    issue = await reporter.open_issue()
    comment = await reporter.comment(issue["id"])
    after = accepted(await reporter.get(f"/issues/{issue['id']}"))
    assert after == issue | {"comment_count": 1, "updated_at": comment["created_at"]}


async def test_authors_edit_their_own_words(reporter: Person) -> None:
    issue = await reporter.open_issue()
    comment = await reporter.comment(issue["id"], "Frist!")
    address = f"/issues/{issue['id']}/comments/{comment['id']}"
    answer = await reporter.patch(address, json={"body": "First!"})
    edited = accepted(answer)
    assert edited == comment | {"body": "First!", "updated_at": edited["updated_at"]}
    assert edited["updated_at"] > comment["created_at"]
    assert answer.headers["x-event-ids"]
    same = await reporter.patch(address, json={"body": "First!"})
    assert accepted(same) == edited
    assert not same.headers.get("x-event-ids")
    assert await count_of(reporter, issue["id"]) == 1


async def test_nobody_edits_the_words_of_others(reporter: Person, maintainer: Person, admin: Person) -> None:
    issue = await reporter.open_issue()
    by_reporter, by_admin = await reporter.comment(issue["id"]), await admin.comment(issue["id"])
    for person, comment in ((maintainer, by_reporter), (admin, by_reporter), (reporter, by_admin)):
        address = f"/issues/{issue['id']}/comments/{comment['id']}"
        refused(await person.patch(address, json={"body": "I was wrong."}), 403)
    assert await listed(reporter, issue["id"]) == [by_reporter, by_admin]


async def test_authors_delete_their_own_and_admins_all(reporter: Person, maintainer: Person, admin: Person) -> None:
    issue = await reporter.open_issue()
    comments = [await reporter.comment(issue["id"]), await maintainer.comment(issue["id"])]
    by_reporter, by_maintainer = (f"/issues/{issue['id']}/comments/{comment['id']}" for comment in comments)
    refused(await maintainer.delete(by_reporter), 403)
    refused(await reporter.delete(by_maintainer), 403)
    assert (await reporter.delete(by_reporter)).status_code == 204
    assert await count_of(reporter, issue["id"]) == 1
    assert (await admin.delete(by_maintainer)).status_code == 204
    assert await count_of(reporter, issue["id"]) == 0
    refused(await admin.delete(by_maintainer), 404)
    refused(await maintainer.patch(by_maintainer, json={"body": "Back"}), 404)


async def test_a_comment_is_reached_only_through_its_own_issue(reporter: Person, stranger: Person) -> None:
    issue, other = await reporter.open_issue(), await reporter.open_issue()
    comment = await reporter.comment(issue["id"])
    foreign = await stranger.open_issue()
    for person, parent in ((reporter, other), (stranger, issue), (stranger, foreign)):
        address = f"/issues/{parent['id']}/comments/{comment['id']}"
        missing = f"/issues/{parent['id']}/comments/999"
        answers = [
            refused(await person.patch(target, json={"body": "Mine"}), 404) | {"request_id": ""}
            for target in (address, missing)
        ]
        assert answers[0] == answers[1]
        refused(await person.delete(address), 404)
    assert await listed(reporter, issue["id"]) == [comment]


async def test_foreign_and_missing_issues_take_and_show_no_comments(reporter: Person, stranger: Person) -> None:
    issue = await stranger.open_issue()
    bodies: list[dict[str, Any]] = []
    for issue_id in (issue["id"], 999):
        bodies.append(refused(await reporter.get(f"/issues/{issue_id}/comments"), 404))
        bodies.append(refused(await reporter.post(f"/issues/{issue_id}/comments", json={"body": "Hi"}), 404))
    assert all(body | {"request_id": ""} == bodies[0] | {"request_id": ""} for body in bodies)


@pytest.mark.parametrize(
    "body",
    ["", " \n\t ", "nul\0", None, 7, "x" * 200_001, "ü" * 100_001],
    ids=lambda body: str(body)[:8],
)
async def test_what_is_no_comment_is_named(reporter: Person, body: object) -> None:
    issue = await reporter.open_issue()
    comment = await reporter.comment(issue["id"])
    address = f"/issues/{issue['id']}/comments"
    for answer in (
        await reporter.post(address, json={"body": body}),
        await reporter.patch(f"{address}/{comment['id']}", json={"body": body}),
    ):
        assert [error["field"] for error in refused(answer, 400)["errors"]] == ["body"]
    refused(await reporter.post(address, json={"body": "Hi", "author": 1}), 400)
    assert await listed(reporter, issue["id"]) == [comment]


async def test_a_comment_of_200_kilobytes_is_kept(reporter: Person) -> None:
    issue = await reporter.open_issue()
    for character in ("x", "ü"):
        body = character * (200_000 // len(character.encode()))
        assert (await reporter.comment(issue["id"], body))["body"] == body


async def test_pages_put_together_are_the_whole_talk_while_others_write(reporter: Person) -> None:
    issue = await reporter.open_issue()
    before = [await reporter.comment(issue["id"], f"Comment {number}") for number in range(9)]
    for limit in (1, 2, 4, 9, 100):
        assert await listed(reporter, issue["id"], limit=limit) == before
    first = accepted(await reporter.get(f"/issues/{issue['id']}/comments", params={"limit": 4}))
    assert (await reporter.delete(f"/issues/{issue['id']}/comments/{before[1]['id']}")).status_code == 204
    late = await reporter.comment(issue["id"], "Late")
    params = {"limit": 100, "cursor": first["next_cursor"]}
    rest = accepted(await reporter.get(f"/issues/{issue['id']}/comments", params=params))
    assert first["items"] + rest["items"] == [*before, late]


async def test_who_comments_while_the_issue_is_deleted_comes_too_late(
    reporter: Person, admin: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    issue = await reporter.open_issue()
    async with sessions() as session, Transaction(session):
        await IssueService(session, Viewer(id=admin.id, role=admin.role)).delete(issue["id"])
        commenting = asyncio.create_task(reporter.post(f"/issues/{issue['id']}/comments", json={"body": "Late"}))
        async with sessions() as onlooker:
            while not await onlooker.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                assert not commenting.done()
    refused(await commenting, 404)
    accepted(await admin.post(f"/issues/{issue['id']}/restore"))
    assert await listed(reporter, issue["id"]) == []


async def insist(send: Callable[[], Awaitable[Response]]) -> Response:
    """Sends again as long as a busy machine has no database connection left, as the answer asks for."""
    while (answer := await send()).status_code == 503:
        assert answer.headers["retry-after"]
    return answer


async def test_fifty_comments_at_once_are_counted_once_each(
    reporter: Person, maintainer: Person, admin: Person
) -> None:
    issue = await reporter.open_issue()
    address = f"/issues/{issue['id']}/comments"
    people = [reporter, maintainer, admin]

    async def write(number: int) -> int:
        person, body = people[number % 3], {"body": f"Comment {number}"}
        return accepted(await insist(lambda: person.post(address, json=body)), 201)["id"]

    async def delete(comment_id: int) -> int:
        return (await insist(lambda: admin.delete(f"{address}/{comment_id}"))).status_code

    written = await asyncio.gather(*(write(number) for number in range(50)))
    assert await count_of(reporter, issue["id"]) == 50
    assert sorted(comment["id"] for comment in await listed(reporter, issue["id"])) == sorted(written)
    assert sorted(await asyncio.gather(*(delete(number) for number in written[:20] * 2))) == [204] * 20 + [404] * 20
    assert await count_of(reporter, issue["id"]) == 30
