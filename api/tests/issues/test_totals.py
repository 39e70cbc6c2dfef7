"""The total of a list is remembered; it must be right all the same."""

from typing import Any

import pytest

from tests.people import Person, accepted
from tracker.accounts.viewer import Viewer
from tracker.core.database import Sessions
from tracker.core.transaction import Transaction
from tracker.issues import listing
from tracker.issues.schemas import IssueChange, NewIssue
from tracker.issues.services import IssueService
from tracker.models import Status


async def totals(*people: Person, **params: Any) -> list[int]:
    return [accepted(await person.get("/issues/", params={"limit": 1, **params}))["total"] for person in people]


async def test_a_total_follows_every_change(admin: Person, reporter: Person, stranger: Person) -> None:
    everybody = (admin, reporter, stranger)
    assert await totals(*everybody) == [0, 0, 0]
    first = await reporter.open_issue("First")
    assert await totals(*everybody) == [1, 1, 0]
    second = await stranger.open_issue("Second")
    assert await totals(*everybody) == await totals(*everybody) == [2, 1, 1]
    await admin.delete(f"/issues/{first['id']}")
    assert await totals(*everybody) == [1, 0, 1]
    accepted(await admin.post(f"/issues/{first['id']}/restore"))
    assert await totals(*everybody) == [2, 1, 1]
    assert await totals(*everybody, status="done") == [0, 0, 0]
    await admin.change(second["id"], status="done")
    assert await totals(*everybody, status="done") == [1, 0, 1]
    assert await totals(*everybody, status=["done", "open"]) == [2, 1, 1]
    assert await totals(admin, assignee="none") == [2]
    await admin.change(second["id"], assignee_id=admin.id)
    assert (await totals(admin, assignee="none"), await totals(admin, assignee="me")) == ([1], [1])
    assert await totals(admin, assignee=["none", "me"]) == [2]


async def test_the_total_of_a_query_follows_what_is_written_and_what_people_are_called(
    admin: Person, reporter: Person, stranger: Person
) -> None:
    for person in (reporter, reporter, stranger, stranger):
        await person.open_issue("Leak")
    words, past, named = {"q": "leak"}, {"q": "was:triaged or was:open"}, {"q": "reporter:zoe"}
    assert await totals(admin, reporter, **words) == await totals(admin, reporter, **words) == [4, 2]
    other = await reporter.open_issue("Other")
    await reporter.comment(other["id"], "A leak, again.")
    assert await totals(admin, reporter, stranger, **words) == [5, 3, 2]
    await admin.delete(f"/issues/{other['id']}")
    assert await totals(admin, reporter, **words) == [4, 2]
    assert await totals(admin, **past) == await totals(admin, **past) == [4]
    await stranger.open_issue("Other")
    assert await totals(admin, **past) == [5]
    assert await totals(admin, **named) == [0]
    accepted(await stranger.patch("/users/me", json={"full_name": "Zoe"}))
    assert await totals(admin, **named) == [3]
    accepted(await reporter.patch("/users/me", json={"full_name": "Zoe"}))
    assert await totals(admin, **named) == [5]


async def test_what_commits_late_is_counted_then(admin: Person, reporter: Person, sessions: Sessions) -> None:
    issue = await reporter.open_issue("Early")
    viewer = Viewer(id=admin.id, role=admin.role)
    async with sessions() as session, Transaction(session):
        service = IssueService(session, viewer)
        await service.change(issue["id"], IssueChange(status=Status.DONE))
        await service.open(NewIssue(title="Late"))
        await reporter.open_issue("Between")
        assert (await totals(admin), await totals(admin, status="open")) == ([2], [2])
        assert (await totals(admin), await totals(admin, status="open")) == ([2], [2])
    assert (await totals(admin), await totals(admin, status="open")) == ([3], [2])


async def test_every_page_tells_the_same_total(reporter: Person) -> None:
    for number in range(3):
        await reporter.open_issue(f"Issue {number}")
    cursor: str | None = None
    told: list[int] = []
    for _ in range(3):
        page = accepted(await reporter.get("/issues/", params={"limit": 1} | ({"cursor": cursor} if cursor else {})))
        cursor = page["next_cursor"]
        told.append(page["total"])
    assert (told, cursor) == ([3, 3, 3], None)


async def test_what_would_take_long_to_count_is_counted_among_the_latest_and_says_that_there_may_be_more(
    admin: Person, reporter: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        await reporter.open_issue(f"Leak {number}", tags=["ui"] if number % 2 else [])
    monkeypatch.setattr(listing, "DEAR", 0)

    async def told(person: Person, q: str, limit: int = 1) -> tuple[int, bool]:
        page = accepted(await person.get("/issues/", params={"q": q, "limit": limit}))
        return page["total"], page["total_is_capped"]

    for latest, expected in ((3, (2, True)), (4, (2, True)), (7, (3, False))):
        monkeypatch.setattr(listing, "LATEST", latest)
        assert await told(admin, f"{'leak ' * latest}tag:ui") == expected
        assert await told(admin, f"{'leak ' * latest}tag:ui") == expected  # as it is remembered
    monkeypatch.setattr(listing, "LATEST", 1)
    assert await told(admin, "leak") == (2, True)  # the page has more than were counted
    assert await told(admin, "leak", limit=10) == (6, False)
    assert await told(reporter, "leak tag:ui") == (3, False)  # a reporter's own are few
