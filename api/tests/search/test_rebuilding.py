"""`tracker search rebuild`."""

import anyio
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import Person, accepted
from tracker.search.commands import rebuild_index
from tracker.settings import Settings

DOCUMENTS = text("SELECT issue_id, reporter_id, strip(document)::text FROM search_documents ORDER BY issue_id")
WORDS = text("SELECT word FROM search_words ORDER BY word")


@pytest.fixture
async def written(maintainer: Person, admin: Person) -> None:
    for number in range(3):
        issue = await maintainer.open_issue(f"Login {number}", description="It fails.", tags=["ui"])
        await maintainer.comment(issue["id"], "Nobody knows.")
        comment = await maintainer.comment(issue["id"], "Somebody does.")
        address = f"/issues/{issue['id']}/comments/{comment['id']}"
        accepted(await maintainer.patch(address, json={"body": "Everybody does."}))
        files = {"files": ("crash.log", b"It fails on Mondays.", "text/plain")}
        accepted(await maintainer.post(f"/issues/{issue['id']}/attachments", files=files), 201)
    await maintainer.change(2, title="Export", tags=["ui", "csv"])
    await admin.delete("/issues/3")


@pytest.mark.usefixtures("written")
async def test_what_writes_have_kept_is_what_reading_all_anew_finds(
    settings: Settings, sessions: async_sessionmaker[AsyncSession]
) -> None:
    async with sessions() as session:
        kept = (await session.execute(DOCUMENTS)).all()
        known = set(await session.scalars(WORDS))
        assert len(kept) == 2
        await session.execute(text("DELETE FROM search_documents WHERE issue_id = 1"))
        await session.execute(text("UPDATE search_documents SET document = 'wrong'"))
        await session.execute(text("INSERT INTO search_documents VALUES (3, 1, 'trashed')"))
        await session.commit()
    await rebuild_index(settings)
    async with sessions() as session:
        assert (await session.execute(DOCUMENTS)).all() == kept
        anew = list(await session.scalars(WORDS))
        assert set(anew) == known - {"somebody"}
        assert len(anew) == len(set(anew))


@pytest.mark.usefixtures("written")
async def test_nothing_written_meanwhile_is_lost(
    settings: Settings, sessions: async_sessionmaker[AsyncSession], maintainer: Person
) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(rebuild_index, settings)
        for number in range(10):
            tasks.start_soon(maintainer.comment, 1 + number % 2, f"Meanwhile{number}")
    async with sessions() as session:
        kept = (await session.execute(DOCUMENTS)).all()
    assert sum(str(row).count("meanwhil") for row in kept) == 10
