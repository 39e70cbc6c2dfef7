"""The promises of the event log."""

import asyncio
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from tests.people import Person, accepted, refused
from tests.realtime.log import after, all_after, held_open, now
from tracker.core.database import Sessions
from tracker.models import Event


async def test_events_say_what_happened_and_how_the_issue_is_now(maintainer: Person) -> None:
    cursor = await now(maintainer)
    filed = await maintainer.post("/issues/", json={"title": "Title", "description": "Words.", "tags": ["ui"]})
    issue = accepted(filed, 201)
    changed = await maintainer.patch(f"/issues/{issue['id']}", json={"status": "done", "description": "More."})
    commented = await maintainer.post(f"/issues/{issue['id']}/comments", json={"body": "Done."})
    comment_id = accepted(commented, 201)["id"]
    row = accepted(await maintainer.get(f"/issues/{issue['id']}"))
    del row["description"]
    events, _ = await all_after(maintainer, cursor)
    assert [event["type"] for event in events] == ["issue.created", "issue.updated", "comment.created"]
    assert [str(event["id"]) for event in events] == [
        answer.headers["x-event-ids"] for answer in (filed, changed, commented)
    ]
    assert [event["changes"] for event in events] == [
        {"title": [None, "Title"], "status": [None, "open"], "severity": [None, "medium"], "tags": [None, ["ui"]]},
        {"status": ["open", "done"], "description": ["Words.", "More."]},
        {"comment_id": [None, comment_id], "body": [None, "Done."]},
    ]
    for event in events:
        assert set(event) == {"id", "type", "issue_id", "actor", "created_at", "changes", "issue"}
        assert event["issue_id"] == issue["id"]
        assert event["actor"] == {"id": maintainer.id, "full_name": maintainer.name}
        assert event["issue"] == row


async def test_long_texts_are_cut(maintainer: Person) -> None:
    cursor = await now(maintainer)
    issue = await maintainer.open_issue()
    await maintainer.change(issue["id"], description="ü" * 1_000)
    await maintainer.change(issue["id"], description="ü" * 1_001)
    await maintainer.comment(issue["id"], "x" * 150_000)
    events, _ = await all_after(maintainer, cursor)
    cut = "ü" * 999 + "…"
    assert [event["changes"].get("description") for event in events[1:3]] == [["", "ü" * 1_000], ["ü" * 1_000, cut]]
    assert events[3]["changes"]["body"] == [None, "x" * 999 + "…"]


async def test_each_page_goes_on_where_the_last_one_ended(maintainer: Person) -> None:
    cursor = await now(maintainer)
    issue = await maintainer.open_issue()
    for number in range(9):
        await maintainer.change(issue["id"], title=f"Title {number}")
    whole, end = await all_after(maintainer, cursor, limit=500)
    assert len(whole) == 10
    for limit in (1, 3, 10):
        paged, _ = await all_after(maintainer, cursor, limit=limit)
        assert paged == whole
    assert (await after(maintainer, end))["events"] == []


async def test_what_happens_during_a_replay_comes_after_it_once(maintainer: Person) -> None:
    cursor = await now(maintainer)
    issue = await maintainer.open_issue()
    for number in range(5):
        await maintainer.change(issue["id"], title=f"Title {number}")
    seen: list[int] = []
    for number in range(12):
        batch = await after(maintainer, cursor, limit=2)
        seen += [event["id"] for event in batch["events"]]
        cursor = batch["cursor"]
        if number < 5:
            await maintainer.change(issue["id"], title=f"Later {number}")
    assert len(seen) == len(set(seen)) == 11
    assert seen == sorted(seen)


@pytest.mark.parametrize("limit", ["0", "501", "-1", "ten", str(10**30)])
async def test_a_limit_is_1_to_500(maintainer: Person, limit: str) -> None:
    refused(await maintainer.get("/events", params={"limit": limit}), 400)


async def test_a_transaction_held_open_is_told_when_it_commits_once(
    maintainer: Person, reporter: Person, sessions: Sessions
) -> None:
    slow, quick = await reporter.open_issue("Slow"), await reporter.open_issue("Quick")
    cursors = {person.id: await now(person) for person in (maintainer, reporter)}
    seen: dict[int, list[tuple[int, str]]] = {person.id: [] for person in (maintainer, reporter)}

    async def poll() -> None:
        for person in (maintainer, reporter):
            events, cursors[person.id] = await all_after(person, cursors[person.id])
            seen[person.id] += [(event["issue_id"], event["issue"]["title"]) for event in events]

    async with held_open(sessions, maintainer, slow["id"], "Committed late"):
        for number in range(3):
            await maintainer.change(quick["id"], title=f"Quick {number}")
            await poll()
    await poll()
    await maintainer.change(quick["id"], title="Quick at last")
    await poll()
    await poll()
    expected = [(quick["id"], f"Quick {number}") for number in range(3)]
    expected += [(slow["id"], "Committed late"), (quick["id"], "Quick at last")]
    assert seen[maintainer.id] == seen[reporter.id] == expected


async def test_what_is_rolled_back_is_never_told(maintainer: Person, sessions: Sessions) -> None:
    issue = await maintainer.open_issue()
    cursor = await now(maintainer)
    with suppress(ZeroDivisionError):
        async with held_open(sessions, maintainer, issue["id"], "Never"):
            during, cursor = await all_after(maintainer, cursor)
            assert during == []
            raise ZeroDivisionError
    assert (await after(maintainer, cursor))["events"] == []
    async with sessions() as session:
        assert len(list(await session.scalars(select(Event.id)))) == 1


async def test_refused_writes_leave_no_event(maintainer: Person) -> None:
    issue = await maintainer.open_issue()
    cursor = await now(maintainer)
    refused(await maintainer.patch(f"/issues/{issue['id']}", json={"title": "New", "assignee_id": 999}), 400)
    refused(await maintainer.patch(f"/issues/{issue['id']}", json={"title": "x"}, headers={"If-Match": '"9"'}), 412)
    assert (await after(maintainer, cursor))["events"] == []


async def test_reporters_hear_of_their_own_issues_only(reporter: Person, stranger: Person, maintainer: Person) -> None:
    people = (reporter, stranger, maintainer)
    cursors = {person.id: await now(person) for person in people}
    own, foreign = await reporter.open_issue("Own"), await stranger.open_issue("Foreign")
    unfiled = await maintainer.open_issue("Staff")
    for issue in (own, foreign, unfiled):
        await maintainer.comment(issue["id"], "Words of staff")
        await maintainer.change(issue["id"], status="triaged")
    heard = {person.id: (await all_after(person, cursors[person.id]))[0] for person in people}
    assert {event["issue_id"] for event in heard[reporter.id]} == {own["id"]}
    assert {event["issue_id"] for event in heard[stranger.id]} == {foreign["id"]}
    assert len(heard[maintainer.id]) == 9
    assert heard[reporter.id] == [event for event in heard[maintainer.id] if event["issue_id"] == own["id"]]


async def test_a_foreign_original_is_not_told(reporter: Person, stranger: Person, maintainer: Person) -> None:
    own, foreign = await reporter.open_issue("Own original"), await stranger.open_issue("Foreign original")
    issue = await reporter.open_issue("Duplicate")
    cursor = await now(reporter)
    await maintainer.change(issue["id"], duplicate_of=foreign["id"])
    events, cursor = await all_after(reporter, cursor)
    assert [(event["changes"], event["issue"]["duplicate_of"]) for event in events] == [({}, None)]
    await maintainer.change(issue["id"], duplicate_of=own["id"])
    events, _ = await all_after(reporter, cursor)
    assert events[0]["changes"] == {"duplicate_of": [None, own["id"]]}
    assert events[0]["issue"]["duplicate_of"] == own["id"]


async def test_what_is_in_the_trash_is_told_without_content(reporter: Person, admin: Person) -> None:
    cursors = {person.id: await now(person) for person in (reporter, admin)}
    issue = await reporter.open_issue("Secret title", description="Secret words")
    await reporter.comment(issue["id"], "Secret remark")
    assert (await admin.delete(f"/issues/{issue['id']}")).status_code == 204
    for person in (reporter, admin):
        events, _ = await all_after(person, cursors[person.id])
        assert [event["type"] for event in events] == ["issue.created", "comment.created", "issue.deleted"]
        assert [event["issue"] for event in events] == [None] * 3
        assert [event["changes"] for event in events] == [{}, {}, {"deleted": [False, True]}]
        assert "Secret" not in str(events)
    accepted(await admin.post(f"/issues/{issue['id']}/restore"))
    events, _ = await all_after(reporter, cursors[reporter.id])
    assert events[-1]["type"] == "issue.restored"
    assert {event["issue"]["title"] for event in events} == {"Secret title"}


async def test_a_deleted_comment_is_told_without_its_words(reporter: Person, admin: Person) -> None:
    cursor = await now(reporter)
    issue = await reporter.open_issue()
    comment = await reporter.comment(issue["id"], "Regretted")
    assert (await admin.delete(f"/issues/{issue['id']}/comments/{comment['id']}")).status_code == 204
    events, _ = await all_after(reporter, cursor)
    assert "Regretted" not in str(events)
    assert events[-1]["changes"] == {"comment_id": [comment["id"], None]}


async def test_twenty_writers_and_readers_with_their_own_pace_meet_each_event_once_in_order_of_cause(
    reporter: Person, maintainer: Person, admin: Person, sessions: Sessions
) -> None:
    issues = [(await (reporter, maintainer)[number % 2].open_issue(f"Issue {number}"))["id"] for number in range(6)]
    readers = [(person, limit) for person in (reporter, admin) for limit in (1, 7, 500)]
    starts = [await now(person) for person, _ in readers]
    writing = True

    async def write(number: int) -> None:
        writer = (maintainer, admin)[number % 2]
        for step in range(6):
            issue_id = issues[(number + step) % len(issues)]
            if step == 2:
                await writer.comment(issue_id, f"Comment {number}")
            else:
                await writer.change(issue_id, title=f"Title {number} {step}")

    async def read(person: Person, limit: int, cursor: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        while True:
            was_writing = writing
            batch = await after(person, cursor, limit=limit)
            assert not batch["reset"]
            events += batch["events"]
            cursor = batch["cursor"]
            if not was_writing and not batch["events"]:
                return events

    reading = [
        asyncio.create_task(read(person, limit, start)) for (person, limit), start in zip(readers, starts, strict=True)
    ]
    await asyncio.gather(*(write(number) for number in range(20)))
    writing = False
    heard = await asyncio.gather(*reading)

    async with sessions() as session:
        happened = (await session.execute(select(Event.id, Event.issue_id).where(Event.id > len(issues)))).all()
    own = {issue_id for number, issue_id in enumerate(issues) if number % 2 == 0}
    for (person, _), events in zip(readers, heard, strict=True):
        expected = {row.id for row in happened if person is admin or row.issue_id in own}
        assert Counter(event["id"] for event in events) == Counter(expected)
        for issue_id in issues:
            of_issue = [event for event in events if event["issue_id"] == issue_id]
            titles = [event["changes"]["title"] for event in of_issue if "title" in event["changes"]]
            assert all(before[1] == later[0] for before, later in pairwise(titles))
            versions = [event["issue"]["version"] for event in of_issue]
            assert versions == sorted(versions)
