"""Marking issues as duplicates."""

import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import Person, accepted, refused
from tracker.models import Issue


async def mark(person: Person, duplicate: int, original: int | None) -> int:
    answer = await person.patch(f"/issues/{duplicate}", json={"duplicate_of": original})
    if answer.status_code == 400:
        assert [error["field"] for error in refused(answer, 400)["errors"]] == ["duplicate_of"]
    return answer.status_code


async def test_an_issue_is_marked_and_unmarked(maintainer: Person) -> None:
    original, duplicate = await maintainer.open_issue("A"), await maintainer.open_issue("B")
    marked = await maintainer.change(duplicate["id"], duplicate_of=original["id"])
    assert (marked["duplicate_of"], marked["status"], marked["version"]) == (original["id"], "open", 2)
    unmarked = await maintainer.change(duplicate["id"], duplicate_of=None)
    assert (unmarked["duplicate_of"], unmarked["version"]) == (None, 3)


async def test_an_issue_is_no_duplicate_of_itself_not_even_by_way_of_others(maintainer: Person) -> None:
    a, b, c = [(await maintainer.open_issue(title))["id"] for title in "ABC"]
    assert await mark(maintainer, a, a) == 400
    assert await mark(maintainer, a, b) == 200
    assert await mark(maintainer, b, c) == 200
    assert await mark(maintainer, b, a) == 400
    assert await mark(maintainer, c, a) == 400
    assert await mark(maintainer, a, c) == 200


async def test_an_original_must_be_there(maintainer: Person, admin: Person) -> None:
    duplicate, trashed = await maintainer.open_issue(), await maintainer.open_issue()
    assert (await admin.delete(f"/issues/{trashed['id']}")).status_code == 204
    for original in (999, trashed["id"], 2**63 - 1):
        assert await mark(maintainer, duplicate["id"], original) == 400
    refused(await maintainer.patch(f"/issues/{duplicate['id']}", json={"duplicate_of": 0}), 400)


async def test_of_two_that_mark_each_other_together_one_is_refused(maintainer: Person, admin: Person) -> None:
    for _ in range(5):
        a, b = [(await maintainer.open_issue(title))["id"] for title in "AB"]
        assert sorted(await asyncio.gather(mark(maintainer, a, b), mark(admin, b, a))) == [200, 400]


async def test_a_ring_that_is_marked_all_at_once_stays_open(
    maintainer: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    ring = [(await maintainer.open_issue(f"Issue {number}"))["id"] for number in range(8)]
    answers = await asyncio.gather(
        *(mark(maintainer, one, other) for one, other in zip(ring, ring[1:] + ring[:1], strict=True))
    )
    assert sorted(answers) == [200] * 7 + [400]
    async with sessions() as session:
        assert len(list(await session.scalars(select(Issue.id).where(Issue.duplicate_of_id.is_(None))))) == 1


async def test_a_reporter_learns_of_an_original_only_if_it_is_their_own(
    reporter: Person, stranger: Person, maintainer: Person
) -> None:
    own, foreign = await reporter.open_issue("Own original"), await stranger.open_issue("Foreign original")
    first, second = await reporter.open_issue("First"), await reporter.open_issue("Second")
    await maintainer.change(first["id"], duplicate_of=own["id"])
    await maintainer.change(second["id"], duplicate_of=foreign["id"])

    rows = {row["id"]: row for row in accepted(await reporter.get("/issues/"))["items"]}
    for issue, seen in ((first, own["id"]), (second, None)):
        assert rows[issue["id"]]["duplicate_of"] == seen
        assert accepted(await reporter.get(f"/issues/{issue['id']}"))["duplicate_of"] == seen
        history = accepted(await reporter.get(f"/issues/{issue['id']}/history"))["items"]
        assert [entry["new"] for entry in history if entry["field"] == "duplicate_of"] == ([seen] if seen else [])
    assert accepted(await maintainer.get(f"/issues/{second['id']}"))["duplicate_of"] == foreign["id"]


async def test_a_purged_original_leaves_a_change_in_its_duplicates(
    reporter: Person, maintainer: Person, admin: Person
) -> None:
    original, duplicate = await reporter.open_issue("Original"), await reporter.open_issue("Duplicate")
    marked = await maintainer.change(duplicate["id"], duplicate_of=original["id"])
    assert (await admin.delete(f"/issues/{original['id']}")).status_code == 204
    assert accepted(await maintainer.get(f"/issues/{duplicate['id']}")) == marked

    purged = await admin.delete(f"/issues/trash/{original['id']}")
    assert purged.status_code == 204
    assert purged.headers["x-event-ids"]
    freed = accepted(await reporter.get(f"/issues/{duplicate['id']}"))
    assert (freed["duplicate_of"], freed["version"]) == (None, marked["version"] + 1)
    (*_, last) = accepted(await maintainer.get(f"/issues/{duplicate['id']}/history"))["items"]
    assert (last["field"], last["old"], last["new"]) == ("duplicate_of", original["id"], None)
    assert last["actor"]["id"] == admin.id
