"""Deleting, restoring and purging issues."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import Person, accepted, refused
from tracker.core.transaction import Transaction
from tracker.issues.trash import Trash
from tracker.models import Comment, Event, Issue


async def delete(admin: Person, issue_id: int) -> None:
    assert (await admin.delete(f"/issues/{issue_id}")).status_code == 204


async def trash(admin: Person, **params: int) -> list[int]:
    return [row["id"] for row in accepted(await admin.get("/issues/trash", params=params))["items"]]


async def test_what_is_in_the_trash_is_gone_from_everywhere_else(reporter: Person, admin: Person) -> None:
    issue = await reporter.open_issue("Gone", tags=["gone"])
    comment = await reporter.comment(issue["id"])
    await delete(admin, issue["id"])
    address = f"/issues/{issue['id']}"
    for person in (reporter, admin):
        for response in (
            await person.get(address),
            await person.get(f"{address}/history"),
            await person.get(f"{address}/comments"),
            await person.patch(address, json={"title": "Back"}),
            await person.post(f"{address}/comments", json={"body": "Hello?"}),
            await person.patch(f"{address}/comments/{comment['id']}", json={"body": "Hello?"}),
            await person.delete(f"{address}/comments/{comment['id']}"),
        ):
            refused(response, 404)
        assert accepted(await person.get("/issues/"))["total"] == 0
        assert accepted(await person.get("/issues/", params={"q": f"#{issue['id']}"}))["total"] == 0
        assert accepted(await person.get("/tags/")) == []
        (first_line,) = (await person.get("/issues/snapshot")).text.splitlines()
        assert '"total":0' in first_line
    refused(await admin.delete(address), 404)


async def test_restoring_brings_everything_back(reporter: Person, admin: Person) -> None:
    issue = await reporter.open_issue(tags=["ui"])
    await reporter.comment(issue["id"])
    before = accepted(await admin.get(f"/issues/{issue['id']}"))
    await delete(admin, issue["id"])
    answer = await admin.post(f"/issues/{issue['id']}/restore")
    restored = accepted(answer)
    assert restored == before | {"updated_at": restored["updated_at"]}
    assert answer.headers["x-event-ids"]
    assert len(accepted(await reporter.get(f"/issues/{issue['id']}/comments"))["items"]) == 1
    assert await trash(admin) == []


async def test_restoring_what_is_not_in_the_trash_changes_nothing(admin: Person) -> None:
    issue = await admin.open_issue()
    answer = await admin.post(f"/issues/{issue['id']}/restore")
    assert accepted(answer) == issue
    assert not answer.headers.get("x-event-ids")
    refused(await admin.post("/issues/999/restore"), 404)


@pytest.mark.parametrize("role", ["reporter", "maintainer"])
async def test_only_admins_use_the_trash(
    reporter: Person, maintainer: Person, stranger: Person, admin: Person, role: str
) -> None:
    person = {"reporter": reporter, "maintainer": maintainer}[role]
    issue = await reporter.open_issue()
    address = f"/issues/{issue['id']}"
    refused(await person.delete(address), 403)
    refused(await stranger.delete(address), 404)
    await delete(admin, issue["id"])
    refused(await person.get("/issues/trash"), 403)
    refused(await person.delete(f"/issues/trash/{issue['id']}"), 403)
    refused(await person.post(f"{address}/restore"), 403)
    refused(await stranger.post(f"{address}/restore"), 404)
    assert await trash(admin) == [issue["id"]]


async def test_the_trash_lists_the_latest_first_in_pages(admin: Person, reporter: Person) -> None:
    issues = [(await reporter.open_issue(f"Issue {number}"))["id"] for number in range(5)]
    for issue_id in issues:
        await delete(admin, issue_id)
    assert await trash(admin) == issues[::-1]
    met: list[int] = []
    page = accepted(await admin.get("/issues/trash", params={"limit": 2}))
    while True:
        met += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        page = accepted(await admin.get("/issues/trash", params={"limit": 2, "cursor": page["next_cursor"]}))
    assert met == issues[::-1]
    (row, *_) = page["items"]
    assert row["deleted_at"]
    assert "description" not in row


async def test_purging_removes_for_good_and_only_from_the_trash(
    admin: Person, reporter: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    issue = await reporter.open_issue("Private title")
    await reporter.comment(issue["id"], "Private words")
    address = f"/issues/trash/{issue['id']}"
    refused(await admin.delete(address), 404)
    await delete(admin, issue["id"])
    assert (await admin.delete(address)).status_code == 204
    refused(await admin.delete(address), 404)
    refused(await admin.post(f"/issues/{issue['id']}/restore"), 404)
    assert await trash(admin) == []
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Comment)) == 0
        changes = list(await session.scalars(select(Event.changes).where(Event.issue_id == issue["id"])))
    assert changes
    assert "Private" not in str(changes)


async def test_the_nightly_purge_takes_what_was_deleted_before_a_moment(
    admin: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    original, young, kept = [(await admin.open_issue(title))["id"] for title in ("Old", "Young", "Kept")]
    await admin.change(kept, duplicate_of=original)
    for issue_id in (original, young):
        await delete(admin, issue_id)
    async with sessions() as session:
        (await session.get_one(Issue, original)).deleted_at = datetime.now(UTC) - timedelta(days=30, seconds=1)
        await session.commit()
    async with sessions() as session, Transaction(session):
        assert await Trash(session).purge_older_than(datetime.now(UTC) - timedelta(days=30)) == 1
    assert await trash(admin) == [young]
    assert accepted(await admin.get(f"/issues/{kept}"))["duplicate_of"] is None
    (*_, last) = accepted(await admin.get(f"/issues/{kept}/history"))["items"]
    assert (last["field"], last["old"], last["new"], last["actor"]) == ("duplicate_of", original, None, None)


async def test_deleting_and_restoring_are_history(admin: Person) -> None:
    issue = await admin.open_issue()
    await delete(admin, issue["id"])
    accepted(await admin.post(f"/issues/{issue['id']}/restore"))
    history = accepted(await admin.get(f"/issues/{issue['id']}/history"))["items"]
    assert [(entry["type"], entry["field"], entry["old"], entry["new"]) for entry in history[-2:]] == [
        ("issue.deleted", "deleted", False, True),
        ("issue.restored", "deleted", True, False),
    ]
