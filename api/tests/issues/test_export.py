"""All issues of a query as a file."""

import csv
import io
import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import Person, accepted, refused


async def lines(person: Person, **params: Any) -> list[dict[str, Any]]:
    answer = await person.get("/issues/export.ndjson", params=params)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def table(person: Person, **params: Any) -> list[dict[str, str]]:
    answer = await person.get("/issues/export.csv", params=params)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="issues.csv"'
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


async def test_an_export_is_each_issue_as_it_is_read_by_itself(maintainer: Person, reporter: Person) -> None:
    await reporter.open_issue("Login fails", description='Ünïcode,\nlines, "quotes"', tags=["ui"], severity="high")
    await maintainer.open_issue("Export", assignee_id=maintainer.id)
    await maintainer.change(2, status="done", duplicate_of=1)
    expected = [accepted(await maintainer.get(f"/issues/{number}")) for number in (1, 2)]
    assert await lines(maintainer) == expected
    first, second = await table(maintainer)
    assert list(first) == list(second)
    assert first["description"] == 'Ünïcode,\nlines, "quotes"'
    assert (first["id"], first["reporter"], first["assignee"], first["tags"]) == ("1", "Rob Reporter", "", "ui")
    assert (second["assignee"], second["duplicate_of"], second["status"]) == ("Mia Maintainer", "1", "done")
    assert first["created_at"] == expected[0]["created_at"]


async def test_it_holds_what_the_query_asks_for_and_the_viewer_may_see(
    maintainer: Person, reporter: Person, admin: Person
) -> None:
    await maintainer.open_issue("Login fails")
    await reporter.open_issue("Login fails, too")
    await reporter.open_issue("Export")
    await reporter.open_issue("Login in the trash")
    assert (await admin.delete("/issues/4")).status_code == 204
    for read in (lines, table):
        assert [int(row["id"]) for row in await read(maintainer, q="login is:open")] == [1, 2]
        assert [int(row["id"]) for row in await read(reporter, q=["login", "fails"])] == [2]
        assert [int(row["id"]) for row in await read(reporter)] == [2, 3]
        assert await read(reporter, q="nowhere") == []
    for address in ("/issues/export.csv", "/issues/export.ndjson"):
        problem = refused(await maintainer.get(address, params={"q": "status:opne"}), 400)
        assert problem["errors"][0]["position"] == 7


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\uff1d", "\uff20"])
async def test_no_spreadsheet_takes_a_text_for_a_formula(maintainer: Person, begin: str) -> None:
    await maintainer.open_issue(f"{begin}cmd|' /C calc'!A0", description=f"{begin}1\n{begin}2", tags=[f"{begin}tag"])
    (row,) = await table(maintainer)
    assert [row[name][:2] for name in ("title", "description", "tags")] == [f"'{begin}"] * 3
    (line,) = await lines(maintainer)
    assert line["title"][0] == begin
    await maintainer.change(line["id"], description="\n=1")
    assert (await table(maintainer))[0]["description"] == "'\n=1"


async def test_thousands_are_sent_each_once_whatever_gaps_are_between_them(
    maintainer: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    async with sessions() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(
            text("""
                INSERT INTO issues (id, title, reporter_id) OVERRIDING SYSTEM VALUE
                SELECT number * 17, 'x', :id FROM generate_series(1, 1200) AS number
            """),
            {"id": maintainer.id},
        )
        await session.commit()
    assert [line["id"] for line in await lines(maintainer)] == [17 * number for number in range(1, 1201)]
