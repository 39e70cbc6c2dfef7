"""What cursors are honoured, and when it is better to load anew."""

import base64
import time

import msgspec
import pytest
from litestar import Litestar
from sqlalchemy import text

from tests.people import Person, accepted
from tests.realtime.log import after, all_after, now, resets
from tracker.core.database import Sessions
from tracker.events.cursor import RETENTION_SECONDS, CursorCodec, Position


@pytest.mark.parametrize("cursor", ["garbage", "x" * 8_000, "AAAA", "ü", " ", "null", "eyJhIjoxfQ=="])
async def test_garbage_resets(maintainer: Person, cursor: str) -> None:
    await maintainer.open_issue()
    batch = await after(maintainer, cursor)
    assert resets(batch)
    assert (await after(maintainer, batch["cursor"]))["events"] == []


async def test_a_cursor_that_was_tampered_with_resets(maintainer: Person) -> None:
    cursor = await now(maintainer)
    for place in (0, len(cursor) // 2, len(cursor) - 2):
        other = "A" if cursor[place] != "A" else "B"
        assert resets(await after(maintainer, cursor[:place] + other + cursor[place + 1 :]))
    assert resets(await after(maintainer, cursor[:-4]))
    assert not (await after(maintainer, cursor))["reset"]


async def test_a_cursor_of_somebody_else_resets(maintainer: Person, admin: Person, reporter: Person) -> None:
    cursor = await now(maintainer)
    for person in (admin, reporter):
        assert resets(await after(person, cursor))


async def test_a_new_role_resets_the_cursors_of_the_old_one(admin: Person, reporter: Person) -> None:
    as_reporter = await now(reporter)
    foreign = await admin.open_issue("Foreign")
    accepted(await admin.patch(f"/users/{reporter.id}", json={"role": "maintainer"}))
    batch = await after(reporter, as_reporter)
    assert resets(batch)
    await admin.change(foreign["id"], title="Seen by staff")
    events, as_staff = await all_after(reporter, batch["cursor"])
    assert [event["issue"]["title"] for event in events] == ["Seen by staff"]
    accepted(await admin.patch(f"/users/{reporter.id}", json={"role": "reporter"}))
    await admin.change(foreign["id"], title="Not for reporters")
    batch = await after(reporter, as_staff)
    assert resets(batch)
    assert (await all_after(reporter, batch["cursor"]))[0] == []


async def test_a_cursor_of_another_installation_resets(maintainer: Person, sessions: Sessions) -> None:
    cursor = await now(maintainer)
    assert resets(await after(maintainer, CursorCodec("another secret of 32 bytes or more").encode(position(cursor))))
    async with sessions() as session:
        await session.execute(text("UPDATE installation SET id = gen_random_uuid()"))
        await session.commit()
    assert resets(await after(maintainer, cursor))


def position(cursor: str) -> Position:
    """What a cursor says."""
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    return msgspec.msgpack.decode(raw[16:], type=Position)


async def test_a_cursor_is_honoured_for_seven_days(app: Litestar, maintainer: Person) -> None:
    cursors: CursorCodec = app.state.cursors
    cursor = await now(maintainer)
    await maintainer.open_issue()
    given_out = position(cursor)
    for age, honoured in ((RETENTION_SECONDS - 60, True), (RETENTION_SECONDS + 60, False)):
        old = cursors.encode(msgspec.structs.replace(given_out, issued_at=int(time.time()) - age))
        batch = await after(maintainer, old)
        assert batch["reset"] is not honoured
        assert len(batch["events"]) == honoured


async def test_a_cursor_from_the_future_of_a_restored_database_resets(app: Litestar, maintainer: Person) -> None:
    given_out = position(await now(maintainer))
    ahead = int(given_out.seen.split(":")[1]) + 1_000_000
    cursor = app.state.cursors.encode(msgspec.structs.replace(given_out, seen=f"{ahead}:{ahead}:"))
    assert resets(await after(maintainer, cursor))


async def test_a_purged_issue_resets_who_has_not_heard_of_its_deletion(reporter: Person, admin: Person) -> None:
    issue = await reporter.open_issue()
    behind = {person.id: await now(person) for person in (reporter, admin)}
    assert (await admin.delete(f"/issues/{issue['id']}")).status_code == 204
    up_to_date = {person.id: (await all_after(person, behind[person.id]))[1] for person in (reporter, admin)}
    assert (await admin.delete(f"/issues/trash/{issue['id']}")).status_code == 204
    for person in (reporter, admin):
        assert resets(await after(person, behind[person.id]))
        assert (await after(person, up_to_date[person.id]))["events"] == []


async def test_an_issue_purged_in_the_middle_of_a_replay_resets_it(reporter: Person, admin: Person) -> None:
    issue = await reporter.open_issue()
    cursor = await now(admin)
    await admin.open_issue("First")
    await admin.open_issue("Second")
    assert (await admin.delete(f"/issues/{issue['id']}")).status_code == 204
    batch = await after(admin, cursor, limit=1)
    assert batch["has_more"]
    assert (await admin.delete(f"/issues/trash/{issue['id']}")).status_code == 204
    assert resets(await after(admin, batch["cursor"], limit=1))


async def test_too_much_to_replay_resets(maintainer: Person, sessions: Sessions) -> None:
    issue = await maintainer.open_issue()
    cursor = await now(maintainer)

    async def happen(times: int) -> None:
        async with sessions() as session:
            await session.execute(
                text("""
                    INSERT INTO events (type, issue_id, actor_id, changes)
                    SELECT 'issue.updated', :issue_id, :actor_id, '{"title": ["a", "b"]}'
                    FROM generate_series(1, :times)
                """),
                {"issue_id": issue["id"], "actor_id": maintainer.id, "times": times},
            )
            await session.commit()

    await happen(10_000)
    batch = await after(maintainer, cursor, limit=500)
    assert (len(batch["events"]), batch["has_more"], batch["reset"]) == (500, True, False)
    in_the_middle = batch["cursor"]
    await happen(1)
    assert resets(await after(maintainer, cursor, limit=500))
    rest, end = await all_after(maintainer, in_the_middle, limit=500)
    assert len(rest) == 9_500
    assert len((await after(maintainer, end))["events"]) == 1
