"""Keyset pages of the issue list."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import Person, accepted, refused

SORTS = ["-created", "created", "-updated", "updated", "-severity", "severity"]


@pytest.fixture
async def thirty(maintainer: Person, sessions: async_sessionmaker[AsyncSession]) -> None:
    """Thirty issues, three of each moment, so that only the id tells some of them apart."""
    async with sessions() as session:
        await session.execute(
            text("""
                INSERT INTO issues (title, reporter_id, severity, created_at, updated_at)
                SELECT 'Issue ' || number, :reporter_id, (enum_range(NULL::issue_severity))[number % 4 + 1],
                       now() - (number / 3) * interval '1 day', now() - (number / 3) * interval '1 hour'
                FROM generate_series(1, 30) AS number
            """),
            {"reporter_id": maintainer.id},
        )
        await session.commit()


async def pages(person: Person, **params: Any) -> AsyncGenerator[list[dict[str, Any]]]:
    while True:
        page = accepted(await person.get("/issues/", params=params))
        yield page["items"]
        if page["next_cursor"] is None:
            return
        params["cursor"] = page["next_cursor"]


@pytest.mark.usefixtures("thirty")
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [1, 7, 10, 30])
async def test_pages_put_together_are_the_whole_list(maintainer: Person, sort: str, limit: int) -> None:
    whole = accepted(await maintainer.get("/issues/", params={"sort": sort, "limit": 100}))
    assert whole["next_cursor"] is None
    found = [page async for page in pages(maintainer, sort=sort, limit=limit)]
    assert {len(page) for page in found[:-1]} <= {limit}
    assert [row for page in found for row in page] == whole["items"]
    assert len(whole["items"]) == whole["total"] == 30


@pytest.mark.usefixtures("thirty")
async def test_pages_keep_to_their_filters(maintainer: Person) -> None:
    params = {"severity": ["high", "low"], "q": "issue", "reporter": "me", "limit": 4}
    found = [row async for page in pages(maintainer, **params) for row in page]
    assert len(found) == len({row["id"] for row in found}) == 15
    assert {row["severity"] for row in found} == {"high", "low"}


@pytest.mark.usefixtures("thirty")
@pytest.mark.parametrize("sort", ["-created", "created"])
async def test_no_row_is_met_twice_or_left_out_while_others_write(maintainer: Person, admin: Person, sort: str) -> None:
    before = {row["id"] for row in accepted(await maintainer.get("/issues/", params={"limit": 100}))["items"]}
    met: list[int] = []
    deleted: set[int] = set()
    async for page in pages(maintainer, sort=sort, limit=4):
        met += [row["id"] for row in page]
        await admin.open_issue("New")
        await admin.change(page[0]["id"], title="Met and changed", severity="critical")
        if len(deleted) < 2:
            gone = max(before - set(met) - deleted)
            assert (await admin.delete(f"/issues/{gone}")).status_code == 204
            deleted.add(gone)
        for not_met in sorted(before - set(met) - deleted)[:1]:
            await admin.change(not_met, status="done")
        if len(met) > 60:
            pytest.fail("the list goes on for as long as others write")
    assert len(met) == len(set(met))
    assert before - deleted <= set(met)
    assert not deleted & set(met)


@pytest.mark.usefixtures("thirty")
async def test_a_cursor_belongs_to_its_sort_order(maintainer: Person) -> None:
    first = accepted(await maintainer.get("/issues/", params={"limit": 1}))
    for sort in SORTS[1:]:
        params = {"sort": sort, "cursor": first["next_cursor"]}
        problem = refused(await maintainer.get("/issues/", params=params), 400)
        assert [error["field"] for error in problem["errors"]] == ["cursor"]


@pytest.mark.usefixtures("thirty")
async def test_a_cursor_of_somebody_else_shows_nothing_more(maintainer: Person, reporter: Person) -> None:
    own = await reporter.open_issue("Own")
    cursor = accepted(await maintainer.get("/issues/", params={"limit": 2, "sort": "created"}))["next_cursor"]
    page = accepted(await reporter.get("/issues/", params={"sort": "created", "cursor": cursor}))
    assert [row["id"] for row in page["items"]] == [own["id"]]
    assert page["total"] == 1


async def test_the_total_is_exact_up_to_ten_thousand_and_then_capped(
    reporter: Person, admin: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    async def insert(count: int) -> None:
        async with sessions() as session:
            await session.execute(text("SET LOCAL session_replication_role = replica"))  # no search is needed here
            await session.execute(
                text("INSERT INTO issues (title, reporter_id) SELECT 'x', :id FROM generate_series(1, :count)"),
                {"id": admin.id, "count": count},
            )
            await session.commit()

    async def total(**params: Any) -> tuple[int, bool]:
        page = accepted(await admin.get("/issues/", params={"limit": 1, **params}))
        return page["total"], page["total_is_capped"]

    await reporter.open_issue()
    await insert(9_999)
    assert await total() == (10_000, False)
    await insert(1)
    assert await total() == (10_000, True)
    assert await total(reporter=reporter.id) == (1, False)
    assert accepted(await reporter.get("/issues/"))["total"] == 1
    (oldest,) = accepted(await admin.get("/issues/", params={"limit": 1, "sort": "created"}))["items"]
    assert oldest["reporter"]["id"] == reporter.id
