"""Who comes back with a cursor gets exactly what it missed, or is told to begin anew."""

import asyncio
from typing import Any
from uuid import uuid4

import msgspec
from litestar import Litestar
from sqlalchemy import text

from tests.people import Person, accepted
from tests.realtime.listener import knocking, listening
from tracker.core.database import Sessions
from tracker.events.cursor import CursorCodec, Position

_MANY = text("""
    INSERT INTO events (type, issue_id, changes)
    SELECT 'issue.updated', :id, '{"title": ["a", "b"]}' FROM generate_series(1, :count)
""")


async def test_what_was_missed_comes_before_ready_exactly_once(
    address: str, twin: str, maintainer: Person, reporter: Person
) -> None:
    async with listening(address, maintainer.token) as listener:
        issue = await reporter.open_issue()
        await listener.events(1)
        cursor = listener.cursor
    missed = [(await maintainer.patch(f"/issues/{issue['id']}", json={"title": f"Title {n}"})) for n in range(3)]
    event_ids = [int(answer.headers["x-event-ids"]) for answer in missed]
    for replica in (address, twin):
        async with listening(replica, maintainer.token, cursor) as again:
            assert again.event_ids == event_ids
            assert again.resets == 0
            assert again.issues[issue["id"]]["title"] == "Title 2"
            await maintainer.change(issue["id"], severity="low")
            await again.events(1)
            await maintainer.change(issue["id"], severity="high")
            await again.events(1)
        event_ids += [event_id for event_id in again.event_ids if event_id not in event_ids]


async def test_a_reporter_that_comes_back_gets_only_its_own(
    address: str, maintainer: Person, reporter: Person, stranger: Person
) -> None:
    async with listening(address, reporter.token) as listener:
        cursor = listener.cursor
    await stranger.open_issue("Confidential")
    own = await reporter.open_issue("Mine")
    await maintainer.open_issue("Confidential too")
    async with listening(address, reporter.token, cursor) as again:
        assert list(again.issues) == [own["id"]]
        assert "Confidential" not in "".join(again.raw)


async def test_cursors_of_snapshot_plain_reading_and_socket_are_of_one_kind(address: str, maintainer: Person) -> None:
    snapshot = (await maintainer.get("/issues/snapshot")).text.splitlines()[0]
    plain = accepted(await maintainer.get("/events"))["cursor"]
    issue = await maintainer.open_issue()
    for cursor in (msgspec.json.decode(snapshot)["cursor"], plain):
        async with listening(address, maintainer.token, cursor) as listener:
            assert list(listener.issues) == [issue["id"]]
    read = accepted(await maintainer.get("/events", params={"after": listener.cursor}))
    assert (read["events"], read["reset"]) == ([], False)


async def test_a_long_absence_is_replayed_in_order_while_others_go_on(
    address: str, maintainer: Person, sessions: Sessions
) -> None:
    issue = await maintainer.open_issue()
    async with listening(address, maintainer.token) as listener:
        cursor = listener.cursor
    await record(sessions, issue["id"], 2000)

    async def go_on() -> None:
        for number in range(20):
            await maintainer.change(issue["id"], title=f"Title {number}")

    async with asyncio.TaskGroup() as group:
        group.create_task(go_on())
        async with listening(address, maintainer.token, cursor) as again:
            while len(again.event_ids) < 2020 and not again.resets:  # all may have come before `ready`
                await again.receive(20)
    assert again.event_ids == sorted(again.event_ids)
    assert len(again.event_ids) == 2020
    assert again.issues[issue["id"]]["title"] == "Title 19"


async def test_a_replay_that_breaks_off_goes_on_where_it_broke(
    address: str, twin: str, maintainer: Person, sessions: Sessions
) -> None:
    issue = await maintainer.open_issue()
    async with listening(address, maintainer.token) as listener:
        cursor = listener.cursor
    await record(sessions, issue["id"], 1000)
    event_ids: list[int] = []
    for replica in (address, twin) * 3:
        async with knocking(replica) as part:
            await part.send({"type": "auth", "token": maintainer.token, "cursor": cursor})
            await part.receive()
        event_ids += part.event_ids
        cursor = part.cursor
    async with listening(address, maintainer.token, cursor) as rest:
        event_ids += rest.event_ids
    assert len(event_ids) == 1000
    assert event_ids == sorted(set(event_ids))


async def test_with_too_much_to_tell_everything_begins_anew(
    address: str, maintainer: Person, reporter: Person, sessions: Sessions
) -> None:
    issue = await maintainer.open_issue()
    async with listening(address, maintainer.token) as listener, listening(address, reporter.token) as other:
        cursor = listener.cursor
        await record(sessions, issue["id"], 10_001)
        for socket in (listener, other):
            await socket.until(lambda frame: frame["type"] == "reset")
        await maintainer.change(issue["id"], title="After it")
        assert [event["issue"]["title"] for event in await listener.events(1)] == ["After it"]
    async with listening(address, maintainer.token, cursor) as again:
        assert (again.resets, again.event_ids) == (1, [])


async def test_a_cursor_that_can_not_be_honoured_is_answered_by_reset(
    address: str, app: Litestar, maintainer: Person, reporter: Person
) -> None:
    async with listening(address, maintainer.token) as listener:
        good = listener.cursor
    assert good
    codec: CursorCodec = app.state.cursors
    position = codec.decode(good)
    assert position
    changed: dict[str, Any] = {
        "another installation": {"installation": uuid4()},
        "another role": {"scope": "own"},
        "another person": {"user_id": reporter.id},
        "too old": {"issued_at": position.issued_at - 8 * 86_400},
        "before a restore": {"seen": _later(position)},
    }
    forged = {name: codec.encode(msgspec.structs.replace(position, **fields)) for name, fields in changed.items()}
    garbage = ["", "x", "null", "\x00", "ä", "0" * 8000, good[:-2], good[1:], good[::-1], good + "AAAA", f"{good}."]
    another_key = CursorCodec("another secret key of 32 bytes or more").encode(position)
    for cursor in (*forged.values(), *garbage, another_key):
        async with listening(address, maintainer.token, cursor) as again:
            assert again.resets == 1, cursor
            issue = await maintainer.open_issue()
            assert [event["issue_id"] for event in await again.events(1)] == [issue["id"]]
    async with listening(address, maintainer.token, good) as again:
        assert again.resets == 0


async def test_a_restored_database_makes_open_sockets_begin_anew(
    address: str, maintainer: Person, sessions: Sessions
) -> None:
    async with listening(address, maintainer.token) as listener:
        async with sessions() as session:
            await session.execute(text("UPDATE installation SET id = gen_random_uuid()"))
            await session.commit()
        await listener.until(lambda frame: frame["type"] == "reset")
        await maintainer.open_issue()
        await listener.events(1)


def _later(position: Position) -> str:
    until = int(position.seen.split(":")[1]) + 10**6
    return f"{until}:{until}:"


async def record(sessions: Sessions, issue_id: int, count: int) -> None:
    async with sessions() as session:
        await session.execute(_MANY, {"id": issue_id, "count": count})
        await session.commit()
