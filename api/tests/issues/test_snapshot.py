"""The working set of a client."""

import json
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import Person, accepted


async def snapshot(person: Person) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    answer = await person.get("/issues/snapshot")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].split(";")[0] == "application/x-ndjson"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.endswith("\n")
    head, *rows = [json.loads(line) for line in answer.text.splitlines()]
    assert set(head) == {"cursor", "total"}
    return head, rows


async def test_rows_are_those_of_the_list_latest_change_first(maintainer: Person, reporter: Person) -> None:
    for number in range(5):
        await (maintainer, reporter)[number % 2].open_issue(f"Issue {number}")
    await maintainer.comment(1)
    for person in (maintainer, reporter):
        head, rows = await snapshot(person)
        assert rows == accepted(await person.get("/issues/", params={"sort": "-updated"}))["items"]
        assert head["total"] == len(rows)


async def test_it_holds_what_is_open_and_what_closed_in_the_last_90_days(
    maintainer: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    ages = {"open": None, "in_progress": None, "done": 89, "cancelled": 89, "old done": 91, "old cancelled": 91}
    async with sessions() as session:
        for title, age in ages.items():
            await session.execute(
                text("""
                    INSERT INTO issues (title, reporter_id, status, created_at, updated_at, closed_at)
                    VALUES (:title, :id, CAST(:status AS issue_status), now() - interval '1 year',
                            now() - interval '1 year', now() - CAST(:age AS int) * interval '1 day')
                """),
                {"title": title, "id": maintainer.id, "status": title.split()[-1], "age": age},
            )
        await session.commit()
    head, rows = await snapshot(maintainer)
    assert {row["title"] for row in rows} == {"open", "in_progress", "done", "cancelled"}
    assert head["total"] == 4


async def test_at_most_twenty_thousand_rows_are_sent_and_all_are_counted(
    maintainer: Person, reporter: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    async with sessions() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))  # no search is needed here
        await session.execute(
            text("""
                INSERT INTO issues (title, reporter_id, updated_at)
                SELECT 'x', :id, now() - number * interval '1 second' FROM generate_series(1, 20001) AS number
            """),
            {"id": maintainer.id},
        )
        await session.commit()
    head, rows = await snapshot(maintainer)
    assert (head["total"], len(rows)) == (20_001, 20_000)
    assert rows[0]["updated_at"] > rows[-1]["updated_at"]
    assert (await snapshot(reporter))[0]["total"] == 0


async def test_events_go_on_exactly_from_its_cursor(maintainer: Person) -> None:
    await maintainer.open_issue("Before")
    head, _ = await snapshot(maintainer)
    after = await maintainer.open_issue("After")
    batch = accepted(await maintainer.get("/events", params={"after": head["cursor"]}))
    assert [event["issue_id"] for event in batch["events"]] == [after["id"]]
