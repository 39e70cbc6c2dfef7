"""More than there is room for is turned away, and let in again as soon as there is."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.conftest import Installed
from tests.people import Person, accepted, refused
from tracker.core.database import refusal_for

PATIENCE_SECONDS = 60


async def test_locked_rows_and_an_exhausted_pool_are_503_and_soon_forgotten(
    installed: Installed, maintainer: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    issue = await maintainer.open_issue()
    address = f"/issues/{issue['id']}"
    replica = await installed(database_pool_size=2)
    replica.headers["Authorization"] = maintainer.headers["Authorization"]
    async with asyncio.timeout(PATIENCE_SECONDS):
        async with sessions() as holder:
            await holder.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # else it lets go too soon
            await holder.execute(text("SELECT id FROM issues WHERE id = :id FOR UPDATE"), {"id": issue["id"]})
            # Two wait for the row as long as they may, all others for their connections.
            answers = await asyncio.gather(
                *(replica.patch(address, json={"title": f"Title {number}"}) for number in range(12))
            )
            for answer in answers:
                assert int(refused(answer, 503)["status"]) == 503
                assert int(answer.headers["retry-after"]) > 0
            assert any("connections are in use" in answer.text for answer in answers)
            assert (await replica.get("/health/live")).status_code == 200
        changed = accepted(await replica.patch(address, json={"title": "Free"}))
    assert (changed["title"], changed["version"]) == ("Free", issue["version"] + 1)
    for answer in await asyncio.gather(*(replica.get(address) for _ in range(12))):
        accepted(answer)


@pytest.mark.parametrize(
    ("limit", "statement", "told"),
    [
        ("statement_timeout", "SELECT pg_sleep(1)", "This takes too long to find out."),
        ("lock_timeout", "LOCK TABLE users", "The tracker can't do this right now."),
    ],
)
async def test_what_takes_too_long_is_no_fault_of_the_caller(
    sessions: async_sessionmaker[AsyncSession], limit: str, statement: str, told: str
) -> None:
    async with sessions() as holder, sessions() as session:
        await holder.execute(text("LOCK TABLE users"))
        await session.execute(text(f"SET LOCAL {limit} = 20"))
        with pytest.raises(DBAPIError) as caught:
            await session.execute(text(statement))
        refusal = refusal_for(caught.value)
        assert refusal is not None
        assert refusal.status == 503
        assert refusal.detail.startswith(told)
