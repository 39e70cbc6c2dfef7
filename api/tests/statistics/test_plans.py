"""How PostgreSQL answers the dashboard's questions when there are many issues."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from litestar import Litestar
from sqlalchemy import event, text

from tests.people import Person
from tracker.accounts.viewer import Viewer
from tracker.core.database import Sessions
from tracker.core.transaction import Transaction
from tracker.statistics.daily import DailyStats
from tracker.statistics.dashboard import compute_dashboard
from tracker.statistics.window import Window

Statement = tuple[str, Any]

ISSUES = text("""
    INSERT INTO issues (title, status, tags, tag_keys, reporter_id, created_at, updated_at, triaged_at, closed_at)
    SELECT 'Issue ' || number, status, tags, tags, :reporter_id, opened, opened,
           CASE WHEN status <> 'open' THEN opened + interval '5 hours' END,
           CASE WHEN status IN ('done', 'cancelled') THEN opened + interval '2 days' END
    FROM (
        SELECT number, now() - number * interval '1 hour' AS opened, ARRAY['tag' || number % 50] AS tags,
               (enum_range(NULL::issue_status))[CASE WHEN number % 100 < 90 THEN 4 ELSE 1 + number % 3 END] AS status
        FROM generate_series(1, 20000) AS number
    ) AS made
""")
EVENTS = text("""
    INSERT INTO events (type, issue_id, created_at, changes)
    SELECT 'issue.created', id, created_at, '{"status": [null, "open"]}' FROM issues
    UNION ALL
    SELECT 'issue.updated', id, triaged_at, jsonb_build_object('status', jsonb_build_array('open', status))
    FROM issues WHERE status <> 'open'
    UNION ALL
    SELECT 'comment.created', id, created_at, '{"body": [null, "Same here."]}' FROM issues
""")


@pytest.fixture
async def filled(sessions: Sessions, admin: Person, reporter: Person) -> None:
    """20,000 issues and 60,000 events, counted until now."""
    async with sessions() as session, Transaction(session):
        await session.execute(text("SET LOCAL session_replication_role = replica"))  # no search is needed here
        await session.execute(ISSUES, {"reporter_id": reporter.id})
        await session.execute(EVENTS)
        await session.execute(text("ANALYZE issues, events"))
    async with sessions() as session, Transaction(session):
        await DailyStats(session).refresh(datetime.now(UTC))


@contextmanager
def statements_of(app: Litestar) -> Generator[list[Statement]]:
    engine = app.state.read_sessions.kw["bind"].sync_engine
    seen: list[Statement] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def plans(sessions: Sessions, statements: list[Statement]) -> list[str]:
    async with sessions() as session:
        connection = await session.connection()
        raw: Any = (await connection.get_raw_connection()).driver_connection
        explained: list[str] = []
        for statement, parameters in statements:
            rows = await raw.fetch(f"EXPLAIN {statement}", *parameters)
            explained.append("\n".join(row[0] for row in rows))
        return explained


@pytest.mark.usefixtures("filled")
async def test_no_figure_and_no_run_of_the_job_scans_the_event_log(
    app: Litestar, sessions: Sessions, admin: Person, reporter: Person
) -> None:
    window = Window(days=30, zone=ZoneInfo("UTC"), now=datetime.now(UTC))
    with statements_of(app) as statements:
        for person in (admin, reporter):
            await compute_dashboard(sessions, Viewer(id=person.id, role=person.role), window)
        async with sessions() as session, Transaction(session):
            await DailyStats(session).refresh(window.now)
    explained = await plans(sessions, statements)
    assert len(explained) > 10
    scanning = [plan for plan in explained if "Seq Scan on events" in plan]
    assert not scanning, scanning[0]
