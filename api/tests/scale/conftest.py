"""An installation after years of use: a hundred thousand issues, in a database of its own."""

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest
from anyio.to_thread import run_sync
from litestar import Litestar
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bench.fill import connect, fill
from tests.conftest import SECRET_KEY
from tests.people import PASSWORD_HASH
from tracker.core.database import database_config, session_maker
from tracker.core.jobs import JobContext
from tracker.core.migrations import migrations
from tracker.local import Databases, ephemeral
from tracker.operations.jobs import perform
from tracker.settings import Settings
from tracker.statistics.jobs import REFRESH_DAILY_STATS

ISSUES = 100_000

# What people leave besides: files, trash, devices, and what was brought along from elsewhere.
_REST = f"""
    INSERT INTO attachments (issue_id, uploaded_by_id, name, content_type, size, sha256, storage_key, scan_status, created_at)
    SELECT 1 + n * 7 % {ISSUES}, 1 + n % 2000, 'file ' || n || '.txt', 'text/plain', 100, '', 'files/' || n, 'clean',
           now() - n * interval '1 minute'
    FROM generate_series(1, 40000) AS n;
    UPDATE attachments SET removed_at = now() WHERE created_at < now() - interval '30 days';
    UPDATE issues SET deleted_at = now() - id % 30 * interval '1 day' WHERE id % 200 = 0;
    UPDATE issues SET duplicate_of_id = id - 1, external_id = 'jira:' || id WHERE id % 10 = 3;
    DELETE FROM search_documents WHERE issue_id % 200 = 0;
    INSERT INTO imported_issues (external_id, issue_id, updated_at, fields, comments)
    SELECT external_id, id, now(), '{{}}', '{{}}' FROM issues WHERE external_id IS NOT NULL;
    INSERT INTO sessions (user_id, user_agent, ip, expires_at)
    SELECT 1 + n % 2000, 'browser', '', now() + n * interval '1 minute' FROM generate_series(1, 40000) AS n;
    INSERT INTO refresh_tokens (digest, session_id, used_at)
    SELECT sha256(id::text::bytea), id, CASE WHEN n < 4 THEN now() END FROM sessions, generate_series(1, 4) AS n
    ON CONFLICT DO NOTHING;
    INSERT INTO idempotency_keys (user_id, key, fingerprint)
    SELECT 1 + n % 2000, n::text, '' FROM generate_series(1, 20000) AS n
"""


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Everything in this folder needs a large database: `make test-scale` runs it."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.scale)


@pytest.fixture(scope="session")
def databases() -> Generator[Databases]:
    with ephemeral() as servers:
        yield servers


@pytest.fixture(scope="session")
async def settings(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    environment = {"DATABASE_URL": databases.database_url, "REDIS_URL": databases.redis_url, "SECRET_KEY": SECRET_KEY}
    settings = Settings.from_environment(
        environment | {"UPLOAD_STORE": str(tmp_path_factory.mktemp("uploads")), "RATE_LIMITS": "off"}
    )
    await run_sync(migrations(settings).upgrade)
    await fill(databases.database_url, ISSUES, password_hash=PASSWORD_HASH)
    connection: Any = await connect(databases.database_url)
    await connection.execute(_REST)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    database = database_config(settings, patient=True)
    await perform(REFRESH_DAILY_STATS, JobContext(settings, session_maker(database)))  # as it has run for years
    await database.get_engine().dispose()
    return settings


@pytest.fixture
async def sessions(app: Litestar) -> async_sessionmaker[AsyncSession]:
    """Nothing is emptied."""
    return app.state.sessions
