"""The working set of a client: what is open and what closed lately, with the event cursor to go on from."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar.serialization import encode_json
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.events.cursor import CursorCodec
from tracker.issues.rows import row_of, select_rows
from tracker.issues.visibility import visible_issues
from tracker.models import Issue

MAX_ROWS = 20_000
RECENTLY_CLOSED = timedelta(days=90)
ROWS_PER_CHUNK = 200


async def read_snapshot(session: AsyncSession, viewer: Viewer, cursors: CursorCodec) -> Iterator[bytes]:
    """NDJSON: first `{cursor, total}`, then one issue a line, newest change first.

    All rows are read before the first is sent, so that a slow client doesn't hold a database connection.
    """
    # One database snapshot for all three statements: an event is either in the rows or after the cursor.
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    lately = datetime.now(UTC) - RECENTLY_CLOSED
    in_set = or_(Issue.closed_at.is_(None), Issue.closed_at >= lately)
    cursor = await cursors.now(session, viewer)
    rows = (
        await session.execute(
            select_rows(viewer).where(in_set).order_by(Issue.updated_at.desc(), Issue.id.desc()).limit(MAX_ROWS)
        )
    ).all()
    total = len(rows)
    if total == MAX_ROWS:
        counted = select(func.count()).select_from(Issue).where(visible_issues(viewer), in_set)
        total = await session.scalar(counted) or 0
    return _lines(cursor, total, rows)


def _lines(cursor: str, total: int, rows: Sequence[Any]) -> Iterator[bytes]:
    yield encode_json({"cursor": cursor, "total": total}) + b"\n"
    for start in range(0, len(rows), ROWS_PER_CHUNK):
        yield b"".join(encode_json(row_of(row)) + b"\n" for row in rows[start : start + ROWS_PER_CHUNK])
