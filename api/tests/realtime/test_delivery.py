"""What happens reaches those who may see it, on every replica, once and in order."""

import asyncio
from collections.abc import AsyncGenerator
from time import monotonic

import msgspec
import pytest
from litestar import Litestar
from sqlalchemy import text

from tests.people import Person, accepted, client_at
from tests.realtime.listener import listening, serving
from tracker.app import create_app
from tracker.core.database import Sessions
from tracker.events.cursor import Position
from tracker.realtime.feed import Batch
from tracker.settings import Settings

_TITLE = text("UPDATE issues SET title = :title, version = version + 1 WHERE id = :id")
_RECORD = text("""
    INSERT INTO events (type, issue_id, changes) VALUES ('issue.updated', :id, '{"title": ["a", "b"]}') RETURNING id
""")


@pytest.fixture
async def lonely(settings: Settings, sessions: Sessions) -> AsyncGenerator[str]:
    """Where a replica answers that has no Redis."""
    app = create_app(msgspec.structs.replace(settings, redis_url=None))
    async with app.lifespan(), serving(app) as address:
        yield address


async def test_a_new_issue_reaches_staff_and_its_reporter_and_nobody_else(
    address: str, maintainer: Person, reporter: Person, stranger: Person
) -> None:
    async with (
        listening(address, maintainer.token) as staff,
        listening(address, reporter.token) as own,
        listening(address, stranger.token) as foreign,
    ):
        issue = await reporter.open_issue("Login fails")
        [told] = await staff.events(1)
        assert told["type"] == "issue.created"
        assert told["actor"] == {"id": reporter.id, "full_name": reporter.name}
        assert told["issue"] == {field: value for field, value in issue.items() if field != "description"}
        assert await own.events(1) == [told]
        await foreign.silence(0.5)


async def test_every_replica_tells_at_once(
    address: str, twin: str, maintainer: Person, reporter: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.realtime.feed.POLL_SECONDS", 600)
    async with listening(address, maintainer.token) as here, listening(twin, maintainer.token) as there:
        for number in range(5):
            await reporter.open_issue(f"Issue {number}")
            for listener in (here, there):
                await listener.events(1)
        assert here.event_ids == there.event_ids


async def test_the_socket_and_the_plain_reading_tell_the_same(
    address: str, admin: Person, maintainer: Person, reporter: Person
) -> None:
    cursors = {person: accepted(await person.get("/events"))["cursor"] for person in (admin, reporter)}
    async with listening(address, admin.token) as staff, listening(address, reporter.token) as own:
        issue = await reporter.open_issue()
        comment = await reporter.comment(issue["id"], "It fails again.")
        original = await maintainer.open_issue("Somebody else's")
        await maintainer.change(issue["id"], status="triaged", assignee_id=maintainer.id, tags=["login"])
        await maintainer.change(issue["id"], duplicate_of=original["id"], description="x" * 5000 + "ä" * 3000)
        await reporter.delete(f"/issues/{issue['id']}/comments/{comment['id']}")
        await admin.delete(f"/issues/{issue['id']}")
        await admin.post(f"/issues/{issue['id']}/restore")
        for person, listener, count in ((admin, staff, 8), (reporter, own, 7)):
            told = await listener.events(count)
            read = accepted(await person.get("/events", params={"after": cursors[person]}))["events"]
            assert [event["id"] for event in told] == [event["id"] for event in read]
            # What an issue is now may have changed between the two readings; what happened may not.
            assert told[-1] == read[-1]
            assert [event["type"] for event in told] == [event["type"] for event in read]


async def test_nobody_learns_the_number_of_an_original_that_is_not_theirs(
    address: str, maintainer: Person, reporter: Person
) -> None:
    foreign = await maintainer.open_issue("Secret")
    own_original = await reporter.open_issue("First")
    issue = await reporter.open_issue("Second")
    async with listening(address, maintainer.token) as staff, listening(address, reporter.token) as own:
        await maintainer.change(issue["id"], duplicate_of=foreign["id"])
        [told] = await staff.events(1)
        assert told["changes"] == {"duplicate_of": [None, foreign["id"]]}
        assert told["issue"]["duplicate_of"] == foreign["id"]
        [told] = await own.events(1)
        assert told["changes"] == {}
        assert told["issue"]["duplicate_of"] is None
        await maintainer.change(issue["id"], duplicate_of=own_original["id"], title="Third")
        [told] = await own.events(1)
        assert told["changes"] == {"duplicate_of": [None, own_original["id"]], "title": ["Second", "Third"]}
        assert told["issue"]["duplicate_of"] == own_original["id"]


async def test_what_commits_late_is_told_late_and_once(address: str, maintainer: Person, sessions: Sessions) -> None:
    first = await maintainer.open_issue("First")
    second = await maintainer.open_issue("Second")
    async with listening(address, maintainer.token) as listener, sessions() as held:
        await held.execute(_TITLE, {"title": "Taken early", "id": first["id"]})
        early = await held.scalar(_RECORD, {"id": first["id"]})
        await maintainer.change(second["id"], title="Committed before")
        [told] = await listener.events(1)
        assert told["issue_id"] == second["id"]
        assert told["id"] > early
        between = listener.cursor
        await listener.silence(1.5)
        await held.commit()
        [told] = await listener.events(1)
        assert (told["id"], told["issue"]["title"]) == (early, "Taken early")
        await listener.silence(1.5)
    async with listening(address, maintainer.token, between) as again:
        assert again.event_ids == [early]


async def test_a_rolled_back_change_is_never_told(address: str, maintainer: Person, sessions: Sessions) -> None:
    issue = await maintainer.open_issue()
    async with listening(address, maintainer.token) as listener:
        async with sessions() as lost:
            await lost.scalar(_RECORD, {"id": issue["id"]})
            await lost.rollback()
        await listener.silence(1.5)


async def test_a_burst_comes_in_few_frames(address: str, maintainer: Person) -> None:
    async with listening(address, maintainer.token) as listener:
        before = len(listener.raw)
        await asyncio.gather(*(maintainer.open_issue(f"Issue {number}") for number in range(40)))
        assert sorted(event["issue_id"] for event in await listener.events(40)) == list(range(1, 41))
        assert len(listener.raw) - before < 30


async def test_a_long_transaction_is_told_in_portions(address: str, maintainer: Person, sessions: Sessions) -> None:
    issue = await maintainer.open_issue()
    async with listening(address, maintainer.token) as listener:
        async with sessions() as session:
            for _ in range(1500):
                await session.execute(_RECORD, {"id": issue["id"]})
            await session.commit()
        told = await listener.events(1500)
        assert [event["id"] for event in told] == sorted(event["id"] for event in told)
        await maintainer.change(issue["id"], title="After it")
        assert (await listener.events(1))[0]["issue"]["title"] == "After it"


async def test_a_purged_issue_makes_everybody_begin_anew(address: str, admin: Person, reporter: Person) -> None:
    issue = await reporter.open_issue()
    async with listening(address, reporter.token) as own:
        before = own.cursor
        await admin.delete(f"/issues/{issue['id']}")
        await own.events(1)
    await admin.delete(f"/issues/trash/{issue['id']}")
    async with listening(address, reporter.token, before) as own:
        assert own.resets == 1


async def test_without_redis_changes_come_at_most_two_seconds_late(lonely: str, maintainer: Person) -> None:
    async with listening(lonely, maintainer.token) as listener:
        issue = await maintainer.open_issue()
        for number in range(3):
            await maintainer.change(issue["id"], title=f"Title {number}")
            await listener.until(lambda frame: frame["type"] == "events", seconds=2)


async def test_without_redis_changes_made_here_come_at_once(
    lonely: str, maintainer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.realtime.feed.POLL_SECONDS", 600)
    async with (
        listening(lonely, maintainer.token) as listener,
        client_at(f"http://{lonely}", headers=maintainer.headers) as here,
    ):
        for number in range(3):
            accepted(await here.post("/issues/", json={"title": f"Issue {number}"}), 201)
            await listener.events(1)


async def test_the_cursor_moves_on_with_heartbeats_while_others_work(
    address: str, maintainer: Person, stranger: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.realtime.connection.HEARTBEAT_SECONDS", 0.2)
    async with listening(address, stranger.token) as listener:
        before = listener.cursor
        await maintainer.open_issue()
        frame = await listener.until(lambda frame: frame["cursor"] != before)
        assert frame == {"type": "heartbeat", "cursor": frame["cursor"]}
    async with listening(address, stranger.token, frame["cursor"]) as listener:
        assert listener.event_ids == []
        assert listener.resets == 0


async def test_no_heartbeat_leads_past_a_batch_that_others_have_and_this_one_has_not(
    address: str, app: Litestar, maintainer: Person, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All get their share in turns, and may be cut off in between: the cursor they come back with must not lie."""
    monkeypatch.setattr("tracker.realtime.hub.SOCKETS_AT_ONCE", 1)
    hub, feed = app.state.live.hub, app.state.live.feed
    async with listening(address, maintainer.token) as one, listening(address, admin.token) as other:
        before = feed.place
        after = msgspec.structs.replace(before, seen=before.seen.replace(":", "1:"))
        delivery = hub.deliver(Batch([], after))
        delivery.send(None)
        for connection in hub._listening:
            connection.check(monotonic() + 3600)
        delivery.close()
        told = {decode(app, (await listener.receive())["cursor"]).seen for listener in (one, other)}
        assert told == {before.seen, after.seen}


def decode(app: Litestar, cursor: str) -> Position:
    position = app.state.live.cursors.decode(cursor)
    assert position
    return position
