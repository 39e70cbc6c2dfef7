"""Upgrading an installation that people work with, and going back a step."""

import asyncio
import re
from asyncio.subprocess import create_subprocess_exec
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from tests.processes import TRACKER, environment_of
from tests.upgrades.catalog import ROWS, Catalog
from tracker.cli import tracker
from tracker.core.database import Sessions
from tracker.core.migrations import migrations, revisions
from tracker.settings import Settings

HEAD, PREVIOUS = revisions()[:2]
EARLIER = sorted(revisions()[1:])


@pytest.fixture
async def database(settings: Settings) -> Settings:
    """An empty one."""
    name = f"upgraded_{token_hex(4)}"
    engine = create_async_engine(settings.database_url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return msgspec.structs.replace(settings, database_url=settings.database_url.replace("/tracker?", f"/{name}?"))


@asynccontextmanager
async def transaction(database: Settings) -> AsyncGenerator[AsyncConnection]:
    engine = create_async_engine(database.database_url)
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


async def upgrade(database: Settings, revision: str = "head") -> None:
    await asyncio.to_thread(migrations(database).upgrade, revision)


@pytest.mark.parametrize("revision", EARLIER)
async def test_a_filled_database_of_each_earlier_version_keeps_all_that_is_in_it(
    database: Settings, revision: str
) -> None:
    await upgrade(database, revision)
    async with transaction(database) as connection:
        earlier = await Catalog.of(connection)
        await earlier.fill(connection)
        content = await earlier.content(connection)
    assert all(content.values())
    await upgrade(database)
    async with transaction(database) as connection:
        assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD
        assert await earlier.content(connection) == content


async def test_one_step_back_loses_nothing_that_was_there_before(database: Settings) -> None:
    await upgrade(database, PREVIOUS)
    async with transaction(database) as connection:
        previous = await Catalog.of(connection)
    await upgrade(database)
    async with transaction(database) as connection:
        await (await Catalog.of(connection)).fill(connection)
        content = await previous.content(connection)
    await asyncio.to_thread(migrations(database).downgrade, "-1")
    async with transaction(database) as connection:
        assert await Catalog.of(connection) == previous
        assert await previous.content(connection) == content
    await upgrade(database)


async def test_issues_of_the_first_version_get_the_time_of_their_triage(database: Settings) -> None:
    await upgrade(database, "0001")
    async with transaction(database) as connection:
        await (await Catalog.of(connection)).fill(connection)
    await upgrade(database)
    async with transaction(database) as connection:
        triaged = await connection.scalar(text("SELECT count(*) FROM issues WHERE triaged_at = created_at"))
    assert triaged == ROWS


async def test_issues_with_more_tags_than_an_index_takes_are_named_before_it_is_made(database: Settings) -> None:
    await upgrade(database, "0014")
    async with transaction(database) as connection:
        await (await Catalog.of(connection)).fill(connection)
        many = "SELECT array_agg(md5(n::text) || md5(n::text || 'x')) FROM generate_series(1, 60) AS n"
        await connection.execute(text(f"UPDATE issues SET tag_keys = ({many}) WHERE id = 2"))
    runner = CliRunner(env=environment_of(database))
    refused = await asyncio.to_thread(runner.invoke, tracker, ["migrate"])
    assert refused.exit_code == 1
    assert refused.stderr.strip().endswith(
        "2,000 bytes of tags. Take some away from them first, with the version before, also if they are in the trash: 2"
    )
    async with transaction(database) as connection:
        await connection.execute(text("UPDATE issues SET tag_keys = '{}' WHERE id = 2"))
    assert (await asyncio.to_thread(runner.invoke, tracker, ["migrate"])).exit_code == 0


async def test_replicas_of_the_previous_version_work_on_while_the_database_is_ahead_of_them(
    database: Settings,
) -> None:
    """Migrations expand first, and contract a version later: what the previous schema lets code do still works."""
    await upgrade(database, PREVIOUS)
    async with transaction(database) as connection:
        previous = await Catalog.of(connection)
        await previous.fill(connection)
    await upgrade(database)
    async with transaction(database) as connection:
        await previous.use(connection)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE issues DROP COLUMN severity",
        "ALTER TABLE issues RENAME COLUMN title TO name",
        "ALTER TABLE users ADD COLUMN team text NOT NULL",
        "ALTER TABLE users ADD CHECK (full_name <> 'full_name 5')",
        "ALTER TABLE comments RENAME TO remarks",
        "ALTER TABLE users DROP CONSTRAINT uq_users_external_id",
        "ALTER TYPE scan_status RENAME VALUE 'clean' TO 'good'",
        "ALTER TABLE attachments ALTER COLUMN name TYPE varchar(3)",
    ],
)
async def test_a_migration_that_the_previous_version_could_not_work_with_would_be_noticed(
    settings: Settings, sessions: Sessions, change: str
) -> None:
    engine = create_async_engine(settings.database_url)
    async with engine.connect() as connection:
        head = await Catalog.of(connection)
        await connection.execute(text(change))
        with pytest.raises((DBAPIError, AssertionError)):
            await head.use(connection)
        await connection.rollback()
    await engine.dispose()


async def test_two_may_migrate_at_once(database: Settings) -> None:
    """An index that is made concurrently waits for all others, and those must not wait for it."""
    await upgrade(database, "0011")
    migrate = [create_subprocess_exec(TRACKER, "migrate", env=environment_of(database)) for _ in range(2)]
    assert [await process.wait() for process in await asyncio.gather(*migrate)] == [0, 0]
    async with transaction(database) as connection:
        assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD


async def test_an_index_that_was_not_finished_is_made_anew(database: Settings) -> None:
    await upgrade(database, "0011")
    async with transaction(database) as connection:
        await connection.execute(text("CREATE INDEX ix_events_fields ON events (id)"))
    await upgrade(database)
    async with transaction(database) as connection:
        made = await connection.scalar(text("SELECT pg_get_indexdef('ix_events_fields'::regclass)"))
    assert "(issue_id, created_at, id)" in made


async def test_a_migration_gives_up_rather_than_have_everybody_wait_behind_it(database: Settings) -> None:
    await upgrade(database, "0001")
    runner = CliRunner(env=environment_of(database))
    async with transaction(database) as reader:
        await reader.execute(text("SELECT count(*) FROM issues"))
        refused = await asyncio.to_thread(runner.invoke, tracker, ["migrate"])
        assert refused.exit_code == 1
        assert "Run it again" in refused.stderr
        assert await reader.scalar(text("SELECT version_num FROM alembic_version")) == "0001"
    assert (await asyncio.to_thread(runner.invoke, tracker, ["migrate"])).exit_code == 0


async def test_indexes_of_tables_that_are_there_are_made_while_everybody_writes(database: Settings) -> None:
    """From 0012 on; migrations/README.md says how."""
    await upgrade(database, "0011")
    statements: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await upgrade(database)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    own = {found[1] for each in statements if (found := re.search(r"CREATE TABLE (\w+)", each))}
    blocking = [each for each in statements if (found := _BLOCKING.search(each)) and found[1] not in own]
    assert blocking == []
    assert [each for each in statements if "INDEX CONCURRENTLY" in each], "nothing was looked at"


_BLOCKING = re.compile(r"CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY).*?\bON (\w+)")


async def test_an_earlier_version_leaves_a_later_database_alone(database: Settings) -> None:
    await upgrade(database)
    async with transaction(database) as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    result = await asyncio.to_thread(CliRunner(env=environment_of(database)).invoke, tracker, ["migrate"])
    assert result.exit_code == 1
    assert "later version" in result.stderr
